"""Accounts and sessions in MongoDB: only hashes of secrets; names are unique without regard to case and diacritics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import msgspec
from pymongo import ReturnDocument
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from schemas.text import fold
from service.access.account import Account, DamagedAccount, Device, Session
from service.access.errors import UsernameTaken
from service.errors import StoreDamaged
from service.storage.client import Document, translated
from service.unit_names import UnitId

ACCOUNTS: Final = "accounts"
SESSIONS: Final = "sessions"


class MongoAccounts:
    """The accounts' store (service/access/accounts.py, AccountStore)."""

    def __init__(self, database: Database[Document]) -> None:
        self._client = database.client
        self._accounts = database[ACCOUNTS]
        self._sessions = database[SESSIONS]

    def add_account(self, account: Account) -> None:
        """Store a new account. Raises UsernameTaken."""
        with translated(self._client):
            try:
                self._accounts.insert_one(_account_document(account))
            except DuplicateKeyError:
                raise UsernameTaken(pointer="/username", username=account.username) from None

    def account(self, account_id: str) -> Account | None:
        """The account with this id."""
        return self._found({"_id": account_id})

    def account_named(self, username: str) -> Account | None:
        """The account with this name, whatever the case and diacritics of its letters."""
        return self._found({"name": _key_of(username)})

    def account_of(self, issuer: str, subject: str) -> Account | None:
        """The account that belongs to an identity of an OpenID provider."""
        return self._found({"external.issuer": issuer, "external.subject": subject})

    def accounts(self, *, after: str | None, limit: int) -> list[Account]:
        """Accounts in order of name, after the name ``after``."""
        where: Document = {} if after is None else {"name": {"$gt": _key_of(after)}}
        found: list[Account] = []
        with translated(self._client):
            for document in self._accounts.find(where).sort("name", 1):
                with suppress(StoreDamaged):
                    found.append(_account(document))
                if len(found) == limit:
                    break
        return found

    def damaged_accounts(self) -> list[DamagedAccount]:
        """The accounts that are stored damaged, which ``accounts`` leaves out."""
        damaged: list[DamagedAccount] = []
        with translated(self._client):
            for document in self._accounts.find().sort("_id", 1):
                try:
                    _account(document)
                except StoreDamaged:
                    damaged.append(DamagedAccount(document["_id"], _readable_area(document.get("area"))))
        return damaged

    def change_account(self, account_id: str, items: Mapping[str, Any]) -> Account | None:
        """Set the named items of an account; returns the account as it is afterwards."""
        plain = {name: _plain(name, value) for name, value in items.items()}
        with translated(self._client):
            document = self._accounts.find_one_and_update(
                {"_id": account_id}, {"$set": plain}, return_document=ReturnDocument.AFTER
            )
        return None if document is None else _account(document)

    def remember_device(self, account_id: str, device: Device, *, keep: int) -> None:
        """Add the device to the account's, or update it; only the last ``keep`` are retained."""
        document = {"secret_hash": device.secret_hash, "name": device.name, "seen_at": device.seen_at}
        others = {
            "$filter": {
                "input": {"$ifNull": ["$devices", []]},
                "cond": {"$ne": ["$$this.secret_hash", device.secret_hash]},
            }
        }
        newest = {"$slice": [{"$concatArrays": [others, [{"$literal": document}]]}, -keep]}
        with translated(self._client):
            self._accounts.update_one({"_id": account_id}, [{"$set": {"devices": newest}}])

    def _found(self, where: Document) -> Account | None:
        with translated(self._client):
            document = self._accounts.find_one(where)
        return None if document is None else _account(document)

    # Sessions --------------------------------------------------------------------------------------------------

    def add_session(self, session: Session) -> None:
        """Store a new session."""
        with translated(self._client):
            self._sessions.insert_one(_session_document(session))

    def session(self, session_id: str) -> Session | None:
        """The session with this id."""
        with translated(self._client):
            document = self._sessions.find_one({"_id": session_id})
        return None if document is None else _session(document)

    def rotate(
        self, session_id: str, *, spent: Sequence[str], successor: str, at: datetime, expires_at: datetime, keep: int
    ) -> bool:
        """Replace the valid token by ``successor`` if it still is the first of ``spent``; returns whether it was."""
        with translated(self._client):
            result = self._sessions.update_one(
                {"_id": session_id, "current": spent[0], "revoked_at": None},
                {
                    "$set": {"current": successor, "used_at": at, "expires_at": expires_at},
                    "$push": {"used": {"$each": list(spent), "$slice": -keep}},
                },
            )
        return result.modified_count == 1

    def revoke(self, session_id: str, *, because: str, at: datetime) -> bool:
        """Revoke a session; returns whether it was valid until then."""
        with translated(self._client):
            result = self._sessions.update_one(
                {"_id": session_id, "revoked_at": None}, {"$set": {"revoked_at": at, "revoked_because": because}}
            )
        return result.modified_count == 1

    def revoke_all(self, account_id: str, *, because: str, at: datetime, but: str | None = None) -> int:
        """Revoke all sessions of an account (but one); returns how many."""
        where: Document = {"account": account_id, "revoked_at": None}
        if but is not None:
            where["_id"] = {"$ne": but}
        with translated(self._client):
            result = self._sessions.update_many(where, {"$set": {"revoked_at": at, "revoked_because": because}})
        return result.modified_count

    def note_reported(self, session_id: str, *, at: datetime) -> bool:
        """Note that the device was informed of its session's end; returns whether for the first time."""
        with translated(self._client):
            result = self._sessions.update_one({"_id": session_id, "reported_at": None}, {"$set": {"reported_at": at}})
        return result.modified_count == 1

    def sessions_of(self, account_id: str) -> list[Session]:
        """The valid sessions of an account, the last used first."""
        with translated(self._client):
            found = self._sessions.find({"account": account_id, "revoked_at": None}).sort("used_at", -1).limit(100)
            return [session for session in map(_session, found) if session is not None]


