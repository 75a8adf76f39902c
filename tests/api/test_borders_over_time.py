"""Borders after a merger, under a code given again, and of two provinces: loaded by scripts/units, read over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from service.commands import units as units_command
from service.settings import Settings
from service.storage.repositories import Repositories
from service.units.unit_list import read_lines
from tests.api.asking import Register, problem
from tests.apps import opened_app
from tests.builders import THANH_VINH, MovedClock, a_household, a_parcel, a_square
from tests.two_provinces import THANH_SEN, second_province
from tests.units.lists import a_line, a_list
from tests.units.registers import BEGUN, ENDED, two_communes

pytestmark = pytest.mark.slow  # each test makes a register of its own

WEST, EAST = shapely.box(105.60, 18.60, 105.65, 18.70), shapely.box(105.65, 18.60, 105.70, 18.70)
SOUTH = shapely.box(105.60, 18.50, 105.70, 18.60)
IN_THE_EAST = [a_square(105.6601, south) for south in (18.65, 18.66, 18.67)]
IN_THE_SOUTH = [a_square(105.6601, south) for south in (18.55, 18.56)]
MERGED = (*(a_line(code, successor="90001", **ENDED) for code in ("90001", "90002")), a_line("90001", **BEGUN))


@pytest.fixture
def register(commanded_settings: Settings) -> Iterator[Register]:
    """A register that looks for newer units and borders at every request."""
    with opened_app(replace(commanded_settings, units_refresh_seconds=0.0), MovedClock()) as app:
        yield Register(app.test_client())


def load(store: Repositories, *lines: str) -> None:
    store.units.replace_units([line.unit for line in read_lines(a_list(*lines))])


def load_borders(folder: Path, borders: Mapping[str, shapely.Polygon]) -> None:
    """Load borders of communes as an operator does."""
    shapes = {code: shapely.geometry.mapping(border) for code, border in borders.items()}
    features = [{"type": "Feature", "properties": {"code": code}, "geometry": shape} for code, shape in shapes.items()]
    file = folder / "borders.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    assert units_command.main(["--borders", str(file)]) == 0


def border(register: Register, code: str) -> shapely.Geometry:
    return shapely.geometry.shape(register.json(f"/v1/units/{code}/border?tolerance=0")["geometry"])


def findings(register: Register, commune: str, geometry: object) -> set[str]:
    record = register.registered(commune=commune, captured_at=None, parcels=[a_parcel(geometry=geometry)])
    return {each["code"] for each in record["findings"]}


def test_a_merged_commune_has_the_land_of_both_and_a_code_given_again_has_none(
    register: Register, own_store: Repositories, tmp_path: Path
) -> None:
    load(own_store, *two_communes())
    load_borders(tmp_path, {"90001": WEST, "90002": EAST, THANH_VINH: SOUTH})
    household = a_household(
        commune="90002", captured_at="2026-10-01T02:00:00Z", parcels=[a_parcel(geometry=IN_THE_EAST[0])]
    )
    before = register.put(household).get_json()
    assert "parcel.outside-commune" in findings(register, "90001", IN_THE_EAST[1])
    load(own_store, *MERGED, a_line("90002", name_vi="Mới", **BEGUN))
    assert shapely.equals(border(register, "90001"), shapely.union(WEST, EAST))
    assert "parcel.outside-commune" not in findings(register, "90001", IN_THE_EAST[2])
    assert "parcel.outside-commune" in findings(register, "90001", IN_THE_SOUTH[0])
    after = register.put({**household, "address": "số 7"}, if_match=1).get_json()
    assert (after["commune"], after["former_commune"]) == ("90001", "90002")
    for record in (before, after):
        assert "parcel.outside-commune" not in {each["code"] for each in record["findings"]}
    problem(register.get("/v1/units/90002/border"), 404, "unit.border-not-loaded")
    assert "parcel.outside-commune" not in findings(register, "90002", IN_THE_SOUTH[1])


def test_the_borders_of_one_province_stay_when_those_of_another_are_loaded(
    register: Register, own_store: Repositories, tmp_path: Path
) -> None:
    own_store.units.replace_units(second_province())
    load_borders(tmp_path, {THANH_VINH: WEST})
    load_borders(tmp_path, {THANH_SEN: EAST})
    assert shapely.equals(border(register, THANH_VINH), WEST)
    assert shapely.equals(border(register, THANH_SEN), EAST)
    load_borders(tmp_path, {"16690": WEST})  # another commune of Nghệ An, whose borders are replaced as a whole
    problem(register.get(f"/v1/units/{THANH_VINH}/border"), 404, "unit.border-not-loaded")
    assert shapely.equals(border(register, THANH_SEN), EAST)
