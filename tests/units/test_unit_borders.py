"""The border of any unit: its own, or the union of the communes of today that it consists of; without a database."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from service.errors import BorderNotLoaded
from service.parcels.locating import Borders
from service.units import unit_borders
from service.units.directory import UnitDirectory
from service.units.unit_borders import UnitBorders, simplified
from tests.builders import TODAY, MovedClock
from tests.units.lists import a_directory, a_line

BEFORE = date(2025, 6, 30)
ENDED = {"valid_to": "2025-06-30"}
BEGUN = {"valid_from": "2025-07-01"}
DISTRICTS = [a_line(code, level="district", **ENDED) for code in ("51", "52", "53", "54")]


def merged() -> UnitDirectory:
    """Four districts: 51 became the communes 11 and 13; 14 took from 52 and 53, 18 from 53 and 54; 17 lay in 52."""
    formers = {"11": ("51", "11"), "12": ("51", "11"), "13": ("51", "13"), "14": ("52", "14"), "15": ("53", "14")}
    formers |= {"17": ("52", "17"), "18": ("53", "18"), "19": ("54", "18")}
    lines = [a_line(code, parent=parent, successor=heir, **ENDED) for code, (parent, heir) in formers.items()]
    heirs = [a_line(code, **BEGUN) for code in ("11", "13", "14", "17", "18")]
    return a_directory(*DISTRICTS, *lines, *heirs, a_line("20", valid_from="2030-01-01"))


SQUARES = {code: shapely.box(east, 0, east + 1, 1) for east, code in enumerate(("11", "13", "14", "17", "18"))}


class Map:
    """Borders of units whose sources a test changes."""

    def __init__(self, borders: dict[str, BaseGeometry] | None = None) -> None:
        self.borders = Borders(SQUARES if borders is None else borders)
        self.directory = merged()
        self.clock = MovedClock()
        self.units = UnitBorders(lambda: self.borders, lambda: self.directory, self.clock)

    def border(self, code: str, on: date = TODAY, tolerance_m: int = 0) -> BaseGeometry | None:
        return self.units.border(self.directory.in_force(code, on), tolerance_m)


@pytest.mark.parametrize(
    ("code", "on", "parts"),
    [
        ("13", TODAY, ["13"]),
        ("13", BEFORE, ["13"]),
        ("17", BEFORE, ["17"]),
        ("11", BEFORE, []),
        ("12", BEFORE, []),
        ("51", BEFORE, ["11", "13"]),
        ("52", BEFORE, []),
        ("53", BEFORE, []),
        ("54", BEFORE, []),
        ("40", TODAY, list(SQUARES)),
        ("20", date(2030, 1, 1), []),
    ],
)
def test_a_unit_of_whole_communes_of_today_has_their_border(code: str, on: date, parts: list[str]) -> None:
    everywhere = Map()
    everywhere.border("40")  # another level, which is read before
    border = everywhere.border(code, on)
    expected = shapely.union_all([SQUARES[each] for each in parts]) if parts else None
    assert (border is None) == (expected is None)
    assert border is None or shapely.equals(border, expected)


def test_a_unit_of_which_one_commune_has_no_border_has_none() -> None:
    gap = Map({code: square for code, square in SQUARES.items() if code != "13"})
    assert gap.border("13") is None
    assert gap.border("40") is None
    assert gap.border("51", BEFORE) is None
    assert gap.border("11") is not None


def test_what_has_no_border_is_named_with_its_kind() -> None:
    everywhere = Map()
    assert everywhere.units.require_border(everywhere.directory.in_force("11", TODAY)) is everywhere.border(
        "11", tolerance_m=10
    )
    with pytest.raises(BorderNotLoaded) as refused:
        everywhere.units.require_border(everywhere.directory.in_force("12", BEFORE))
    assert refused.value.params == {"code": "12", "name": "xã Làng"}


def test_a_border_is_simplified_by_the_requested_tolerance() -> None:
    steps = [(x / 100, 0.0003 * (x % 2)) for x in range(101)]  # of some thirty metres
    drawn = Map({**SQUARES, "11": shapely.Polygon([*steps, (1, 1), (0, 1)])})
    unit = drawn.directory.in_force("11", TODAY)
    for tolerance_m, fine in ((0, True), (10, True), (50, False)):
        for border in (drawn.units.border(unit, tolerance_m), drawn.units.require_border(unit, tolerance_m)):
            assert border is not None
            assert (shapely.get_num_coordinates(border) > 50) == fine


def test_neighbours_drawn_apart_leave_no_gap_and_an_enclave_stays() -> None:
    gap, enclave = shapely.box(0.5, 0.5, 0.5028, 0.5028), shapely.box(2.5, 0.5, 2.5029, 0.5029)
    with_holes = {**SQUARES, "11": SQUARES["11"] - gap, "14": SQUARES["14"] - enclave}
    drawn = Map({**with_holes, "18": shapely.box(9, 0, 10, 1)})
    border = drawn.border("40")
    assert border is not None
    assert shapely.equals(border, shapely.union_all([shapely.box(0, 0, 4, 1) - enclave, shapely.box(9, 0, 10, 1)]))
    assert drawn.border("11") is not None
    assert shapely.equals(drawn.border("11"), with_holes["11"])  # a commune's own border stays as it is


# Simplifying -------------------------------------------------------------------------------------------------------


def test_a_border_without_tolerance_is_only_rounded() -> None:
    drawn = shapely.Polygon([(0, 0), (0.5, 0.000001), (1, 0.000006), (1, 1.234567), (0, 1)])
    exact = simplified(drawn, 0)
    assert shapely.get_coordinates(exact).tolist() == [[0, 0], [0.5, 0], [1, 0.00001], [1, 1.23457], [0, 1], [0, 0]]


@pytest.mark.parametrize(("height_m", "stays"), [(9.8, False), (10.3, True)])
def test_a_corner_within_the_tolerance_goes_and_one_beyond_stays(height_m: float, stays: bool) -> None:
    corner = (0.5, -height_m / 111_300)
    drawn = shapely.Polygon([(0, 0), corner, (1, 0), (1, 1), (0, 1)])
    assert shapely.get_num_coordinates(simplified(drawn, 10)) == (6 if stays else 5)


def test_rounding_never_makes_a_border_cross_itself() -> None:
    # A neck narrower than a step of rounding: its two sides fall on one line.
    drawn = shapely.Polygon([(0, 0), (0.5, 0.499998), (1, 0), (1, 1), (0.5, 0.500002), (0, 1)])
    assert not shapely.transform(drawn, lambda each: np.round(each, 5)).is_valid
    border = simplified(drawn, 0)
    assert border.is_valid
    assert border.area == pytest.approx(0.5, abs=1e-4)
    assert shapely.equals(border, shapely.set_precision(border, 1e-5))


# The cache ---------------------------------------------------------------------------------------------------------


def test_a_border_is_made_once_for_each_tolerance() -> None:
    everywhere = Map()
    border = everywhere.border("40")
    assert everywhere.border("40") is border
    assert everywhere.border("40", tolerance_m=10) is not border
    assert everywhere.border("11") is not border


def test_other_borders_units_or_another_day_make_the_border_again() -> None:
    everywhere = Map()
    first = everywhere.border("40")
    everywhere.borders = Borders({**SQUARES, "18": shapely.box(9, 0, 10, 1)})
    second = everywhere.border("40")
    assert first is not None
    assert second is not None
    assert not shapely.equals(first, second)
    everywhere.directory = merged()
    third = everywhere.border("40")
    assert third is not second
    everywhere.clock.pass_by(hours=14)
    assert everywhere.border("40") is third  # an hour before midnight in Vietnam it is the same day
    everywhere.clock.pass_by(hours=1)
    assert everywhere.border("40") is not third


def test_a_full_cache_starts_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_borders, "_CACHE_SIZE", 2)
    everywhere = Map()
    first = everywhere.border("11")
    everywhere.border("13")
    assert everywhere.border("11") is first
    everywhere.border("14")
    assert everywhere.border("11") is not first
