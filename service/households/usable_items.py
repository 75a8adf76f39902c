"""What a reader may search households by. A partly masked item could be reconstructed by searching."""

from __future__ import annotations

from dataclasses import replace

from service.errors import PermissionMissing
from service.households.masking import sees
from service.households.ports import HouseholdQuery
from service.parcels.regions import circle, whole_squares
from service.roles import Sight


def may_use(item: str, sight: Sight) -> bool:
    """Whether an item may serve to find households for a reader, and to compute what the reader gets.

    Readers who may not see where a home is may not find it out by searching area by area either. For readers who see
    nobody, boundaries serve in whole search squares, where the schema shows them to readers who see people masked.
    """
    in_squares = sight is Sight.NOBODY and item == "parcels.geometry"
    return sees(item, Sight.MASKED if in_squares else sight)


def usable_query(query: HouseholdQuery, sight: Sight) -> HouseholdQuery:
    """The query with what a reader may use of it. Raises PermissionMissing for a text or name that may not be tried."""
    if query.text is not None and sight is not Sight.PERSONAL:
        # Readers who may not see a number or a name may not try them one by one either.
        raise PermissionMissing(permission="personal:read")
    if query.village is not None:
        require_seen("village", sight)
    geometries = frozenset(item for item in query.geometries if may_use(item, sight))
    if sight is Sight.NOBODY:
        query = _coarse(query)
    return replace(query, geometries=geometries, personal=sight is not Sight.NOBODY)


def require_seen(item: str, sight: Sight) -> None:
    """Raise PermissionMissing for readers who are not shown an item: they may not find or count households by it
    either.
    """
    if not sees(item, sight):
        raise PermissionMissing(permission="personal:read")


def _coarse(query: HouseholdQuery) -> HouseholdQuery:
    """The query with its box and circle enlarged to whole search squares, for readers who see no boundaries."""
    boxes = [] if query.bbox is None else [whole_squares(query.bbox)]
    if query.near is not None:
        boxes.append(whole_squares(circle(*query.near).bounds))
    if not boxes:
        return query
    wests, souths, easts, norths = zip(*boxes, strict=True)
    return replace(query, near=None, bbox=(max(wests), max(souths), min(easts), min(norths)))
