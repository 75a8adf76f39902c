"""What one accepted write does to the register: the record, its log entries, the counters and the identities.

A ``Change`` is a plain value that storage commits; it is made by ``Change.registration`` and ``Change.revision`` alone.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

import orjson

from schemas.language import STAGES
from service.unit_names import UnitId
from service.units.attribution import tally_key

Record = dict[str, Any]
"""A household in JSON form; created_at and updated_at are aware datetimes."""

Kind = Literal[
    "registered", "revised", "verified", "returned", "transferred", "withdrawn", "erased", "restricted", "lifted"
]
"""What happened. ``restricted`` and ``lifted`` do not create a revision: the entry has the record's current one."""


FIRST_HASH = "0" * 64
"""The hash before the first entry of a commune's log."""

Tallies = dict[str, dict[str, int]]
"""Counts (registered, standardized, digitized, verified) by former commune (``tally_key``), within one commune."""

COUNTS: Final = (*STAGES, "verified")


def new_salt() -> bytes:
    """The salt of a log entry's digest. The two entries of a move share one, and so the ciphertext that holds it."""
    return secrets.token_bytes(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One log entry before it has an offset: which commune's log, what happened, and how the counters move.

    ``record`` is the household after the write (None where it left the commune); ``replaced`` holds, for each
    top-level item that changed, what stood there before (None where nothing stood). ``note`` carries a reason or the
    other commune.
    """

    commune: UnitId
    kind: Kind
    household: str
    revision: int
    at: datetime
    actor: str
    record: Record | None = None
    replaced: dict[str, Any] | None = None
    note: dict[str, Any] | None = None
    moves: Tallies
    salt: bytes = field(default_factory=new_salt)

    def digest(self) -> str:
        """Salted digest of the entry's personal content; the salt is deleted when the person is erased."""
        return salted_digest(self.salt, self.record, self.replaced, self.note)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One household's part of a transaction.

    ``replaces`` is the revision that must still be the stored one (None: the household is new). ``takes`` and
    ``releases`` are the personal numbers that the household begins or ceases to hold. ``fingerprint`` identifies the
    content for retries. ``residence_only`` says that nobody wrote anything new about the household: storage may then
    write what differs and leave the rest of the document as it is.
    """

    record: Record
    replaces: int | None
    entries: tuple[Entry, ...]
    fingerprint: str
    takes: frozenset[str] = frozenset()
    releases: frozenset[str] = frozenset()
    residence_only: bool = False

    @classmethod
    def registration(cls, record: Record, *, actor: str, fingerprint: str) -> Change:
        """The change that stores a new record."""
        return cls(
            record=record,
            replaces=None,
            entries=_entries("registered", record, None, actor=actor, note=None),
            fingerprint=fingerprint,
            takes=personal_numbers(record),
        )

    @classmethod
    def revision(
        cls,
        before: Record,
        record: Record,
        kind: Kind,
        *,
        at: datetime,
        actor: str,
        fingerprint: str,
        note: dict[str, Any] | None = None,
        residence_only: bool = False,
    ) -> Change:
        """The change that makes ``record`` the next revision of ``before``, written ``at`` this time.

        It has one log entry, or one in each commune's log when the household moves.
        """
        record = {**record, "revision": before["revision"] + 1, "updated_at": at}
        held, holds = personal_numbers(before), personal_numbers(record)
        return cls(
            record=record,
            replaces=before["revision"],
            entries=_entries(kind, record, before, actor=actor, note=note),
            fingerprint=fingerprint,
            takes=holds - held,
            releases=held - holds,
            residence_only=residence_only,
        )

    def with_record(self, record: Record, before: Record | None) -> Change:
        """The same change with another record, and the log entries that follow from it."""
        return replace(self, record=record, entries=tuple(_entry_again(each, record, before) for each in self.entries))


def _entries(
    kind: Kind, record: Record, before: Record | None, *, actor: str, note: dict[str, Any] | None
) -> tuple[Entry, ...]:
    moves_away = before is not None and before["commune"] != record["commune"]
    if before is not None and moves_away:
        note = {"from": before["commune"], "to": record["commune"], **(note or {})}
    common: dict[str, Any] = {
        "salt": new_salt(),
        "kind": kind,
        "household": record["id"],
        "revision": record["revision"],
        "at": record["updated_at"],
        "actor": actor,
        "note": note,
    }
    arrived = Entry(
        commune=record["commune"],
        record=record,
        replaced=None if before is None else replaced_items(before, record),
        moves=moves_between(None if moves_away else before, record),
        **common,
    )
    if before is None or not moves_away:
        return (arrived,)
    return Entry(commune=before["commune"], moves=moves_between(before, None), **common), arrived


def _entry_again(entry: Entry, record: Record, before: Record | None) -> Entry:
    """A log entry for another record; the entry of a commune that the household left holds no record."""
    if entry.record is None:
        return entry
    stayed = before if before is not None and before["commune"] == record["commune"] else None
    return replace(
        entry,
        record=record,
        replaced=None if before is None else replaced_items(before, record),
        moves=moves_between(stayed, record),
    )


def personal_numbers(record: Record) -> frozenset[str]:
    """The personal numbers that a household holds: its head's, unless it is withdrawn."""
    number = record["head"].get("national_id")
    if number is None or record["status"] == "withdrawn":
        return frozenset()
    return frozenset({number})


def salted_digest(
    salt: bytes, record: Mapping[str, Any] | None, replaced: Mapping[str, Any] | None, note: Mapping[str, Any] | None
) -> str:
    """SHA-256 over the salt and the canonical JSON of an entry's personal part, in hex."""
    return hashlib.sha256(salt + canonical({"note": note, "record": record, "replaced": replaced})).hexdigest()


def entry_hash(
    previous: str,
    commune: str,
    offset: int,
    kind: str,
    household: str,
    revision: int,
    at: datetime,
    actor: str,
    digest: str,
) -> str:
    """Hash of a log entry: over the hash before it and everything that remains when a person is erased, in hex."""
    parts = [previous, commune, offset, kind, household, revision, at, actor, digest]
    return hashlib.sha256(canonical(parts)).hexdigest()


def canonical(value: object) -> bytes:
    """Canonical JSON: sorted keys, no spaces, times in UTC with a Z. One value has one form."""
    return orjson.dumps(value, option=_CANONICAL)


_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC


def counts_of(record: Record | None) -> tuple[str, dict[str, int]] | None:
    """Which tally a record counts in and what it counts there; None for no record or a withdrawn one."""
    if record is None or record["status"] == "withdrawn":
        return None
    counts = {"registered": 1}
    stage = record["stage"]
    if stage != "registered":
        counts["standardized"] = 1
    if stage == "digitized":
        counts["digitized"] = 1
    if record["status"] == "verified":
        counts["verified"] = 1
    return tally_key(record.get("former_commune")), counts


def moves_between(before: Record | None, after: Record | None) -> Tallies:
    """How one commune's tallies move when ``before`` becomes ``after`` there (None: not there).

    Zero moves are left out.
    """
    moves: Tallies = {}
    for record, sign in ((before, -1), (after, 1)):
        counted = counts_of(record)
        if counted is None:
            continue
        former, counts = counted
        tally = moves.setdefault(former, {})
        for name, count in counts.items():
            tally[name] = tally.get(name, 0) + sign * count
    cleaned = {former: {n: c for n, c in tally.items() if c} for former, tally in moves.items()}
    return {former: tally for former, tally in cleaned.items() if tally}


BOOKKEEPING = frozenset({"revision", "created_at", "updated_at"})


def replaced_items(before: Record, after: Record) -> dict[str, Any]:
    """For each top-level item that differs, what stood there before (None where nothing stood)."""
    names = [name for name in {**before, **after} if name not in BOOKKEEPING and before.get(name) != after.get(name)]
    return {name: before.get(name) for name in names}


def fingerprint_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of a household's content in JSON form: two writes with the same fingerprint have the same content."""
    return hashlib.sha256(canonical(content)).hexdigest()
