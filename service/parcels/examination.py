"""The examination of a household's parcels: every boundary is read, measured and located, and its areas compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from shapely.geometry.base import BaseGeometry

from schemas.errors import Finding, ItemError
from schemas.geometry import geometry_json
from service.errors import ReferenceSystemUnknown
from service.parcels.limits import DeclaredAreaRules, GeometryRules, LocatingRules
from service.parcels.locating import Borders
from service.parcels.reading import Drawing, Reading, read_drawings
from service.parcels.reference_systems import (
    SYSTEMS,
    WGS84,
    UnknownReferenceSystem,
    geometry_from_wgs84,
    system_of,
)
from service.parcels.rings import geometries_of

Content = dict[str, Any]
Record = dict[str, Any]
"""A stored household in JSON form."""

_NO_BORDERS = Borders({})
_USUAL_RULES = GeometryRules()


@dataclass(slots=True)
class Examination:
    """What was found about one household's parcels, without their neighbours.

    ``parcels`` is the list of parcels with every boundary in WGS 84 (None if there are none), ``given`` what the
    register adds to each of them. A record with ``errors`` is refused; ``findings`` are stored with it.
    """

    parcels: list[Content] | None = None
    given: list[Content] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    errors: list[ItemError] = field(default_factory=list)


Called = Callable[[str], tuple[str, str]]
"""Returns code and name of a commune."""


@dataclass(frozen=True, slots=True)
class ParcelExaminer:
    """Examines parcels against the communes' borders as they are now, and within the limits of its rules."""

    borders: Callable[[], Borders] = lambda: _NO_BORDERS
    rules: GeometryRules = _USUAL_RULES

    def examine(
        self,
        contents: Sequence[Content],
        known: Sequence[Record | None],
        called: Called = lambda commune: (commune, commune),
    ) -> list[Examination]:
        """Examine the parcels of n households at once.

        ``contents`` is parsed content with the commune resolved; ``known`` the stored record of each, where there is
        one: the original coordinates of a boundary that did not change are copied from it. ``called`` gives code
        and name of a commune for findings, which do not change when its code or name does.
        """
        examinations = [Examination() for _ in contents]
        drawings: list[Drawing] = []
        owners: list[tuple[int, int]] = []
        for household, content in enumerate(contents):
            if not content.get("parcels"):
                continue
            parcels = [dict(parcel) for parcel in content["parcels"]]
            examinations[household].parcels = parcels
            examinations[household].given = [{} for _ in content["parcels"]]
            for number, parcel in enumerate(content["parcels"]):
                if parcel.get("geometry") is not None:
                    drawings.append(_drawing(parcel, number, content["commune"], known[household]))
                    owners.append((household, number))
                else:
                    parcels[number].pop("crs", None)
        borders = self.borders()
        readings = read_drawings(drawings, borders, self.rules) if drawings else []
        for (household, number), reading in zip(owners, readings, strict=True):
            _take(examinations[household], number, reading, known[household], self.rules.area, called)
        _locate_homes(contents, known, examinations, borders, self.rules.locating, called)
        return examinations


BORDERLESS = ParcelExaminer()
"""Examines without borders of communes, within the usual limits."""


def area_findings(parcel: Content, area_m2: float, rules: DeclaredAreaRules, pointer: str) -> list[Finding]:
    """Compare the measured area with the declared one and with the crops'.

    The tolerance is a share of the area or a number of m², whichever is larger: declared areas are rounded, and those
    of small parcels are estimates.
    """
    findings = []
    declared = parcel.get("declared_area_m2")
    if declared is not None and abs(declared - area_m2) > max(rules.tolerated_share * declared, rules.tolerated_m2):
        params = {
            "declared_m2": declared,
            "measured_m2": round(area_m2, 1),
            "difference_m2": round(area_m2 - declared, 1),
            "difference_percent": round(100 * (area_m2 - declared) / declared),
        }
        findings.append(Finding("parcel.area-differs", "warning", f"{pointer}/declared_area_m2", params))
    sown = _most_sown_in_a_season(parcel)
    if sown - area_m2 > max(rules.tolerated_share * area_m2, rules.tolerated_m2):
        params = {"crops_m2": round(sown, 1), "measured_m2": round(area_m2, 1)}
        findings.append(Finding("parcel.crops-exceed-measured", "warning", f"{pointer}/crops", params))
    return findings


def known_system(crs: str | None) -> str:
    """Return the code of the reference system for a response. Raises ReferenceSystemUnknown."""
    try:
        return system_of(crs).code
    except UnknownReferenceSystem as unknown:
        raise ReferenceSystemUnknown(pointer="/crs", crs=unknown.code[:60], known=", ".join(unknown.known)) from None


def record_in(record: Record, crs: str | None) -> Record:
    """Return the record with its parcels' boundaries in another system, each with its ``crs``.

    Raises ReferenceSystemUnknown.
    """
    code = known_system(crs)
    parcels = record.get("parcels")
    if code == WGS84 or not parcels:
        return record
    return {**record, "parcels": [_parcel_in(parcel, code) for parcel in parcels]}


