"""What a reader is shown of records, findings and log entries that a Reader has read; nothing is read here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from service.errors import HouseholdNotFound
from service.households.changes import Record
from service.households.history import differences_of
from service.households.masking import seen, seen_difference, seen_findings_of_a_check, seen_note
from service.households.ports import LogEntry
from service.households.residence import Residences
from service.roles import Sight

Note = Callable[[Iterable[str]], None]
"""Is called with households: those that were shown (for the audit trail), or those that are damaged."""
Wording = Callable[[str, Mapping[str, Any]], str]
"""The text of a code with its details, in the language of the request."""

WITHHELD_TEXT: Final = "…"
_FINDINGS: Final = "/findings/"
_OPEN_ITEMS: Final = ("offset", "kind", "household", "revision", "at", "actor", "hash")
"""The items of a log entry that leave as they are; its schema decides which of them a response has."""


@dataclass(frozen=True, slots=True)
class Releasing:
    """Masks records, adds texts, writes codes of today, and leaves out whatever names a restricted household."""

    sight: Sight
    wording: Wording | None
    report_damaged: Note
    residences: Callable[[], Residences]
    restricted: Callable[[], frozenset[str]]
    """Read from storage only where somebody asks for it who may not see all households."""

    @property
    def sees_persons(self) -> bool:
        """Whether the reader sees all of a person."""
        return self.sight is Sight.PERSONAL

    def seen(self, record: Record) -> Record:
        """What is shown of a record, with findings without texts. Raises HouseholdNotFound for a restricted one."""
        self.require_shared(record["id"])
        return seen(self.residences().shown(self._without_restricted(record)), self.sight)

    def require_shared(self, household_id: str) -> None:
        """Raise HouseholdNotFound for a restricted household."""
        if household_id in self.restricted():
            raise HouseholdNotFound(id=household_id)

    def with_words(self, shown: Record) -> Record:
        """The record with the text of each finding."""
        if self.wording is None or not shown.get("findings"):
            return shown
        return {**shown, "findings": [self._worded(finding) for finding in shown["findings"]]}

    def findings_of_a_check(self, findings: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Findings that are in no record, each with its text, without those that name a restricted household."""
        shared = (each for each in findings if not self._names_restricted(each))
        return [self._worded(finding) for finding in seen_findings_of_a_check(shared, self.sight)]

    def entry(self, entry: LogEntry, hidden: frozenset[str]) -> dict[str, Any]:
        """A log entry as it may leave. Of one that is damaged the note says so, since its record is missing."""
        note = self._shared_note(entry, hidden)
        if entry.damaged:
            self.report_damaged([entry.household])
            note = {**(note or {}), "damaged": True}
        record = None if entry.household in hidden else entry.record
        return {
            **{name: getattr(entry, name) for name in _OPEN_ITEMS},
            "commune": self.residences().code_of(entry.commune),
            "log": entry.commune,
            "note": note,
            "record": None if record is None else self.with_words(self.seen(record)),
        }

    def differences(self, entry: LogEntry) -> list[dict[str, Any]]:
        """What changed with a log entry."""
        entry = self._with_codes(self._with_seen_findings(entry))
        found = differences_of(entry)
        differences = (
            each if each["pointer"].startswith(_FINDINGS) else seen_difference(each, self.sight) for each in found
        )
        return [one for one in differences if one is not None]

    def _shared_note(self, entry: LogEntry, hidden: frozenset[str]) -> dict[str, Any] | None:
        """The note of a log entry as it may leave: of a hidden household only the communes that it moved between.

        None where it is about an overlap with a restricted household; whether it is, a damaged entry does not say.
        """
        note = self.residences().shown_note(entry.note)
        if note is None or not hidden:
            return seen_note(note, self.sight)
        if entry.household in hidden or (entry.damaged and self.restricted()):
            return {name: note[name] for name in ("from", "to") if name in note} or None
        findings = (entry.record or {}).get("findings") or ()
        settled_with_restricted = "settled" in note and any(self._names_restricted(each) for each in findings)
        if settled_with_restricted or note.get("household") in self.restricted():
            return None
        return seen_note(note, self.sight)

    def _with_codes(self, entry: LogEntry) -> LogEntry:
        """A log entry with the codes of units, before and after, in place of their identities."""
        if entry.record is None:
            return entry
        replaced = self.residences().shown_before(entry.record, entry.replaced)
        return replace(entry, record=self.residences().shown(entry.record), replaced=replaced)

    def _with_seen_findings(self, entry: LogEntry) -> LogEntry:
        """A log entry whose findings, before and after, are those that records show: only these are compared.

        A change inside a finding does not say which finding it is, so it could not be masked afterwards.
        """
        if entry.record is None or entry.replaced is None or "findings" not in entry.replaced:
            return entry
        if self.sees_persons and not self.restricted():
            return entry
        record = {**entry.record, "findings": self._seen_findings(entry.record)}
        return replace(
            entry, record=record, replaced={**entry.replaced, "findings": self._seen_findings(entry.replaced)}
        )

    def _seen_findings(self, items: Record) -> list[dict[str, Any]]:
        shared = self._without_restricted({"findings": items.get("findings") or []})
        findings: list[dict[str, Any]] = seen(shared, self.sight)["findings"]
        return findings

    def _without_restricted(self, record: Record) -> Record:
        """The record without the findings that name a restricted household."""
        findings = record.get("findings")
        if not findings or not self.restricted():
            return record
        return {**record, "findings": [each for each in findings if not self._names_restricted(each)]}

    def _names_restricted(self, finding: Mapping[str, Any]) -> bool:
        return (finding.get("details") or {}).get("household") in self.restricted()

    def _worded(self, finding: Mapping[str, Any]) -> dict[str, Any]:
        """A finding with its text; without one where the text needs details that were left out."""
        if self.wording is None:
            return dict(finding)
        message = self.wording(finding["code"], finding.get("details", {}))
        if "{" in message and not self.sees_persons:
            return dict(finding)
        return {**finding, "message": message}
