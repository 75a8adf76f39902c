"""Parcels by number: who names which parcel of a cadastral map, and which two households cannot both be right.

A parcel's number is unique on the maps of one former commune. A claim has a key for the index of the overlap grid, so
that the look-up that finds overlapping neighbours finds those who name the same number too.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from schemas.text import fold

MOST_CLAIMANTS: Final = 10
"""A number that so many parcels have already is a placeholder ("1/1"), and a further one is not compared with them:
otherwise a list with the same number in every line would revise every household with each that is added."""

_HASHED: Final = 1 << 62
"""Beyond every key of a cell of the grid."""
_TENANT: Final = "rented"
_ZEROS_BEFORE = re.compile(r"(?<!\d)0+(?=\d)")
_COUNTS = re.compile(r"[1-9]")

Key = tuple[str, str, str]
"""Identity of the former commune, map sheet and parcel number."""


@dataclass(frozen=True, slots=True)
class NumberClaim:
    """A parcel that a household names by its number, with the parcel's id and index in the record."""

    household: str
    parcel: str
    number: int
    key: Key
    locality: str
    tenure: str | None
    has_boundary: bool

    @property
    def content(self) -> tuple[Any, ...]:
        """What a conflict depends on, and what a settlement was about: all but the place in the list."""
        return self.key, self.locality, self.tenure, self.has_boundary


def number_claims(household: str, former: str | None, parcels: Iterable[Mapping[str, Any]]) -> list[NumberClaim]:
    """Return the claims of a household of the former commune ``former`` (None where it is not known).

    A parcel whose former commune, sheet or number is not known makes none: its number could be that of another map.
    Where the cadastral map numbers it otherwise than the certificate, the map counts.
    """
    claims = []
    for number, parcel in enumerate(parcels):
        commune = parcel.get("former_commune", None if parcel.get("former_commune_unknown") else former)
        sheet = parcel.get("cadastral_map_sheet") or parcel.get("map_sheet")
        numbered = parcel.get("cadastral_parcel_number") or parcel.get("parcel_number")
        key = _text(commune), _plain(_text(sheet)), _plain(_text(numbered))
        if not key[0] or not _COUNTS.search(key[1]) or not _COUNTS.search(key[2]):
            continue
        locality = fold(_text(parcel.get("locality")))
        has_boundary = parcel.get("geometry") is not None
        claims.append(NumberClaim(household, parcel["id"], number, key, locality, parcel.get("tenure"), has_boundary))
    return claims


def cells_of_claims(claims: Iterable[NumberClaim]) -> frozenset[int]:
    """Return the keys under which claims are stored and looked up among the cells of the overlap grid."""
    return frozenset(_HASHED | int.from_bytes(_digest(claim.key)) >> 2 for claim in claims)


def conflicts(
    own: Sequence[NumberClaim],
    others: Iterable[NumberClaim],
    reported: Container[tuple[tuple[str, str], tuple[str, str]]],
) -> list[tuple[NumberClaim, NumberClaim]]:
    """Return each pair of one of ``own`` with one of ``others``, or with an earlier one of ``own``, in conflict.

    Beyond ``MOST_CLAIMANTS`` only pairs that were ``reported`` before are found again.
    """
    there: dict[Key, list[NumberClaim]] = {claim.key: [] for claim in own}
    for other in others:
        if other.key in there:
            there[other.key].append(other)
    pairs = []
    for one in own:
        earlier = there[one.key]
        few = len(earlier) < MOST_CLAIMANTS
        pairs += [
            (one, other)
            for other in earlier
            if _contradict(one, other)
            and (few or ((one.household, one.parcel), (other.household, other.parcel)) in reported)
        ]
        earlier.append(one)
    return pairs


def _contradict(one: NumberClaim, other: NumberClaim) -> bool:
    """Whether two claims of one number cannot both be right.

    Not within a household, which a rule checks; nor between who rents a parcel and who lets it; nor in two localities,
    which can be on two maps (a commune that was merged before has those of its predecessors). Where both have a
    boundary, the boundaries say whether it is the same land.
    """
    if one.household == other.household or (one.has_boundary and other.has_boundary):
        return False
    if one.tenure is not None and other.tenure is not None and (one.tenure == _TENANT) != (other.tenure == _TENANT):
        return False
    return not one.locality or not other.locality or one.locality == other.locality


def _text(value: object) -> str:
    """Return a text as it is, and nothing for any other value: a neighbour that is stored damaged stops nobody."""
    return value if isinstance(value, str) else ""


def _plain(number: str) -> str:
    """Return a number as it is compared: without spaces, and without zeros before it."""
    if number.isascii() and number.isdigit():
        return number.lstrip("0")
    return _ZEROS_BEFORE.sub("", fold(number).replace(" ", ""))


def _digest(key: Key) -> bytes:
    return blake2b("\0".join(key).encode(), digest_size=8).digest()
