"""What is expected where a commune was split, merged or began, from lists and baselines as plain objects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.reports.coverage import CoverageRow, Together, everything_of, expect, rows_of, total_of
from service.reports.expectations import Expectations
from service.reports.ports import Baseline
from service.units.directory import UnitDirectory
from tests.units.lists import a_directory, a_line
from tests.units.registers import BEGUN, DAY, DAY_BEFORE, ENDED

TODAY = date(2026, 11, 23)
EARLY = "2026-10-01"
OTHER = a_line("90009")
SPLIT = (a_line("90001", successor="90001;90003", **ENDED), a_line("90001", **BEGUN), a_line("90003", **BEGUN))


def baselines(*given: tuple[str, int, str]) -> list[Baseline]:
    return [Baseline(unit, households, "source", date.fromisoformat(day)) for unit, households, day in given]


def expected(
    directory: UnitDirectory, level: str, given: Iterable[Baseline], geography: date = TODAY
) -> dict[str | None, int | None]:
    """What is expected by code, and of all together under None."""
    rows = rows_of(directory, level, geography, [], area=None)
    together = expect(rows, directory, level, geography, list(given))
    total = total_of(rows, together)
    known = {row.code: row.expected for row in rows if row.unit is not None}
    return {**known, None: total.expected if total.complete else None}


def test_a_split_without_shares_takes_nothing_from_what_its_province_is_expected_to_have() -> None:
    directory = a_directory(*SPLIT, OTHER)
    given = baselines(("90001", 101, EARLY), ("90009", 50, EARLY))
    assert expected(directory, "province", given) == {"40": 151, None: 151}
    assert expected(directory, "commune", given) == {"90001": None, "90003": None, "90009": 50, None: 151}
    assert expected(directory, "commune", given, date.fromisoformat(DAY_BEFORE))[None] == 151
    assert everything_of(total_of(rows_of(directory, "province", TODAY, [], area=None))).expected is None


def test_a_total_that_is_not_of_all_units_has_what_is_known_of_parts_together() -> None:
    directory = a_directory(*SPLIT, OTHER, a_line("90008"))
    given = baselines(("90001", 101, EARLY), ("90009", 50, EARLY))
    for geography in (TODAY, date.fromisoformat(DAY_BEFORE)):
        rows = rows_of(directory, "commune", geography, [], area=None)
        total = total_of(rows, expect(rows, directory, "commune", geography, given))
        assert (total.expected, total.complete) == (151, False)
    rows = rows_of(directory, "province", TODAY, [], area=None)
    assert total_of(rows, expect(rows, directory, "province", TODAY, given)).expected is None


def test_the_number_of_the_whole_holds_until_all_its_parts_have_their_own() -> None:
    directory = a_directory(*SPLIT, OTHER)
    before, one = ("90001", 101, EARLY), ("90003", 40, DAY)
    assert expected(directory, "province", baselines(before, ("90009", 50, EARLY), one))["40"] == 151
    both = baselines(before, ("90009", 50, EARLY), one, ("90001", 70, DAY))
    assert expected(directory, "province", both)["40"] == 160


def test_of_parts_in_several_provinces_only_the_country_has_the_number_of_the_whole() -> None:
    provinces = tuple(a_line(code, kind="tỉnh", level="province", parent="") for code in ("97", "98"))
    parts = (a_line("90001", parent="97", **BEGUN), a_line("90003", parent="98", **BEGUN))
    whole = a_line("90001", parent="97", successor="90001;90003", **ENDED)
    directory = a_directory(*provinces, whole, *parts, a_line("90009", parent="98"))
    rows = [
        row
        for row in rows_of(directory, "province", TODAY, [], area=None)
        if row.unit is not None and row.unit.code != "40"
    ]
    given = baselines(("90001", 101, EARLY), ("90009", 50, EARLY))
    together = expect(rows, directory, "province", TODAY, given)
    assert [row.expected for row in rows] == [None, None]
    assert everything_of(total_of(rows, together)).expected == 151


def test_parts_that_come_together_again_have_the_number_of_the_whole() -> None:
    again = {"valid_to": "2026-11-10", "successor": "90005", **BEGUN}
    directory = a_directory(
        SPLIT[0], a_line("90001", **again), a_line("90003", **again), a_line("90005", valid_from="2026-11-11"), OTHER
    )
    given = baselines(("90001", 101, EARLY))
    assert expected(directory, "commune", given) == {"90005": 101, "90009": None, None: None}
    assert expected(directory, "commune", given, date.fromisoformat(DAY))["90003"] is None


def test_a_part_that_another_commune_took_over_is_expected_with_both_wholes_together() -> None:
    taken = {"valid_to": "2026-11-10", "successor": "90009", **BEGUN}
    since = {"valid_from": "2026-11-11"}
    directory = a_directory(
        SPLIT[0],
        SPLIT[1],
        a_line("90003", **taken),
        a_line("90009", valid_to="2026-11-10", successor="90009"),
        a_line("90009", name_vi="Lớn", **since),
    )
    given = baselines(("90001", 101, EARLY), ("90009", 50, EARLY))
    assert expected(directory, "commune", given) == {"90001": None, "90009": None, None: 151}
    assert expected(directory, "province", given)["40"] == 151


def test_a_part_that_was_split_again_is_counted_once_with_the_whole() -> None:
    directory = a_directory(
        a_line("90001", successor="90002;90009", **ENDED),
        a_line("90009", **BEGUN),
        a_line("90002", valid_from=DAY, valid_to="2026-11-10", successor="90004;90005"),
        *(a_line(code, valid_from="2026-11-11") for code in ("90004", "90005")),
    )
    given = baselines(("90001", 101, EARLY), ("90002", 60, DAY))
    assert expected(directory, "province", given)["40"] == 101
    assert expected(directory, "province", [*given, *baselines(("90009", 30, DAY))])["40"] == 90


def test_parts_that_come_together_with_another_commune_have_the_number_of_the_whole_and_its_own() -> None:
    ended = {"valid_to": "2026-11-15", "successor": "90007"}
    directory = a_directory(
        a_line("90001", successor="90002;90003", **ENDED),
        *(a_line(code, **BEGUN, **ended) for code in ("90002", "90003")),
        *(a_line(code, valid_to="2026-11-10", successor="90006") for code in ("90004", "90005")),
        a_line("90006", valid_from="2026-11-11", **ended),
        a_line("90007", valid_from="2026-11-16"),
    )
    given = baselines(("90001", 101, EARLY), ("90006", 50, "2026-11-12"))
    assert expected(directory, "commune", given) == {"90007": 151, None: 151}


def test_a_new_commune_takes_nothing_from_the_number_of_its_province_before_it_began() -> None:
    directory = a_directory(a_line("90003", **BEGUN), a_line("90001"), OTHER)
    given = baselines(("90001", 101, EARLY), ("90009", 50, EARLY), ("90001", 60, DAY))
    assert expected(directory, "province", given) == {"40": 151, None: 151}
    assert expected(directory, "commune", given) == {"90001": 60, "90003": None, "90009": 50, None: 151}
    given += baselines(("90003", 40, DAY))
    assert expected(directory, "province", given) == {"40": 150, None: 150}


def test_without_all_communes_of_the_province_a_new_one_can_have_come_from_any_other() -> None:
    directory = a_directory(a_line("90003", **BEGUN), a_line("90001"), OTHER)
    given = baselines(("90001", 101, EARLY), ("90009", 50, EARLY))
    expectations = Expectations(directory, "commune", TODAY, given)
    some = [unit for unit in directory.of_level("commune", TODAY) if unit.code != "90009"]
    assert expectations.of_all(some) == (given[:1], False)
    assert expectations.of_all(directory.of_level("commune", TODAY)) == (given, True)


def test_a_part_that_ended_without_a_successor_leaves_open_what_the_other_has() -> None:
    ended = a_line("90003", valid_to="2026-11-10", **BEGUN)
    given = baselines(("90001", 101, EARLY), ("90009", 50, EARLY))
    assert expected(a_directory(SPLIT[0], SPLIT[1], ended, OTHER), "province", given) == {"40": None, None: None}


@pytest.mark.parametrize("households", [1, 5, 101])
def test_shares_are_rounded_so_that_the_parts_have_as_many_as_the_whole(households: int) -> None:
    shares = "90001=0.5;90003=0.25;90004=0.25"
    parts = [a_line(code, **BEGUN) for code in ("90001", "90003", "90004")]
    directory = a_directory(a_line("90001", successor=shares, **ENDED), *parts)
    found = expected(directory, "commune", baselines(("90001", households, EARLY)))
    assert sum(found[code] or 0 for code in ("90001", "90003", "90004")) == found[None] == households


_Rows = list[tuple[str, date | None, date | None, str]]


def _of_steps(steps: Iterable[tuple[str, int]]) -> UnitDirectory:
    """Three communes and their successions: each step is a kind of change and its commune."""
    alive: dict[str, date | None] = dict.fromkeys(("90000", "90001", "90002"))
    rows: _Rows = []
    for number, (kind, which) in enumerate(steps):
        day = date(2026, 2, 1) + timedelta(days=10 * number)
        codes = sorted(alive)
        one, other = codes[which % len(codes)], codes[(which + 1) % len(codes)]
        fresh = [f"91{number:02}{each}" for each in range(2)]
        heirs = {
            "merge": {one: fresh[0], other: fresh[0]},
            "split": {one: ";".join(fresh)},
            "share": {one: f"{fresh[0]}=0.3;{fresh[1]}=0.7"},
            "absorb": {one: f"{fresh[0]};{other}", other: other},
            "rename": {one: one},
        }[kind]
        if one == other:
            continue
        rows.extend((code, alive.pop(code), day - timedelta(days=1), heir) for code, heir in heirs.items())
        alive |= {part.partition("=")[0]: day for heir in heirs.values() for part in heir.split(";")}
    rows.extend((code, begun, None, "") for code, begun in alive.items())
    return a_directory(
        *(
            a_line(code, valid_from=str(begun or ""), valid_to=str(ended or ""), successor=heir)
            for code, begun, ended, heir in rows
        )
    )


@given(
    st.lists(st.tuples(st.sampled_from(["merge", "split", "share", "absorb", "rename"]), st.integers(0, 5)), max_size=5)
)
def test_whatever_became_of_communes_all_are_expected_to_have_what_the_first_had(steps: list[tuple[str, int]]) -> None:
    directory = _of_steps(steps)
    known = baselines(("90000", 7, "2026-01-05"), ("90001", 20, "2026-01-05"), ("90002", 101, "2026-01-05"))
    for on in (date(2026, 1, 6), *directory.geographies(), TODAY):
        for level in ("commune", "province"):
            found, complete = Expectations(directory, level, on, known).of_all(directory.of_level(level, on))
            assert (sum(each.households for each in found), complete) == (128, True)


def test_a_row_without_a_unit_has_no_part_in_what_is_expected() -> None:
    total = total_of([CoverageRow(None)], Together(baselines(("90001", 5, EARLY)), True))
    assert (total.expected, total.complete) == (5, True)
