"""Audit entries about loaded lists of units, even if the command that loaded one was killed."""

from __future__ import annotations

from service.access.ports import AuditTrail
from service.access.trail import TrailEntry
from service.units.editions import UnrecordedEdition
from service.units.ports import UnitStore

_ACTION = "units-loaded"


def record_editions(units: UnitStore, trail: AuditTrail) -> None:
    """Add the entry about every edition that the trail does not have yet. Raises StoreUnavailable.

    A list is loaded in one transaction, and the trail is no part of it. So the edition itself says that its entry is to
    be written, until it is. Where the process was killed after writing it, the entry is found and not written again.
    """
    for edition in units.unrecorded_editions():
        entry = _entry_about(edition)
        if not _is_in(trail, entry):
            trail.write(entry)
        units.set_recorded(edition.number)


def _entry_about(edition: UnrecordedEdition) -> TrailEntry:
    validities = "validity" if edition.changed == 1 else "validities"
    return TrailEntry(
        at=edition.at,
        action=_ACTION,
        account="scripts/units",
        name=edition.author,
        role=None,
        address="",
        path=edition.file,
        about=f"{edition.source}, {edition.day}: {edition.changed} {validities}",
    )


def _is_in(trail: AuditTrail, entry: TrailEntry) -> bool:
    found = trail.entries(since=entry.at, until=entry.at, account=entry.name)
    return any((each.action, each.about) == (entry.action, entry.about) for each in found)
