"""Facts derived from a household's record: never entered, computed from content, dated by their thresholds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from schemas.codelists import code_lists
from schemas.given import SECTORS
from schemas.land_uses import uses_of
from schemas.rules import current_land_use

Content = Mapping[str, Any]
M2_PER_HECTARE = 10_000


@dataclass(frozen=True)
class FarmThreshold:
    """What makes a holding a farm ("trang trại") of a sector: a year's output and, for some, land."""

    sector: str
    least_output_million: float
    least_area_m2: float
    valid_from: date
    valid_to: date | None = None


_CIRCULAR_02_2020 = date(2020, 4, 14)
#: Circular 02/2020/TT-BNNPTNT. A later circular gets rows of its own, and these a `valid_to`.
FARM_THRESHOLDS: tuple[FarmThreshold, ...] = (
    FarmThreshold("crops", 1000, 1 * M2_PER_HECTARE, _CIRCULAR_02_2020),
    FarmThreshold("aquaculture", 2000, 1 * M2_PER_HECTARE, _CIRCULAR_02_2020),
    FarmThreshold("livestock", 2000, 0, _CIRCULAR_02_2020),
    FarmThreshold("forestry", 1000, 10 * M2_PER_HECTARE, _CIRCULAR_02_2020),
    FarmThreshold("salt", 350, 1 * M2_PER_HECTARE, _CIRCULAR_02_2020),
    FarmThreshold("mixed", 2000, 1 * M2_PER_HECTARE, _CIRCULAR_02_2020),
)

#: Scale by livestock units, Decree 13/2020 as amended by Decree 46/2022: the least units of each scale.
LIVESTOCK_SCALES: tuple[tuple[float, str], ...] = ((300, "large"), (30, "medium"), (10, "small"), (0, "household"))


def derived_facts(content: Content) -> dict[str, Any]:
    """Return the derived facts of a household in JSON types; what cannot be derived is absent.

    `livestock_units` and `livestock_scale`, `area_by_land_use_m2` (codes in force) and `area_m2`, `farm_class`.
    """
    facts: dict[str, Any] = {}
    units = livestock_units(content)
    if units is not None:
        facts["livestock_units"] = units
        facts["livestock_scale"] = livestock_scale(units)
    areas = area_by_land_use(content)
    if areas:
        facts["area_by_land_use_m2"] = areas
        facts["area_m2"] = round(sum(areas.values()), 1)
    farm = farm_class(content)
    if farm is not None:
        facts["farm_class"] = farm
    return facts


def livestock_units(content: Content) -> float | None:
    """Livestock units: heads by the coefficient of their kind (Decree 46/2022, annex V). None without animals."""
    animals = content.get("livestock") or []
    if not animals:
        return None
    kinds = code_lists()["livestock_units"]
    total = 0.0
    for animal in animals:
        entry = kinds.get(animal["kind"])
        # Bees, deer and the like have no coefficient in the annex.
        total += animal.get("heads", 0) * float((entry.extra["coefficient"] if entry else "") or 0)
    return round(total, 4)


def livestock_scale(units: float) -> str:
    """The scale that so many livestock units make: "large", "medium", "small" or "household"."""
    return next(scale for least, scale in LIVESTOCK_SCALES if units >= least)


def area_by_land_use(content: Content) -> dict[str, float]:
    """Area in m² by land-use code of the current scheme: each use of a parcel by its own area.

    A parcel of one use counts with its declared area, measured where none is declared.
    """
    areas: dict[str, float] = {}
    for code, area in _parcel_areas(content):
        areas[code] = areas.get(code, 0.0) + area
    return {code: round(area, 1) for code, area in sorted(areas.items())}


def farm_class(content: Content, on: date | None = None) -> str | None:
    """The farm class ("trang trại") of the household by the thresholds in force: a sector, "mixed" or "none".

    The thresholds are those of the end of the year of the output value, or of the day `on`. None where that value is
    not known.
    A holding whose one sector makes most of the output is classified by that sector, any other as mixed.
    """
    value = content.get("output_value")
    if not value:
        return None
    outputs = {sector: float(value[sector]) for sector in SECTORS if value.get(sector) is not None}
    total = sum(outputs.values())
    if not total:
        return "none" if outputs else None
    day = on or date(value["year"], 12, 31)
    largest = max(outputs, key=lambda sector: outputs[sector])
    specialised = outputs[largest] > total / 2
    areas = _area_by_sector(content)
    sector = largest if specialised else "mixed"
    area = areas.get(largest, 0.0) if specialised else sum(areas.values())
    output = outputs[largest] if specialised else total
    for threshold in FARM_THRESHOLDS:
        if (
            threshold.sector == sector
            and threshold.valid_from <= day
            and (not threshold.valid_to or day <= threshold.valid_to)
        ):
            return sector if output >= threshold.least_output_million and area >= threshold.least_area_m2 else "none"
    return None


def _parcel_areas(content: Content) -> Iterator[tuple[str, float]]:
    """The known area of each use of each parcel, by its code in the current scheme."""
    for parcel in content.get("parcels") or []:
        for scheme, code, area in uses_of(parcel):
            if area:
                yield current_land_use(scheme, code), float(area)


def _area_by_sector(content: Content) -> dict[str, float]:
    """Land in m² by sector: parcels by their land uses, or what the sector's own list says where that is more."""
    land = code_lists()["land_use"]
    areas: dict[str, float] = {}
    for code, area in _parcel_areas(content):
        entry = land.get(code)
        if entry is not None and entry.extra["sector"] in SECTORS:
            sector = entry.extra["sector"]
            areas[sector] = areas.get(sector, 0.0) + area
    for sector in ("aquaculture", "forestry", "salt"):
        stated = sum(float(each.get("area_m2") or 0) for each in content.get(sector) or [])
        areas[sector] = max(areas.get(sector, 0.0), stated)
    return areas
