"""Administrative units in MongoDB, each validity with the identity of its unit."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from pymongo import DeleteOne, ReplaceOne
from pymongo.client_session import ClientSession

from service.households.changes import canonical
from service.storage.client import Document, fails_fast
from service.storage.database import Database
from service.unit_names import UnitId
from service.units.editions import Edition, UnrecordedEdition
from service.units.errors import UnitsChanged
from service.units.identities import with_identities
from service.units.ports import NewEdition
from service.units.unit import Part, Unit

_DATES = ("valid_from", "valid_to")
_UNRECORDED = "unrecorded"


class Units:
    """The list of administrative units."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @fails_fast
    def unit_list(self) -> tuple[Unit, ...]:
        """All units of the register, each with its identity."""
        return tuple(_to_unit(document) for document in self._database["units"].find().sort("_id"))

    @fails_fast
    def unit_version(self) -> str:
        """Changes whenever the list of units changes; empty before the first."""
        state = self._database["state"].find_one({"_id": "units"})
        return "" if state is None else str(state["version"])

    @fails_fast
    def replace_units(
        self,
        units: Sequence[Unit],
        withdrawn: Sequence[Unit] = (),
        edition: NewEdition | None = None,
        planned_from: str | None = None,
    ) -> int:
        """Add the units, replacing those of the same key, and remove the withdrawn; returns how many are other.

        The key is code and level with the first day, so a newer list closes a unit (valid_to, successor) and adds its
        successors. A unit that is new gets an identity, which no other unit ever had. All of it happens in one
        transaction, with the note of the edition. Raises UnitsChanged where the list has another version than
        ``planned_from``: what two operators load at once was compared only with the list before.
        """

        def work(session: ClientSession) -> int:
            state = self._database["state"].find_one({"_id": "units"}, session=session)
            if planned_from is not None and planned_from != ("" if state is None else state["version"]):
                raise UnitsChanged()
            return self._replace(session, units, withdrawn, edition)

        return self._database.run(work)

    def _replace(
        self, session: ClientSession, units: Sequence[Unit], withdrawn: Sequence[Unit], edition: NewEdition | None
    ) -> int:
        known = {document["_id"]: document for document in self._database["units"].find(session=session)}
        before = {_key(unit): unit for unit in map(_to_unit, known.values())}
        state = self._database["state"].find_one({"_id": "unit identities"}, session=session)
        given = {unit.identity for unit in before.values()} | {UnitId(each) for each in (state or {}).get("given", ())}
        gone = {_key(unit) for unit in withdrawn}
        after = {key: unit for key, unit in before.items() if key not in gone} | {_key(unit): unit for unit in units}
        identified = with_identities(after.values(), [unit for key, unit in before.items() if key not in gone], given)
        documents = [_to_document(unit) for unit in identified]
        different = [document for document in documents if known.get(document["_id"]) != document]
        writes: list[ReplaceOne[Document] | DeleteOne] = [
            ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in different
        ]
        writes.extend(DeleteOne({"_id": key}) for key in sorted(gone - after.keys()))
        if writes:
            self._database["units"].bulk_write(writes, ordered=False, session=session)
        self._state(session, "unit identities", {"given": sorted(given | {unit.identity for unit in identified})})
        everything = [_without_none(asdict(unit)) for unit in sorted(identified, key=_key)]
        self._state(session, "units", {"version": hashlib.sha256(canonical(everything)).hexdigest()[:16]})
        touched = {_key(unit) for unit in units} & {document["_id"] for document in different}
        if edition is not None and (touched or gone):
            changed = {document["_id"] for document in different} | (gone - after.keys())
            replaced = [known[key] for key in sorted(changed & known.keys())]
            beside: Document = {"replaced": replaced, "added": sorted(changed - known.keys())}
            if edition.file is not None:
                beside[_UNRECORDED] = {"file": edition.file, "changed": len(touched | gone)}
            self._note(session, edition, units, withdrawn, beside)
        return len(touched | gone)

    def _state(self, session: ClientSession, name: str, items: Document) -> None:
        self._database["state"].replace_one({"_id": name}, {"_id": name, **items}, upsert=True, session=session)

    def _note(
        self,
        session: ClientSession,
        edition: NewEdition,
        units: Sequence[Unit],
        withdrawn: Sequence[Unit],
        beside: Document,
    ) -> None:
        """Note an edition; ``beside`` contains what its loading replaced and added, by which ``list_at`` takes it back.

        What the audit trail is to say of it lies there too until the trail has it, since that is no part of this
        transaction: where the command is killed in between, the next one records it.
        """
        number = self._database["unit_editions"].count_documents({}, session=session) + 1
        document = {
            "_id": number,
            "source": edition.source,
            "day": edition.day.isoformat(),
            "author": edition.author,
            "at": edition.at,
            "shipped": edition.shipped,
            "units": [_to_document(unit) for unit in units],
            "withdrawn": [_to_document(unit) for unit in withdrawn],
            **beside,
        }
        self._database["unit_editions"].insert_one(document, session=session)

    @fails_fast
    def editions(self) -> list[Edition]:
        """All editions that were loaded, the first one first."""
        return [_to_edition(document) for document in self._database["unit_editions"].find().sort("_id")]

    @fails_fast
    def unrecorded_editions(self) -> list[UnrecordedEdition]:
        """The editions whose audit entry may still be missing."""
        found = self._database["unit_editions"].find({_UNRECORDED: {"$exists": True}}).sort("_id")
        return [
            UnrecordedEdition(
                each["_id"],
                each["source"],
                date.fromisoformat(each["day"]),
                each["author"],
                each["at"],
                each[_UNRECORDED]["file"],
                each[_UNRECORDED]["changed"],
            )
            for each in found
        ]

    @fails_fast
    def set_recorded(self, number: int) -> None:
        """Record that the audit trail has the entry about an edition."""
        self._database["unit_editions"].update_one({"_id": number}, {"$unset": {_UNRECORDED: ""}})

    @fails_fast
    def list_at(self, moment: datetime, about: Iterable[str]) -> tuple[Unit, ...] | None:
        """All units as the register knew them at a moment.

        None where no edition was loaded since that changed a unit with one of these codes or identities.
        """
        names, since, editions = sorted(set(about)), {"at": {"$gt": moment}}, self._database["unit_editions"]
        added = [re.compile(f"^commune:{re.escape(name)}@") for name in names]
        touches = [{"added": {"$in": added}}, *({f"replaced.{item}": {"$in": names}} for item in ("code", "identity"))]
        if editions.find_one({**since, "$or": touches}, {"_id": 1}) is None:
            return None
        documents = {document["_id"]: document for document in self._database["units"].find()}
        for edition in editions.find(since, {"replaced": 1, "added": 1}).sort("_id", -1):
            for key in edition["added"]:
                documents.pop(key, None)
            documents |= {document["_id"]: document for document in edition["replaced"]}
        return with_identities(map(_to_unit, documents.values()))


def _to_edition(document: Document) -> Edition:
    return Edition(
        number=document["_id"],
        source=document["source"],
        day=date.fromisoformat(document["day"]),
        author=document["author"],
        at=document["at"],
        units=tuple(_to_unit(each) for each in document["units"]),
        withdrawn=tuple(_to_unit(each).key for each in document["withdrawn"]),
        shipped=document["shipped"],
    )


def _key(unit: Unit) -> str:
    return f"{unit.level}:{unit.code}@{unit.valid_from or ''}"


def _to_document(unit: Unit) -> Document:
    document: dict[str, Any] = {"_id": _key(unit), **asdict(unit), "parts": [asdict(part) for part in unit.parts]}
    for name in _DATES:
        document[name] = None if document[name] is None else document[name].isoformat()
    return document


def _to_unit(document: Document) -> Unit:
    values = {name: value for name, value in document.items() if name != "_id"}
    for name in _DATES:
        values[name] = None if values[name] is None else date.fromisoformat(values[name])
    values["parts"] = tuple(Part(**part) for part in values["parts"])
    return Unit(**values)


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
