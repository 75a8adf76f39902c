"""Parcels that two households claim by number, as findings on both records, on plain objects."""

from __future__ import annotations

from typing import Any

import pytest

from service.errors import ParcelIdTaken
from service.households.changes import Record
from service.households.overlaps import claims_in, moved_parcels, settled, with_overlaps
from service.households.ports import Stored
from service.parcels.number_claims import MOST_CLAIMANTS, cells_of_claims
from tests.builders import THANH_VINH, TRUONG_VINH
from tests.households.test_overlaps import (
    LATER,
    RULES,
    Neighbourhood,
    a_plot,
    a_record,
    findings,
    outcome,
    written,
)

FORMER = "16663"


def a_numbered(name: str, number: str = "345", east: float | None = None, **items: Any) -> dict[str, Any]:
    return {**a_plot(name, east), "map_sheet": "12", "parcel_number": number, **items}


def a_claimant(name: str, *parcels: dict[str, Any], **items: Any) -> Record:
    return a_record(name, *parcels, **{"former_commune": FORMER, **items})


def claimed(number: int, parcel: str, household: str, **settlement: Any) -> dict[str, Any]:
    details: dict[str, Any] = {"parcel": parcel, "household": household}
    details |= {"settled": settlement} if settlement else {}
    severity = "settled" if settlement else "warning"
    pointer = f"/parcels/{number}/parcel_number"
    return {"code": "parcel.number-claimed", "severity": severity, "pointer": pointer, "details": details}


def test_a_number_that_two_households_claim_stands_on_both_records() -> None:
    around = Neighbourhood(
        a_claimant("b", a_numbered("q0", "1"), a_numbered("q1")), a_claimant("c", a_numbered("r", "9"))
    )
    mine, theirs = outcome(around, written(a_claimant("a", a_numbered("p"))))
    assert (findings(mine), findings(theirs)) == ([claimed(0, "q1", "b")], [claimed(1, "p", "a")])
    assert theirs.entries[0].note == {"finding": "parcel.number-claimed", "household": "a"}


def test_a_number_is_of_the_map_of_a_former_commune() -> None:
    around = Neighbourhood(a_claimant("b", a_numbered("q"), former_commune="16666"))
    (alone,) = outcome(around, written(a_claimant("a", a_numbered("p"))))
    assert "findings" not in alone.record
    (unknown,) = outcome(around, written(a_claimant("a", a_numbered("p"), former_commune=None)))
    assert "findings" not in unknown.record


def test_neighbours_are_looked_up_by_what_is_claimed() -> None:
    change = written(a_claimant("a", a_numbered("p", east=0)))
    moved = moved_parcels([change], {})
    claims = claims_in(change.record)
    assert [(claim.household, claim.parcel, claim.key) for claim in claims] == [("a", "p", (FORMER, "12", "345"))]
    assert moved.claims == tuple(claims)
    assert moved.cells.queried > cells_of_claims(claims)


def test_a_withdrawn_household_claims_nothing() -> None:
    assert claims_in(a_claimant("a", a_numbered("p"), status="withdrawn")) == claims_in(None) == []
    assert claims_in({name: value for name, value in a_claimant("a").items() if name != "parcels"}) == []


def test_a_claim_ends_on_both_records_when_one_number_changes() -> None:
    before = a_claimant("a", a_numbered("p"), findings=[claimed(0, "q", "b")])
    around = Neighbourhood(before, a_claimant("b", a_numbered("q"), findings=[claimed(0, "p", "a")]))
    mine, theirs = outcome(around, written(a_claimant("a", a_numbered("p", "346")), before))
    assert [each.record.get("findings", []) for each in (mine, theirs)] == [[], []]


