"""The register of households: areas, steps and what happens between reading and writing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.actor import REGISTER_ITSELF, Actor
from service.errors import CommuneOutsideArea, HouseholdNotFound, HouseholdStale
from service.households.history import partition
from service.units.unit_register import UnitRegister
from service.wiring import Register
from tests.builders import THANH_VINH, TRUONG_VINH, Json, a_household
from tests.storage.writing import assert_exact

OFFICER = Actor("officer", frozenset({THANH_VINH}))
NEIGHBOUR = Actor("neighbour", frozenset({TRUONG_VINH}))


@pytest.fixture
def record(services: Register) -> Json:
    """A household of Thành Vinh."""
    household = a_household()
    return services.households.put(household["id"], household, if_match=None, actor=REGISTER_ITSELF).record


def test_an_officer_registers_in_the_own_area_only(services: Register) -> None:
    for commune in (THANH_VINH, TRUONG_VINH):
        household = a_household(commune=commune)
        if commune == THANH_VINH:
            assert services.households.put(household["id"], household, if_match=None, actor=OFFICER).created
        else:
            with pytest.raises(CommuneOutsideArea):
                services.households.put(household["id"], household, if_match=None, actor=OFFICER)


def test_a_household_elsewhere_is_not_there_for_an_officer(services: Register, record: Json) -> None:
    register, identity = services.households, record["id"]
    attempts: tuple[Callable[[], object], ...] = (
        lambda: register.put(identity, record, if_match=1, actor=NEIGHBOUR),
        lambda: register.patch(identity, {"village": "x"}, if_match=1, actor=NEIGHBOUR),
        lambda: register.verify(identity, if_match=None, actor=NEIGHBOUR),
        lambda: register.send_back(identity, "x", if_match=None, actor=NEIGHBOUR),
        lambda: register.withdraw(identity, "x", if_match=None, actor=NEIGHBOUR),
        lambda: register.transfer(identity, {"commune": TRUONG_VINH}, if_match=None, actor=NEIGHBOUR),
    )
    for attempt in attempts:
        with pytest.raises(HouseholdNotFound):
            attempt()


def test_nobody_moves_a_household_out_of_the_own_area_by_a_revision(services: Register, record: Json) -> None:
    with pytest.raises(CommuneOutsideArea):
        services.households.put(record["id"], {**record, "commune": TRUONG_VINH}, if_match=1, actor=OFFICER)


def test_another_officers_id_looks_like_one_that_does_not_exist(services: Register, record: Json) -> None:
    other = a_household(id=record["id"], commune=TRUONG_VINH)
    with pytest.raises(HouseholdNotFound):
        services.households.put(record["id"], other, if_match=None, actor=NEIGHBOUR)


def test_steps_without_a_revision_are_about_the_household_as_it_stands(services: Register, record: Json) -> None:
    register, identity = services.households, record["id"]

    def verify_and_return(number: int) -> None:
        register.verify(identity, if_match=None, actor=OFFICER)
        register.send_back(identity, f"reason {number % 2}", if_match=None, actor=OFFICER)

    with ThreadPoolExecutor(4) as pool:
        results = [pool.submit(verify_and_return, number) for number in range(8)]
    assert not any(isinstance(each.exception(), HouseholdStale) for each in results)
    assert_exact(services.store)


def test_who_wrote_stands_in_the_log(services: Register, record: Json) -> None:
    services.households.verify(record["id"], if_match=None, actor=OFFICER)
    assert [entry.actor for entry in partition(services.store.log.history(record["id"], before=None, limit=9))[0]] == [
        "officer",
        "register",
    ]


def test_the_list_of_units_is_looked_at_again_after_its_time(services: Register) -> None:
    moment = [0.0]
    units = UnitRegister(services.store.units, 30, lambda: moment[0])
    first = units.directory()
    moment[0] = 29.0
    assert units.directory() is first
    services.store.database["state"].update_one({"_id": "units"}, {"$set": {"version": "another"}})
    assert units.directory() is first
    moment[0] = 31.0
    assert units.directory() is not first