def _parcel_in(parcel: Content, crs: str) -> Content:
    if parcel.get("geometry") is None:
        return parcel
    converted = geometry_from_wgs84(geometry_of(parcel["geometry"]), SYSTEMS[crs])
    return {**parcel, "geometry": geometry_json(converted), "crs": crs}


def geometry_of(stored: dict[str, Any]) -> BaseGeometry:
    """Return a stored boundary (valid GeoJSON) as a shapely geometry."""
    geometry: BaseGeometry = geometries_of([stored])[0]
    return geometry


def _drawing(parcel: Content, number: int, commune: str, known: Record | None) -> Drawing:
    stored: Content = next((each for each in (known or {}).get("parcels", ()) if each["id"] == parcel.get("id")), {})
    return Drawing(
        parcel["geometry"],
        parcel.get("crs"),
        commune,
        bool(parcel.get("outside_confirmed")),
        f"/parcels/{number}/geometry",
        f"/parcels/{number}/crs",
        stored.get("geometry"),
    )


def _take(
    examination: Examination,
    number: int,
    reading: Reading,
    known: Record | None,
    rules: DeclaredAreaRules,
    called: Called,
) -> None:
    """Add the result of reading one boundary to its household's examination."""
    shape = reading.shape
    findings = [with_names(finding, called) for finding in shape.findings]
    if not shape.acceptable or shape.geometry is None:
        proposal = {} if shape.proposal is None else {"proposal": geometry_json(shape.proposal)}
        examination.errors += [
            ItemError(finding.pointer, finding.code, {**finding.params, **proposal})
            for finding in findings
            if finding.severity == "error"
        ]
        return
    parcels, given = examination.parcels or [], examination.given[number]
    parcel = parcels[number]
    parcel["geometry"] = shape.geometry
    parcel.pop("crs", None)
    area = float(shape.area_m2 or 0.0)
    given["measured_area_m2"] = round(area, 1)
    if reading.original is not None:
        given["original_geometry"] = geometry_json(reading.original)
        given["original_crs"] = reading.system.code
    elif (before := _same_parcel(parcel, known)) is not None and "original_geometry" in before:
        given |= {name: before[name] for name in ("original_geometry", "original_crs") if name in before}
    examination.findings += findings
    examination.findings += area_findings(parcel, area, rules, f"/parcels/{number}")


def _locate_homes(
    contents: Sequence[Content],
    known: Sequence[Record | None],
    examinations: Sequence[Examination],
    borders: Borders,
    rules: LocatingRules,
    called: Called,
) -> None:
    """Report homes that lie outside their household's commune, and refuse new ones outside the province."""
    rows = [row for row, content in enumerate(contents) if content.get("location") is not None]
    if not rows or not len(borders):
        return
    positions = np.asarray([(contents[row]["location"].x, contents[row]["location"].y) for row in rows])
    for row, located in zip(rows, borders.locate(positions, [contents[row]["commune"] for row in rows]), strict=True):
        if located is None or contents[row].get("outside_confirmed"):
            continue
        details = {"distance_m": round(located.distance_m), "from_province_m": round(located.from_province_m)}
        if located.outside_province(rules):
            stored = (known[row] or {}).get("location")
            if stored == geometry_json(contents[row]["location"]):
                examinations[row].findings.append(Finding("location.outside-province", "warning", "/location", details))
            else:
                examinations[row].errors.append(ItemError("/location", "location.outside-province", details))
        elif located.outside_commune(rules):
            lies_in = {"commune": contents[row]["commune"], "lies_in": located.nearest}
            finding = Finding("location.outside-commune", "warning", "/location", {**details, **lies_in})
            examinations[row].findings.append(with_names(finding, called))


def _same_parcel(parcel: Content, known: Record | None) -> Content | None:
    """Return the stored parcel with this id if its boundary is the same, or None."""
    for before in (known or {}).get("parcels", ()):
        if before["id"] == parcel.get("id"):
            same = before.get("geometry") == geometry_json(parcel["geometry"])
            return before if same else None
    return None


def with_names(finding: Finding, called: Called) -> Finding:
    """Return the finding with code and name of its communes, which its message needs."""
    if "lies_in" not in finding.params:
        return finding
    details = dict(finding.params)
    for item in ("commune", "lies_in"):
        code, details[f"{item}_name"] = called(finding.params[item] or "")
        if finding.params[item]:
            details[item] = code
    return Finding(finding.code, finding.severity, finding.pointer, details)


def _most_sown_in_a_season(parcel: Content) -> float:
    by_season: dict[tuple[Any, Any], float] = {}
    for crop in parcel.get("crops") or ():
        season = (crop.get("year"), crop.get("season"))
        by_season[season] = by_season.get(season, 0.0) + (crop.get("area_m2") or 0.0)
    return max(by_season.values(), default=0.0)
