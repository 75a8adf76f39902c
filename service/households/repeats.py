"""Recognizing a write that was made before, by what the log says it stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final

from schemas.errors import RecordInvalid
from service.clock import vietnam_day
from service.errors import CommuneNotInForce, CommuneUnknown, DomainError, StoreDamaged
from service.households.agencies import agency_in
from service.households.changes import Record
from service.households.parts import decided_in
from service.households.ports import HouseholdRepositories, Stored
from service.households.registration import fingerprint_of_record, prepare
from service.units.directory import UnitDirectory
from service.units.ports import UnitStore

LIST_LAG: Final = timedelta(minutes=10)
"""So long after an edition's time a write can still have been read by the list before it: the time is taken when the
loading begins, and each worker looks for a newer list only now and then."""


def made_by(
    store: HouseholdRepositories,
    directory: UnitDirectory,
    revision: int,
    content: dict[str, Any],
    household_id: str,
) -> bool:
    """Whether parsed content, resolved as on the day of a revision, is the content that the revision stored.

    So a repeated write is recognized after later revisions, on a later day and under a newer list of units. Where the
    newer list says of that day already that the commune's code meant another unit, the content is read by the list that
    was there then. Another day as of which the code means the same commune says nothing new of the household: it is
    the way out that a refused code's message names.
    """
    try:
        made = store.log.at_revision(household_id, revision)
        before = store.log.at_revision(household_id, revision - 1) if revision > 1 else None
    except StoreDamaged:
        return False  # what was stored is no longer known, so it counts as different
    if made is None:
        return False
    known = None if before is None else before.record
    about = [items.get(name) for items in (content, made.record) for name in ("commune", "former_commune")]
    return any(
        _is_made_of(content, made, known, then, whatever_day=_means_one(content, then, directory))
        for then in chain((directory,), lists_at(store.units, made.record["updated_at"], about))
    )


def _means_one(content: Record, then: UnitDirectory, now: UnitDirectory) -> bool:
    """Whether content gives a day as of which its commune's code means the same unit by both lists."""
    if (day := content.get("commune_as_of")) is None:
        return False
    try:
        return then.in_force(content["commune"], day).identity == now.in_force(content["commune"], day).identity
    except (CommuneUnknown, CommuneNotInForce):
        return False


def lists_at(units: UnitStore, moment: datetime, about: Iterable[str | None]) -> Iterator[UnitDirectory]:
    """The lists, other than the current one, by which the register can have read a write of that moment about units.

    ``about`` are their codes and identities: a list that changed none of them reads it as the current one does.
    """
    found, named = None, [each for each in about if each is not None]
    for at in (moment, moment - LIST_LAG):
        earlier = units.list_at(at, named)
        if earlier is not None and earlier != found:
            found = earlier
            yield UnitDirectory(earlier)


def _is_made_of(
    content: Record,
    made: Stored,
    known: Record | None,
    directory: UnitDirectory,
    *,
    whatever_day: bool,
) -> bool:
    at = made.record["updated_at"]
    try:
        prepared = prepare(
            content,
            made.record["id"],
            directory=directory,
            now=at,
            known=known,
            agency_of=agency_in(made.record),
            part_of=decided_in(made.record, directory, vietnam_day(at)),
        )
    except (DomainError, RecordInvalid):
        return False
    if prepared.fingerprint == made.fingerprint:
        return True
    read_then = {**prepared.content, "commune_as_of": made.record["commune_as_of"]}
    return whatever_day and fingerprint_of_record(read_then) == made.fingerprint