@pytest.mark.parametrize(("number", "severity"), [("345", "settled"), ("346", None)])
def test_a_settled_claim_stays_so_while_neither_changes(number: str, severity: str | None) -> None:
    settlement = {"by": "supervisor", "at": "2026-11-23T03:00:00.000Z", "reason": "two maps"}
    before = a_claimant("a", a_numbered("p"), a_numbered("x", "7"), findings=[claimed(0, "q", "b", **settlement)])
    other = a_claimant("b", a_numbered("q"), findings=[claimed(0, "p", "a", **settlement)])
    after = a_claimant("a", a_numbered("x", "8"), a_numbered("p", number))
    mine = outcome(Neighbourhood(before, other), written(after, before))[0]
    assert [(each["severity"], each["pointer"]) for each in mine.record.get("findings", [])] == (
        [(severity, "/parcels/1/parcel_number")] if severity else []
    )


def test_a_changed_claim_is_no_longer_settled() -> None:
    settlement = {"by": "supervisor", "at": "2026-11-23T03:00:00.000Z", "reason": "two maps"}
    before = a_claimant("a", a_numbered("p"), findings=[claimed(0, "q", "b", **settlement)])
    other = a_claimant("b", a_numbered("q"), findings=[claimed(0, "p", "a", **settlement)])
    after = a_claimant("a", a_numbered("p", locality="Đồng Ngò"))
    mine, theirs = outcome(Neighbourhood(before, other), written(after, before))
    assert (findings(mine), findings(theirs)) == ([claimed(0, "q", "b")], [claimed(0, "p", "a")])


def test_claims_of_a_number_that_many_have_are_found_again_only_where_they_were_reported() -> None:
    crowd = [a_claimant(f"c{number:02d}", a_numbered("q")) for number in range(MOST_CLAIMANTS)]
    (new,) = outcome(Neighbourhood(*crowd), written(a_claimant("z", a_numbered("p"))))
    assert "findings" not in new.record
    reported = [claimed(0, "q", "c01"), claimed(0, "q", "c03")]
    before = a_claimant("z", a_numbered("p"), a_numbered("x", "7"), findings=reported)
    after = a_claimant("z", a_numbered("p", tenure="owned"), a_numbered("x", "7"))
    mine = outcome(Neighbourhood(*crowd, before), written(after, before))[0]
    assert findings(mine) == reported


def test_a_claim_that_rests_keeps_its_finding_where_the_parcel_is_now() -> None:
    before = a_claimant("a", a_numbered("x", "7"), a_numbered("p"), findings=[claimed(1, "q", "b")])
    around = Neighbourhood(before, a_claimant("b", a_numbered("q"), findings=[claimed(0, "p", "a")]))
    (rests,) = outcome(around, written(a_claimant("a", a_numbered("p"), a_numbered("x", "7")), before))
    assert findings(rests) == [claimed(0, "q", "b")]


def test_who_writes_may_be_refused_an_id_only_of_its_area() -> None:
    around, new = Neighbourhood(a_claimant("b", a_numbered("p", "1"))), written(a_claimant("a", a_numbered("p", "2")))
    assert len(with_overlaps([new], {}, around, RULES, area=frozenset({TRUONG_VINH}))) == 1
    assert around.named == [frozenset({"p"})]
    for area in (None, frozenset({THANH_VINH})):
        with pytest.raises(ParcelIdTaken):
            with_overlaps([new], {}, around, RULES, area=area)


def test_claims_of_a_parcel_are_settled_on_both_records() -> None:
    both = (
        a_claimant("a", a_numbered("p"), findings=[claimed(0, "q", "b")]),
        a_claimant("b", a_numbered("q"), findings=[claimed(0, "p", "a")]),
    )
    stored = {each["id"]: Stored(each, "print") for each in both}
    changes = settled(stored, ("a", "p"), "two maps", at=LATER, actor="lead")
    settlement = {"by": "lead", "at": "2026-11-23T03:00:00.000Z", "reason": "two maps"}
    assert [findings(each) for each in changes] == [
        [claimed(0, "q", "b", **settlement)],
        [claimed(0, "p", "a", **settlement)],
    ]
