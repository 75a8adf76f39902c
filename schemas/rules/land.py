"""Rules about land: where the home lies, parcels, their papers, and the crops on them."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from schemas.errors import pointer
from schemas.land_uses import codes_of, every_area_is_listed, listed_area
from schemas.production import AREA_TOLERANCE, MOST_AREA_M2
from schemas.rules.rule import Content, Trouble, elements
from schemas.text import fold

_SERIAL = re.compile(r"[A-ZĐ]{2} ?[0-9]{6}|AA ?[0-9]{8}|[A-ZĐ] ?[0-9]{6}")
_PLANTING_AREA = re.compile(r"VN[-.]?[0-9A-Z]+(?:[-. ]?[0-9A-Z]+)*")


def range_of_positions(content: Content, _: date) -> Iterator[Trouble]:
    """The home is at longitude -180 to 180, latitude -90 to 90; boundaries are checked by the register."""
    home = content.get("location")
    if home is None or (abs(home.x) <= 180 and abs(home.y) <= 90):
        return
    swapped = abs(home.y) <= 180 and abs(home.x) <= 90
    yield ("location",), "location.swapped" if swapped else "geometry.range", {"x": home.x, "y": home.y}


def parcel_once(content: Content, _: date) -> Iterator[Trouble]:
    """A parcel's id occurs once in a household, and so does its key of old commune, map sheet and number.

    The old commune is the household's unless the parcel names another or says that it is not known. Only where it is
    known is the key unique, and only within a locality, where both parcels name one: communes that were merged before
    have the maps of each of their predecessors.
    """
    ids: set[str] = set()
    again = dict(_numbered_again(content, on_one_map=True))
    for index, parcel in enumerate(elements(content, "parcels")):
        if "id" in parcel:
            if parcel["id"] in ids:
                yield ("parcels", index, "id"), "parcel.id-twice", {}
            ids.add(parcel["id"])
        if index in again:
            yield ("parcels", index, "parcel_number"), "parcel.key-twice", {"first": again[index]}


def parcel_numbered_alike(content: Content, _: date) -> Iterator[Trouble]:
    """Two parcels of a household with one sheet and number are on different cadastral maps."""
    for index, first in _numbered_again(content, on_one_map=False):
        yield ("parcels", index, "parcel_number"), "parcel.key-alike", {"first": first}


def _numbered_again(content: Content, *, on_one_map: bool) -> Iterator[tuple[int, str]]:
    """Yield the index of each parcel with the old commune, sheet and number of an earlier one, and where that is.

    Either those that are sure to be on one cadastral map, or the others.
    """
    parcels = elements(content, "parcels")
    numbered: dict[tuple[Any, ...], list[int]] = {}
    for index, parcel in enumerate(parcels):
        if "map_sheet" not in parcel or "parcel_number" not in parcel:
            continue
        household = None if parcel.get("former_commune_unknown") else content.get("former_commune")
        commune = parcel.get("former_commune", household)
        earlier = numbered.setdefault((commune, parcel["map_sheet"], parcel["parcel_number"]), [])
        same = [] if commune is None else [each for each in earlier if _may_be_one_place(parcels[each], parcel)]
        if earlier and bool(same) == on_one_map:
            yield index, pointer(("parcels", (same or earlier)[0], "parcel_number"))
        earlier.append(index)


def _may_be_one_place(one: Content, other: Content) -> bool:
    localities = {fold(each["locality"]) for each in (one, other) if each.get("locality")}
    return len(localities) < 2


def uses_each_once(content: Content, _: date) -> Iterator[Trouble]:
    """A parcel lists each use once, all no larger than a parcel can be; its `land_use`, where given too, is listed."""
    for index, parcel in enumerate(elements(content, "parcels")):
        if not parcel.get("land_uses"):
            continue
        if listed_area(parcel) > MOST_AREA_M2:
            yield ("parcels", index, "land_uses"), "land-uses.too-large", {"max": MOST_AREA_M2}
        first: dict[str, int] = {}
        for number, code in codes_of(parcel):
            path = ("parcels", index, "land_uses", number, "land_use")
            if code in first:
                yield path, "land-use.twice", {"value": code, "first": first[code] + 1}
            first.setdefault(code, number)
        # The two schemes give one code to one use, so that the code alone is compared.
        if first and "land_use" in parcel and parcel["land_use"] not in first:
            yield (
                ("parcels", index, "land_use"),
                "land-use.not-listed",
                {"value": parcel["land_use"], "listed": ", ".join(first)},
            )


def uses_fill_the_parcel(content: Content, _: date) -> Iterator[Trouble]:
    """The areas of a parcel's uses add up to its declared area (Land Law 2024, article 9; Circular 08/2024)."""
    for index, parcel in enumerate(elements(content, "parcels")):
        declared = parcel.get("declared_area_m2")
        if declared is None or not parcel.get("land_uses"):
            continue
        listed = listed_area(parcel)
        tolerance = max(declared * AREA_TOLERANCE.share, AREA_TOLERANCE.least)
        too_little = every_area_is_listed(parcel) and listed < declared - tolerance
        if too_little or listed > declared + tolerance:
            yield ("parcels", index, "land_uses"), "land-uses.area-differs", {"listed": listed, "declared": declared}


