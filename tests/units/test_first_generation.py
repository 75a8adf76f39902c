"""The communes of before December 2024: in the shipped list, and loaded into a register that did not know them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from service.commands import units as units_command
from service.province import Province, read_province
from service.reports.reach import has_parts, whole_units
from service.storage.migration import load_shipped_units
from service.storage.repositories import Repositories
from service.unit_names import UnitCode
from service.units.attribution import Attribution
from service.units.directory import UnitDirectory
from service.units.unit_list import COLUMNS, read_units
from tests.units.lists import a_line, a_list

BEFORE, MIDDLE, AFTER = date(2024, 11, 30), date(2024, 12, 1), date(2025, 7, 1)
NOT_KNOWN = {"16684", "16687", "16696", "16978", "16996", "17525", "17590", "17599"}


def as_it_was_shipped_before(tmp_path: Path) -> Province:
    """Nghệ An's list as it was when it began with the communes of June 2025."""
    province = read_province("40")
    rows = csv.DictReader(io.StringIO(province.units.read_text(encoding="utf-8")))
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore")
    writer.writeheader()
    for row in rows:
        if row["valid_to"] != BEFORE.isoformat():
            writer.writerow({**row, "valid_from": "" if row["replaces"] else row["valid_from"]})
    file = tmp_path / "40.csv"
    file.write_text(text.getvalue(), encoding="utf-8")
    return replace(province, units=file)


def same_units(directory: UnitDirectory) -> set[frozenset[object]]:
    """Which validities are one unit."""
    identities = {unit.identity for unit in directory}
    return {frozenset(unit.key for unit in directory.validities_of(identity)) for identity in identities}


def test_the_list_has_the_communes_of_both_generations_and_says_where_a_successor_is_not_known(
    directory: UnitDirectory,
) -> None:
    counts = [len(directory.of_level("commune", day)) for day in (BEFORE, MIDDLE, AFTER)]
    assert counts == [460, 412, 130]
    assert len(directory.of_level("district", BEFORE)) == 21
    ended = {unit.code for unit in directory.of_level("commune", BEFORE) if not directory.heirs_of(unit, AFTER)}
    assert ended == NOT_KNOWN
    by_name = {unit.code for unit in directory if "suy từ tên gọi" in unit.source}
    assert len(by_name) == 40
    assert directory.in_force("16717", BEFORE).identity == directory.in_force("16717", MIDDLE).identity


def test_a_household_counts_in_each_geography_and_nowhere_by_a_guess(directory: UnitDirectory) -> None:
    def unit_of(commune: str, former: str | None, day: date) -> str | None:
        return Attribution(directory, "commune", day).unit_of(commune, former or "unknown")

    assert [unit_of("17170", "17161", day) for day in (BEFORE, MIDDLE, AFTER)] == ["17161", "17152", "17170"]
    assert [unit_of("17170", "17152", day) for day in (BEFORE, MIDDLE)] == [None, "17152"]
    assert [unit_of("17506", "17525", day) for day in (BEFORE, MIDDLE, AFTER)] == ["17525", None, "17506"]
    # 16804 is the same commune in all three; a household of it that names another one of before was in that one then.
    assert [unit_of("16804", "17525", day) for day in (BEFORE, MIDDLE, AFTER)] == ["17525", "16804", "16804"]
    assert Attribution(directory, "district", BEFORE).unit_of("16732", "16717") == "413"
    assert Attribution(directory, "district", MIDDLE).unit_of("16732", "16717") == "412"


def test_a_commune_without_a_known_successor_belongs_to_its_province_alone(directory: UnitDirectory) -> None:
    province = frozenset(unit.identity for unit in directory.of_level("commune", AFTER))
    everything = frozenset(unit.identity for unit in directory.of_level("commune", BEFORE))
    assert whole_units(directory, "commune", BEFORE, province) == everything
    assert not has_parts(directory, "commune", BEFORE, province)
    for commune in province:
        part = whole_units(directory, "commune", BEFORE, province - {commune})
        assert part is not None
        assert NOT_KNOWN.isdisjoint(part)
        assert has_parts(directory, "commune", BEFORE, frozenset({commune}))
    for day in (MIDDLE, AFTER):
        units = directory.of_level("commune", day)
        assert whole_units(directory, "commune", day, province) == frozenset(unit.identity for unit in units)


@pytest.mark.slow  # loads the list of a whole province twice
def test_a_register_that_began_with_the_communes_of_2025_learns_of_those_before_and_no_unit_becomes_another(
    own_store: Repositories, tmp_path: Path
) -> None:
    own_store.database["units"].delete_many({})
    own_store.database["unit_editions"].delete_many({})
    own_store.database["state"].delete_many({})
    load_shipped_units(own_store, as_it_was_shipped_before(tmp_path), lambda _: None)
    formers = {unit.code: unit for unit in UnitDirectory(own_store.units.unit_list()).of_level("commune", MIDDLE)}
    assert (len(formers), formers[UnitCode("17152")].identity) == (412, "17152")
    load_shipped_units(own_store, read_province("40"), lambda _: None)
    directory = UnitDirectory(own_store.units.unit_list())
    assert len(directory.of_level("commune", BEFORE)) == 460
    assert all(directory.in_force(code, MIDDLE).identity == unit.identity for code, unit in formers.items())
    assert directory.in_force("17152", BEFORE).identity == "17152-before"
    assert same_units(directory) == same_units(UnitDirectory(read_units(read_province("40").units)))


def test_the_shipped_list_is_loaded_again_without_effect(
    own_store: Repositories, capsys: pytest.CaptureFixture[str]
) -> None:
    version = own_store.units.unit_version()
    assert units_command.main([]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert own_store.units.unit_version() == version


@pytest.mark.slow  # as above
def test_an_unknown_first_day_is_given_later_and_the_earlier_unit_of_the_code_is_another(
    own_store: Repositories, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(a_list(a_line("18073")), encoding="utf-8")
    assert units_command.main(["--list", str(file)]) == 0
    header, _, *lines = a_list(
        a_line("18073", name_vi="Cũ", valid_to="2019-12-31", successor="18073"),
        a_line("18074", valid_to="2019-12-31", successor="18073"),
        a_line("18073", valid_from="2020-01-01"),
    ).splitlines()
    ended, other, later = lines
    file.write_text("\n".join((f"{header},replaces", f"{ended},", f"{other},", f"{later},…", "")), encoding="utf-8")
    for _ in range(2):
        assert units_command.main(["--list", str(file)]) == 0
        directory = UnitDirectory(own_store.units.unit_list())
        assert directory.in_force("18073", date(2020, 1, 1)).identity == "18073"
        assert directory.in_force("18073", date(2019, 12, 31)).identity == "18073-before"
    assert "nothing to do" in capsys.readouterr().out
