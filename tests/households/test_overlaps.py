"""Overlaps as findings on both records: found, carried over, settled and taken back, on plain objects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from schemas.geometry import geometry_json
from service.households.changes import Change, Entry, Record
from service.households.overlaps import (
    boundaries_in,
    moved_parcels,
    settled,
    with_overlaps,
    without_overlaps_with,
)
from service.households.parcel_findings import open_findings
from service.households.ports import Neighbour, Stored
from service.parcels.cells import Cells, cells_of_stored
from service.parcels.limits import OverlapRules
from service.parcels.ports import Boundary
from tests.builders import NOW, THANH_VINH
from tests.parcels.builders import a_field

RULES = OverlapRules()
LATER = NOW + timedelta(hours=1)
YOUNG = {"code": "head.young", "severity": "warning", "pointer": "/head/birth_date", "details": {}}
CONSENT = {"by": "supervisor", "at": "2026-11-23T03:00:00.000Z", "reason": "drawn on old paper"}


def a_plot(name: str, east: float | None = None) -> dict[str, Any]:
    """A field of a hundred metres; those nearer than that overlap. Without a place it has no boundary."""
    return {"id": name} if east is None else {"id": name, "geometry": geometry_json(a_field(east))}


def a_record(name: str, *plots: dict[str, Any], findings: Iterable[dict[str, Any]] = (), **items: Any) -> Record:
    record: Record = {"id": name, "commune": THANH_VINH, "status": "submitted", "stage": "digitized", "head": {}}
    record |= {"revision": 1, "created_at": NOW, "updated_at": NOW, "missing": [], "parcels": list(plots), **items}
    return {**record, "findings": list(findings)} if findings else record


def overlap(number: int, parcel: str, household: str, area: Any, share: Any, **settlement: Any) -> dict[str, Any]:
    details = {"parcel": parcel, "household": household, "area_m2": area, "share_percent": share}
    details |= {"settled": settlement} if settlement else {}
    severity = "settled" if settlement else "warning"
    pointer = f"/parcels/{number}/geometry"
    return {"code": "parcel.overlap", "severity": severity, "pointer": pointer, "details": details}


def half(number: int, parcel: str, household: str, **settlement: Any) -> dict[str, Any]:
    """The finding of two fields of which half is common."""
    return overlap(number, parcel, household, pytest.approx(5000, abs=5), pytest.approx(50, abs=0.1), **settlement)


def written(record: Record, before: Record | None = None) -> Change:
    if before is None:
        return Change.registration(record, actor="officer", fingerprint="new")
    return Change.revision(before, record, "revised", at=LATER, actor="officer", fingerprint="new")


class Neighbourhood:
    """What a transaction sees: stored households, and which cells were requested."""

    def __init__(self, *records: Record) -> None:
        self.stored = {record["id"]: Stored(record, f"print of {record['id']}") for record in records}
        self.requested: list[tuple[Cells, list[int]]] = []
        self.taken: list[list[int]] = []
        self.named: list[frozenset[str]] = []

    def household(self, household_id: str) -> Stored:
        return self.stored[household_id]

    def known(self, household_ids: Iterable[str]) -> dict[str, Stored]:
        return {each: self.stored[each] for each in sorted(household_ids, reverse=True) if each in self.stored}

    def readable(self, household_ids: Iterable[str]) -> dict[str, Stored]:
        return self.known(household_ids)

    def closed_household(self, household_id: str) -> Record:
        raise NotImplementedError

    def was_erased(self, household_id: str) -> bool:
        raise NotImplementedError

    def take_cells(self, cells: Iterable[int]) -> None:
        self.taken.append(list(cells))

    def take_communes(self, communes: Iterable[str]) -> None:
        raise NotImplementedError

    def neighbours(self, cells: Cells, held: Iterable[int], parcels: frozenset[str]) -> list[Neighbour]:
        self.requested.append((cells, list(held)))
        self.named.append(parcels)
        there = (each.record for each in self.stored.values() if each.record["status"] != "withdrawn")
        return [Neighbour(r["id"], r["commune"], tuple(r["parcels"]), r.get("former_commune")) for r in there]

    def apply(self, changes: Sequence[Change]) -> None:
        raise NotImplementedError

    def redact_settlements(self, household_id: str) -> dict[str, str]:
        raise NotImplementedError

    def erase(self, entry: Entry) -> None:
        raise NotImplementedError


def outcome(around: Neighbourhood, *changes: Change) -> list[Change]:
    befores = {name: one.record for name, one in around.stored.items() if name in {c.record["id"] for c in changes}}
    return with_overlaps(changes, befores, around, RULES, area=None)


def findings(change: Change) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = change.record["findings"]
    return found


# Finding -----------------------------------------------------------------------------------------------------------


def test_an_overlap_stands_on_both_records_and_holds_both_back() -> None:
    around = Neighbourhood(a_record("b", a_plot("q0", 500), a_plot("q1", 50), findings=[YOUNG]))
    one, other = outcome(around, written(a_record("a", a_plot("p"), a_plot("p1", 0), findings=[YOUNG])))
    assert findings(one) == [YOUNG, half(1, "q1", "b")]
    assert findings(other) == [YOUNG, half(1, "p1", "a")]
    assert [change.record["stage"] for change in (one, other)] == ["standardized", "standardized"]
    (entry,) = one.entries
    assert (entry.record, entry.kind) == (one.record, "registered")
    assert entry.moves == {"unknown": {"registered": 1, "standardized": 1}}


def test_the_neighbours_change_is_the_registers_own_revision() -> None:
    around = Neighbourhood(a_record("b", a_plot("q", 50), revision=4))
    _, other = outcome(around, written(a_record("a", a_plot("p", 0), updated_at=LATER)))
    assert (other.replaces, other.record["revision"], other.record["updated_at"]) == (4, 5, LATER)
    assert other.fingerprint == "print of b"
    (entry,) = other.entries
    assert (entry.kind, entry.actor, entry.at) == ("revised", "officer", LATER)
    assert entry.note == {"finding": "parcel.overlap", "household": "a"}


def test_parcels_of_one_household_overlap_too() -> None:
    (change,) = outcome(Neighbourhood(), written(a_record("a", a_plot("p", 0), a_plot("p1", 50))))
    assert findings(change) == [half(0, "p1", "a"), half(1, "p", "a")]


def test_shares_are_percent_with_one_decimal() -> None:
    around = Neighbourhood(a_record("b", a_plot("q", 87.66)))
    one, _ = outcome(around, written(a_record("a", a_plot("p", 0))))
    assert findings(one)[0]["details"]["share_percent"] in (12.3, 12.4)


def test_without_an_overlap_the_change_stays_as_it_is() -> None:
    change = written(a_record("a", a_plot("p", 0), findings=[YOUNG]))
    around = Neighbourhood(a_record("b", a_plot("q", 100)), a_record("c", a_plot("r", 0), status="withdrawn"))
    assert outcome(around, change)[0] is change
    assert outcome(Neighbourhood(), change)[0] is change


def test_the_log_entry_of_a_revision_says_which_findings_it_replaced() -> None:
    before = a_record("a", a_plot("p", 900), findings=[YOUNG])
    around = Neighbourhood(before, a_record("b", a_plot("q", 50)))
    one, _ = outcome(around, written(a_record("a", a_plot("p", 0), findings=[YOUNG]), before))
    (entry,) = one.entries
    replaced = {"parcels": before["parcels"], "findings": [YOUNG], "stage": "digitized"}
    assert (entry.replaced, entry.moves) == (replaced, {"unknown": {"digitized": -1}})


def test_what_was_and_what_is_are_locked_and_only_what_is_is_looked_around() -> None:
    before = a_record("a", a_plot("p", 0))
    around = Neighbourhood(before)
    outcome(around, written(a_record("a", a_plot("p", 9_000)), before))
    here, there = (cells_of_stored([geometry_json(a_field(east))]) for east in (0, 9_000))
    ((cells, held),) = around.requested
    assert cells == there
    assert held == sorted(here.coarse | there.coarse)
    assert not here.coarse <= there.coarse


def test_a_household_does_not_overlap_with_what_it_was() -> None:
    before = a_record("a", a_plot("p", 0))
    change = written(a_record("a", a_plot("p", 20)), before)
    assert outcome(Neighbourhood(before), change) == [change]


def test_several_changes_come_back_in_their_order_and_others_behind() -> None:
    stored = [a_record("b", a_plot("q", 50)), a_record("c", a_plot("r", 60)), a_record("e", a_plot("t", 5_000))]
    resting = written({**stored[2], "village": "Khối 4"}, stored[2])
    changes = [written(a_record("d", a_plot("s", 9_000))), resting, written(a_record("a", a_plot("p", 0)))]
    results = outcome(Neighbourhood(*stored), *changes)
    assert [change.record["id"] for change in results] == ["d", "e", "a", "b", "c"]
    assert results[1] is resting
    assert results[3].entries[0].note == {"finding": "parcel.overlap", "household": "d"}


def test_what_moves_may_be_found_before() -> None:
    change = written(a_record("a", a_plot("p", 0)))
    moved = moved_parcels([change], {})
    assert (moved.changes, moved.boundaries) == ((change,), tuple(boundaries_in(change.record)))
    around = Neighbourhood(a_record("b", a_plot("q", 50)))
    assert len(with_overlaps([change], {}, around, RULES, area=None, moved=moved)) == 2
    assert around.requested == [(moved.cells, sorted(moved.held))]


# Carrying over and taking back -------------------------------------------------------------------------------------


def test_an_overlap_follows_its_parcel_to_another_place_in_the_list() -> None:
    unmoved = overlap(0, "q", "b", 5000.0, 50.0, **CONSENT)
    lost = overlap(7, "x", "z", 1.0, 9.0)
    before = a_record("a", a_plot("p", 0), a_plot("p1", 500), findings=[unmoved, lost, YOUNG])
    around = Neighbourhood(before)
    other = {**YOUNG, "code": "head.old"}
    after = a_record("a", a_plot("p1", 500), a_plot("p", 0), findings=[other], stage="registered")
    (change,) = outcome(around, written(after, before))
    assert findings(change) == [other, {**unmoved, "pointer": "/parcels/1/geometry"}]
    assert change.record["stage"] == "digitized"
    assert around.requested == []


def test_a_change_without_boundaries_has_no_overlap_to_carry() -> None:
    change = written(a_record("a", a_plot("p")))
    assert outcome(Neighbourhood(), change) == [change]
    before = a_record("a", a_plot("p"))
    again = written({**before, "village": "Khối 4"}, before)
    assert outcome(Neighbourhood(before), again) == [again]


def test_who_moves_away_is_named_by_the_neighbour_no_longer() -> None:
    third = overlap(0, "r", "c", 5000.0, 50.0, **CONSENT)
    stays = a_record(
        "b", a_plot("q", 50), findings=[third, YOUNG, overlap(0, "p", "a", 5000.0, 50.0)], stage="standardized"
    )
    before = a_record("a", a_plot("p", 0), findings=[overlap(0, "q", "b", 5000.0, 50.0)])
    one, other = outcome(Neighbourhood(before, stays), written(a_record("a", a_plot("p", 800)), before))
    assert one.record.get("findings", []) == []
    assert findings(other) == [third, YOUNG]
    assert other.record["stage"] == "digitized"


def test_a_neighbour_whose_findings_stay_the_same_is_not_revised() -> None:
    around = Neighbourhood(a_record("b", a_plot("q", 50)))
    before, stored = (each.record for each in outcome(around, written(a_record("a", a_plot("p", 0)))))
    stored = {**stored, "findings": [*reversed(findings_of(stored)), YOUNG]}
    moved = written(a_record("a", a_plot("p", 0), a_plot("p1", 700)), before)
    assert [change.record["id"] for change in outcome(Neighbourhood(before, stored), moved)] == ["a"]


def findings_of(record: Record) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = record["findings"]
    return found


# Settling ----------------------------------------------------------------------------------------------------------


def a_settled_pair() -> tuple[Record, Record]:
    mine = overlap(0, "q", "b", 5000.0, 50.0, **CONSENT)
    theirs = overlap(0, "p", "a", 5000.0, 50.0, **CONSENT)
    return a_record("a", a_plot("p", 0), findings=[YOUNG, mine]), a_record("b", a_plot("q", 50), findings=[theirs])


@pytest.mark.parametrize(("east", "stands"), [(0, True), (1, False)])
def test_a_settled_overlap_stays_settled_until_a_boundary_changes(east: float, stands: bool) -> None:
    before, neighbour = a_settled_pair()
    after = a_record("a", a_plot("new", 900), a_plot("p", east))
    one, other = outcome(Neighbourhood(before, neighbour), written(after, before))
    settlement = CONSENT if stands else {}
    area, share = (
        (pytest.approx(5000, abs=5), pytest.approx(50, abs=0.1))
        if stands
        else (pytest.approx(5100, abs=6), pytest.approx(51, abs=0.1))
    )
    assert findings(one) == [overlap(1, "q", "b", area, share, **settlement)]
    assert findings(other) == [overlap(0, "p", "a", area, share, **settlement)]
    assert one.record["stage"] == ("digitized" if stands else "standardized")


def test_an_overlap_that_was_open_stays_open() -> None:
    before, neighbour = a_settled_pair()
    before["findings"] = [YOUNG, overlap(0, "q", "b", 5000.0, 50.0), overlap(9, "q", "b", 1.0, 9.0, **CONSENT)]
    one, _ = outcome(Neighbourhood(before, neighbour), written(a_record("a", a_plot("p", 0), a_plot("x", 900)), before))
    assert findings(one) == [half(0, "q", "b")]


def test_settling_a_parcel_settles_its_open_findings_on_every_record() -> None:
    done, apart = overlap(1, "s", "d", 1.0, 9.0, **CONSENT), overlap(0, "r", "c", 5000.0, 50.0)
    mine, theirs = overlap(1, "q", "b", 5000.0, 50.0), overlap(0, "p", "a", 5000.0, 50.0)
    a = a_record("a", a_plot("p0", 500), a_plot("p", 0), findings=[apart, YOUNG, done, mine])
    b = a_record("b", a_plot("q", 50), findings=[theirs], stage="standardized")
    one, other = settled(stored(a, b), ("a", "p"), "agreed", at=LATER, actor="supervisor")
    settlement = {"by": "supervisor", "at": "2026-11-23T03:00:00.000Z", "reason": "agreed"}
    assert findings(one) == [apart, YOUNG, done, overlap(1, "q", "b", 5000.0, 50.0, **settlement)]
    assert findings(other) == [overlap(0, "p", "a", 5000.0, 50.0, **settlement)]
    assert [change.record["stage"] for change in (one, other)] == ["standardized", "digitized"]


def stored(*records: Record) -> dict[str, Stored]:
    return {each["id"]: Stored(each, f"print of {each['id']}") for each in records}


def test_settling_a_parcel_leaves_another_households_of_the_same_id_open() -> None:
    a = a_record("a", a_plot("p", 0), findings=[overlap(0, "q", "c", 5000.0, 50.0)])
    b = a_record("b", a_plot("p", 900), findings=[overlap(0, "r", "d", 5000.0, 50.0)])
    c = a_record("c", a_plot("q", 50), findings=[overlap(0, "p", "b", 1.0, 9.0), overlap(0, "p", "a", 5000.0, 50.0)])
    one, other = settled(stored(a, b, c), ("a", "p"), "agreed", at=LATER, actor="supervisor")
    assert (one.record["id"], other.record["id"]) == ("a", "c")
    assert [finding["severity"] for finding in findings(other)] == ["warning", "settled"]


def test_settling_is_a_revision_by_the_supervisor_with_the_reason() -> None:
    record = a_record("a", a_plot("p", 0), findings=[overlap(0, "q", "b", 5000.0, 50.0)], revision=3)
    (change,) = settled(stored(record), ("a", "p"), "agreed", at=LATER, actor="supervisor")
    assert (change.replaces, change.record["revision"], change.record["updated_at"]) == (3, 4, LATER)
    assert change.fingerprint == "print of a"
    (entry,) = change.entries
    assert (entry.kind, entry.note, entry.actor) == ("revised", {"settled": "p", "reason": "agreed"}, "supervisor")


def test_records_without_an_open_overlap_of_the_parcel_are_not_revised() -> None:
    young, without = a_record("c", a_plot("r", 9), findings=[YOUNG]), {**a_record("d"), "findings": []}
    del without["parcels"]
    named = a_record("e", findings=[overlap(0, "s", "x", 1.0, 9.0)])
    del named["parcels"]
    assert (
        settled(stored(young, without, a_record("f"), named), ("x", "p"), "agreed", at=LATER, actor="supervisor") == []
    )


def test_who_is_erased_is_named_by_no_neighbour() -> None:
    gone = a_record(
        "a", a_plot("p", 0), findings=[overlap(0, "q", "b", 5000.0, 50.0), YOUNG, overlap(0, "p1", "a", 1.0, 9.0)]
    )
    neighbour = a_record(
        "b", a_plot("q", 50), findings=[overlap(0, "p", "a", 5000.0, 50.0), YOUNG], stage="standardized"
    )
    around = Neighbourhood(gone, neighbour, a_record("c", a_plot("r", 60)))
    (change,) = without_overlaps_with(gone, around, at=LATER, actor="lead")
    assert (change.record["id"], findings(change), change.record["stage"]) == ("b", [YOUNG], "digitized")
    assert change.record["updated_at"] == LATER
    assert (change.entries[0].note, change.entries[0].actor) == (
        {"finding": "parcel.overlap", "household": "a"},
        "lead",
    )
    assert around.taken == [sorted(cells_of_stored([gone["parcels"][0]["geometry"]]).coarse)]


def test_a_neighbour_that_never_named_who_is_erased_is_not_revised() -> None:
    gone = a_record("a", a_plot("p", 0), findings=[overlap(0, "q", "b", 5000.0, 50.0)])
    assert without_overlaps_with(gone, Neighbourhood(a_record("b", a_plot("q", 50))), at=LATER, actor="lead") == []


def test_open_findings_are_those_that_nobody_settled() -> None:
    open_one = overlap(0, "q", "b", 5000.0, 50.0)
    assert open_findings(a_record("a", findings=[YOUNG, open_one, overlap(0, "r", "c", 1.0, 9.0, **CONSENT)])) == [
        open_one
    ]
    assert open_findings(a_record("a")) == []


def test_a_boundary_has_the_place_of_its_parcel_in_the_list() -> None:
    record = a_record("a", a_plot("p"), a_plot("p1", 0))
    assert boundaries_in(record) == [Boundary("a", "p1", 1, record["parcels"][1]["geometry"])]
    assert boundaries_in({**record, "status": "withdrawn"}) == boundaries_in(None) == []
    assert boundaries_in({"id": "a", "status": "submitted"}) == []
