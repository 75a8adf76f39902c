"""Overlaps between parcels: found in the transaction of the write, reported on both records, settled by a supervisor.

Two simultaneous writes must not miss each other: each locks the grid cells that its boundaries touch and reads its
neighbours from one snapshot, so that of two at one cell the second is retried and sees the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from schemas.errors import FREE_TEXT, Reveals
from service.area import Communes
from service.households.changes import Change, Record
from service.households.parcel_ids import new_parcels, require_free
from service.households.ports import Stored, Transaction
from service.households.stages import stage_again
from service.parcels.cells import Cells, cells_of_stored
from service.parcels.limits import OverlapRules
from service.parcels.overlap import Overlap, overlaps_among, overlaps_between
from service.parcels.ports import Boundary
from service.parcels.rings import Geometries, geometries_of

OVERLAP = "parcel.overlap"
SETTLED = "settled"

_BOUNDARIES: Final = ("parcels.geometry", "parcels.id")
REVEALED: Final = {
    OVERLAP: Reveals(
        {
            **dict.fromkeys(("parcel", "household", "area_m2", "share_percent"), _BOUNDARIES),
            **dict.fromkeys(("settled.by", "settled.at"), _BOUNDARIES),
            "settled.reason": (FREE_TEXT,),
        },
        of_others=_BOUNDARIES,
    )
}
"""What findings about overlaps reveal: where two households have their boundaries."""
REVEALED_IN_NOTES: Final = dict.fromkeys(("finding", "household", "settled"), _BOUNDARIES)
"""The same of the log notes about overlaps."""

FindingInJson = dict[str, Any]
ParcelKey = tuple[str, str]
"""A household and one of its parcels."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The changes that move boundaries, what these are now, and the cells that are concerned."""

    changes: tuple[Change, ...]
    boundaries: tuple[Boundary, ...]
    cells: Cells
    held: frozenset[int]
    """The coarse cells that the boundaries touch, or touched before."""


def moved_boundaries(changes: Sequence[Change], befores: Mapping[str, Record]) -> Moved:
    """Which boundaries change; this depends on nobody else, so it can be found before the transaction begins."""
    moved = tuple(change for change in changes if _moves_boundaries(change.record, befores.get(change.record["id"])))
    boundaries = tuple(boundary for change in moved for boundary in boundaries_in(change.record))
    left = [boundary for change in moved for boundary in boundaries_in(befores.get(change.record["id"]))]
    cells = cells_of_stored(boundary.geometry for boundary in boundaries)
    left_cells = cells_of_stored(boundary.geometry for boundary in left)
    return Moved(moved, boundaries, cells, cells.coarse | left_cells.coarse)


def with_overlaps(
    changes: Sequence[Change],
    befores: Mapping[str, Record],
    transaction: Transaction,
    rules: OverlapRules,
    *,
    area: Communes,
    moved: Moved | None = None,
) -> list[Change]:
    """The changes with overlaps among their findings, and the changes of other records that gain or lose one.

    ``befores`` holds the stored record of each household that a change replaces. Findings of records whose boundaries
    stay as they are, are carried over from before; only what moved is compared with its neighbours. ``moved`` is what
    ``moved_boundaries`` returned for the same changes, where it was called before. Raises ParcelIdTaken, about
    households of the writer's ``area``.
    """
    if moved is None:
        moved = moved_boundaries(changes, befores)
    new = new_parcels(changes, befores)
    ids = {change.record["id"] for change in moved.changes}
    resting = [_carried_over(change, befores) for change in changes if change.record["id"] not in ids]
    if not moved.changes and not new:
        return resting
    around = transaction.neighbours(moved.cells, sorted(moved.held), frozenset(new))
    require_free(new, around, area)
    if not moved.changes:
        return resting
    beside = [one for one in around if one.household not in ids]
    neighbours = [each for one in beside for each in _boundaries_of(one.household, one.parcels)]
    pairs = _overlapping_pairs(moved.boundaries, neighbours, rules)
    settled_before = _settled_before(moved.changes, befores)
    found = _findings_by_household(pairs, settled_before)
    results = [_with_findings(change, found.get(change.record["id"], []), befores) for change in moved.changes]
    others = ({*found} | _named_in(befores[i] for i in ids if i in befores)) - ids
    resting_ids = {change.record["id"] for change in resting}
    cause = moved.changes[0]
    for household, stored in sorted(transaction.readable(others - resting_ids).items()):
        note = _note_of_overlap_with(cause.record)
        at, actor = cause.record["updated_at"], cause.entries[-1].actor
        change = _other_record(stored, ids, found.get(household, []), at=at, actor=actor, note=note)
        if change is not None:
            results.append(change)
    return [*_in_order(changes, [*results, *resting])]


