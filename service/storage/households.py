"""Queries about households: one, a page, how many."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog

from schemas.geometry import geometry_json
from schemas.protection import plain_at_rest
from schemas.text import fold, spelling
from service.area import Communes
from service.errors import HouseholdErased, HouseholdNotFound, StoreDamaged
from service.households.changes import Record
from service.households.ports import HouseholdPage, HouseholdQuery, Stored
from service.jobs.ports import RecordsRead
from service.parcels.regions import circle
from service.storage import parcels
from service.storage.boxes import box_polygons
from service.storage.client import Document, fails_fast, translated
from service.storage.closed_household import last_entry, logged_commune
from service.storage.database import Database
from service.storage.documents import SEARCHED, to_closed_record, to_part_of_record, to_record, to_stored
from service.storage.encryption.fields import FieldEncryption
from service.storage.encryption.items import SEALED
from service.unit_names import UnitId

_log = structlog.get_logger("service.households")

_PERSONAL_NUMBER = re.compile(r"[0-9]{12}")
_OLD_NUMBER = re.compile(r"[0-9]{9}")
_PHONE = re.compile(r"(?:\+?84|0)?([35789][0-9]{8})")
_BETWEEN_DIGITS = re.compile(r"[\s.()-]")
_LAST = "\uffff"
_SEARCHED = f"index.{SEARCHED}"
_NONE = timedelta()


class Households:
    """The households as they are now: one, a page, how many."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @fails_fast
    def find(self, household_id: str, *, area: Communes) -> Stored:
        """One household. Raises HouseholdErased, HouseholdNotFound, also for one outside the area, StoreDamaged."""
        return to_stored(self._find_one(household_id, area, None), self._database.encryption)

    @fails_fast
    def record(self, household_id: str, *, area: Communes, personal: bool = True) -> Record:
        """One household's record, without what only storage needs. Raises HouseholdNotFound, StoreDamaged.

        Without ``personal`` nothing is decrypted, so that one of which a ciphertext is damaged can be read as well.
        """
        read = to_record if personal else to_closed_record
        return read(self._find_one(household_id, area, {"index": 0}), self._database.encryption)

    @fails_fast
    def commune_of(self, household_id: str, *, area: Communes) -> UnitId:
        """The commune where a household is stored, and nothing else. Raises HouseholdNotFound, StoreDamaged.

        Where that is damaged, the log says it: the people of the household have their rights nevertheless.
        """
        document = self._database["households"].find_one({"_id": household_id}, {"commune": 1})
        if document is None:
            raise self._not_there(household_id, _within(household_id, area))
        commune = document.get("commune")
        if isinstance(commune, str) and (area is None or commune in area):
            return UnitId(commune)
        entry = last_entry(self._database.collections, None, household_id)
        if entry is None and not isinstance(commune, str):
            raise StoreDamaged(reason="record")
        logged = None if entry is None else logged_commune(entry)
        if logged is None or (area is not None and logged not in area):
            raise HouseholdNotFound(id=household_id)
        return logged

    @fails_fast
    def known(self, household_ids: Iterable[str]) -> dict[str, Stored]:
        """Those of the households that are stored, by id. Raises StoreDamaged."""
        found = list(self._database["households"].find({"_id": {"$in": list(household_ids)}}))
        self._database.encryption.open_together(document.get(SEALED) for document in found)
        return {document["_id"]: to_stored(document, self._database.encryption) for document in found}

    @fails_fast
    def holders_of(self, numbers: Iterable[str]) -> dict[str, str]:
        """Household by personal number, for the numbers that are taken."""
        by_key = {self._database.encryption.digest(number): number for number in numbers}
        found = self._database["identities"].find({"_id": {"$in": list(by_key)}})
        return {by_key[identity["_id"]]: identity["household"] for identity in found}

    @fails_fast
    def page(self, query: HouseholdQuery) -> HouseholdPage:
        """One page, by keyset: in order of id, or of the last change where ``updated_since`` is given.

        A household whose document is damaged has its place on the page, by its id alone.
        """
        where = conditions_of(query, self._database.encryption)
        by_change = query.updated_since is not None
        lag = self._majority_lag() if by_change and query.after is None else timedelta()
        if query.after is not None:
            where = {"$and": [where, _behind(query.after, by_change)]}
        order = [("updated_at", 1), ("_id", 1)] if by_change else [("_id", 1)]
        found = list(self._database["households"].find(where, {"index": 0}).sort(order).limit(query.limit + 1))
        after: tuple[Any, ...] | None = None
        if len(found) > query.limit:
            last = found[query.limit - 1]
            after = (last["updated_at"], last["_id"]) if by_change else (last["_id"],)
        records, damaged = self._read(found[: query.limit], to_record if query.personal else to_closed_record)
        return HouseholdPage(records, after, damaged, lag)

    @fails_fast
    def count(self, query: HouseholdQuery) -> int:
        """How many households the query finds in all."""
        return self._database["households"].count_documents(conditions_of(query, self._database.encryption))

    @fails_fast
    def outside(self, household_ids: Iterable[str], area: frozenset[UnitId]) -> frozenset[str]:
        """Those of the households that are stored in a commune outside the area."""
        where = {"_id": {"$in": list(set(household_ids))}, "commune": {"$nin": sorted(area)}}
        return frozenset(document["_id"] for document in self._database["households"].find(where, {"_id": 1}))

    @fails_fast
    def count_of_other_versions(self, version: str) -> int:
        """How many households were checked by another schema version."""
        return self._database["households"].count_documents({"schema_version": {"$ne": version}})

    @fails_fast
    def of_other_versions(self, version: str, *, after: str | None, limit: int) -> RecordsRead:
        """Households of another schema version in order of id, after ``after``; a damaged one is skipped."""
        return self._records_read({"schema_version": {"$ne": version}}, after, limit)

    @fails_fast
    def counts_of_communes(self, communes: frozenset[UnitId]) -> dict[UnitId, int]:
        """How many households, withdrawn ones too, are stored under these communes; those without are left out."""
        these = {"$match": {"commune": {"$in": sorted(communes)}}}
        found = self._database["households"].aggregate([these, {"$group": {"_id": "$commune", "count": {"$sum": 1}}}])
        return {UnitId(each["_id"]): each["count"] for each in found}

    @fails_fast
    def of_commune(self, commune: UnitId, *, after: str | None, limit: int) -> RecordsRead:
        """Households, also withdrawn ones, of a commune in order of id, after ``after``; as ``of_other_versions``."""
        return self._records_read({"commune": {"$eq": commune}}, after, limit)

    def _records_read(self, where: dict[str, Any], after: str | None, limit: int) -> RecordsRead:
        if after is not None:
            where["_id"] = {"$gt": after}
        found = list(self._database["households"].find(where, {"index": 0}).sort("_id").limit(limit))
        last = found[-1]["_id"] if found else None
        records, damaged = self._read(found, to_record)
        return RecordsRead(records, damaged, last)

    def _read(
        self, documents: Sequence[Document], read: Callable[[Document, FieldEncryption], Record]
    ) -> tuple[list[Record], tuple[str, ...]]:
        """The records of documents, and the ids of those that are damaged."""
        if read is to_record:
            self._database.encryption.open_together(document.get(SEALED) for document in documents)
        records: list[Record] = []
        damaged: list[str] = []
        for document in documents:
            household: str = document["_id"]
            try:
                records.append(read(document, self._database.encryption))
            except StoreDamaged:
                damaged.append(household)
        return records, tuple(damaged)

    def _majority_lag(self) -> timedelta:
        """How far what a majority has confirmed, which is all that can be read, is behind the last write."""
        last = self._database.client.admin.command("hello").get("lastWrite", {})
        behind: timedelta = last["lastWriteDate"] - last["majorityWriteDate"] if "majorityWriteDate" in last else _NONE
        return max(behind, _NONE)

    def _find_one(self, household_id: str, area: Communes, projection: dict[str, int] | None) -> Document:
        where = _within(household_id, area)
        document = self._database["households"].find_one(where, projection)
        if document is None:
            raise self._not_there(household_id, where)
        return document

    def _not_there(self, household_id: str, where: dict[str, Any]) -> HouseholdNotFound:
        """HouseholdErased for one that was erased within the area, as its log says."""
        erased = {**where, "household": household_id, "kind": "erased"}
        del erased["_id"]
        found = self._database["log"].find_one(erased, {"_id": 1})
        return HouseholdNotFound(id=household_id) if found is None else HouseholdErased(id=household_id)

    @fails_fast
    def of_person(self, number: str) -> list[str]:
        """The households whose head or a member has this personal number."""
        where = {_SEARCHED: self._database.encryption.any_of([("national_id", number)])}
        return [document["_id"] for document in self._database["households"].find(where, {"_id": 1})]

    @fails_fast
    def communes_of(self, household_ids: Iterable[str]) -> dict[str, str]:
        """The commune of each of the households that are there, and of those erased the one where they were."""
        wanted = set(household_ids)
        found = self._database["households"].find({"_id": {"$in": sorted(wanted)}}, {"commune": 1})
        communes = {each["_id"]: each["commune"] for each in found if isinstance(each.get("commune"), str)}
        if missing := sorted(wanted - communes.keys()):
            erased = self._database["log"].find(
                {"household": {"$in": missing}, "kind": "erased"}, {"household": 1, "commune": 1}
            )
            communes |= {each["household"]: each["commune"] for each in erased if isinstance(each.get("commune"), str)}
        return communes

    def fallen_in(self, geometry: Mapping[str, Any], area: Communes, items: Sequence[str]) -> Iterator[Record]:
        """Households, except withdrawn ones, that the index finds to meet a geometry, with the requested items.

        Decrypting thousands would take as long as finding them, so it is done only if an item is stored encrypted. One
        that is then found damaged is reported in the service's log.
        """
        sealed = not all(map(plain_at_rest, items))
        read, wanted = (*items, "revision", SEALED) if sealed else items, frozenset(items)
        with translated(self._database.client):
            for record in parcels.fallen_in(self._database.collections, geometry, area, read):
                household = record["id"]
                try:
                    yield to_part_of_record(record, wanted, self._database.encryption, sealed=sealed)
                except StoreDamaged:
                    _log.error("damaged", household=household)


