"""The connection to MongoDB, and what its failures mean to the register."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from bson.codec_options import CodecOptions
from pymongo import MongoClient, ReadPreference
from pymongo.database import Database
from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    InvalidOperation,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WriteError,
)
from pymongo.read_concern import ReadConcern
from pymongo.topology_description import TopologyDescription
from pymongo.write_concern import WriteConcern

from service.errors import BoundaryUnplaceable, DomainError, StoreRefused, StoreUnavailable
from service.settings import Settings
from service.settings_invalid import SettingsInvalid

Document = dict[str, Any]

P = ParamSpec("P")
T = TypeVar("T")

CANNOT_EXTRACT_GEO_KEYS = 16755
_PASSING = frozenset(
    {
        50,  # MaxTimeMSExpired
        91,  # ShutdownInProgress
        133,  # FailedToSatisfyReadPreference
        189,  # PrimarySteppedDown
        10107,  # NotWritablePrimary
        11600,  # InterruptedAtShutdown
        11602,  # InterruptedDueToReplStateChange
        13435,  # NotPrimaryNoSecondaryOk
        13436,  # NotPrimaryOrSecondary
    }
)


_PROBE_PAUSE_SECONDS = 0.2


class RegisterClient(MongoClient[Document]):
    """A client that caches whether its database is known to be unavailable.

    While no primary is known, an operation waits for one, since it may be elected within seconds. Once such a wait has
    timed out, no other operation waits, so that a request with three operations, or a thousand requests, do not wait
    again and again. Instead one probe in each process waits all the time, until a primary is found.
    """

    def __init__(self, address: str, patience_seconds: float, **options: Any) -> None:
        super().__init__(address, serverSelectionTimeoutMS=int(patience_seconds * 1000), **options)
        self._patience_seconds = patience_seconds
        self._away_since: float | None = None
        self._there: TopologyDescription | None = None
        self._probing = threading.Lock()

    def require_available(self) -> None:
        """Raise StoreUnavailable at once when no primary has been known for the timeout."""
        if self._sees_primary():
            return
        now = time.monotonic()
        if self._away_since is None:
            self._away_since = now
        elif now - self._away_since >= self._patience_seconds:
            if self._probing.acquire(blocking=False):
                threading.Thread(target=self._probe, name="probe", daemon=True).start()
            raise StoreUnavailable()

    def note_timeout(self) -> None:
        """Note that an operation timed out: none waits any more until a primary is found."""
        if not self._sees_primary():
            self._away_since = float("-inf")

    def _probe(self) -> None:
        """Ping until it succeeds: while an operation waits for a server, pymongo checks for it twice a second."""
        try:
            while True:
                try:
                    self.admin.command("ping")
                    return
                except InvalidOperation:
                    return  # the client was closed
                except PyMongoError:
                    time.sleep(_PROBE_PAUSE_SECONDS)
        finally:
            self._probing.release()

    def _sees_primary(self) -> bool:
        found = self.topology_description
        if found is not self._there:
            if not knows_primary(self):
                return False
            self._there = found
        self._away_since = None
        return True


def knows_primary(client: MongoClient[Document]) -> bool:
    """Whether a primary is known now, so that an operation would not wait for one."""
    found = client.topology_description
    # A client with a direct connection reports its server as writable before it has found it.
    return bool(found.known_servers) and found.has_writable_server()


def waited_in_vain(error: BaseException) -> bool:
    """Whether an operation failed because no primary was found in time.

    pymongo retries what lost its connection. When the retry has waited in vain, pymongo raises the error of the first
    attempt, with the one of the wait as its context.
    """
    return any(isinstance(each, ServerSelectionTimeoutError) for each in (error, error.__context__))


def connect(settings: Settings) -> RegisterClient:
    """A client for the settings' database. To be made after a fork; connects when first used."""
    milliseconds = int(settings.database_timeout_seconds * 1000)
    return RegisterClient(
        settings.mongodb_uri,
        settings.database_timeout_seconds,
        tz_aware=True,
        connectTimeoutMS=milliseconds,
        socketTimeoutMS=max(30_000, milliseconds),
        waitQueueTimeoutMS=milliseconds,
        retryReads=True,
        retryWrites=True,
        appname="so-nong-ho",
    )


def database_of(client: MongoClient[Document]) -> Database[Document]:
    """The database that the address names, with majority reads and writes. Raises SettingsInvalid without a name."""
    database = client.get_default_database(default=None) if _names_database(client) else None
    if database is None:
        raise SettingsInvalid(
            "MONGODB_URI names no database: end the address with /so_nong_ho, before the question mark."
        )
    return database.with_options(
        codec_options=CodecOptions(tz_aware=True),
        read_preference=ReadPreference.PRIMARY,
        read_concern=ReadConcern("majority"),
        write_concern=WriteConcern("majority"),
    )


def _names_database(client: MongoClient[Document]) -> bool:
    try:
        client.get_default_database()
    except PyMongoError:
        return False
    return True


def refusal(code: int | None) -> DomainError:
    """Why MongoDB refused a document. Its own message quotes the document, so it is not passed on."""
    if code == CANNOT_EXTRACT_GEO_KEYS:
        return BoundaryUnplaceable(pointer="/parcels")
    return StoreRefused(mongodb_code=code)


@contextmanager
def translated(client: MongoClient[Document] | None = None) -> Iterator[None]:
    """Translate pymongo's exceptions into the register's own errors; no other room imports pymongo.

    With the client, raises StoreUnavailable at once while its database is known to be unavailable.
    """
    known = client if isinstance(client, RegisterClient) else None
    if known is not None:
        known.require_available()
    try:
        yield
    except (ConnectionFailure, AutoReconnect, ExecutionTimeout) as error:
        if known is not None and waited_in_vain(error):
            known.note_timeout()
        raise StoreUnavailable() from error
    except WriteError as error:
        raise refusal(error.code) from error
    except OperationFailure as error:
        if error.code in _PASSING or error.has_error_label("TransientTransactionError"):
            raise StoreUnavailable() from error
        raise


class _HasClient(Protocol):
    @property
    def client(self) -> MongoClient[Document]: ...


class _Repository(Protocol):
    @property
    def _database(self) -> _HasClient: ...


R = TypeVar("R", bound=_Repository)


def fails_fast(method: Callable[Concatenate[R, P], T]) -> Callable[Concatenate[R, P], T]:
    """Decorator for a repository's method: ``translated`` with the client of its database.

    So of the operations of one request only the first waits for a database that is unavailable, also where the request
    goes on after that one because it has a cached list of units or borders.
    """

    @wraps(method)
    def translating(self: R, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with translated(self._database.client):
            return method(self, *args, **kwargs)

    return translating
