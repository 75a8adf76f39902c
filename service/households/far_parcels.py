"""Parcels that are on the cadastral map of a commune far from the household's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from schemas.errors import NUMBER, Finding, Reveals, details, pointer
from service.parcels.measurement import ELLIPSOID
from service.units.directory import UnitDirectory
from service.units.unit import Unit

FAR: Final = "parcel.former-commune-far"
FAR_M: Final = 40_000.0
"""Between points inside the two communes of today; those of neighbours in the mountains are up to 35 km apart."""

_BOTH = ("commune", "parcels.former_commune")
REVEALED: Final = {
    FAR: Reveals(
        {
            **details(("former", "former_name"), ("parcels.former_commune",)),
            **details(("commune_name",), ("commune",)),
            **details(("distance_km",), _BOTH, NUMBER),
        }
    )
}


def far_parcels(content: Mapping[str, Any], directory: UnitDirectory, today: date) -> Iterator[Finding]:
    """Yield a finding for each parcel of resolved content whose former commune is now part of one far away.

    Where it is not known which commune has its land today, or where that lies, nothing is found.
    """
    here: tuple[Unit, ...] | None = None
    for index, parcel in enumerate(content.get("parcels", ())):
        validities = directory.validities_of(parcel.get("former_commune", ""))
        if not validities or parcel.get("outside_confirmed"):
            continue
        if here is None:
            here = _today(directory.validities_of(content["commune"]), directory, today)
        distance = _distance_m(here, _today(validities, directory, today))
        if distance is not None and distance > FAR_M:
            details = {
                "former": validities[-1].code,
                "former_name": directory.called(validities[-1].identity, validities[-1].begins)[1],
                "commune_name": directory.called(content["commune"], today)[1],
                "distance_km": round(distance / 1000),
            }
            yield Finding(FAR, "warning", pointer(("parcels", index, "former_commune")), details)


def _today(validities: Sequence[Unit], directory: UnitDirectory, today: date) -> tuple[Unit, ...]:
    """Return the units of today that have the land of a unit; none where that is not known."""
    return directory.heirs_of(validities[-1], max(today, validities[-1].begins)) if validities else ()


def _distance_m(some: Sequence[Unit], others: Sequence[Unit]) -> float | None:
    """Return the least distance between points inside the units; None where one of them is not known."""
    points = [(unit.longitude, unit.latitude) for unit in (*some, *others)]
    if not some or not others or not all(longitude and latitude for longitude, latitude in points):
        return None
    if {unit.identity for unit in some} & {unit.identity for unit in others}:
        return 0.0
    pairs = [(one, other) for one in some for other in others]
    return min(
        float(ELLIPSOID.inv(one.longitude, one.latitude, other.longitude, other.latitude)[2]) for one, other in pairs
    )
