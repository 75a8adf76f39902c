"""People's requests: the days that the law gives, counted over weekends and holidays."""

from __future__ import annotations

from datetime import date

import pytest

from service.people.person_request import REPLY_DAYS, PersonRequest, RequestKind, RequestState
from service.people.working_days import WorkingDays, read_holidays

TET_2026 = read_holidays("2026-02-16, 2026-02-17,2026-02-18,2026-02-19,2026-02-20")
DAYS = WorkingDays(TET_2026)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2026, 11, 23), date(2026, 11, 25)),  # Monday: Tuesday, Wednesday
        (date(2026, 11, 26), date(2026, 11, 30)),  # Thursday: Friday, then Monday
        (date(2026, 11, 28), date(2026, 12, 1)),  # Saturday
        (date(2026, 2, 13), date(2026, 2, 24)),  # the Friday before Tết
        (date(2026, 4, 29), date(2026, 5, 5)),  # 30 April and 1 May are holidays in every year
    ],
)
def test_an_acknowledgement_is_due_after_two_working_days(received: date, due: date) -> None:
    assert DAYS.after(received, 2) == due


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [
        (date(2026, 11, 23), 10, date(2026, 12, 3)),
        (date(2026, 11, 25), 10, date(2026, 12, 7)),  # ends on a Saturday
        (date(2026, 2, 6), 10, date(2026, 2, 23)),  # ends within Tết
        (date(2026, 12, 12), 20, date(2027, 1, 4)),  # ends on New Year's Day, a Friday
    ],
)
def test_a_period_that_ends_on_a_day_off_ends_on_the_next_working_day(received: date, days: int, due: date) -> None:
    assert DAYS.end_of(received, days) == due


def test_every_kind_has_its_days() -> None:
    assert set(REPLY_DAYS) == set(RequestKind)
    assert (REPLY_DAYS[RequestKind.VIEW], REPLY_DAYS[RequestKind.RESTRICT], REPLY_DAYS[RequestKind.ERASE]) == (
        10,
        15,
        20,
    )


def test_holidays_are_read_from_a_setting() -> None:
    assert read_holidays("") == frozenset()
    assert date(2026, 2, 17) in TET_2026
    with pytest.raises(ValueError, match="Invalid isoformat"):
        read_holidays("17/2/2026")


def request(state: RequestState = RequestState.RECEIVED, number: str = "1") -> PersonRequest:
    return PersonRequest(
        id=number,
        kind=RequestKind.VIEW,
        household="h",
        commune="16681",
        received_on=date(2026, 11, 23),
        acknowledge_by=date(2026, 11, 25),
        reply_by=date(2026, 12, 3),
        state=state,
        received_by="an",
    )


@pytest.mark.parametrize(
    ("state", "today", "reminder"),
    [
        (RequestState.RECEIVED, date(2026, 11, 23), "acknowledge"),
        (RequestState.RECEIVED, date(2026, 11, 26), "acknowledge-overdue"),
        (RequestState.ACKNOWLEDGED, date(2026, 11, 26), None),
        (RequestState.ACKNOWLEDGED, date(2026, 12, 1), "reply"),
        (RequestState.ACKNOWLEDGED, date(2026, 12, 4), "reply-overdue"),
        (RequestState.DONE, date(2026, 12, 4), None),
    ],
)
def test_what_is_due_is_reminded_of(state: RequestState, today: date, reminder: str | None) -> None:
    assert request(state).reminder(today) == reminder
