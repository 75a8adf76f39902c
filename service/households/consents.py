"""Withdrawing a consent: a person's right, so nothing that other rules say of the record may prevent it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from schemas.parsing import dump_time
from service.households.changes import Change, Kind, Record
from service.households.registration import fingerprint_of_record

REGISTRATION: Final = "registration"
"""The purpose of the consent that a record whose legal basis is consent rests on."""

REGISTRATION_CONSENT_WITHDRAWN: Final = "Người dân đã rút lại sự đồng ý cho việc đăng ký hộ."
"""The reason of a withdrawal because no legal basis remains for processing the household's data."""


def purposes_consented(record: Record) -> frozenset[str]:
    """The purposes of all consents of a household that are valid."""
    return frozenset(each["purpose"] for each in record.get("consents") or () if "withdrawn_at" not in each)


def consent_withdrawn(before: Record, purpose: str, *, at: datetime, actor: str) -> Change | None:
    """The change that withdraws the standing consent to a purpose; None where there is no such consent.

    Only the consent changes. The record is not parsed again: a rule that came later, or a time that was wrong from the
    beginning, must not stop the person. A household whose legal basis is consent, and whose people withdraw their
    consent to registration, is withdrawn with that reason.
    """
    consents = [_ended(consent, at) if _stands(consent, purpose) else consent for consent in before.get("consents", ())]
    if not any(_stands(consent, purpose) for consent in before.get("consents", ())):
        return None
    record: Record = {**before, "consents": consents}
    kind: Kind = "revised"
    note: dict[str, Any] | None = None
    if purpose == REGISTRATION and before.get("legal_basis") == "consent" and before["status"] != "withdrawn":
        kind, note = "withdrawn", {"reason": REGISTRATION_CONSENT_WITHDRAWN}
        record |= {"status": "withdrawn", "status_reason": REGISTRATION_CONSENT_WITHDRAWN}
    fingerprint = fingerprint_of_record(record)
    return Change.revision(before, record, kind, at=at, actor=actor, fingerprint=fingerprint, note=note)


def _stands(consent: dict[str, Any], purpose: str) -> bool:
    return consent["purpose"] == purpose and "withdrawn_at" not in consent


def _ended(consent: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The consent, withdrawn now; not before it was granted, where the clock that gave that time was ahead."""
    return {**consent, "withdrawn_at": dump_time(max(at, datetime.fromisoformat(consent["granted_at"])))}
