"""Villages after mergers, renamings and splits: they belong to the commune, not to its code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from schemas.text import spelling
from service.actor import REGISTER_ITSELF, Actor
from service.errors import CommuneNotInForce, CommuneOutsideArea, CommuneSuccessorUnknown, CoverageOutsideArea
from service.settings import Settings
from service.unit_names import UnitId
from service.units.errors import VillagesStale
from service.units.village_register import NamedVillage
from service.units.villages import Village, VillageFinder, VillageList
from service.wiring import Register
from tests.builders import TODAY
from tests.units.lists import a_directory, a_line
from tests.units.registers import BEGUN, DAY_BEFORE, ENDED, a_register, load, two_communes

THEN = date.fromisoformat(DAY_BEFORE)
MERGED = (*(a_line(code, successor="90001", **ENDED) for code in ("90001", "90002")), a_line("90001", **BEGUN))
JOINED = (a_line("90001"), a_line("90002", successor="90001", **ENDED))
"""The commune goes on as it was, and another comes to it."""
SPLIT = (a_line("90001", successor="90001;90003", **ENDED), a_line("90001", **BEGUN), a_line("90003", **BEGUN))


@pytest.fixture
def register(own_settings: Settings) -> Iterator[Register]:
    with a_register(own_settings) as made:
        load(made, *two_communes())
        yield made


def put(register: Register, code: str, *names: str, as_of: date | None = None, if_match: int | None = None) -> int:
    given = [NamedVillage(name, expected=10) for name in names]
    options = {"if_match": if_match, "if_new": False, "actor": REGISTER_ITSELF}
    return register.villages.put(code, as_of, given, **options).revision  # type: ignore[arg-type]


def shown(register: Register, code: str, as_of: date | None = None) -> list[tuple[str, str | None]]:
    found = register.villages.of(code, as_of, actor=REGISTER_ITSELF)
    return [(each.name, each.former_commune) for each in found.villages]


@pytest.mark.parametrize("lines", [MERGED, JOINED])
def test_a_merger_carries_the_villages_of_all_parts_to_the_successor(
    register: Register, lines: tuple[str, ...]
) -> None:
    put(register, "90001", "Xóm 5", "Xóm 6")
    put(register, "90002", "Xóm 5")
    load(register, *lines)
    own = None if lines is JOINED else "90001"
    assert shown(register, "90001") == [("Xóm 5", own), ("Xóm 6", own), ("Xóm 5", "90002")]
    assert shown(register, "90002", THEN) == [("Xóm 5", "90002")]
    assert register.villages.of("90001", None, actor=REGISTER_ITSELF).revision == 2


def test_what_was_written_after_a_merger_counts_and_nothing_comes_back(register: Register) -> None:
    put(register, "90001", "Xóm 5")
    put(register, "90002", "Xóm 9")
    load(register, *MERGED)
    with pytest.raises(VillagesStale):
        put(register, "90001", "Xóm Mới", if_match=1)
    assert put(register, "90001", "Xóm Mới", if_match=2) == 3
    assert shown(register, "90001") == [("Xóm Mới", None)]
    assert put(register, "90002", "Xóm 9", as_of=THEN, if_match=3) == 4
    assert shown(register, "90001") == [("Xóm Mới", None), ("Xóm 9", "90002")]


def test_villages_go_through_several_mergers_and_keep_the_first_commune_they_came_from(register: Register) -> None:
    put(register, "90002", "Xóm 9")
    load(register, *MERGED, a_line("90005"))
    put(register, "90005", "Xóm 1")
    again = {"valid_to": "2026-11-10", "successor": "90006"}
    load(register, a_line("90001", **BEGUN, **again), a_line("90005", **again))
    load(register, a_line("90006", valid_from="2026-11-11"))
    assert shown(register, "90006") == [("Xóm 9", "90002"), ("Xóm 1", "90005")]
    assert shown(register, "90001", date(2026, 11, 5)) == [("Xóm 9", "90002")]
    assert shown(register, "90005", THEN) == [("Xóm 1", "90005")]


@pytest.mark.parametrize("code", ["90001", "90004"])
def test_a_renaming_or_another_code_changes_nothing(register: Register, code: str) -> None:
    put(register, "90001", "Xóm 5")
    load(register, a_line("90001", successor=code, **ENDED), a_line(code, name_vi="Mới", **BEGUN))
    assert shown(register, code) == shown(register, "90001", THEN) == [("Xóm 5", None)]
    assert put(register, "90001", "Xóm 5", "Xóm 6", as_of=THEN, if_match=1) == 2
    assert shown(register, code) == [("Xóm 5", None), ("Xóm 6", None)]
    named = [NamedVillage("Xóm 5", former_commune="90001")]
    register.villages.put(code, None, named, if_match=2, if_new=False, actor=REGISTER_ITSELF)
    assert shown(register, code) == [("Xóm 5", None)]


def test_a_commune_that_takes_over_another_on_a_day_to_come_has_none_of_its_villages_yet(register: Register) -> None:
    put(register, "90002", "Xóm 9")
    load(register, a_line("90002", successor="90001", valid_to="2026-12-31"))
    assert shown(register, "90001") == []
    assert shown(register, "90002") == [("Xóm 9", None)]


def test_the_parts_of_a_split_take_over_no_village_and_the_old_list_stays_readable(register: Register) -> None:
    put(register, "90001", "Xóm 5")
    load(register, *SPLIT)
    assert shown(register, "90001") == shown(register, "90003") == []
    assert shown(register, "90001", THEN) == [("Xóm 5", None)]
    with pytest.raises(CommuneNotInForce):
        put(register, "90001", "Xóm 6", as_of=THEN, if_match=1)
    assert put(register, "90003", "Xóm 5") == 1


def test_officers_of_every_part_read_the_list_of_the_whole_and_only_theirs_beside_it(register: Register) -> None:
    put(register, "90001", "Xóm 5")
    load(register, *SPLIT)
    directory = register.units.directory()
    officer = Actor("officer", directory.stored_in(directory.in_force("90003", TODAY), TODAY))
    assert [each.name for each in register.villages.of("90001", THEN, actor=officer).villages] == ["Xóm 5"]
    assert register.villages.of("90003", None, actor=officer).villages == ()
    for code in ("90001", "90002"):
        with pytest.raises(CoverageOutsideArea):
            register.villages.of(code, None, actor=officer)
        with pytest.raises(CommuneOutsideArea):
            register.villages.put(code, None, [], if_match=None, if_new=False, actor=officer)


def test_parts_that_are_merged_again_have_no_two_villages_of_one_id(register: Register) -> None:
    load(register, *SPLIT)
    village = NamedVillage("Xóm 5", id="0192f0c1-7d5e-7b3a-8a55-1d6f4a7c1e11")
    for code in ("90001", "90003"):
        register.villages.put(code, None, [village], if_match=None, if_new=False, actor=REGISTER_ITSELF)
    again = {"valid_to": "2026-11-10", "successor": "90003"}
    load(register, a_line("90001", **BEGUN, **again), a_line("90003", **BEGUN, **again))
    load(register, a_line("90003", valid_from="2026-11-11"))
    found = register.villages.of("90003", None, actor=REGISTER_ITSELF).villages
    assert [(each.name, each.former_commune) for each in found] == [("Xóm 5", "90001"), ("Xóm 5", "90003")]
    assert len({each.id for each in found}) == 2
    assert found == register.villages.of("90003", None, actor=REGISTER_ITSELF).villages


def test_the_list_of_a_commune_without_a_successor_is_not_served(register: Register) -> None:
    load(register, a_line("90001", **ENDED))
    with pytest.raises(CommuneSuccessorUnknown):
        shown(register, "90001", THEN)


def test_a_list_that_somebody_else_stored_meanwhile_is_not_overwritten(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = register.store.villages
    for if_match in (None, 1):
        read = store.lists_of(["90001"])  # type: ignore[list-item]
        put(register, "90001", f"Xóm {if_match}", if_match=if_match)
        monkeypatch.setattr(store, "lists_of", lambda _, read=read: read)
        with pytest.raises(VillagesStale):
            put(register, "90001", "Xóm Khác", if_match=if_match)
        monkeypatch.undo()
        assert shown(register, "90001") == [(f"Xóm {if_match}", None)]


A, B, C = UnitId("90001"), UnitId("90002"), UnitId("90003")
INTO_C = (*(a_line(code, successor="90003", **ENDED) for code in ("90001", "90002")), a_line("90003", **BEGUN))


@pytest.mark.parametrize(
    ("formers", "stored_in", "former", "found"),
    [
        ((None,), C, None, 0),
        ((None,), C, A, 0),
        ((A,), C, None, 0),
        ((A,), C, A, 0),
        ((A,), C, B, None),
        ((A, B), C, None, None),
        ((A, B), C, B, 1),
        ((A, B), B, None, 1),
        ((A, B), C, C, None),
        ((None, A), C, C, 0),
        ((None, A), C, A, 1),
        ((None, A), C, None, None),
        ((None, A), C, B, 0),
    ],
)
def test_a_household_means_the_village_of_its_former_commune(
    formers: tuple[UnitId | None, ...], stored_in: UnitId, former: UnitId | None, found: int | None
) -> None:
    villages = tuple(Village(str(number), "Xóm 5", each) for number, each in enumerate(formers))
    finder = VillageFinder(VillageList(C, villages), a_directory(*INTO_C))
    village = finder.find(spelling("XÓM 05"), stored_in, former)
    assert (village and village.id) == (None if found is None else str(found))
    assert finder.find(spelling("Xóm 6"), stored_in, former) is None
