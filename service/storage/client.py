"""The connection to MongoDB, and what its failures mean to the register."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import MongoClient, ReadPreference
from pymongo.database import Database
from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WriteError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from service.errors import BoundaryUnplaceable, DomainError, StoreRefused, StoreUnavailable
from service.settings import Settings, SettingsInvalid

Document = dict[str, Any]

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


def connect(settings: Settings) -> MongoClient[Document]:
    """A client for the settings' database. To be made after a fork; connects when first used."""
    milliseconds = int(settings.database_timeout_seconds * 1000)
    return MongoClient(
        settings.mongodb_uri,
        tz_aware=True,
        serverSelectionTimeoutMS=milliseconds,
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
    """Why MongoDB refused a document. Its own words quote the document, so they go no further."""
    if code == CANNOT_EXTRACT_GEO_KEYS:
        return BoundaryUnplaceable(pointer="/parcels")
    return StoreRefused(mongodb_code=code)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what pymongo raises into the register's own errors; nobody outside storage knows pymongo."""
    try:
        yield
    except (ConnectionFailure, AutoReconnect, ExecutionTimeout) as error:
        raise StoreUnavailable() from error
    except WriteError as error:
        raise refusal(error.code) from error
    except OperationFailure as error:
        if error.code in _PASSING or error.has_error_label("TransientTransactionError"):
            raise StoreUnavailable() from error
        raise
