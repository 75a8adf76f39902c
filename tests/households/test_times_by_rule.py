"""What is stored and reported of every time that a client's clock gave; without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from schemas.errors import Finding, RecordInvalid
from schemas.rules.rule import REGISTER_BEGAN
from service.clock import VIETNAM
from service.households.times import AHEAD, IMPLAUSIBLE, Timed, corrected, end_of

NOW = datetime(2026, 11, 23, 20, 0, 0, 250_000, tzinfo=UTC)
"""Three in the morning of the 24th in Vietnam."""
STORED_NOW, TODAY = datetime(2026, 11, 23, 20, tzinfo=UTC), date(2026, 11, 24)
SOON, SOON_TEXT = datetime(2026, 11, 23, 23, tzinfo=UTC), "2026-11-23T23:00:00Z"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
YESTERDAY, YESTERDAY_TEXT = datetime(2026, 11, 22, 2, tzinfo=UTC), "2026-11-22T02:00:00Z"


def timed(known: dict[str, Any] | None = None, **content: Any) -> Timed:
    return corrected(content, NOW, known)


def a_record(*findings: tuple[str, str, str | None], **items: Any) -> dict[str, Any]:
    """A stored record with findings: code, pointer, and what was sent."""
    stored = [{"code": code, "pointer": where, "details": {"sent": sent}} for code, where, sent in findings]
    return {"captured_at": YESTERDAY_TEXT, "findings": stored, **items}


def test_each_time_that_is_ahead_becomes_now_or_today_and_is_reported_with_what_was_sent() -> None:
    tomorrow = TODAY + timedelta(days=1)
    consents: list[dict[str, Any]] = [
        {"granted_at": YESTERDAY},
        {"granted_at": SOON, "withdrawn_at": SOON, "purpose": "x"},
    ]
    found = timed(captured_at=SOON, commune_as_of=tomorrow, poverty_date=tomorrow, consents=consents)
    assert found.content == {
        "captured_at": STORED_NOW,
        "commune_as_of": TODAY,
        "poverty_date": TODAY,
        "consents": [{"granted_at": YESTERDAY}, {"granted_at": STORED_NOW, "withdrawn_at": STORED_NOW, "purpose": "x"}],
    }
    assert found.findings == tuple(
        Finding(AHEAD, "information", pointer, {"sent": sent})
        for pointer, sent in (
            ("/captured_at", SOON_TEXT),
            ("/commune_as_of", "2026-11-25"),
            ("/poverty_date", "2026-11-25"),
            ("/consents/1/granted_at", SOON_TEXT),
            ("/consents/1/withdrawn_at", SOON_TEXT),
        )
    )
    assert found.captured_is_right
    assert consents[1]["granted_at"] == SOON


def test_now_and_today_are_not_ahead() -> None:
    content: dict[str, Any] = {"captured_at": NOW, "commune_as_of": TODAY, "consents": [{"granted_at": NOW}]}
    assert timed(**content) == Timed(content, (), captured_is_right=True)
    assert timed(consents=None, commune="1") == Timed({"consents": None, "commune": "1"}, (), captured_is_right=True)


def test_a_day_ahead_is_a_clocks_fault_and_more_is_refused_at_every_place() -> None:
    latest = NOW + timedelta(days=1)
    assert timed(captured_at=latest).content == {"captured_at": STORED_NOW}
    late = latest + timedelta(microseconds=1)
    with pytest.raises(RecordInvalid) as refused:
        timed(captured_at=late, consents=[{"granted_at": YESTERDAY}, {"granted_at": late}])
    assert [(each.pointer, each.code) for each in refused.value.errors] == [
        ("/captured_at", "time.future"),
        ("/consents/1/granted_at", "time.future"),
    ]


@pytest.mark.parametrize(
    ("captured_at", "implausible"),
    [
        (datetime(2025, 11, 23, 17, tzinfo=UTC) - timedelta(days=1), False),
        (datetime(2025, 11, 23, 17, tzinfo=UTC) - timedelta(days=1, seconds=1), True),
        (LONG_AGO, True),
        (YESTERDAY, False),
    ],
)
def test_a_new_record_is_not_older_than_a_year(captured_at: datetime, implausible: bool) -> None:
    found = timed(captured_at=captured_at)
    assert found.findings == ((Finding(IMPLAUSIBLE, "warning", "/captured_at"),) if implausible else ())
    assert found.content == {"captured_at": captured_at}
    assert found.captured_is_right is not implausible


def test_a_consent_can_be_older_than_its_record_is_new_and_not_older_than_the_register() -> None:
    began = datetime.combine(REGISTER_BEGAN, datetime.min.time(), VIETNAM)
    before = began - timedelta(seconds=1)
    known = a_record()
    assert timed(known, consents=[{"granted_at": began}]).findings == ()
    found = timed(known, consents=[{"granted_at": before}])
    assert found.findings == (Finding(IMPLAUSIBLE, "warning", "/consents/0/granted_at"),)
    assert found.captured_is_right
    assert timed(consents=[{"granted_at": began}]).findings != ()


def test_a_record_is_not_captured_more_than_a_year_ago_though_a_consent_can_be_that_old() -> None:
    last_year = datetime(2025, 6, 1, tzinfo=UTC)
    assert timed(a_record(), captured_at=last_year).findings == (Finding(IMPLAUSIBLE, "warning", "/captured_at"),)
    assert timed(a_record(), consents=[{"granted_at": last_year}]).findings == ()


def test_the_stored_record_is_left_as_it_is() -> None:
    consents = [{"granted_at": YESTERDAY_TEXT}]
    known = {"captured_at": YESTERDAY_TEXT, "consents": consents}
    assert timed(known, captured_at=YESTERDAY, consents=[{"granted_at": YESTERDAY}]).findings == ()
    assert known["consents"] is consents


def test_the_time_of_capture_that_a_write_leaves_out_is_the_stored_one() -> None:
    assert timed(a_record()).content == {"captured_at": YESTERDAY}
    assert timed(a_record(), captured_at=None).content == {"captured_at": None}
    assert timed({"findings": []}).content == {}
    assert timed().content == {}


def test_what_was_sent_before_becomes_what_was_stored_then_and_is_reported_again() -> None:
    known = a_record(
        (AHEAD, "/captured_at", SOON_TEXT),
        (AHEAD, "/commune_as_of", "2026-11-23"),
        ("parcel.overlap", "/parcels/0", None),
        commune_as_of="2026-11-22",
    )
    expected = (
        Finding(AHEAD, "information", "/captured_at", {"sent": SOON_TEXT}),
        Finding(AHEAD, "information", "/commune_as_of", {"sent": "2026-11-23"}),
    )
    for captured_at, as_of in ((SOON, date(2026, 11, 23)), (YESTERDAY, date(2026, 11, 22))):
        found = timed(known, captured_at=captured_at, commune_as_of=as_of)
        assert found.content == {"captured_at": YESTERDAY, "commune_as_of": date(2026, 11, 22)}
        assert found.findings == expected
    assert timed(known, captured_at=YESTERDAY + timedelta(hours=1)).findings == ()


def test_what_was_sent_as_one_time_says_nothing_of_another() -> None:
    known = a_record((AHEAD, "/captured_at", SOON_TEXT))
    found = timed(known, captured_at=YESTERDAY, consents=[{"granted_at": SOON}])
    assert found.content["consents"] == [{"granted_at": STORED_NOW}]


def test_what_was_doubted_stays_doubted_and_what_was_accepted_stays_accepted() -> None:
    long_ago = {"captured_at": "2020-01-01T00:00:00Z"}
    accepted = a_record(**long_ago)
    assert timed(accepted, captured_at=LONG_AGO).findings == ()
    doubted = a_record((IMPLAUSIBLE, "/captured_at", None), **long_ago)
    found = timed(doubted, captured_at=LONG_AGO)
    assert found.findings == (Finding(IMPLAUSIBLE, "warning", "/captured_at"),)
    assert not found.captured_is_right
    assert timed(doubted, captured_at=YESTERDAY).findings == ()
    assert timed(accepted, captured_at=LONG_AGO + timedelta(days=1)).findings != ()


def test_a_finding_about_what_is_not_there_any_more_says_nothing() -> None:
    known = a_record((AHEAD, "/consents/0/granted_at", SOON_TEXT), (IMPLAUSIBLE, "/captured_at", None))
    assert len(timed(known, captured_at=YESTERDAY).findings) == 1
    assert known["findings"][0]["details"] == {"sent": SOON_TEXT}


def test_a_day_ends_with_its_last_moment_in_vietnam() -> None:
    assert end_of(TODAY) == datetime(2026, 11, 24, 16, 59, 59, 999_999, tzinfo=UTC)
