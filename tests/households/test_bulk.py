"""Registering many households at once, by the same rules as one at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from pymongo.database import Database

from service.actor import REGISTER_ITSELF, Actor
from service.households.bulk import BulkRegistration, Outcome
from service.wiring import Register
from tests.builders import (
    COMMUNES,
    THANH_VINH,
    TRUONG_VINH,
    MovedClock,
    a_head,
    a_household,
    a_least_household,
    a_parcel,
)
from tests.storage.writing import assert_exact, offsets


@pytest.fixture
def bulk(services: Register) -> BulkRegistration:
    """Bulk registration, wired as the register's commands do."""
    return BulkRegistration(services.store, services.units.directory, services.clock, services.examiner)


def done(outcomes: Iterable[Outcome]) -> list[Outcome]:
    return sorted(outcomes, key=lambda outcome: outcome.position)


def codes(outcomes: Iterable[Outcome]) -> list[str | None]:
    return [None if each.error is None else each.error.code for each in done(outcomes)]


def test_everything_is_registered_once_in_every_commune(bulk: BulkRegistration, services: Register) -> None:
    bodies = [a_least_household(commune=COMMUNES[number % 3]) for number in range(30)]
    outcomes = done(bulk.register(bodies, actor=REGISTER_ITSELF, batch=4))
    assert [each.household_id for each in outcomes] == [body["id"] for body in bodies]
    assert {each.result for each in outcomes} == {"registered"}
    assert offsets(services.store, THANH_VINH) == list(range(1, 11))
    assert_exact(services.store)


def test_run_again_it_changes_nothing(bulk: BulkRegistration, services: Register, clock: MovedClock) -> None:
    bodies = [a_household() for _ in range(5)]
    done(bulk.register(bodies, actor=REGISTER_ITSELF))
    clock.pass_by(days=2)
    again = Counter(each.result for each in bulk.register([*bodies, a_household()], actor=REGISTER_ITSELF))
    assert again == {"unchanged": 5, "registered": 1}
    assert offsets(services.store, THANH_VINH) == list(range(1, 7))


def test_what_is_refused_does_not_hold_up_the_rest(bulk: BulkRegistration, services: Register) -> None:
    bodies = [
        a_household(),
        a_household(legal_basis=None),
        a_household(commune="99999"),
        {"id": "x"},
        [],
        a_household(),
    ]
    outcomes = done(bulk.register(bodies, actor=REGISTER_ITSELF))
    assert [each.result for each in outcomes] == ["registered", *["refused"] * 4, "registered"]
    assert outcomes[2].error is not None
    assert outcomes[2].error.code == "commune.unknown"
    assert_exact(services.store)


def test_a_household_that_is_stored_damaged_refuses_only_its_own_record(
    bulk: BulkRegistration, services: Register, session_database: Database[dict[str, Any]]
) -> None:
    bodies = [a_household() for _ in range(5)]
    done(bulk.register(bodies, actor=REGISTER_ITSELF))
    session_database["households"].update_one({"_id": bodies[2]["id"]}, {"$unset": {"sealed": ""}})
    outcomes = done(bulk.register([*bodies, a_household()], actor=REGISTER_ITSELF))
    assert [each.result for each in outcomes] == ["unchanged"] * 2 + ["refused"] + ["unchanged"] * 2 + ["registered"]
    assert codes(outcomes)[2] == "store.damaged"


def test_a_number_that_is_taken_refuses_only_its_own_record(bulk: BulkRegistration, services: Register) -> None:
    head = a_head()
    done(bulk.register([a_household(head=head)], actor=REGISTER_ITSELF))
    bodies = [a_household(), a_household(head=head), a_household()]
    assert codes(bulk.register(bodies, actor=REGISTER_ITSELF)) == [None, "national-id.taken", None]
    assert_exact(services.store)


def test_one_number_twice_in_the_input_is_refused_the_second_time(bulk: BulkRegistration, services: Register) -> None:
    head = a_head()
    bodies = [a_household(head=head), a_household(head=head), a_household(head=head, commune=TRUONG_VINH)]
    assert sorted(codes(bulk.register(bodies, actor=REGISTER_ITSELF)), key=str) == [None, *["national-id.taken"] * 2]
    assert_exact(services.store)


def test_one_record_twice_in_the_input_is_registered_once(bulk: BulkRegistration, services: Register) -> None:
    body = a_household()
    results = Counter(each.result for each in bulk.register([body, body], actor=REGISTER_ITSELF))
    assert results == {"registered": 1, "unchanged": 1}


def test_other_content_under_a_known_id_is_refused(bulk: BulkRegistration) -> None:
    body = a_household()
    bodies = [body, {**body, "village": "Khối 9"}]
    assert codes(bulk.register(bodies, actor=REGISTER_ITSELF)) == [None, "household.id-taken"]


def test_a_boundary_that_the_database_cannot_place_refuses_only_its_own_record(
    bulk: BulkRegistration, services: Register
) -> None:
    pole = {"type": "Point", "coordinates": [0.0, 90.0]}
    half_the_globe = [[-179.0, -80.0], [179.0, -80.0], [179.0, 80.0], [-179.0, 80.0], [-179.0, -80.0]]
    odd = a_household(parcels=[a_parcel(geometry={"type": "Polygon", "coordinates": [half_the_globe]})])
    bodies = [a_household(), odd, a_household(location=pole), a_household()]
    results = [each.result for each in done(bulk.register(bodies, actor=REGISTER_ITSELF))]
    assert (results[0], results[3]) == ("registered", "registered")
    assert_exact(services.store)


def test_an_account_registers_only_in_its_area(bulk: BulkRegistration) -> None:
    officer = Actor("officer", frozenset({THANH_VINH}))
    bodies = [a_household(), a_household(commune=TRUONG_VINH)]
    assert codes(bulk.register(bodies, actor=officer)) == [None, "commune.outside-area"]


@pytest.mark.parametrize("batch", [1, 8])
def test_a_number_that_nobody_is_found_to_hold_ends_in_a_refusal(
    bulk: BulkRegistration, services: Register, session_database: Database[dict[str, Any]], batch: int
) -> None:
    lost, others = a_household(), [a_household() for _ in range(3)]
    done(bulk.register([lost], actor=REGISTER_ITSELF))
    session_database["households"].delete_one({"_id": lost["id"]})  # as damage would leave it: the number stays taken
    outcomes = bulk.register([others[0], lost, *others[1:]], actor=REGISTER_ITSELF, batch=batch)
    assert codes(outcomes) == [None, "national-id.taken", None, None]
