"""What a supervisor does with an overlap, or with a parcel that two households claim by number: it is settled."""

from __future__ import annotations

import uuid

from service.actor import Actor
from service.clock import Clock
from service.errors import NothingToSettle, ParcelNotFound, ParcelOfSeveral
from service.households.overlaps import settled
from service.households.parcel_findings import open_findings
from service.households.ports import HouseholdRepositories, Transaction, Written


class ParcelRegister:
    """Settles overlaps and claims."""

    def __init__(self, store: HouseholdRepositories, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def settle(self, parcel: str, reason: str, *, household: str | None = None, actor: Actor) -> Written:
        """Settle every open overlap and claim of a parcel, on all records that report it; returns the parcel's own.

        ``household`` is whose parcel it is: needed where several hold one of this id, since two simultaneous writes
        can both be accepted. Raises ParcelNotFound, ParcelOfSeveral, NothingToSettle.
        """
        try:
            parcel = str(uuid.UUID(parcel))
        except ValueError:
            raise ParcelNotFound(id=parcel[:80]) from None
        holder = self._holder_of(parcel, household, actor)

        def work(transaction: Transaction) -> Written:
            own = transaction.known([holder])
            others = {o["details"]["household"] for s in own.values() for o in open_findings(s.record)}
            everybody = {**transaction.readable(others - set(own)), **own}
            changes = settled(everybody, (holder, parcel), reason, at=self._clock(), actor=actor.name)
            if not changes:
                raise NothingToSettle(id=parcel)
            transaction.apply(changes)
            by_id = {change.record["id"]: change.record for change in changes}
            record = by_id[holder] if holder in by_id else own[holder].record
            return Written(record, neighbours=tuple(one for one in by_id if one != record["id"]))

        return self._store.transactions.run(work)

    def _holder_of(self, parcel: str, household: str | None, actor: Actor) -> str:
        """The household of the parcel, within the actor's area. Raises ParcelNotFound, ParcelOfSeveral."""
        holders = self._store.parcels.holders_of_parcel(parcel, actor.area)
        if household is not None:
            holders = [holder for holder in holders if holder == household]
        if not holders:
            raise ParcelNotFound(id=parcel)
        if len(holders) > 1:
            raise ParcelOfSeveral(pointer="/household", id=parcel, households=", ".join(sorted(holders)))
        return holders[0]
