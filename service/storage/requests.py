"""People's requests in MongoDB; what names people in them is encrypted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import date, datetime
from typing import Any, Final

from pymongo.database import Database

from service.area import Communes
from service.households.changes import Entry, Kind
from service.households.ports import Stored
from service.people.person_request import (
    OPEN,
    RESTRICTING,
    PersonRequest,
    RequestChanged,
    RequestKind,
    RequestQuery,
    RequestState,
    Step,
)
from service.storage.client import Document, translated
from service.storage.encryption.fields import FieldEncryption
from service.storage.encryption.key_ring import CiphertextDamaged
from service.storage.transaction import MongoTransaction, Transactions
from service.unit_names import UnitId

REQUESTS: Final = "requests"
_DAYS: Final = ("received_on", "acknowledge_by", "reply_by", "acknowledged_on", "closed_on", "lifted_on")
_PLAIN: Final = ("household", "commune", "received_by", "purpose", "extended_by", "revision")
_OTHERWISE: Final = frozenset({"id", "kind", "state", "steps", "damaged"})
_SEALED: Final = tuple(item.name for item in fields(PersonRequest) if item.name not in _OTHERWISE.union(_DAYS, _PLAIN))
"""What names people, and every item that the lists above do not declare to be plain."""
_IS_OPEN: Final = {"$in": sorted(OPEN)}


class MongoRequests:
    """Implements service.people.ports.RequestStore."""

    def __init__(self, database: Database[Document], encryption: FieldEncryption, transactions: Transactions) -> None:
        self._client = database.client
        self._requests = database[REQUESTS]
        self._encryption = encryption
        self._transactions = transactions

    def add_request(self, request: PersonRequest) -> None:
        """Store a new request."""
        with translated(self._client):
            self._requests.insert_one(self._document(request))

    def request(self, request_id: str, area: frozenset[str] | None) -> PersonRequest | None:
        """One request of the area."""
        where: Document = {"_id": request_id}
        if area is not None:
            where["commune"] = {"$in": sorted(area)}
        with translated(self._client):
            document = self._requests.find_one(where)
        return None if document is None else self._request(document)

    def requests(self, query: RequestQuery, area: Communes) -> list[PersonRequest]:
        """Requests in order of the date by which they are due."""
        where: list[Document] = []
        if area is not None:
            where.append({"commune": {"$in": sorted(area)}})
        if query.household is not None:
            where.append({"household": {"$eq": query.household}})
        if query.kind is not None:
            where.append({"kind": {"$eq": str(query.kind)}})
        if query.open_only:
            where.append({"state": _IS_OPEN})
        if query.due_until is not None:
            where.append({"reply_by": {"$lte": query.due_until.isoformat()}})
        if query.after is not None:
            day, key = query.after
            where.append({"$or": [{"reply_by": {"$gt": day}}, {"reply_by": day, "_id": {"$gt": key}}]})
        with translated(self._client):
            found = self._requests.find({"$and": where} if where else {}).sort([("reply_by", 1), ("_id", 1)])
            return [self._request(document) for document in found.limit(query.limit)]

    def open_by_commune(self) -> dict[UnitId, int]:
        """How many open requests there are about households of each commune."""
        pipeline: list[Document] = [
            {"$match": {"state": _IS_OPEN}},
            {"$group": {"_id": "$commune", "requests": {"$sum": 1}}},
        ]
        with translated(self._client):
            return {UnitId(each["_id"]): each["requests"] for each in self._requests.aggregate(pipeline)}

    def replace_request(self, request: PersonRequest) -> None:
        """Store the request in the place of its revision before. Raises RequestChanged when that is not stored now.

        Except its commune, which follows the household's: it can have moved since the request was read.
        """
        with translated(self._client):
            result = self._requests.update_one(_before(request), {"$set": self._items(request)})
        if result.matched_count == 0:
            raise RequestChanged()

    def replace_restriction(self, request: PersonRequest, entry_of: Callable[[Stored, Kind], Entry]) -> None:
        """As replace_request, for a restriction that begins or ends, with its log entry in the same transaction.

        There is no entry where another restriction of the household is in force before and after. All its restrictions
        are locked first: of two that end at the same time, the second is retried and is then the last.
        """
        of_household: Document = {"household": request.household, "kind": {"$in": sorted(RESTRICTING)}}
        in_force = {**of_household, "state": str(RequestState.DONE), "lifted_on": None}

        def work(transaction: MongoTransaction) -> None:
            requests, session = transaction.collections[REQUESTS], transaction.session
            requests.update_many(of_household, {"$inc": {"locks": 1}}, session=session)
            before = requests.find_one(in_force, {"_id": 1}, session=session) is not None
            changed = requests.update_one(_before(request), {"$set": self._items(request)}, session=session)
            if changed.matched_count == 0:
                raise RequestChanged()
            after = requests.find_one(in_force, {"_id": 1}, session=session) is not None
            if before != after and (stored := transaction.readable([request.household]).get(request.household)):
                transaction.append(entry_of(stored, "restricted" if after else "lifted"), stored.fingerprint)

        self._transactions.run(work)

    def close_erased(self, household: str, carried_out: str, step: Step, on: date) -> None:
        """Close every open request about an erased household, and remove what names people from all of them.

        Closed first: then nobody can add a reason after the texts are gone. Each update raises the revision, so that a
        step that read a request before cannot write its texts back.
        """
        about: Document = {"household": household}
        carried: Document = {"_id": carried_out, "state": {"$ne": str(RequestState.DONE)}}
        gone = {**dict.fromkeys(_SEALED), "steps.$[].note": None}
        with translated(self._client):
            for which, state in ((carried, RequestState.DONE), ({"state": _IS_OPEN}, RequestState.CANCELLED)):
                closed = {"state": str(state), "closed_on": on.isoformat()}
                taken = {"at": step.at, "actor": step.actor, "what": str(state), "note": None}
                change = {"$set": closed, "$push": {"steps": taken}, "$inc": {"revision": 1}}
                self._requests.update_many({**about, **which}, change)
            self._requests.update_many(about, {"$set": gone, "$inc": {"revision": 1}})

    def remove_request(self, request_id: str) -> None:
        """Remove a request that was stored while its household was being erased."""
        with translated(self._client):
            self._requests.delete_one({"_id": request_id})

    def restricted(self) -> frozenset[str]:
        """The households with a restriction or an objection that was carried out and not lifted.

        Read from an index alone: ``lifted_on`` is compared here, since MongoDB fetches the document to compare a null.
        """
        where = {"state": str(RequestState.DONE), "kind": {"$in": sorted(RESTRICTING)}}
        with translated(self._client):
            found = self._requests.find(where, {"household": True, "lifted_on": True, "_id": False})
            return frozenset(document["household"] for document in found if document.get("lifted_on") is None)

    def lifted_since(self, day: date) -> frozenset[str]:
        """The households with a restriction or an objection that was lifted on this day or later."""
        where: Document = {"state": str(RequestState.DONE), "kind": {"$in": sorted(RESTRICTING)}}
        where["lifted_on"] = {"$gte": day.isoformat()}
        with translated(self._client):
            return frozenset(
                each["household"] for each in self._requests.find(where, {"household": True, "_id": False})
            )

    def _items(self, request: PersonRequest) -> Document:
        """What is replaced of a request: not its commune, which follows the household's."""
        return {name: value for name, value in self._document(request).items() if name not in {"_id", "commune"}}

    def _document(self, request: PersonRequest) -> Document:
        sealed = {name: self._sealed(request.id, getattr(request, name)) for name in _SEALED}
        days = {name: _day_text(getattr(request, name)) for name in _DAYS}
        steps = [
            {"at": step.at, "actor": step.actor, "what": step.what, "note": self._sealed(request.id, step.note)}
            for step in request.steps
        ]
        return {
            "_id": request.id,
            "kind": str(request.kind),
            "state": str(request.state),
            **{name: getattr(request, name) for name in _PLAIN},
            **days,
            **sealed,
            "steps": steps,
        }

    def _request(self, document: Document) -> PersonRequest:
        items: dict[str, Any] = {name: document.get(name) for name in _PLAIN}
        items |= {name: _day(document.get(name)) for name in _DAYS}
        try:
            texts = {name: self._opened(document["_id"], document[name]) for name in _SEALED}
            notes = [self._opened(document["_id"], step["note"]) for step in document["steps"]]
        except (CiphertextDamaged, KeyError):
            # The others of a list are served all the same, and this one without its texts.
            texts, notes = {"damaged": True}, [None] * len(document["steps"])
        steps = tuple(
            Step(_moment(step["at"]), step["actor"], step["what"], note)
            for step, note in zip(document["steps"], notes, strict=True)
        )
        return PersonRequest(
            id=document["_id"],
            kind=RequestKind(document["kind"]),
            state=RequestState(document["state"]),
            steps=steps,
            **items,
            **texts,
        )

    def _sealed(self, request_id: str, text: str | None) -> Any:
        return None if text is None else self._encryption.seal_of(request_id, text)

    def _opened(self, request_id: str, stored: Any) -> Any:
        """A text decrypted. Raises CiphertextDamaged."""
        return None if stored is None else self._encryption.open_of(request_id, stored)


def _before(request: PersonRequest) -> Document:
    """The condition of the optimistic lock: the revision that this one was made from."""
    return {"_id": request.id, "revision": request.revision - 1}


def _day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _moment(value: Any) -> datetime:
    assert isinstance(value, datetime)  # noqa: S101 - written by us, validated by nobody else
    return value