def _within(household_id: str, area: Communes) -> dict[str, Any]:
    return {"_id": household_id} if area is None else {"_id": household_id, "commune": {"$in": sorted(area)}}


def conditions_of(query: HouseholdQuery, encryption: FieldEncryption) -> dict[str, Any]:
    """The filter of a query. Every value is placed by us, so that no operator can come from outside."""
    conditions: list[dict[str, Any]] = []
    if query.area is not None:
        conditions.append({"commune": {"$in": sorted(query.area)}})
    if query.without:
        conditions.append({"_id": {"$nin": sorted(query.without)}})
    if query.communes:
        conditions.append({"commune": _one_of(query.communes)})
    if query.former_communes:
        conditions.append(_former_condition(query.former_communes))
    if query.stage is not None:
        conditions.append({"stage": {"$eq": query.stage}})
    if query.status is None:
        conditions.append({"status": {"$ne": "withdrawn"}})
    elif query.status != "any":
        conditions.append({"status": {"$eq": query.status}})
    if query.text is not None:
        conditions.append(_text_condition(query.text, encryption))
    conditions.extend(_spatial_conditions(query))
    if query.updated_since is not None:
        changed: dict[str, Any] = {"updated_at": {"$gte": query.updated_since}}
        conditions.append({"$or": [changed, {"_id": {"$in": sorted(query.also)}}]} if query.also else changed)
    return {"$and": conditions} if conditions else {}


