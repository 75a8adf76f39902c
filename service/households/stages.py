"""The stage that a record has reached (registered, standardized, digitized) and what it lacks for the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.errors import SETTLED, Finding
from schemas.language import Stage
from schemas.requirements import Missing

HOLDING_BACK = frozenset({"parcel.overlap"})
"""Findings that hold a record back from *digitized* until they are corrected or settled."""


def stage_of(missing: Iterable[Missing], findings: Iterable[Finding]) -> Stage:
    """The highest stage that nothing is missing for (Resolution 09-NQ/TU: "registered, standardized and digitized")."""
    lacking = {item.for_ for item in missing}
    if "standardized" in lacking:
        return "registered"
    if "digitized" in lacking or any(f.code in HOLDING_BACK and f.severity != SETTLED for f in findings):
        return "standardized"
    return "digitized"


def stage_again(record: Mapping[str, Any]) -> Stage:
    """The stage of a record in JSON form, from its own ``missing`` and ``findings``."""
    missing = [Missing(item["pointer"], item["for"]) for item in record.get("missing", ())]
    findings = [Finding(f["code"], f["severity"], f["pointer"]) for f in record.get("findings", ())]
    return stage_of(missing, findings)


def missing_in_json(missing: Iterable[Missing]) -> list[dict[str, str]]:
    """The ``missing`` item of a record."""
    return [{"pointer": item.pointer, "for": item.for_} for item in missing]


def findings_in_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """The ``findings`` item of a record, as stored: the message is added in the reader's language."""
    return [{"code": f.code, "severity": f.severity, "pointer": f.pointer, "details": dict(f.params)} for f in findings]
