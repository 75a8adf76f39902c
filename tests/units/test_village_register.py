"""Writing and reading lists of villages, on plain objects: what a code means, what is refused, what is stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import pytest

import service.errors as refusals
from service.about import taking_notes
from service.actor import Actor
from service.clock import vietnam_day
from service.errors import DomainError
from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from service.units.errors import VillagesInvalid, VillagesStale
from service.units.village_register import MOST_VILLAGES, NamedVillage, VillageRegister, meant_by
from service.units.villages import VillageList
from tests.builders import NOW, TODAY, MovedClock
from tests.units.lists import a_directory, a_line
from tests.units.registers import BEGUN, DAY_BEFORE, ENDED
from tests.units.test_village_lists import EARLIER, INTO_C_AND_D, A, B, C, D, E, a_village

WHOLE, PART, INTO_WHOLE, RENAMED = (UnitId(code) for code in ("90010", "90011", "90013", "90030"))
LINES = (
    *INTO_C_AND_D,
    *(a_line(code, successor=WHOLE, valid_to="2025-12-31") for code in (INTO_WHOLE, "90014")),
    a_line(WHOLE, valid_from="2026-01-01", successor="90011;90012", valid_to=DAY_BEFORE),
    *(a_line(part, **BEGUN) for part in (PART, "90012")),
    a_line("90020", valid_to="2024-11-30"),
    a_line(RENAMED, successor=RENAMED, name_vi="Cũ", **ENDED),
    a_line(RENAMED, name_vi="Mới", **BEGUN),
)
SPLIT_DAY, BEFORE_C = date.fromisoformat(DAY_BEFORE), date(2025, 12, 31)
ANYWHERE = Actor("chị Hoa")


class Lists:
    """Lists of villages in memory; another list can be stored between a look and a write."""

    def __init__(self, *lists: VillageList) -> None:
        self.stored = {each.commune: each for each in lists}
        self.meanwhile: VillageList | None = None
        self.written_by: list[str] = []

    def lists_of(self, communes: Iterable[UnitId]) -> dict[UnitId, VillageList]:
        return {each: self.stored[each] for each in communes if each in self.stored}

    def put_villages(self, villages: VillageList, *, replaced: int, actor: str) -> bool:
        if self.meanwhile is not None:
            self.stored[villages.commune] = self.meanwhile
        before = self.stored.get(villages.commune)
        if replaced != (0 if before is None else before.revision):
            return False
        self.stored[villages.commune] = villages
        self.written_by.append(actor)
        return True


@pytest.fixture
def units() -> UnitDirectory:
    """Communes of which some were merged, split, renamed, or ended without a known successor."""
    return a_directory(*LINES)


@pytest.fixture
def lists() -> Lists:
    """What A and B stored before they became C, and then with E the commune D of today."""
    return Lists(
        VillageList(A, (a_village("Xóm 1", expected=5), a_village("Xóm 2")), 2, updated_at=EARLIER),
        VillageList(B, (a_village("Xóm 1", identity="in B"),), 3),
    )


@pytest.fixture
def register(lists: Lists, units: UnitDirectory) -> VillageRegister:
    return VillageRegister(lists, lambda: units, MovedClock())


def put(register: VillageRegister, *sent: NamedVillage | str, code: str = D, **how: Any) -> Any:
    named = [NamedVillage(each) if isinstance(each, str) else each for each in sent]
    given = {"as_of": None, "if_match": None, "if_new": False, "actor": ANYWHERE, **how}
    return register.put(code, given.pop("as_of"), named, **given)


def refused(error: type[DomainError], register: VillageRegister, *sent: NamedVillage | str, **how: Any) -> Any:
    """Where and with which details a write is refused."""
    with pytest.raises(error) as found:
        put(register, *sent, **how)
    return found.value.pointer, found.value.params


@pytest.mark.parametrize(
    ("code", "as_of", "meant"),
    [
        (D, None, (D, D, True, None)),
        (D, date(2027, 1, 1), (D, D, True, None)),
        (C, SPLIT_DAY, (D, C, True, {A, B, C})),
        (A, BEFORE_C, (D, A, True, {A})),
        (WHOLE, SPLIT_DAY, (WHOLE, WHOLE, False, None)),
        (INTO_WHOLE, BEFORE_C, (WHOLE, INTO_WHOLE, False, {INTO_WHOLE})),
        (RENAMED, SPLIT_DAY, (RENAMED, RENAMED, True, None)),
    ],
)
def test_a_code_of_a_day_means_the_commune_that_has_the_villages_now(
    units: UnitDirectory, code: str, as_of: date | None, meant: tuple[object, ...]
) -> None:
    found = meant_by(code, as_of, units, TODAY)
    assert (found.commune.identity, found.named.identity, found.in_force, found.lineage) == meant
    assert found.commune.in_force_on(TODAY) == found.in_force
    assert [found.concerns(a_village("Xóm 1", former)) for former in (A, None)] == [
        found.lineage is None or former in found.lineage for former in (A, None)
    ]


def test_a_code_that_means_no_commune_is_refused_with_its_day(units: UnitDirectory) -> None:
    def why(error: type[DomainError], code: str, as_of: date | None) -> dict[str, Any]:
        with pytest.raises(error) as found:
            meant_by(code, as_of, units, TODAY)
        return found.value.params

    today = TODAY.isoformat()
    assert why(refusals.UnitNotFound, "9" * 30, None) == {"code": "9" * 20, "on": today}
    assert why(refusals.UnitNotFound, "9" * 21, BEFORE_C) == {"code": "9" * 20, "on": "2025-12-31"}
    assert why(refusals.UnitNotFound, "40", date(2030, 1, 1)) == {"code": "40", "on": today}
    assert why(refusals.CommuneNotInForce, C, None)["known_to"] == DAY_BEFORE
    ended = {"commune": "90020", "on": today, "known_from": "…", "known_to": "2024-11-30"}
    assert why(refusals.CommuneSuccessorUnknown, "90020", date(2024, 11, 30)) == ended


def test_a_commune_shows_what_came_along_and_a_former_one_only_its_own(register: VillageRegister) -> None:
    whole = register.of(D, None, actor=ANYWHERE)
    shown = [whole.commune, whole.former_commune, whole.name, whole.kind]
    assert shown == [D, None, "Làng", "xã"]
    assert (whole.revision, whole.updated_at) == (5, EARLIER)
    assert [(each.name, each.id, each.former_commune, each.expected) for each in whole.villages] == [
        ("Xóm 1", "Xóm 1 None", A, 5),
        ("Xóm 2", "Xóm 2 None", A, None),
        ("Xóm 1", "in B", B, None),
    ]
    former = register.of(B, BEFORE_C, actor=Actor("of D", frozenset({D})))
    assert [former.commune, former.former_commune, *former.villages] == [D, B, *whole.villages[2:]]
    with pytest.raises(refusals.CoverageOutsideArea) as found:
        register.of(B, BEFORE_C, actor=Actor("of B", frozenset({B})))
    assert found.value.params == {"unit": B}


def test_a_list_is_stored_whole_and_the_same_again_writes_nothing(register: VillageRegister, lists: Lists) -> None:
    says = NamedVillage("Khối 3", None, A, 120, "Rà soát", vietnam_day(NOW))
    written = put(register, says, NamedVillage("Xóm 1", former_commune=B), "Mới", if_match=5)
    stored = lists.stored[D]
    assert (stored.revision, stored.updated_at, stored.taken_over) == (6, NOW, frozenset({C, E}))
    assert [asdict(each) for each in written.villages] == [
        asdict(each) | {"id": own.id} for each, own in
        zip([says, NamedVillage("Xóm 1", None, B), NamedVillage("Mới")], stored.villages, strict=True)
    ]  # fmt: skip
    assert (stored.villages[1].id, len({each.id for each in stored.villages} - {"", "None"})) == ("in B", 3)
    assert written == register.of(D, None, actor=ANYWHERE)
    for again in (written.villages, [replace(each, id=None) for each in written.villages]):
        assert put(register, *again) == written
    assert lists.written_by == ["chị Hoa"]


def test_under_a_former_commune_only_its_own_villages_are_replaced(register: VillageRegister, lists: Lists) -> None:
    written = put(register, "Xóm 9", code=A, as_of=BEFORE_C, if_match=5)
    assert put(register, *written.villages, code=A, as_of=BEFORE_C) == written
    assert [(each.name, each.former_commune) for each in written.villages] == [("Xóm 9", A)]
    assert [(each.name, each.former) for each in lists.stored[D].villages] == [("Xóm 1", B), ("Xóm 9", A)]
    assert put(register, code=A, as_of=BEFORE_C, if_match=6).villages == ()
    assert [each.id for each in lists.stored[D].villages] == ["in B"]


def test_a_former_commune_is_one_of_those_before(register: VillageRegister) -> None:
    wrong = NamedVillage("Xóm 2", former_commune=PART)
    where, why = refused(refusals.FormerCommuneMismatch, register, "Xóm 1", wrong)
    assert (where, why) == ("/villages/1/former_commune", {"former": PART, "commune": D, "name": "Làng"})
    of_b = NamedVillage("Xóm 2", former_commune=B)
    where, why = refused(refusals.FormerCommuneMismatch, register, of_b, code=A, as_of=BEFORE_C)
    assert (where, why["former"], why["commune"]) == ("/villages/0/former_commune", B, A)
    where, why = refused(refusals.FormerCommuneMismatch, register, wrong, code=A, as_of=BEFORE_C)
    assert (where, why["commune"]) == ("/villages/0/former_commune", D)
    of_a = NamedVillage("Xóm 2", former_commune=A)
    assert put(register, of_a, code=C, as_of=SPLIT_DAY, if_match=5).villages[0].former_commune == A
    renamed = put(register, NamedVillage("Xóm 1", former_commune=RENAMED), code=RENAMED)
    assert (renamed.name, renamed.villages[0].former_commune) == ("Mới", None)


def test_a_write_says_from_which_list_it_was_made(register: VillageRegister, lists: Lists) -> None:
    assert refused(refusals.PreconditionRequired, register, "Mới") == (None, {"revision": 5})
    assert refused(VillagesStale, register, "Mới", if_match=4) == (None, {"current": 5})
    assert refused(VillagesStale, register, "Mới", if_match=0) == (None, {"current": 5})
    assert refused(VillagesStale, register, "Mới", if_new=True) == (None, {"current": 5})
    assert put(register, "Xóm 1", code=PART, if_new=True).revision == 1
    assert put(register, "Xóm 1", code="90012", if_match=0).revision == 1
    lists.meanwhile = VillageList(D, (), 7, frozenset({C}))
    assert refused(VillagesStale, register, "Mới", if_match=5) == (None, {"current": 7})


def test_a_write_elsewhere_and_one_of_a_commune_that_was_split_are_refused(register: VillageRegister) -> None:
    elsewhere = Actor("of A", frozenset({A}))
    assert refused(refusals.CommuneOutsideArea, register, actor=elsewhere, code=A, as_of=BEFORE_C) == (
        None,
        {"commune": A},
    )
    _, why = refused(refusals.CommuneNotInForce, register, "Xóm 1", code=INTO_WHOLE, as_of=BEFORE_C)
    assert why == {"commune": WHOLE, "on": TODAY.isoformat(), "known_from": "2026-01-01", "known_to": DAY_BEFORE}


def test_villages_that_contradict_one_another_are_refused_where_they_stand(register: VillageRegister) -> None:
    def why(*sent: NamedVillage | str, **how: Any) -> tuple[str, str]:
        where, params = refused(VillagesInvalid, register, *sent, **how)
        assert params == {"reason": params["reason"], "most": MOST_VILLAGES}
        return where, params["reason"]

    assert why("Xóm 1", "XÓM 01") == ("/villages/1/name", "village-twice")
    assert why(NamedVillage("a", "1"), NamedVillage("b", "1")) == ("/villages/1/id", "village-id-twice")
    of_another = NamedVillage("Xóm 8", "in B")
    assert why(of_another, code=A, as_of=BEFORE_C) == ("/villages/0/id", "village-id-twice")
    tomorrow = NamedVillage("Xóm 2", expected_on=date(2026, 11, 24))
    assert why("Xóm 1", tomorrow) == ("/villages/1/expected_on", "village-expected-on")
    most = [f"Xóm {number}" for number in range(10, 10 + MOST_VILLAGES)]
    assert why(*most, "Xóm 1") == ("/villages", "villages")
    assert why(*most, code=A, as_of=BEFORE_C) == ("/villages", "villages")
    assert len(put(register, *most[1:], code=A, as_of=BEFORE_C, if_match=5).villages) == MOST_VILLAGES - 1


def test_the_audit_trail_names_the_list_before_the_write_and_what_is_in_it_after(register: VillageRegister) -> None:
    notes: list[str] = []
    with taking_notes(notes.append):
        written = put(register, "Xóm 1", code=PART)
        put(register, *written.villages, code=PART)
        refused(refusals.UnitNotFound, register, code="9" * 21)
    done = f"villages of {PART}: 1, revision 1"
    assert notes == [f"villages of {PART}", done, f"villages of {PART}", done, f"villages of {'9' * 20}"]