def _spatial_conditions(query: HouseholdQuery) -> Iterator[dict[str, Any]]:
    if query.village is not None:
        yield {"index.village": {"$eq": spelling(query.village)}}
    if query.bbox is not None and not query.personal and query.geometries:
        yield from parcels.beginning_in(query.bbox)
    elif query.bbox is not None:
        yield _in_one_of(box_polygons(*query.bbox), query.geometries)
    if query.near is not None:
        yield _in_one_of([geometry_json(circle(*query.near))], query.geometries)


def _former_condition(formers: Sequence[UnitId]) -> dict[str, Any]:
    """Households that former communes came with: moved to a successor since, or still stored under one of them."""
    return {"$or": [{item: {"$eq": former}} for item in ("former_commune", "commune") for former in formers]}


def _one_of(values: frozenset[UnitId]) -> dict[str, Any]:
    """Equality for a single value, which an index serves in order."""
    return {"$eq": next(iter(values))} if len(values) == 1 else {"$in": sorted(values)}


def _behind(after: tuple[Any, ...], by_change: bool) -> dict[str, Any]:
    if not by_change:
        return {"_id": {"$gt": after[0]}}
    moment, key = after
    return {"$or": [{"updated_at": {"$gt": moment}}, {"updated_at": moment, "_id": {"$gt": key}}]}


def _text_condition(text: str, encryption: FieldEncryption) -> dict[str, Any]:
    """A number on a card or a phone of anybody in the household by equality, a name by its folded beginning (a range,
    not a pattern: nothing to inject).
    """
    folded = fold(text)
    if numbers := _numbers_in(_BETWEEN_DIGITS.sub("", folded)):
        return {_SEARCHED: encryption.any_of(numbers)}
    # One name must lie in the range, not one above its beginning and another below its end.
    return {"index.names": {"$elemMatch": {"$gte": folded, "$lt": folded + _LAST}}}


def _numbers_in(compact: str) -> list[tuple[str, str]]:
    """What a text of digits can be of a person, as (item, stored form); none where it is no number.

    Nine digits are an old card's number, or a phone that lost its zero in a spreadsheet.
    """
    numbers: list[tuple[str, str]] = []
    if _PERSONAL_NUMBER.fullmatch(compact):
        numbers.append(("national_id", compact))
    if _OLD_NUMBER.fullmatch(compact):
        numbers.append(("old_id_number", compact))
    if phone := _PHONE.fullmatch(compact):
        numbers.append(("phone", f"+84{phone[1]}"))
    return numbers


def _in_one_of(polygons: list[dict[str, Any]], geometries: frozenset[str]) -> dict[str, Any]:
    """Households that one of these geometries puts into one of the polygons."""
    return {"$or": [each for polygon in polygons for each in parcels.meeting(polygon, geometries)] or [parcels.NOWHERE]}
