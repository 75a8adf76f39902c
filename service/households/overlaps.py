"""Overlaps of parcels, and parcels that two households claim by number: found in the transaction of the write, reported
on both records, settled by a supervisor.

Two simultaneous writes must not miss each other: each locks the grid cells that its boundaries touch, and the communes
on whose land the parcels are that it names by number, and reads its neighbours from one snapshot, so that of two at one
place the second is retried and sees the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from schemas.errors import SETTLED
from service.area import Communes
from service.households.changes import Change, Record
from service.households.parcel_findings import (
    BETWEEN_HOUSEHOLDS,
    CLAIMED,
    OVERLAP,
    FindingInJson,
    ParcelKey,
    Side,
    is_open,
    parcel_pointer,
    theirs_of,
)
from service.households.parcel_ids import new_parcels, require_free
from service.households.ports import Stored, Transaction
from service.households.stages import stage_again
from service.parcels.cells import Cells, cells_of_stored
from service.parcels.limits import OverlapRules
from service.parcels.number_claims import NumberClaim, cells_of_claims, conflicts, number_claims
from service.parcels.overlap import Overlap, overlaps_among, overlaps_between
from service.parcels.ports import Boundary
from service.parcels.rings import Geometries, geometries_of


@dataclass(frozen=True, slots=True)
class Moved:
    """The changes that move boundaries or claims, what these are now, and the cells that are concerned."""

    changes: tuple[Change, ...]
    boundaries: tuple[Boundary, ...]
    claims: tuple[NumberClaim, ...]
    cells: Cells
    held: frozenset[int]
    """The coarse cells that the boundaries touch, or touched before."""


def moved_parcels(changes: Sequence[Change], befores: Mapping[str, Record]) -> Moved:
    """Which boundaries and claims change; this depends on nobody else, so the transaction need not have begun."""
    moved, boundaries, claims = list[Change](), list[Boundary](), list[NumberClaim]()
    for change in changes:
        if (parcels := _moved_to(change.record, befores.get(change.record["id"]))) is not None:
            moved.append(change)
            boundaries += parcels[0]
            claims += parcels[1]
    left = [boundary for change in moved for boundary in boundaries_in(befores.get(change.record["id"]))]
    cells = cells_of_stored(boundary.geometry for boundary in boundaries)
    left_cells = cells_of_stored(boundary.geometry for boundary in left)
    looked_up = replace(cells, queried=cells.queried | cells_of_claims(claims))
    return Moved(tuple(moved), tuple(boundaries), tuple(claims), looked_up, cells.coarse | left_cells.coarse)


def with_overlaps(
    changes: Sequence[Change],
    befores: Mapping[str, Record],
    transaction: Transaction,
    rules: OverlapRules,
    *,
    area: Communes,
    moved: Moved | None = None,
) -> list[Change]:
    """The changes with overlaps and claims among their findings, and those of other records that gain or lose one.

    ``befores`` holds the stored record of each household that a change replaces. Findings of records whose boundaries
    and claims stay as they are, are carried over from before; only what moved is compared with its neighbours.
    ``moved`` is what ``moved_parcels`` returned for the same changes, where it was called before. Raises ParcelIdTaken,
    about households of the writer's ``area``.
    """
    if moved is None:
        moved = moved_parcels(changes, befores)
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
    overlapping = _overlapping_pairs(moved.boundaries, neighbours, rules)
    claiming = []
    if moved.claims:
        claiming = [claim for one in beside for claim in number_claims(one.household, one.former_commune, one.parcels)]
    claimed = conflicts(moved.claims, claiming, _claimed_before(befores.values()) if moved.claims else ())
    settled_before = _settled_before(moved.changes, befores)
    found = _findings_by_household(_conflicts_of(overlapping, claimed), settled_before)
    results = [_with_findings(change, found.get(change.record["id"], []), befores) for change in moved.changes]
    others = ({*found} | _named_in(befores[i] for i in ids if i in befores)) - ids
    resting_ids = {change.record["id"] for change in resting}
    cause = moved.changes[0]
    for household, stored in sorted(transaction.readable(others - resting_ids).items()):
        at, actor = cause.record["updated_at"], cause.entries[-1].actor
        change = _other_record(stored, ids, found.get(household, []), at=at, actor=actor, cause=cause.record)
        if change is not None:
            results.append(change)
    return [*_in_order(changes, [*results, *resting])]


def _written(moment: datetime) -> str:
    """Return a time as records have it, to the millisecond: an erasure compares it with the log entry's."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def settled(stored: Mapping[str, Stored], key: ParcelKey, reason: str, *, at: datetime, actor: str) -> list[Change]:
    """The changes that settle every open overlap and claim of a parcel, on its own record and others of ``stored``."""
    settlement = {"by": actor, "at": _written(at), "reason": reason}
    household, parcel = key
    changes = []
    for one in stored.values():
        mine = {each["id"]: number for number, each in enumerate(one.record.get("parcels", ()))}.get(parcel)
        pointer = f"/parcels/{mine}" if one.record["id"] == household else None
        findings = [
            _settled(finding, settlement)
            if is_open(finding) and (pointer == parcel_pointer(finding) or theirs_of(finding) == key)
            else finding
            for finding in one.record.get("findings", ())
        ]
        if findings != one.record.get("findings", []):
            note = {"settled": parcel, "reason": reason}
            changes.append(_with_other_findings(one, findings, at=at, actor=actor, note=note))
    return changes


