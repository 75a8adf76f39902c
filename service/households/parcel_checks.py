"""Checks of single boundaries, before they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from schemas.errors import Finding
from schemas.geometry import geometry_json
from service.area import Communes
from service.households.parcel_findings import OVERLAP
from service.households.ports import Parcels
from service.parcels.examination import Called, ParcelExaminer, area_findings, with_names
from service.parcels.overlap import Overlap, overlaps_between
from service.parcels.ports import Boundary
from service.parcels.reading import Drawing, Reading, read_drawings
from service.parcels.rings import geometries_of

MOST_NEIGHBOURS = 500
"""How many boundaries around one are shown. Every overlap is found, however many there are."""

_AROUND_DEGREES = 0.0003
"""How far around a boundary its neighbours are shown: some 30 m."""


@dataclass(frozen=True, slots=True)
class Question:
    """One boundary to be checked: as it was drawn, and what is known of the parcel."""

    geometry: BaseGeometry
    crs: str | None = None
    commune: str | None = None
    declared_area_m2: float | None = None
    household: str | None = None
    parcel: str | None = None
    outside_confirmed: bool = False
    crops: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class NeighbouringBoundary:
    """A boundary around the one that is checked, and the overlap beyond tolerance, if there is one."""

    boundary: Boundary
    overlap: Overlap | None

    @property
    def household(self) -> str:
        """The household that holds the parcel."""
        return self.boundary.household

    @property
    def overlaps(self) -> bool:
        """Whether it overlaps the boundary that is checked."""
        return self.overlap is not None


@dataclass(frozen=True, slots=True)
class CheckedParcel:
    """What was found about a boundary. ``geometry`` is None when it cannot be stored as it is."""

    geometry: BaseGeometry | None
    measured_area_m2: float | None
    findings: list[Finding]
    proposal: BaseGeometry | None
    neighbours: list[NeighbouringBoundary]


class BoundaryChecks:
    """Checks boundaries before they are sent; the Reader releases what it finds (``Reader.check_boundary``)."""

    def __init__(self, boundaries: Parcels, called: Called, examiner: ParcelExaminer) -> None:
        self._boundaries = boundaries
        self._called = called
        self._examiner = examiner

    def check(self, question: Question, around: Communes) -> CheckedParcel:
        """Returns all that a registration would find about one boundary, and the boundaries around it.

        Neighbours, and overlaps with them, are those of the communes ``around``: by trying geometries nobody may find
        the boundaries of another province. A registration finds every overlap.
        Of the household in question, the parcel with the id is left out, or without an id all of its parcels: the
        client holds newer versions of them than the register.
        """
        reading = self._read(question)
        shape = reading.shape
        findings = [with_names(finding, self._called) for finding in shape.findings]
        if shape.geometry is None:
            return CheckedParcel(
                None, _rounded(shape.area_m2), findings, shape.proposal, self._around(question, shape.proposal, around)
            )
        parcel = {"declared_area_m2": question.declared_area_m2, "crops": question.crops}
        findings += area_findings(parcel, float(shape.area_m2 or 0.0), self._examiner.rules.area, "")
        neighbours = self._around(question, shape.geometry, around)
        findings += [_overlap_finding(each.boundary, each.overlap) for each in neighbours if each.overlap is not None]
        return CheckedParcel(shape.geometry, _rounded(shape.area_m2), findings, shape.proposal, neighbours)

    def _read(self, question: Question) -> Reading:
        drawing = Drawing(
            question.geometry,
            question.crs,
            question.commune,
            question.outside_confirmed,
            pointer=("/geometry"),
            crs_pointer="/crs",
        )
        return read_drawings([drawing], self._examiner.borders(), self._examiner.rules)[0]

    def _around(
        self, question: Question, geometry: BaseGeometry | None, communes: Communes
    ) -> list[NeighbouringBoundary]:
        """Returns the boundaries within some 30 m: those that overlap first, then the nearest."""
        if geometry is None:
            return []
        west, south, east, north = geometry.bounds
        reach = shapely.box(
            west - _AROUND_DEGREES, south - _AROUND_DEGREES, east + _AROUND_DEGREES, north + _AROUND_DEGREES
        )
        boundaries = [
            boundary
            for boundary in self._boundaries.boundaries_of_meeting(geometry_json(reach), communes)
            if not _is_checked_itself(boundary, question)
        ]
        geometries = geometries_of([boundary.geometry for boundary in boundaries])
        # A proposal in another reference system can cross itself as the boundary that was sent did: no area to compare.
        checked = np.asarray([geometry] if geometry.is_valid else [], dtype=object)
        overlaps = {o.second: o for o in overlaps_between(checked, geometries, self._examiner.rules.overlap)}
        distances = shapely.distance(geometries, geometry)
        near = np.flatnonzero(shapely.intersects(geometries, reach)).tolist()
        near.sort(key=lambda number: (number not in overlaps, distances[number]))
        return [NeighbouringBoundary(boundaries[number], overlaps.get(number)) for number in near]


def _overlap_finding(boundary: Boundary, overlap: Overlap) -> Finding:
    params = {
        "parcel": boundary.parcel,
        "household": boundary.household,
        "area_m2": overlap.area_m2,
        "share_percent": round(100 * overlap.share, 1),
    }
    return Finding(OVERLAP, "warning", "/geometry", params)


def _is_checked_itself(boundary: Boundary, question: Question) -> bool:
    """Whether it is the parcel in question, or of its household where no parcel is named.

    Without a household the parcel's id alone says which it is.
    """
    if question.household is not None and boundary.household != question.household:
        return False
    if question.parcel is None:
        return question.household is not None
    return boundary.parcel == question.parcel


def _rounded(area: float | None) -> float | None:
    return None if area is None else round(area, 1)
