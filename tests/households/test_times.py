"""Times by a client's clock: what is ahead becomes now, what cannot be right decides nothing."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RecordInvalid
from schemas.parsing import dump_time
from service.actor import REGISTER_ITSELF
from service.errors import CommuneNotInForce
from service.households.times import AHEAD, IMPLAUSIBLE, corrected
from service.units.directory import UnitDirectory
from service.wiring import Register
from tests.builders import NOW, Json, MovedClock, a_household
from tests.households.rules import prepared

IN_20_HOURS = "2026-11-23T22:00:00Z"
RECEIVED = "2026-11-23T02:00:00Z"
LONG_AGO = "2015-01-01T02:00:00Z"


def put(services: Register, household: Json, if_match: int | None = None) -> Json:
    written = services.households.put(household["id"], household, if_match=if_match, actor=REGISTER_ITSELF)
    return dict(written.record)


def again(services: Register, household: Json, if_match: int | None = None) -> bool:
    """Whether a write is one that was made before, so that nothing is written."""
    written = services.households.put(household["id"], household, if_match=if_match, actor=REGISTER_ITSELF)
    return not written.changed


def about_times(record: Json) -> list[tuple[str, str, Any]]:
    return [
        (each["code"], each["pointer"], each["details"].get("sent"))
        for each in record["findings"]
        if each["code"] in (AHEAD, IMPLAUSIBLE)
    ]


def a_consent(**times: str) -> Json:
    return {"purpose": "ecommerce", "evidence": "signed_paper", **times}


def test_a_clock_that_is_ahead_is_set_to_the_registers_and_what_was_sent_is_stored(services: Register) -> None:
    record = put(services, a_household(captured_at=IN_20_HOURS, consents=[a_consent(granted_at=IN_20_HOURS)]))
    assert (record["captured_at"], record["consents"][0]["granted_at"]) == (RECEIVED, RECEIVED)
    assert about_times(record) == [
        (AHEAD, "/captured_at", IN_20_HOURS),
        (AHEAD, "/consents/0/granted_at", IN_20_HOURS),
    ]


def test_a_consent_by_a_clock_that_is_ahead_can_be_withdrawn(services: Register, clock: MovedClock) -> None:
    record = put(services, a_household(consents=[a_consent(granted_at=IN_20_HOURS)]))
    clock.pass_by(minutes=1)
    household: Json = {**record, "consents": [a_consent(granted_at=IN_20_HOURS, withdrawn_at="2026-11-23T02:01:00Z")]}
    with pytest.raises(RecordInvalid):  # what was sent is still later than the withdrawal
        put(services, household, 1)
    services.households.withdraw_consent(record["id"], "ecommerce", actor=REGISTER_ITSELF)
    stored = services.store.households.record(record["id"], area=None)
    assert stored["consents"][0]["withdrawn_at"] == "2026-11-23T02:01:00Z"


def test_more_than_a_day_ahead_is_refused_at_its_place(services: Register) -> None:
    late = dump_time(NOW + timedelta(days=1, seconds=1))
    with pytest.raises(RecordInvalid) as refused:
        put(services, a_household(captured_at=late, consents=[a_consent(granted_at=late)]))
    places = [(each.pointer, each.code) for each in refused.value.errors]
    assert places == [("/captured_at", "time.future"), ("/consents/0/granted_at", "time.future")]


@pytest.mark.parametrize("later", [timedelta(0), timedelta(hours=1), timedelta(hours=30), timedelta(days=400)])
def test_the_same_write_again_is_the_same_write_at_any_later_time(
    services: Register, clock: MovedClock, later: timedelta
) -> None:
    household = a_household(captured_at=IN_20_HOURS, commune_as_of="2026-11-24", poverty_date="2026-11-24")
    first = put(services, household)
    assert (first["commune_as_of"], first["poverty_date"]) == ("2026-11-23", "2026-11-23")
    clock.now += later
    assert again(services, household)
    assert again(services, first, 1)
    revised = put(services, {**first, "village": "Khối 9"}, 1)
    assert about_times(revised) == about_times(first)
    assert again(services, {**household, "village": "Khối 9"}, 2)
    assert again(services, household)  # a first write whose response was lost, after a revision


def test_a_transfer_keeps_what_was_sent(services: Register, clock: MovedClock) -> None:
    record = put(services, a_household(captured_at=IN_20_HOURS))
    clock.pass_by(days=500)
    residence = {"commune": "16690"}
    moved = services.households.transfer(record["id"], residence, if_match=1, actor=REGISTER_ITSELF).record
    assert about_times(moved) == [(AHEAD, "/captured_at", IN_20_HOURS)]


def test_a_clock_that_fell_back_says_nothing_of_the_code(services: Register) -> None:
    """17329 was Kim Nhan's predecessor's code until 2025."""
    record = put(services, a_household(captured_at=LONG_AGO))
    today = put(services, a_household(captured_at=None))
    assert [record.get(name) for name in ("commune", "former_commune", "commune_as_of")] == [
        today.get(name) for name in ("commune", "former_commune", "commune_as_of")
    ]
    assert about_times(record) == [(IMPLAUSIBLE, "/captured_at", None)]
    assert record["captured_at"] == LONG_AGO


def test_a_code_of_before_needs_its_day_where_the_clock_cannot_be_right(directory: UnitDirectory) -> None:
    with pytest.raises(CommuneNotInForce):
        prepared(a_household(commune="16663", captured_at=LONG_AGO), directory)
    given_day = a_household(commune="16663", captured_at=LONG_AGO, commune_as_of="2025-06-01")
    assert prepared(given_day, directory).content["former_commune"] == "16663"


def test_a_finding_about_a_time_stays_while_the_time_does(services: Register, clock: MovedClock) -> None:
    household = a_household(captured_at=LONG_AGO, consents=[a_consent(granted_at=LONG_AGO)])
    record = put(services, household)
    clock.pass_by(days=3)
    assert again(services, household)
    revised = put(services, {**record, "village": "Khối 9"}, 1)
    assert about_times(revised) == about_times(record)
    corrected_by_hand = put(services, {**revised, "captured_at": "2026-11-20T02:11:09Z", "consents": []}, 2)
    assert about_times(corrected_by_hand) == []


def test_an_old_record_is_no_new_one(services: Register, clock: MovedClock) -> None:
    record = put(services, a_household())
    clock.pass_by(days=800)
    assert about_times(put(services, {**record, "village": "Khối 9"}, 1)) == []
    later = put(services, {**record, "village": "Khối 8", "captured_at": "2026-11-19T00:00:00Z"}, 2)
    assert about_times(later) == [(IMPLAUSIBLE, "/captured_at", None)]


@given(st.datetimes(datetime(2025, 1, 2), datetime(2026, 11, 24, 2)), st.booleans())  # noqa: DTZ001
def test_no_stored_time_is_ahead_of_the_registers_clock(moment: datetime, consent: bool) -> None:
    sent = moment.replace(microsecond=0, tzinfo=NOW.tzinfo)
    content: dict[str, Any] = {"consents": [{"granted_at": sent}]} if consent else {"captured_at": sent}
    timed = corrected(content, NOW, None)
    stored = timed.content["consents"][0]["granted_at"] if consent else timed.content["captured_at"]
    assert stored == min(sent, NOW)
    assert [each.code for each in timed.findings if each.code == AHEAD] == [AHEAD] * (sent > NOW)
    assert content in ({"captured_at": sent}, {"consents": [{"granted_at": sent}]})
    assert date.fromisoformat("2026-11-23") == NOW.date()
