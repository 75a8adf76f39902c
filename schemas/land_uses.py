"""The uses of a parcel: a parcel of one use states it as `land_use`, a parcel of several lists them in `land_uses`.

Where there is a list, it decides: `land_use` and `land_use_scheme` are then those of the use with the largest area, and
a declared area that is not given is the sum of the areas. So a reader who knows only these items still finds them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Parcel = Mapping[str, Any]


class Use(NamedTuple):
    """A use of a parcel: its code, the code's scheme (None: the current one), its area where that is known."""

    scheme: str | None
    code: str
    area_m2: float | None


def uses_of(parcel: Parcel) -> list[Use]:
    """Return the uses of a parcel, each with what is known of its area.

    The one use of a parcel has the parcel's area: the declared one, or else the measured one. In a list, the only use
    without an area has what the others leave of the parcel.
    """
    area = parcel.get("declared_area_m2") or parcel.get("measured_area_m2")
    listed = parcel.get("land_uses")
    if not listed:
        code = parcel.get("land_use")
        return [] if code is None else [Use(parcel.get("land_use_scheme"), code, area)]
    uses = [Use(each.get("land_use_scheme"), each["land_use"], each.get("area_m2")) for each in listed]
    unknown = [index for index, use in enumerate(uses) if use.area_m2 is None]
    if len(unknown) == 1 and area is not None:
        rest = area - listed_area(parcel)
        if rest > 0:
            uses[unknown[0]] = uses[unknown[0]]._replace(area_m2=rest)
    return uses


def listed_area(parcel: Parcel) -> float:
    """Return the sum of the areas in a parcel's list of uses, rounded to the square centimetre."""
    total: float = sum(use.get("area_m2", 0.0) for use in parcel.get("land_uses") or ())
    return round(total, 4)


def every_area_is_listed(parcel: Parcel) -> bool:
    """Return whether a parcel lists its uses, each with its area."""
    uses = parcel.get("land_uses") or ()
    return len(uses) > 0 and all("area_m2" in use for use in uses)


def state_main_uses(content: Mapping[str, Any]) -> None:
    """Set in parsed content what follows from each parcel's list of uses: main use, its scheme, the declared area."""
    for parcel in content.get("parcels", ()):
        if parcel.get("land_uses"):
            _state_main_use(parcel)


def _state_main_use(parcel: dict[str, Any]) -> None:
    # The first of several with the same area, so that the same list always has the same main use.
    listed, uses = parcel["land_uses"], uses_of(parcel)
    main = listed[max(range(len(listed)), key=lambda index: uses[index].area_m2 or 0.0)]
    parcel["land_use"] = main["land_use"]
    parcel.pop("land_use_scheme", None)
    if "land_use_scheme" in main:
        parcel["land_use_scheme"] = main["land_use_scheme"]
    if "declared_area_m2" not in parcel and every_area_is_listed(parcel):
        parcel["declared_area_m2"] = listed_area(parcel)


def codes_of(parcel: Parcel) -> Iterator[tuple[int, str]]:
    """Yield index and code of each listed use that has a code."""
    for index, use in enumerate(parcel.get("land_uses") or ()):
        if "land_use" in use:
            yield index, use["land_use"]
