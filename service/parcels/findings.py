"""What findings about boundaries, areas and places reveal; one that is not declared here is shown to few."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from schemas.errors import NO_DETAILS, Reveals

_BOUNDARY: Final = ("parcels.geometry",)
_HOME: Final = ("location",)
_DECLARED: Final = ("parcels.declared_area_m2",)
_MEASURED: Final = ("parcels.measured_area_m2",)
_ABOUT_NOBODY: Final = ()
"""Of a limit of the rules."""


def _members(names: Iterable[str], items: Sequence[str]) -> dict[str, Sequence[str]]:
    return dict.fromkeys(names, items)


_PLACES: Final = Reveals(_members(("point", "points", "count"), _BOUNDARY))
_SYSTEMS: Final = Reveals(_members(("declared", "declared_name", "likely", "likely_name"), _BOUNDARY))
_SIZE: Final = Reveals({"area_m2": _BOUNDARY, "least_m2": _ABOUT_NOBODY, "most_m2": _ABOUT_NOBODY})
_COMMUNE: Final = _members(("commune", "commune_name"), ("commune",))
_WHERE: Final = ("distance_m", "from_province_m", "lies_in", "lies_in_name")

REVEALED: Final[Mapping[str, Reveals]] = {
    **dict.fromkeys(
        (
            "geometry.too-few-points",
            "geometry.no-area",
            "geometry.self-crossing",
            "geometry.pinched",
            "geometry.hole-outside",
            "geometry.holes-overlap",
            "geometry.parts-overlap",
            "geometry.repeated-vertices",
            "geometry.spike",
            "geometry.out-of-range",
        ),
        _PLACES,
    ),
    **dict.fromkeys(("geometry.too-small", "geometry.too-large"), _SIZE),
    **dict.fromkeys(
        ("geometry.empty", "geometry.altitude-dropped", "geometry.not-finite", "geometry.antimeridian"), NO_DETAILS
    ),
    "geometry.not-a-polygon": Reveals({"type": _BOUNDARY}),
    "geometry.too-many-points": Reveals({"count": _BOUNDARY, "max": _ABOUT_NOBODY}),
    "geometry.north-first": Reveals({"crs": _BOUNDARY}),
    "crs.unknown": Reveals({"crs": _BOUNDARY, "known": _ABOUT_NOBODY}),
    **dict.fromkeys(
        (
            "geometry.swapped",
            "geometry.wrong-system",
            "geometry.wrong-zone",
            "geometry.datum-shift-missing",
            "geometry.several-systems",
        ),
        _SYSTEMS,
    ),
    **dict.fromkeys(
        ("parcel.outside-commune", "parcel.outside-province"), Reveals({**_members(_WHERE, _BOUNDARY), **_COMMUNE})
    ),
    **dict.fromkeys(
        ("location.outside-commune", "location.outside-province"), Reveals({**_members(_WHERE, _HOME), **_COMMUNE})
    ),
    "parcel.area-differs": Reveals(
        {
            "declared_m2": _DECLARED,
            "measured_m2": _MEASURED,
            **_members(("difference_m2", "difference_percent"), (*_DECLARED, *_MEASURED)),
        }
    ),
    "parcel.crops-exceed-measured": Reveals({"crops_m2": ("parcels.crops.area_m2",), "measured_m2": _MEASURED}),
}
"""By code, of every finding of this room, also of those that refuse a boundary: a check lists them."""