def former_commune_not_both(content: Content, _: date) -> Iterator[Trouble]:
    """A parcel's former commune is either given or declared unknown."""
    for index, parcel in enumerate(elements(content, "parcels")):
        if parcel.get("former_commune_unknown") and parcel.get("former_commune"):
            yield ("parcels", index, "former_commune_unknown"), "former-commune.contradiction", {}


def serial_of_known_shape(content: Content, _: date) -> Iterator[Trouble]:
    """A certificate's serial is two letters and six digits, AA and eight digits, or one letter and six digits."""
    for index, parcel in enumerate(elements(content, "parcels")):
        serial = parcel.get("certificate_serial")
        if serial and _SERIAL.fullmatch(serial) is None:
            yield ("parcels", index, "certificate_serial"), "certificate-serial.unknown-shape", {}


def crops_in_the_parcel(content: Content, _: date) -> Iterator[Trouble]:
    """Crops of one season cover no more than the parcel; newly planted and harvested areas are part of the sown."""
    for index, parcel in enumerate(elements(content, "parcels")):
        by_season: dict[tuple[Any, Any], float] = {}
        for number, crop in enumerate(elements(parcel, "crops")):
            area = crop.get("area_m2")
            if area is None:
                continue
            season = (crop.get("year"), crop.get("season"))
            by_season[season] = by_season.get(season, 0.0) + area
            for part in ("newly_planted_area_m2", "harvested_area_m2"):
                if crop.get(part, 0) > area * (1 + AREA_TOLERANCE.share):
                    yield ("parcels", index, "crops", number, part), "crop.part-exceeds-sown", {"sown": area}
        declared = parcel.get("declared_area_m2")
        total = max(by_season.values(), default=0.0)
        if declared is not None and total > declared * (1 + AREA_TOLERANCE.share):
            yield (
                ("parcels", index, "crops"),
                "crops.exceed-parcel",
                {"crops": round(total, 2), "declared": declared},
            )


def planting_area_code_of_known_shape(content: Content, _: date) -> Iterator[Trouble]:
    """A planting-area code begins with VN (Decision 3156/QĐ-BNN-TT); it is stored as issued."""
    for index, parcel in enumerate(elements(content, "parcels")):
        for number, crop in enumerate(elements(parcel, "crops")):
            code = crop.get("planting_area_code")
            if code and _PLANTING_AREA.fullmatch(code.upper()) is None:
                path = ("parcels", index, "crops", number, "planting_area_code")
                yield path, "planting-area-code.unknown-shape", {}
