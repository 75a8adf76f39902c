"""A province is one file: each that is there is complete, a faulty one is named, and nothing else names a province."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from schemas.codelists import code_lists
from service.commands.database import command_settings
from service.parcels.reference_systems import SYSTEMS
from service.province import Province, known_provinces, read_province, units_since
from service.settings import Settings, province_of, provinces_of
from service.settings_invalid import SettingsInvalid
from service.units.areas import area_of_units, unit_meant
from service.units.directory import UnitDirectory
from service.units.unit_list import read_units
from tests.builders import TODAY

ROOT = Path(__file__).parents[1]
PROVINCES = [read_province(code) for code in known_provinces()]

SOURCES = ("service", "schemas", "form/src", "form/public", "form/index.html", "scripts", "Dockerfile", "compose.yaml")
"""What serves every province. Beside it stand the provinces' own files, tests, documents and benchmarks."""

ABOUT_THE_COUNTRY = {
    "schemas/codelists/personal_id_places.csv",
    "service/parcels/reference_systems.py",
}
"""Tables of the whole country, each province among them."""


def units_of(province: Province) -> UnitDirectory:
    return _units_in(province.units)


@cache
def _units_in(file: Path) -> UnitDirectory:
    return UnitDirectory(read_units(file))


def each_province() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("province", PROVINCES, ids=lambda province: province.code)


def test_two_provinces_with_different_meridians_come_with_the_register() -> None:
    meridians = {province.code: SYSTEMS[province.vn2000.home].central_meridian for province in PROVINCES}
    assert (meridians["40"], meridians["42"]) == (104.75, 105.5)


@each_province()
def test_a_provinces_file_agrees_with_its_list_of_units(province: Province) -> None:
    units = units_of(province)
    (itself,) = units.of_level("province", TODAY)
    assert (itself.code, itself.name) == (province.code, province.name.vi)
    assert units.in_force(province.example.commune, TODAY).level == "commune"
    formers = [unit.code for unit in units.predecessors(province.example.commune)]
    assert province.example.former_commune in formers
    named = unit_meant(province.demonstration.officers_unit, province.demonstration.officers_unit_on, units, TODAY)
    assert len(area_of_units([named], units, TODAY).communes() or ()) > 1


@each_province()
def test_every_former_commune_is_part_of_one_of_today(province: Province) -> None:
    units = units_of(province)
    former = units.of_level("commune", date(2025, 6, 30))
    today = {unit.code for unit in units.of_level("commune", TODAY)}
    assert {heir.code for unit in former for heir in units.heirs_of(unit, TODAY)} == today


@each_province()
def test_the_box_holds_the_centre_and_every_commune(province: Province) -> None:
    west, south, east, north = province.map.box
    communes = units_of(province).of_level("commune", TODAY)
    places = [(unit.longitude or 0.0, unit.latitude or 0.0) for unit in communes]
    for longitude, latitude in [*places, province.map.centre, province.example.position]:
        assert west < longitude < east
        assert south < latitude < north


@each_province()
def test_systems_and_numbers_are_the_provinces_own(province: Province) -> None:
    assert {province.vn2000.home, province.vn2000.metric, *province.vn2000.zones} <= SYSTEMS.keys()
    assert province.vn2000.zones[0] == province.vn2000.home
    place = code_lists()["personal_id_places"].get(province.personal_number_prefix)
    assert place is not None
    assert place.name_vi == province.name.vi


def test_a_province_is_frozen_and_the_settings_name_it() -> None:
    province = province_of(Settings("mongodb://127.0.0.1/none", province="42", agency="H27.12"))
    assert (province.name.vi, province.agency) == ("Hà Tĩnh", "H27.12")
    with pytest.raises(FrozenInstanceError):
        province.code = "40"  # type: ignore[misc]


def test_commands_serve_the_province_of_the_register_that_runs_in_their_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mongodb-uri").write_text("mongodb://127.0.0.1/none\n", encoding="utf-8")
    (tmp_path / "province").write_text("42\n", encoding="utf-8")
    for name in ("MONGODB_URI", "PROVINCE"):
        monkeypatch.delenv(name, raising=False)
    assert province_of(command_settings(str(tmp_path))).code == "42"
    monkeypatch.setenv("PROVINCE", "40")
    assert province_of(command_settings(str(tmp_path))).code == "40"


def test_without_a_name_it_is_the_default_one() -> None:
    assert read_province() == read_province("40")


def test_several_provinces_have_the_geographies_of_the_one_whose_list_begins_first() -> None:
    both = provinces_of(Settings("mongodb://127.0.0.1/none", province="42,40"))
    assert (
        units_since(both) == read_province("40").units_since < read_province("42").units_since == units_since(both[:1])
    )
    directory = UnitDirectory([unit for province in both for unit in read_units(province.units)])
    report = {unit.parent for unit in directory.of_level("district", units_since(both))}
    assert report == {"40", "42"}


