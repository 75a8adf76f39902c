"""Erasing a household's people (Law 91/2025): record, history and number go; offset, hash and date of the log stay."""

from __future__ import annotations

from dataclasses import replace

from service.actor import Actor
from service.clock import Clock
from service.errors import HouseholdNotFound
from service.households.changes import Entry, moves_between
from service.households.overlaps import without_overlaps_with
from service.households.ports import Transaction, Transactions


class Erasure:
    """Removes a household irrecoverably, in one transaction with the log entry that says that it was done."""

    def __init__(self, transactions: Transactions, clock: Clock) -> None:
        self._transactions = transactions
        self._clock = clock

    def erase(self, household_id: str, actor: Actor) -> tuple[str, ...]:
        """Erase a household of the actor's area, once: a second call changes nothing. Raises HouseholdNotFound.

        Returns the other households whose records were revised with it.

        Nothing is decrypted, and what is damaged is taken from the log, so that any stored household can be erased.

        What stays of it in the log are offset, kind, revision, date, actor, digest and hash: the chain still holds, and
        without the salt nobody can try a guess against the digest. Neighbours' records that reported an overlap with it
        no longer do, and the reason why one was settled, which can name people, goes from their log entries too. The
        note of the entry of the erasure has the digests of what is left of these.
        """

        def work(transaction: Transaction) -> tuple[str, ...]:
            if transaction.was_erased(household_id):
                return ()
            before = transaction.closed_household(household_id)
            if actor.area is not None and before["commune"] not in actor.area:
                raise HouseholdNotFound(id=household_id)
            entry = Entry(
                commune=before["commune"],
                kind="erased",
                household=before["id"],
                revision=before["revision"] + 1,
                at=self._clock(),
                actor=actor.name,
                moves=moves_between(before, None),
            )
            changes = without_overlaps_with(before, transaction, at=entry.at, actor=actor.name)
            if changes:
                transaction.apply(changes)
            redacted = transaction.redact_settlements(before["id"])
            transaction.erase(replace(entry, note={"redacted": redacted} if redacted else None))
            return tuple(change.record["id"] for change in changes)

        return self._transactions.run(work)