def settled(stored: Mapping[str, Stored], key: ParcelKey, reason: str, *, at: datetime, actor: str) -> list[Change]:
    """The changes that settle every open overlap of a parcel, on its own record and on the others' among ``stored``."""
    settlement = {"by": actor, "at": at.isoformat(), "reason": reason}
    household, parcel = key
    changes = []
    for one in stored.values():
        mine = {each["id"]: number for number, each in enumerate(one.record.get("parcels", ()))}.get(parcel)
        pointer = f"/parcels/{mine}/geometry" if one.record["id"] == household else None
        findings = [
            _settled(finding, settlement)
            if finding["code"] == OVERLAP
            and finding["severity"] != SETTLED
            and (pointer == finding["pointer"] or _theirs(finding) == key)
            else finding
            for finding in one.record.get("findings", ())
        ]
        if findings != one.record.get("findings", []):
            record = _revised(one.record, findings, at)
            changes.append(_change_of(one, record, actor=actor, note={"settled": parcel, "reason": reason}))
    return changes


def without_overlaps_with(gone: Record, transaction: Transaction, *, at: datetime, actor: str) -> list[Change]:
    """The changes of other records that reported overlaps with a household that no longer exists."""
    transaction.take_cells(sorted(cells_of_stored(each.geometry for each in boundaries_in(gone)).coarse))
    others = _named_in([gone]) - {gone["id"]}
    note = _note_of_overlap_with(gone)
    changes = [
        _other_record(stored, {gone["id"]}, [], at=at, actor=actor, note=note)
        for _, stored in sorted(transaction.readable(others).items())
    ]
    return [change for change in changes if change is not None]


def boundaries_in(record: Record | None) -> list[Boundary]:
    """The boundaries of a record; none of a withdrawn one."""
    if record is None or record["status"] == "withdrawn":
        return []
    return _boundaries_of(record["id"], record.get("parcels", ()))


def _boundaries_of(household: str, parcels: Sequence[Record]) -> list[Boundary]:
    return [
        Boundary(household, parcel["id"], number, parcel["geometry"])
        for number, parcel in enumerate(parcels)
        if parcel.get("geometry") is not None
    ]


def open_overlaps(record: Record) -> list[FindingInJson]:
    """The overlaps of a record that nobody has settled."""
    return [f for f in record.get("findings", ()) if f["code"] == OVERLAP and f["severity"] != SETTLED]


Pair = tuple[Boundary, Boundary, Overlap]


def _geometries(boundaries: Sequence[Boundary]) -> Geometries:
    return geometries_of([boundary.geometry for boundary in boundaries])


def _overlapping_pairs(
    boundaries: Sequence[Boundary], neighbours: Sequence[Boundary], rules: OverlapRules
) -> list[Pair]:
    if not neighbours and len(boundaries) < 2:
        return []
    geometries = _geometries(boundaries)
    return [
        *_pairs(overlaps_among(geometries, rules), boundaries, boundaries),
        *_pairs(overlaps_between(geometries, _geometries(neighbours), rules), boundaries, neighbours),
    ]


def _pairs(overlaps: Iterable[Overlap], left: Sequence[Boundary], right: Sequence[Boundary]) -> list[Pair]:
    return [(left[overlap.first], right[overlap.second], overlap) for overlap in overlaps]


def _moves_boundaries(record: Record, before: Record | None) -> bool:
    def boundaries(of: Record | None) -> list[tuple[str, Mapping[str, Any]]]:
        return sorted(((g.parcel, g.geometry) for g in boundaries_in(of)), key=lambda pair: pair[0])

    return boundaries(record) != boundaries(before)


def _carried_over(change: Change, befores: Mapping[str, Record]) -> Change:
    """A change that moves no boundary, with the overlaps of the record before: places in the list may have changed."""
    before = befores.get(change.record["id"])
    if before is None:
        return change
    place = {boundary.parcel: boundary.number for boundary in boundaries_in(change.record)}
    before_place = {f"/parcels/{boundary.number}/geometry": boundary.parcel for boundary in boundaries_in(before)}
    carried = [
        {**finding, "pointer": f"/parcels/{place[before_place[finding['pointer']]]}/geometry"}
        for finding in before.get("findings", ())
        if finding["code"] == OVERLAP and before_place.get(finding["pointer"]) in place
    ]
    return _with_findings(change, carried, befores)


def _findings_by_household(
    pairs: Sequence[Pair], settled_before: Mapping[tuple[ParcelKey, ParcelKey], FindingInJson]
) -> dict[str, list[FindingInJson]]:
    """For each household its overlaps as findings. A settled one stays so while neither boundary changes."""
    found: dict[str, list[FindingInJson]] = {}
    for one, other, overlap in pairs:
        for mine, theirs in ((one, other), (other, one)):
            details = {
                "parcel": theirs.parcel,
                "household": theirs.household,
                "area_m2": overlap.area_m2,
                "share_percent": round(100 * overlap.share, 1),
            }
            before = settled_before.get((_key_of(mine), _key_of(theirs)))
            severity = "warning"
            if before is not None:
                severity = SETTLED
                details["settled"] = before["details"]["settled"]
            found.setdefault(mine.household, []).append(
                {
                    "code": OVERLAP,
                    "severity": severity,
                    "pointer": f"/parcels/{mine.number}/geometry",
                    "details": details,
                }
            )
    return found


