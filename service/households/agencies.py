"""Which agency makes the record of a new household where the record names none: that of its commune's province."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from service.households.changes import Record
from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from service.units.provinces import province_of

AgencyOf = Callable[[UnitId], str | None]
"""Returns the identifier of the agency that makes records of a commune; None where it is not known."""


def agency_of_province(agencies: Mapping[str, str], directory: UnitDirectory, today: date) -> AgencyOf:
    """Return what finds the agency of a commune among ``agencies``, by the code of the province of today."""

    def agency_of(commune: UnitId) -> str | None:
        unit = directory.known_on(commune, today)
        province = None if unit is None else province_of(unit, directory, today)
        return None if province is None else agencies.get(province.code)

    return agency_of


def agency_in(record: Record) -> AgencyOf:
    """Return what finds for any commune the agency that made this record: a move or a revision does not change it."""
    return lambda _: record.get("agency")


def unknown_agency(_: UnitId) -> None:
    """Find no agency: for what is not to be stored."""