def without_overlaps_with(gone: Record, transaction: Transaction, *, at: datetime, actor: str) -> list[Change]:
    """The changes of other records that reported overlaps or claims with a household that no longer exists."""
    transaction.take_cells(sorted(cells_of_stored(each.geometry for each in boundaries_in(gone)).coarse))
    others = _named_in([gone]) - {gone["id"]}
    changes = [
        _other_record(stored, {gone["id"]}, [], at=at, actor=actor, cause=gone)
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


def claims_in(record: Record | None) -> list[NumberClaim]:
    """The parcels that a record names by number; none of a withdrawn one."""
    if record is None or record["status"] == "withdrawn":
        return []
    return number_claims(record["id"], record.get("former_commune"), record.get("parcels", ()))


Pair = tuple[Boundary, Boundary, Overlap]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two parcels of which each record reports the other, at its ``item``."""

    code: str
    item: str
    one: Boundary | NumberClaim
    other: Boundary | NumberClaim
    measured: Mapping[str, Any]


def _conflicts_of(overlaps: Iterable[Pair], claimed: Iterable[tuple[NumberClaim, NumberClaim]]) -> Iterable[Conflict]:
    for one, other, overlap in overlaps:
        measured = {"area_m2": overlap.area_m2, "share_percent": round(100 * overlap.share, 1)}
        yield Conflict(OVERLAP, "geometry", one, other, measured)
    for claim, other_claim in claimed:
        yield Conflict(CLAIMED, "parcel_number", claim, other_claim, {})


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


def _moved_to(record: Record, before: Record | None) -> tuple[list[Boundary], list[NumberClaim]] | None:
    """The boundaries and claims of a record; None where they are those of the record before."""
    if before is not None and record.get("parcels") is before.get("parcels") and _reads_alike(record, before):
        return None  # a change of status or place alone passes the parcels on as they are
    boundaries, claims = boundaries_in(record), claims_in(record)
    if before is None:
        return (boundaries, claims) if boundaries or claims else None

    def outlines(of: Iterable[Boundary]) -> list[tuple[str, Mapping[str, Any]]]:
        return sorted(((each.parcel, each.geometry) for each in of), key=lambda pair: pair[0])

    def named(of: Iterable[NumberClaim]) -> dict[str, tuple[Any, ...]]:
        return {claim.parcel: claim.content for claim in of}

    if outlines(boundaries) != outlines(boundaries_in(before)) or named(claims) != named(claims_in(before)):
        return boundaries, claims
    return None


def _reads_alike(record: Record, before: Record) -> bool:
    """Whether the same parcels of two versions of a record have the same boundaries and claims."""
    return (
        record["status"] != "withdrawn" != before["status"]
        and record.get("former_commune") == before.get("former_commune")
        and record["id"] == before["id"]
    )


def _carried_over(change: Change, befores: Mapping[str, Record]) -> Change:
    """A change that moves no parcel, with these findings of the record before: places in the list may have changed."""
    before = befores.get(change.record["id"])
    if before is None:
        return change
    now = {key: pointer for pointer, key in _keys_by_pointer(change.record).items()}
    then = _keys_by_pointer(before)
    carried = [
        {
            **finding,
            "pointer": finding["pointer"].replace(parcel_pointer(finding), now[then[parcel_pointer(finding)]], 1),
        }
        for finding in before.get("findings", ())
        if finding["code"] in BETWEEN_HOUSEHOLDS and then.get(parcel_pointer(finding)) in now
    ]
    return _with_findings(change, carried, befores)


def _keys_by_pointer(record: Record) -> dict[str, ParcelKey]:
    """The parcels of a record by their pointers; none of a withdrawn one."""
    if record["status"] == "withdrawn":
        return {}
    household = record["id"]
    return {f"/parcels/{number}": (household, each["id"]) for number, each in enumerate(record.get("parcels", ()))}


def _findings_by_household(
    found: Iterable[Conflict], settled_before: Mapping[Side, FindingInJson]
) -> dict[str, list[FindingInJson]]:
    """For each household its overlaps and claims as findings. A settled one stays so while neither parcel changes."""
    findings: dict[str, list[FindingInJson]] = {}
    for each in found:
        for mine, theirs in ((each.one, each.other), (each.other, each.one)):
            details = {"parcel": theirs.parcel, "household": theirs.household, **each.measured}
            before = settled_before.get((each.code, _key_of(mine), _key_of(theirs)))
            severity = "warning"
            if before is not None:
                severity = SETTLED
                details["settled"] = before["details"]["settled"]
            findings.setdefault(mine.household, []).append(
                {
                    "code": each.code,
                    "severity": severity,
                    "pointer": f"/parcels/{mine.number}/{each.item}",
                    "details": details,
                }
            )
    return findings


def _settled_before(moved: Sequence[Change], befores: Mapping[str, Record]) -> dict[Side, FindingInJson]:
    """What a supervisor settled, seen from either side, of which neither boundary, or neither claim, changed since.

    That the area in common is the same says nothing: a boundary moved along its neighbour overlaps other land.
    """
    settled_ones = [
        (finding, record)
        for record in befores.values()
        for finding in record.get("findings", ())
        if finding["code"] in BETWEEN_HOUSEHOLDS and finding["severity"] == SETTLED
    ]
    if not settled_ones:
        return {}
    changed = {each for change in moved for each in _changed_parcels(change.record, befores.get(change.record["id"]))}
    found: dict[Side, FindingInJson] = {}
    for finding, record in settled_ones:
        code, mine, theirs = finding["code"], _keys_by_pointer(record).get(parcel_pointer(finding)), theirs_of(finding)
        if mine is not None and not {(code, mine), (code, theirs)} & changed:
            found[code, mine, theirs] = found[code, theirs, mine] = finding
    return found


def _claimed_before(befores: Iterable[Record]) -> set[tuple[ParcelKey, ParcelKey]]:
    """The pairs of parcels that records report as claimed by number, seen from either side."""
    found: set[tuple[ParcelKey, ParcelKey]] = set()
    for record in befores:
        keys = _keys_by_pointer(record)
        for finding in record.get("findings", ()):
            if finding["code"] == CLAIMED and (mine := keys.get(parcel_pointer(finding))) is not None:
                found |= {(mine, theirs_of(finding)), (theirs_of(finding), mine)}
    return found


def _changed_parcels(record: Record, before: Record | None) -> list[tuple[str, ParcelKey]]:
    """The parcels whose boundary or claim is another one than before, each with the finding that is about it."""
    was = {boundary.parcel: boundary.geometry for boundary in boundaries_in(before)}
    claimed = {claim.parcel: claim.content for claim in claims_in(before)}
    return [
        *((OVERLAP, _key_of(each)) for each in boundaries_in(record) if was.get(each.parcel) != each.geometry),
        *((CLAIMED, _key_of(each)) for each in claims_in(record) if claimed.get(each.parcel) != each.content),
    ]


def _key_of(parcel: Boundary | NumberClaim) -> ParcelKey:
    return parcel.household, parcel.parcel


def _note_of(changed: Iterable[str], cause: Record) -> dict[str, Any]:
    """The note of a log entry that exists because an overlap or claim with another household began or ended.

    The code is the note's ``finding``: ``reason`` always is a text that somebody wrote. Of both, it is the overlap.
    """
    return {"finding": OVERLAP if OVERLAP in changed else CLAIMED, "household": cause["id"]}


def _named_in(records: Iterable[Record]) -> set[str]:
    """The households that overlaps and claims name; of a record that was not decrypted, those stored in clear."""
    findings = (finding for record in records for finding in record.get("findings", ()))
    between = (finding["details"] for finding in findings if finding["code"] in BETWEEN_HOUSEHOLDS)
    return {details["household"] for details in between if "household" in details}


def _other_record(
    stored: Stored, moved: set[str], found: list[FindingInJson], *, at: datetime, actor: str, cause: Record
) -> Change | None:
    """A neighbour's change: its findings about what moved are those found now; None where nothing changes."""
    before = stored.record.get("findings", [])
    unaffected = [f for f in before if f["code"] not in BETWEEN_HOUSEHOLDS or f["details"]["household"] not in moved]
    findings = [*unaffected, *found]
    changed = [code for code in BETWEEN_HOUSEHOLDS if _sorted(findings, code) != _sorted(before, code)]
    if not changed:
        return None
    return _with_other_findings(stored, findings, at=at, actor=actor, note=_note_of(changed, cause))


def _with_findings(change: Change, found: list[FindingInJson], befores: Mapping[str, Record]) -> Change:
    """The change with these overlaps and claims among the findings, and the stage and log entries that follow."""
    findings = [f for f in change.record.get("findings", ()) if f["code"] not in BETWEEN_HOUSEHOLDS] + found
    if findings == change.record.get("findings", []):
        return change
    record = {**change.record, "findings": findings}
    record["stage"] = stage_again(record)
    return change.with_record(record, befores.get(record["id"]))


def _with_other_findings(
    stored: Stored, findings: list[FindingInJson], *, at: datetime, actor: str, note: dict[str, Any]
) -> Change:
    """The register's own revision of a record: its content, and so its fingerprint and its status, stay as they are."""
    before, fingerprint = stored.record, stored.fingerprint
    record = {**before, "findings": findings}
    record["stage"] = stage_again(record)
    return Change.revision(before, record, "revised", at=at, actor=actor, fingerprint=fingerprint, note=note)


def _settled(finding: FindingInJson, settlement: Mapping[str, Any]) -> FindingInJson:
    return {**finding, "severity": SETTLED, "details": {**finding["details"], "settled": dict(settlement)}}


def _sorted(findings: Iterable[FindingInJson], code: str) -> list[str]:
    return sorted(repr(sorted(f.items(), key=lambda item: item[0])) for f in findings if f["code"] == code)


def _in_order(changes: Sequence[Change], results: Sequence[Change]) -> list[Change]:
    """The results in the order of the requested changes, followed by those of other records."""
    position = {change.record["id"]: number for number, change in enumerate(changes)}
    return sorted(results, key=lambda change: position.get(change.record["id"], len(position)))