def _settled_before(
    moved: Sequence[Change], befores: Mapping[str, Record]
) -> dict[tuple[ParcelKey, ParcelKey], FindingInJson]:
    """Overlaps that a supervisor settled, seen from either side, of which neither boundary has changed since.

    That the area in common is the same says nothing: a boundary moved along its neighbour overlaps other land.
    """
    changed = {
        parcel for change in moved for parcel in _changed_parcels(change.record, befores.get(change.record["id"]))
    }
    found: dict[tuple[ParcelKey, ParcelKey], FindingInJson] = {}
    for record in befores.values():
        place = {f"/parcels/{boundary.number}/geometry": _key_of(boundary) for boundary in boundaries_in(record)}
        for finding in record.get("findings", ()):
            if finding["code"] != OVERLAP or finding["severity"] != SETTLED or finding["pointer"] not in place:
                continue
            mine = place[finding["pointer"]]
            theirs = _theirs(finding)
            if not {mine, theirs} & changed:
                found[mine, theirs] = found[theirs, mine] = finding
    return found


def _changed_parcels(record: Record, before: Record | None) -> list[ParcelKey]:
    was = {boundary.parcel: boundary.geometry for boundary in boundaries_in(before)}
    return [_key_of(each) for each in boundaries_in(record) if was.get(each.parcel) != each.geometry]


def _key_of(boundary: Boundary) -> ParcelKey:
    return boundary.household, boundary.parcel


def _theirs(finding: FindingInJson) -> ParcelKey:
    """The parcel that an overlap is with."""
    return finding["details"]["household"], finding["details"]["parcel"]


def _note_of_overlap_with(record: Record) -> dict[str, Any]:
    """The note of a log entry that exists because an overlap with another household began or ended.

    The code is the note's ``finding``: ``reason`` always is a text that somebody wrote.
    """
    return {"finding": OVERLAP, "household": record["id"]}


def _named_in(records: Iterable[Record]) -> set[str]:
    """The households that the overlaps of records name; of a record that was not decrypted, those stored in clear."""
    findings = (finding for record in records for finding in record.get("findings", ()))
    overlaps = (finding["details"] for finding in findings if finding["code"] == OVERLAP)
    return {details["household"] for details in overlaps if "household" in details}


def _other_record(
    stored: Stored, moved: set[str], found: list[FindingInJson], *, at: datetime, actor: str, note: dict[str, Any]
) -> Change | None:
    """A neighbour's change: its overlaps with what moved are those found now; None where nothing changes."""
    before = stored.record.get("findings", [])
    unaffected = [f for f in before if f["code"] != OVERLAP or f["details"]["household"] not in moved]
    findings = [*unaffected, *found]
    if _sorted(findings) == _sorted(before):
        return None
    return _change_of(stored, _revised(stored.record, findings, at), actor=actor, note=note)


def _with_findings(change: Change, overlaps: list[FindingInJson], befores: Mapping[str, Record]) -> Change:
    """The change with these overlaps among the findings, and the stage and log entries that follow."""
    findings = [f for f in change.record.get("findings", ()) if f["code"] != OVERLAP] + overlaps
    if findings == change.record.get("findings", []):
        return change
    record = {**change.record, "findings": findings}
    record["stage"] = stage_again(record)
    return change.with_record(record, befores.get(record["id"]))


def _revised(before: Record, findings: list[FindingInJson], at: datetime) -> Record:
    record = {**before, "findings": findings, "revision": before["revision"] + 1, "updated_at": at}
    record["stage"] = stage_again(record)
    return record


def _change_of(stored: Stored, record: Record, *, actor: str, note: dict[str, Any]) -> Change:
    """The register's own revision of a record: its content, and so its fingerprint and its status, stay as they are."""
    return Change.revision(stored.record, record, "revised", actor=actor, fingerprint=stored.fingerprint, note=note)


def _settled(finding: FindingInJson, settlement: Mapping[str, Any]) -> FindingInJson:
    return {**finding, "severity": SETTLED, "details": {**finding["details"], "settled": dict(settlement)}}


def _sorted(findings: Iterable[FindingInJson]) -> list[str]:
    return sorted(repr(sorted(finding.items(), key=lambda item: item[0])) for finding in findings)


def _in_order(changes: Sequence[Change], results: Sequence[Change]) -> list[Change]:
    """The results in the order of the requested changes, followed by those of other records."""
    position = {change.record["id"]: number for number, change in enumerate(changes)}
    return sorted(results, key=lambda change: position.get(change.record["id"], len(position)))