def test_several_provinces_share_a_register_whose_own_is_the_first() -> None:
    named = Settings("mongodb://127.0.0.1/none", province="42, 40", agency="H27.12")
    own, other = provinces_of(named)
    assert (own.code, own.agency, province_of(named)) == ("42", "H27.12", own)
    assert other == read_province("40")
    with pytest.raises(SettingsInvalid, match="named twice"):
        provinces_of(Settings("mongodb://127.0.0.1/none", province="42,42"))


def written(folder: Path, *edits: tuple[str, str]) -> str:
    """Write Hà Tĩnh's file with edits into a folder; returns its path."""
    text = (ROOT / "provinces" / "42.toml").read_text(encoding="utf-8")
    for before, after in (("units/42.csv", str(ROOT / "provinces" / "units" / "42.csv")), *edits):
        assert before in text
        text = text.replace(before, after, 1)
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    return str(folder / "mine.toml")


def test_a_file_that_lies_elsewhere_is_read_too(tmp_path: Path) -> None:
    assert read_province(written(tmp_path, ('vi = "Hà Tĩnh"', 'vi = "Hà Tịnh"'))).name.vi == "Hà Tịnh"


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ('code = "42"', 'code = "Hà Tĩnh"', "code"),
        ("[map]\ncentre", "[map]\ncenter", "map.centre"),
        ('home = "EPSG:9209"', 'home = "105.5"', "vn2000.home"),
        ("officers_unit_on = 2025-06-30", 'officers_unit_on = "2025-06-30"', "demonstration.officers_unit_on"),
        ("[map]", "[map", "line "),
        ("units/42.csv", "units/43.csv", "units"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path: Path, before: str, after: str, named: str) -> None:
    with pytest.raises(SettingsInvalid, match=rf"mine\.toml: .*{re.escape(named)}"):
        read_province(written(tmp_path, (before, after)))


@pytest.mark.parametrize("agency", ["H27-12", "27", "000.00.00.H27 "])
def test_an_agency_of_another_form_is_named_by_its_setting(agency: str) -> None:
    with pytest.raises(SettingsInvalid, match="AGENCY="):
        read_province("42", agency=agency)


@pytest.mark.parametrize("named", ["43", "default", "nowhere.toml"])
def test_a_province_that_is_not_there_is_refused_with_those_that_are(named: str) -> None:
    with pytest.raises(SettingsInvalid, match=r"is not there.*40, 42"):
        read_province(named)


# Nothing else names a province


def marks_of(province: Province) -> re.Pattern[str]:
    """What gives a province away: its names, codes, numbers, meridian and capital."""
    home = SYSTEMS[province.vn2000.home]
    codes = "|".join(sorted({unit.code for unit in units_of(province) if len(unit.code) == 5}))
    longitude, latitude = (f"{degrees:.2f}" for degrees in province.map.centre)
    joined = [name.replace(" ", "") for name in (province.name.en, province.name.vi)]
    return re.compile(
        "|".join(
            [
                *map(re.escape, (province.name.vi, province.name.en, *joined)),
                rf"""["'=]{province.code}["'&]""",
                rf"\b{province.personal_number_prefix}\d{{3,}}",
                re.escape(province.agency.rpartition(".")[2]) + r"\b",
                rf"{home.code}\b",
                re.escape(home.name.rpartition(" ")[2]),
                rf"\b{home.central_meridian}\b",
                rf"\b{re.escape(longitude)}\d*\b",
                rf"\b{re.escape(latitude)}\d*\b",
                rf"(?<![\w.#])(?:{codes})(?!\w)",
            ]
        ),
        re.IGNORECASE,
    )


def texts() -> Iterator[tuple[str, str]]:
    for source in SOURCES:
        top = ROOT / source
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            name = path.relative_to(ROOT).as_posix()
            binary = path.suffix in {".png", ".svg", ".pyc"}
            if path.is_file() and not binary and name not in ABOUT_THE_COUNTRY:
                yield name, path.read_text(encoding="utf-8")


@each_province()
def test_no_file_but_its_own_names_a_province(province: Province) -> None:
    known = marks_of(province)
    found = [
        f"{name}:{number}: {line.strip()[:90]}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if known.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "made for Nghệ An",
        "nghean2025",
        'everywhere = ("40",)',
        "trend?unit=40&from",
        "040078001234",
        "000.00.00.H41",
        "EPSG:9208",
        "104°45′",
        "MERIDIAN = 104.75;",
        "[105.6813, 18.6796]",
        '"commune": "16681"',
    ],
)
def test_a_line_that_names_a_province_is_found(line: str) -> None:
    assert marks_of(read_province("40")).search(line)
