"""A new household that names no agency has that of its commune's province, and keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from service.actor import REGISTER_ITSELF
from service.app import register_of
from service.households.bulk import BulkRegistration
from service.roles import Role
from service.settings import Settings
from service.storage.migration import migrate
from tests.api.asking import Register
from tests.api.signed_in import token_of
from tests.apps import opened_app
from tests.builders import THANH_VINH, TRUONG_VINH, MovedClock, a_least_household
from tests.storage.writing import assert_exact
from tests.two_provinces import THANH_SEN

pytestmark = pytest.mark.slow

NGHE_AN, HA_TINH, OF_THE_SETTING = "000.00.00.H41", "000.00.00.H27", "H41.12"


def a_register(settings: Settings, agency: str = "") -> Iterator[Register]:
    both = replace(settings, province="40,42", agency=agency)
    migrate(both, say=lambda _: None)
    with opened_app(both, MovedClock()) as app:
        token_of(app, Role.OFFICER, "*", name="test-officer")  # whom the client signs in writes in both provinces
        yield Register(app.test_client())


@pytest.fixture
def register(own_settings: Settings) -> Iterator[Register]:
    """A register of both provinces."""
    yield from a_register(own_settings)


@pytest.fixture
def with_setting(own_settings: Settings) -> Iterator[Register]:
    """The same, run by an agency that its settings name."""
    yield from a_register(own_settings, OF_THE_SETTING)


def test_each_province_has_the_agency_of_its_file(register: Register) -> None:
    made = {code: register.registered(commune=code)["agency"] for code in (THANH_VINH, THANH_SEN)}
    assert made == {THANH_VINH: NGHE_AN, THANH_SEN: HA_TINH}


def test_the_setting_replaces_the_agency_of_the_first_province(with_setting: Register) -> None:
    made = {code: with_setting.registered(commune=code)["agency"] for code in (THANH_VINH, THANH_SEN)}
    assert made == {THANH_VINH: OF_THE_SETTING, THANH_SEN: HA_TINH}


def test_an_agency_that_the_record_names_stays(register: Register) -> None:
    assert register.registered(agency="H41.3")["agency"] == "H41.3"


def test_a_household_keeps_its_agency_over_revisions_and_moves(register: Register) -> None:
    sent = a_least_household(commune=THANH_VINH)
    assert register.put(sent).status_code == 201
    again = register.put(sent)
    assert (again.status_code, again.get_json()["revision"]) == (200, 1)
    revised = register.put({**sent, "village": "Khối 9"}, if_match=1).get_json()
    assert (revised["revision"], revised["agency"]) == (2, NGHE_AN)
    assert register.put(sent).status_code == 200  # the first write, sent again after a revision
    moved = register.step(sent["id"], "transfer", {"commune": THANH_SEN}, if_match=2).get_json()
    assert (moved["commune"], moved["agency"]) == (THANH_SEN, NGHE_AN)
    assert register.patch(sent["id"], {"agency": None}, if_match=3).get_json()["agency"] == NGHE_AN
    assert_exact(register_of(register.client.application).store)


def test_a_household_from_before_agencies_were_filled_in_gets_none(register: Register) -> None:
    parts = register_of(register.client.application)
    bare = BulkRegistration(parts.store, parts.units.directory, parts.clock, parts.examiner)
    sent = a_least_household(commune=THANH_VINH)
    assert [each.result for each in bare.register([sent], actor=REGISTER_ITSELF)] == ["registered"]
    again = register.put(sent)
    assert (again.status_code, again.get_json()["revision"], again.get_json().get("agency")) == (200, 1, None)
    assert "agency" not in register.put({**sent, "village": "Khối 9"}, if_match=1).get_json()
    moved = register.step(sent["id"], "transfer", {"commune": TRUONG_VINH}, if_match=2).get_json()
    assert "agency" not in moved


def test_households_in_bulk_have_the_agency_of_their_province(register: Register) -> None:
    parts = register_of(register.client.application)
    bulk = BulkRegistration(parts.store, parts.units.directory, parts.clock, parts.examiner, parts.agencies)
    records = [a_least_household(commune=code) for code in (THANH_VINH, THANH_SEN)]
    for _ in range(2):
        assert {each.result for each in bulk.register(records, actor=REGISTER_ITSELF)} <= {"registered", "unchanged"}
        found = [register.household(each["id"]) for each in records]
        assert [(each["agency"], each["revision"]) for each in found] == [(NGHE_AN, 1), (HA_TINH, 1)]
