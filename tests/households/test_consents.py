"""The change that withdraws a consent: only what the person asks for, and what follows from it; without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from service.households.consents import REGISTRATION_CONSENT_WITHDRAWN, consent_withdrawn
from service.households.registration import fingerprint_of_record

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
WITHDRAWN, GRANTED, AHEAD = "2026-11-23T02:00:00Z", "2026-11-20T02:11:09Z", "2026-11-23T22:00:00Z"


def a_consent(purpose: str = "ecommerce", **items: str) -> dict[str, Any]:
    return {"purpose": purpose, "granted_at": GRANTED, "evidence": "signed_paper", **items}


def a_record(*consents: dict[str, Any], **items: Any) -> dict[str, Any]:
    record: dict[str, Any] = {
        "id": "h",
        "commune": "16681",
        "status": "submitted",
        "stage": "registered",
        "revision": 3,
    }
    record |= {"revision": 3, "head": {"full_name": "Nguyễn Văn An", "national_id": "040078001234"}}
    return {**record, "legal_basis": "consent", "consents": list(consents), **items}


def test_only_the_standing_consent_to_the_purpose_ends() -> None:
    ended, other = a_consent(withdrawn_at=GRANTED), a_consent("insurance")
    before = a_record(ended, a_consent(), other)
    change = consent_withdrawn(before, "ecommerce", at=AT, actor="an")
    assert change is not None
    assert change.record["consents"] == [ended, a_consent(withdrawn_at=WITHDRAWN), other]
    assert (change.record["revision"], change.record["updated_at"], change.record["status"]) == (4, AT, "submitted")
    (entry,) = change.entries
    assert (entry.kind, entry.note, entry.actor) == ("revised", None, "an")
    assert (change.replaces, change.fingerprint) == (3, fingerprint_of_record(change.record))
    assert before["consents"] == [ended, a_consent(), other]


@pytest.mark.parametrize("consents", [[], [a_consent("insurance")], [a_consent(withdrawn_at=GRANTED)]])
def test_where_no_consent_to_the_purpose_stands_there_is_nothing_to_withdraw(consents: list[dict[str, Any]]) -> None:
    assert consent_withdrawn(a_record(*consents), "ecommerce", at=AT, actor="an") is None
    without = {name: value for name, value in a_record().items() if name != "consents"}
    assert consent_withdrawn(without, "ecommerce", at=AT, actor="an") is None


def test_a_consent_ends_no_earlier_than_it_was_granted() -> None:
    change = consent_withdrawn(a_record(a_consent(granted_at=AHEAD)), "ecommerce", at=AT, actor="an")
    assert change is not None
    assert change.record["consents"][0]["withdrawn_at"] == AHEAD


def test_a_household_that_rests_on_consent_is_withdrawn_with_the_consent_to_registration() -> None:
    change = consent_withdrawn(a_record(a_consent("registration")), "registration", at=AT, actor="an")
    assert change is not None
    (entry,) = change.entries
    assert (entry.kind, entry.note) == ("withdrawn", {"reason": REGISTRATION_CONSENT_WITHDRAWN})
    assert (change.record["status"], change.record["status_reason"]) == ("withdrawn", REGISTRATION_CONSENT_WITHDRAWN)


@pytest.mark.parametrize(
    ("purpose", "items"),
    [
        ("ecommerce", {}),
        ("registration", {"legal_basis": "state_function"}),
        ("registration", {"status": "withdrawn", "status_reason": "chuyển đi"}),
    ],
)
def test_another_purpose_or_basis_leaves_a_household_as_it_is(purpose: str, items: dict[str, str]) -> None:
    before = a_record(a_consent(purpose), **items)
    change = consent_withdrawn(before, purpose, at=AT, actor="an")
    assert change is not None
    (entry,) = change.entries
    assert (entry.kind, entry.note) == ("revised", None)
    assert [change.record.get(name) for name in ("status", "status_reason")] == [
        before.get(name) for name in ("status", "status_reason")
    ]
