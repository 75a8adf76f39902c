"""The store: everything that the rules ask of MongoDB, in one object that app.py hands in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, TypeVar

from pymongo import MongoClient
from pymongo.client_session import ClientSession
from shapely.geometry.base import BaseGeometry

from service.area import Communes
from service.households.changes import FIRST_HASH, Record
from service.households.ports import (
    CommuneState,
    HouseholdPage,
    HouseholdQuery,
    LogEntry,
    LoggedRecord,
    Stored,
    Transaction,
)
from service.parcels.ports import Boundary
from service.reports.ports import Baseline
from service.settings import Settings
from service.storage import baselines, boundaries, households, log, parcels, recount, units
from service.storage.client import Document, RegisterClient, connect, database_of, translated
from service.storage.collections import COLLECTIONS
from service.storage.encryption import FieldEncryption, master_keys
from service.storage.parcels import CellsMissing
from service.storage.readiness import missing_parts
from service.storage.transaction import CommuneStateMissing, MongoTransaction
from service.storage.transactions import Turns, run_transaction
from service.units.directory import Unit

T = TypeVar("T")


class MongoStore:
    """Fulfils the interfaces of service.households.ports.

    Connects when first used, so that it can be made before a fork.
    """

    def __init__(self, settings: Settings, client: MongoClient[Document] | None = None) -> None:
        self._settings = settings
        self.client = connect(settings) if client is None else client
        self.database = database_of(self.client)
        self.encryption = FieldEncryption(self.database, lambda: master_keys(settings))
        self._turns = Turns()
        self.collections = {each.name: self.database[each.name] for each in COLLECTIONS}

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def ready(self) -> list[str]:
        """What is missing for the register to work: collections and indexes. Raises StoreUnavailable."""
        with translated(self.client):
            return missing_parts(self.database)

    def require_available(self) -> None:
        """Raise StoreUnavailable at once when the database is known to be away."""
        if isinstance(self.client, RegisterClient):
            self.client.require_available()

    def waited_in_vain(self) -> None:
        """Nobody waits for the database again until it is found: somebody has just done so."""
        if isinstance(self.client, RegisterClient):
            self.client.waited_in_vain()

    @contextmanager
    def snapshot(self) -> Iterator[MongoStore]:
        """The store as it is at one moment: every reading inside sees the same state, whatever is written meanwhile."""
        with translated(), self.client.start_session(snapshot=True) as session, session.bind():
            yield self

    def transact(
        self, work: Callable[[Transaction], T], *, communes: Iterable[str] = (), cells: Iterable[int] = ()
    ) -> T:
        """Run ``work`` in one transaction, again after transient errors. Raises StoreUnavailable, WriteContention.

        ``communes`` and ``cells`` as in service.households.ports.HouseholdStore.
        """
        communes = frozenset(communes)

        def in_session(session: ClientSession) -> T:
            return work(MongoTransaction(self.collections, session, self.encryption, communes))

        if cells:
            with translated():
                parcels.make_missing_cells(self.collections, cells)
        while True:
            try:
                with self._turns.of(communes):
                    return run_transaction(self.client, self._settings.transaction_seconds, in_session)
            except CommuneStateMissing as missing:
                self.make_commune_states(missing.communes)
            except CellsMissing as missing_cells:
                with translated():
                    parcels.make_cells(self.collections, missing_cells.cells)

    def make_commune_states(self, communes: Iterable[str]) -> None:
        """Make the states of communes to which nothing was ever written; those that are there stay as they are."""
        with translated():
            for commune in sorted(communes):
                start = {"offset": 0, "hash": FIRST_HASH, "day": None, "tallies": {}}
                self.database["commune_states"].update_one({"_id": commune}, {"$setOnInsert": start}, upsert=True)

    def household(self, household_id: str, area: Communes = None) -> Stored:
        """One household. Raises HouseholdNotFound, also for one outside the area."""
        with translated():
            return households.find_household(self.database, self.encryption, household_id, area)

    def record(self, household_id: str, area: Communes = None) -> Record:
        """A household's record alone. Raises HouseholdNotFound, also for one outside the area."""
        with translated():
            return households.find_record(self.database, self.encryption, household_id, area)

    def households(self, query: HouseholdQuery) -> HouseholdPage:
        """One page of households."""
        with translated():
            return households.find_page(self.database, self.encryption, query)

    def count(self, query: HouseholdQuery) -> int:
        """How many households the query finds in all."""
        with translated():
            return households.count(self.database, self.encryption, query)

    def known(self, household_ids: Iterable[str]) -> dict[str, Stored]:
        """Those of the households that are stored, by id."""
        with translated():
            return households.find_known(self.database, self.encryption, household_ids)

    def households_of_person(self, number: str) -> list[str]:
        """The households whose head or a member has this personal number."""
        sealed = self.encryption.equal_to(number)
        where = {"$or": [{"head.national_id": sealed}, {"members.national_id": sealed}]}
        with translated():
            return [document["_id"] for document in self.database["households"].find(where, {"_id": 1})]

    def holders_of(self, numbers: Iterable[str]) -> dict[str, str]:
        """Household by personal number, for the numbers that are taken."""
        with translated():
            return households.holders_of(self.database, self.encryption, numbers)

    def at_revision(self, household_id: str, revision: int) -> Stored | None:
        """The household as that revision left it, from the log; None where there was none, or it is erased."""
        with translated():
            return log.at_revision(self.database, self.encryption, household_id, revision)

    def history(self, household_id: str, *, before: tuple[int, str] | None, limit: int) -> list[LogEntry]:
        """Log entries of a household, newest first, behind the position ``before``."""
        with translated():
            return log.history(self.database, self.encryption, household_id, before=before, limit=limit)

    def changes(self, after: Mapping[str, int], *, communes: Communes, limit: int) -> tuple[list[LogEntry], bool]:
        """Entries behind each commune's offset, at most ``limit``, and whether there are more."""
        with translated():
            return log.changes(self.database, self.encryption, after, communes=communes, limit=limit)

    def walk(self, commune: str) -> Iterator[LogEntry]:
        """All entries of a commune's log in order of offset. Raises EntryUnreadable at one that is damaged."""
        with translated():
            yield from log.walk(self.database, self.encryption, commune)

    def is_erased(self, household_id: str) -> bool:
        """Whether the log says that the household's people were erased."""
        with translated():
            return log.is_erased(self.database, household_id)

    def logged_records(self, *, after: str | None, limit: int) -> list[LoggedRecord]:
        """Records in order of id behind ``after``, each with the last entry of the log that has a record of it."""
        with self.snapshot() as view:
            return recount.logged_records(view.database, self.encryption, after=after, limit=limit)

    def logged_households(self, *, after: str | None, limit: int) -> list[tuple[str, bool]]:
        """Households that the log knows, in order of id behind ``after``; and whether a record of each is there."""
        with self.snapshot() as view:
            return recount.logged_households(view.database, after=after, limit=limit)

    def hash_at(self, commune: str, offset: int) -> str | None:
        """The hash of one entry of a commune's log; None where there is none."""
        with translated():
            found = self.database["log"].find_one({"_id": log.entry_id(commune, offset)}, {"hash": 1})
        return None if found is None else str(found["hash"])

    def logged_communes(self) -> Iterator[str]:
        """Communes that have a log, whether or not they have a state."""
        with translated():
            yield from log.logged_communes(self.database)

    def commune_states(self, communes: Communes = None) -> list[CommuneState]:
        """Where each commune's log and tallies stand now."""
        with translated():
            return log.commune_states(self.database, communes)

    def commune_states_on(self, day: date) -> list[CommuneState]:
        """Each commune's tallies as they stood at the end of ``day``."""
        with translated():
            return log.commune_states_on(self.database, day)

    def days(self, first: date, last: date) -> Iterator[CommuneState]:
        """Each commune's closing tallies of each day within the span on which it was written to."""
        with translated():
            yield from log.days(self.database, first, last)

    def count_of_other_versions(self, version: str) -> int:
        """How many households were checked by another schema version."""
        with translated():
            return households.count_of_other_versions(self.database, version)

    def of_other_versions(self, version: str, *, after: str | None, limit: int) -> list[Record]:
        """Households of another schema version in order of id, behind ``after``."""
        with translated():
            return households.of_other_versions(self.database, self.encryption, version, after=after, limit=limit)

    def recount(self) -> Iterator[tuple[str, str, dict[str, int]]]:
        """Commune, former commune and counts, counted from the records themselves."""
        with translated():
            yield from recount.recount(self.database)

    def identities(self) -> Iterator[tuple[str, str]]:
        """Every personal number that is taken, with its household."""
        with translated():
            yield from recount.identities(self.database)

    def heads_of_records(self) -> Iterator[tuple[str, str]]:
        """Personal number and household of every household whose head has a number and that is not withdrawn."""
        with translated():
            yield from recount.heads_of_records(self.database, self.encryption)

    def unit_list(self) -> tuple[Unit, ...]:
        """All units of the register."""
        with translated():
            return units.unit_list(self.database)

    def unit_version(self) -> str:
        """Changes whenever the list of units changes."""
        with translated():
            return units.unit_version(self.database)

    def replace_units(self, new: Sequence[Unit]) -> int:
        """Add the units, replacing those of the same key; answers how many differ from before."""
        with translated():
            return units.replace_units(self.database, new)

    def boundaries_of_meeting(self, geometry: Mapping[str, Any]) -> list[Boundary]:
        """All boundaries of the households, but the withdrawn, of which one meets a GeoJSON geometry."""
        with translated():
            return parcels.boundaries_of_meeting(self.collections, geometry)

    def holders_of_parcel(self, parcel: str, area: Communes = None) -> list[str]:
        """The households within the area that hold a parcel of this id."""
        with translated():
            return parcels.holders_of_parcel(self.collections, parcel, area)

    def fallen_in(self, geometry: Mapping[str, Any], area: Communes, items: Sequence[str]) -> Iterator[Record]:
        """Households, but the withdrawn, that the index finds to meet a geometry, with the items asked for.

        Of parcels it may ask for ids, boundaries and areas, which are never encrypted: opening thousands would take
        as long as finding them.
        """
        with translated():
            for record in parcels.fallen_in(self.collections, geometry, area, items):
                yield {**record, **self.encryption.open({n: v for n, v in record.items() if n != "parcels"})}

    def boundary_list(self) -> dict[str, BaseGeometry]:
        """Boundaries of administrative units by code."""
        with translated():
            return boundaries.boundary_list(self.database)

    def boundary_version(self) -> str:
        """Changes whenever the boundaries change."""
        with translated():
            return boundaries.boundary_version(self.database)

    def replace_boundaries(self, new: Mapping[str, BaseGeometry]) -> int:
        """Put boundaries in the place of all that were there; answers how many differ from before."""
        with translated():
            return boundaries.replace_boundaries(self.database, new)

    def put_baseline(self, baseline: Baseline, *, actor: str, at: datetime) -> None:
        """Keep a baseline; one of the same unit and date is replaced."""
        with translated():
            baselines.put_baseline(self.database, baseline, actor=actor, at=at)

    def baselines(self, until: date) -> list[Baseline]:
        """All baselines dated ``until`` or before, in order of date."""
        with translated():
            return baselines.baselines(self.database, until)
