"""What findings about boundaries, areas and places reveal; one that is not declared here is shown to few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from schemas.errors import NO_DETAILS, NUMBER, Reveals, details

_BOUNDARY: Final = ("parcels.geometry",)
_HOME: Final = ("location",)
_DECLARED: Final = ("parcels.declared_area_m2",)
_MEASURED: Final = ("parcels.measured_area_m2",)
_ABOUT_NOBODY: Final = ()
"""Of a limit of the rules."""


_PLACE: Final = {"type": "array", "items": NUMBER}
_PLACES: Final = Reveals(
    {
        **details(("point",), _BOUNDARY, _PLACE),
        **details(("points",), _BOUNDARY, {"type": "array", "items": _PLACE}),
        **details(("count",), _BOUNDARY, NUMBER),
    }
)
_SYSTEMS: Final = Reveals(details(("declared", "declared_name", "likely", "likely_name"), _BOUNDARY))
_SIZE: Final = Reveals(
    {**details(("area_m2",), _BOUNDARY, NUMBER), **details(("least_m2", "most_m2"), _ABOUT_NOBODY, NUMBER)}
)


def _outside(items: Sequence[str]) -> Reveals:
    """Details about where something lies, and about the commune in which it should lie."""
    return Reveals(
        {
            **details(("distance_m", "from_province_m"), items, NUMBER),
            **details(("lies_in", "lies_in_name"), items),
            **details(("commune", "commune_name"), ("commune",)),
        }
    )


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
    "geometry.not-a-polygon": Reveals(details(("type",), _BOUNDARY)),
    "geometry.too-many-points": Reveals(
        {**details(("count",), _BOUNDARY, NUMBER), **details(("max",), _ABOUT_NOBODY, NUMBER)}
    ),
    "geometry.north-first": Reveals(details(("crs",), _BOUNDARY)),
    "crs.unknown": Reveals({**details(("crs",), _BOUNDARY), **details(("known",), _ABOUT_NOBODY)}),
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
    **dict.fromkeys(("parcel.outside-commune", "parcel.outside-province"), _outside(_BOUNDARY)),
    **dict.fromkeys(("location.outside-commune", "location.outside-province"), _outside(_HOME)),
    "parcel.area-differs": Reveals(
        {
            **details(("declared_m2",), _DECLARED, NUMBER),
            **details(("measured_m2",), _MEASURED, NUMBER),
            **details(("difference_m2", "difference_percent"), (*_DECLARED, *_MEASURED), NUMBER),
        }
    ),
    "parcel.crops-exceed-measured": Reveals(
        {**details(("crops_m2",), ("parcels.crops.area_m2",), NUMBER), **details(("measured_m2",), _MEASURED, NUMBER)}
    ),
}
"""By code, of every finding of this room, also of those that refuse a boundary: a check lists them."""
