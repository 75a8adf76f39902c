"""The register's database: its connection, its encryption, and how transactions run on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from service.settings import Settings
from service.storage.client import Document, RegisterClient, connect, database_of, translated
from service.storage.collections import COLLECTIONS
from service.storage.encryption.fields import FieldEncryption
from service.storage.encryption.master_keys import master_keys
from service.storage.readiness import missing_parts
from service.storage.transactions import Turns, run_transaction

T = TypeVar("T")


class Database:
    """What every repository works on. Connects when first used, so that it can be made before a fork."""

    def __init__(self, settings: Settings, client: MongoClient[Document] | None = None) -> None:
        self._settings = settings
        self.client = connect(settings) if client is None else client
        self.mongo = database_of(self.client)
        self.encryption = FieldEncryption(self.mongo, lambda: master_keys(settings))
        self.collections: Mapping[str, Collection[Document]] = {
            each.name: self.mongo[each.name] for each in COLLECTIONS
        }
        self._turns = Turns()

    @property
    def name(self) -> str:
        """The name of the database in MongoDB."""
        return self.mongo.name

    def __getitem__(self, collection: str) -> Collection[Document]:
        """A declared collection."""
        return self.collections[collection]

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def missing_parts(self) -> list[str]:
        """Names of declared collections and indexes that are not there. Raises StoreUnavailable."""
        with translated(self.client):
            return missing_parts(self.mongo)

    def require_available(self) -> None:
        """Raise StoreUnavailable at once when the database is known to be unavailable."""
        if isinstance(self.client, RegisterClient):
            self.client.require_available()

    def note_timeout(self) -> None:
        """Note that an operation timed out: none waits for the database any more until it is found."""
        if isinstance(self.client, RegisterClient):
            self.client.note_timeout()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all reads of this thread see the database as it is at one moment, whatever is written meanwhile."""
        with translated(self.client), self.client.start_session(snapshot=True) as session, session.bind():
            yield

    def run(self, work: Callable[[ClientSession], T], communes: Iterable[str] = ()) -> T:
        """Run ``work`` in one transaction, again after transient errors. Raises StoreUnavailable, WriteContention.

        The threads of this process take turns in each of the communes.
        """
        with self._turns.of(communes):
            return run_transaction(self.client, self._settings.transaction_seconds, work)
