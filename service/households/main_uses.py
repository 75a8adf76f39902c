"""Main uses of parcels that come back: the register derived them from lists of uses, and nobody states them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from schemas.errors import RecordInvalid
from service.area import Communes
from service.errors import StoreDamaged
from service.households.changes import Record
from service.households.ports import Log
from service.households.registration import parse

_NOT_LISTED: Final = frozenset({"land-use.not-listed", "code.not-in-scheme"})
"""Errors that a main use causes which was derived from another list than the one beside it."""
_DERIVED: Final = ("land_use", "land_use_scheme")


def without_derived_uses(sent: Any, known: Record) -> Any:
    """A record as it was sent, without the main uses that ``known`` has for its parcels because it lists their uses.

    A client that reads a record, changes a list and sends all of it back sends the former main use along. What was sent
    can be anything. A parcel that comes back without a list keeps its main use as its only one.
    """
    parcels = sent.get("parcels") if isinstance(sent, dict) else None
    listed = {each["id"]: each for each in known.get("parcels") or () if each.get("land_uses")}
    if not listed or not isinstance(parcels, list):
        return sent
    return {**sent, "parcels": [_without_derived(each, listed) for each in parcels]}


def parsed_without_derived_uses(
    body: object,
    household_id: str,
    refused: RecordInvalid,
    log: Log,
    if_match: int | None,
    area: Communes,
    *,
    today: date,
) -> dict[str, Any]:
    """The parsed content of a refused write, without the main uses of the revision that it was made from.

    Raises RecordInvalid: as before, where it was refused for something else.
    """
    if if_match is None or not any(each.code in _NOT_LISTED for each in refused.errors):
        raise refused
    try:
        base = log.at_revision(household_id, if_match)
    except StoreDamaged:
        raise refused from None
    if base is None or (area is not None and base.record["commune"] not in area):
        raise refused
    return parse(without_derived_uses(body, base.record), household_id, today=today)


def _without_derived(parcel: Any, listed: Mapping[str, Record]) -> Any:
    if not isinstance(parcel, dict) or not isinstance(parcel.get("id"), str) or not parcel.get("land_uses"):
        return parcel
    before = listed.get(parcel["id"].lower())
    if before is None or any(parcel.get(name) != before.get(name) for name in _DERIVED):
        return parcel
    return {name: value for name, value in parcel.items() if name not in _DERIVED}