def _key_of(username: str) -> str:
    return fold(username.encode("utf-8", "replace").decode())[:200]


def _plain(name: str, value: Any) -> Any:
    """An account's item as BSON."""
    if name == "area":
        return list(value)
    if name == "external":
        return None if value is None else {"issuer": value[0], "subject": value[1]}
    if name in {"role", "sight"}:
        return None if value is None else str(value)
    if name == "scopes":
        return list(value)
    if name == "devices":
        return [{"secret_hash": one.secret_hash, "name": one.name, "seen_at": one.seen_at} for one in value]
    return value


_ITEMS: Final = (
    "username",
    "role",
    "area",
    "created_at",
    "created_by",
    "full_name",
    "sight",
    "state",
    "password_hash",
    "must_change_password",
    "secret_hash",
    "scopes",
    "external",
    "devices",
    "updated_at",
)


def _account_document(account: Account) -> Document:
    items = {name: _plain(name, getattr(account, name)) for name in _ITEMS}
    return {"_id": account.id, "name": _key_of(account.username), **items}


def _account(document: Document) -> Account:
    """The account of a document. Raises StoreDamaged."""
    items: Document = {name: document[name] for name in _ITEMS if name in document}
    try:
        if (external := items.get("external")) is not None:
            items["external"] = (external["issuer"], external["subject"])
        # What is missing without a default must not get one, by which somebody could do more.
        if not items.keys() >= _REQUIRED:
            raise StoreDamaged(reason="account")
        return msgspec.convert({"id": document["_id"], **items}, Account, builtin_types=(datetime,))
    except (msgspec.ValidationError, TypeError, KeyError) as error:
        raise StoreDamaged(reason="account") from error


def _readable_area(area: object) -> tuple[UnitId, ...] | None:
    if not isinstance(area, list) or not all(isinstance(unit, str) for unit in area):
        return None
    return tuple(map(UnitId, area))


_REQUIRED: Final = frozenset(_ITEMS) - {"updated_at", "full_name", "devices", "external"}
"""Which items every stored account has. Without a password or a sight it has them as null."""

_SESSION_ITEMS: Final = (
    "account",
    "current",
    "created_at",
    "used_at",
    "expires_at",
    "device_hash",
    "device_name",
    "address",
    "by_cookie",
    "revoked_at",
    "revoked_because",
    "reported_at",
)


_REQUIRED_OF_SESSIONS: Final = frozenset({*_SESSION_ITEMS, "used"}) - {"reported_at"}


def _session_document(session: Session) -> Document:
    return {
        "_id": session.id,
        "used": list(session.used),
        **{name: getattr(session, name) for name in _SESSION_ITEMS},
    }


def _session(document: Document) -> Session | None:
    """The session of a document; None where it is damaged: its holder signs in again, and so ends it."""
    items: Document = {name: document[name] for name in (*_SESSION_ITEMS, "used") if name in document}
    if not items.keys() >= _REQUIRED_OF_SESSIONS:
        return None  # one whose end is missing must not be valid again
    try:
        return msgspec.convert({"id": document["_id"], **items}, Session, builtin_types=(datetime,))
    except msgspec.ValidationError:
        return None
