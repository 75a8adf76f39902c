"""One transaction: retried after transient errors within a bound, committed with majority write concern."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TypeVar

from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.errors import ConnectionFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from service.errors import StoreUnavailable, WriteContention
from service.fail_fast_lock import FailFastLock
from service.retry import tries
from service.storage.client import Document, RegisterClient, knows_primary, translated, waited_in_vain

T = TypeVar("T")

_SNAPSHOT = ReadConcern("snapshot")
_MAJORITY = WriteConcern("majority")
_FIRST_PAUSE_SECONDS = 0.002
_LONGEST_PAUSE_SECONDS = 0.02


def run_transaction(client: MongoClient[Document], seconds: float, work: Callable[[ClientSession], T]) -> T:
    """Run ``work`` in a transaction and commit it; both are retried on what MongoDB labels transient.

    Raises WriteContention when other writes conflicted for ``seconds``, StoreUnavailable when the database cannot be
    reached. A primary is waited for once at most: by a command of ``work``, by the commit, or by the abort after a lost
    connection.
    """
    with translated(client):
        session = client.start_session()
        try:
            return _retried(client, session, seconds, work)
        finally:
            # If the abort failed, the session is not ended: that would wait for a primary again.
            if not session.in_transaction:
                session.end_session()


def _retried(
    client: MongoClient[Document], session: ClientSession, seconds: float, work: Callable[[ClientSession], T]
) -> T:
    end = time.monotonic() + seconds
    transient: PyMongoError | None = None
    for _ in tries(None, seconds=seconds, first_pause=_FIRST_PAUSE_SECONDS, longest_pause=_LONGEST_PAUSE_SECONDS):
        try:
            session.start_transaction(read_concern=_SNAPSHOT, write_concern=_MAJORITY)
            result = work(session)
            _commit(session, end)
            return result
        except PyMongoError as error:
            if waited_in_vain(error):
                raise
            if not _abort(client, session) or not error.has_error_label("TransientTransactionError"):
                raise
            transient = error
        except StoreUnavailable:
            if knows_primary(client):
                _abort(client, session)
            raise
        except BaseException:
            _abort(client, session)
            raise
    if isinstance(transient, ConnectionFailure):
        raise transient
    raise WriteContention() from transient


def _commit(session: ClientSession, end: float) -> None:
    """Commit, and again when the response was lost: MongoDB commits a transaction once however often it is sent."""
    unknown: PyMongoError | None = None
    for _ in tries(None, seconds=max(0.0, end - time.monotonic()), first_pause=_FIRST_PAUSE_SECONDS):
        try:
            session.commit_transaction()
            return
        except PyMongoError as error:
            if waited_in_vain(error) or not error.has_error_label("UnknownTransactionCommitResult"):
                raise
            unknown = error
    assert unknown is not None  # noqa: S101 - the first attempt is always made
    raise unknown


def _abort(client: MongoClient[Document], session: ClientSession) -> bool:
    """Abort the transaction. Otherwise its locks would last until the server aborts it, a minute later.

    Returns whether it is worth trying again: False if no primary was found in time, which pymongo does not report.
    """
    if not session.in_transaction:
        return True
    began = time.monotonic()
    with suppress(PyMongoError):  # the first error is the one to report
        session.abort_transaction()
    if knows_primary(client) or time.monotonic() - began < client.options.server_selection_timeout:
        return True
    if isinstance(client, RegisterClient):
        client.note_timeout()
    return False


class Turns:
    """A lock for each commune, so that the threads of one process write to it one after the other.

    Of two writers to a commune's state MongoDB aborts one; waiting here is cheaper than a retry. The lock is an
    optimization and not what makes the log gapless: processes still meet in the database.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._commune_locks: dict[str, FailFastLock] = {}

    @contextmanager
    def of(self, communes: Iterable[str]) -> Iterator[None]:
        """Take the locks of all ``communes``, in order, so that there is no deadlock.

        Raises StoreUnavailable when the database was found to be unavailable meanwhile.
        """
        with ExitStack() as held:
            for commune in sorted(set(communes)):
                with self._guard:
                    lock = self._commune_locks.setdefault(commune, FailFastLock())
                held.enter_context(lock.held())
            yield
