"""Recognizing a write that was made before, by what the log says it stored."""

from __future__ import annotations

from typing import Any

from schemas.errors import RecordInvalid
from service.clock import vietnam_day
from service.errors import DomainError, StoreDamaged
from service.households.agencies import agency_in
from service.households.parts import decided_in
from service.households.ports import HouseholdRepositories
from service.households.registration import prepare
from service.units.directory import UnitDirectory


def made_by(
    store: HouseholdRepositories,
    directory: UnitDirectory,
    revision: int,
    content: dict[str, Any],
    household_id: str,
    *,
    confirmed_anew: bool = False,
) -> bool:
    """Whether parsed content, resolved as on the day of a revision, is the content that the revision stored.

    So a repeated write is recognized after later revisions, on a later day and under a newer list of units.
    """
    try:
        made = store.log.at_revision(household_id, revision)
        before = store.log.at_revision(household_id, revision - 1) if revision > 1 else None
    except StoreDamaged:
        return False  # what was stored is no longer known, so it counts as different
    if made is None:
        return False
    known = None if before is None else before.record
    try:
        at = made.record["updated_at"]
        prepared = prepare(
            content,
            household_id,
            directory=directory,
            now=at,
            known=known,
            confirmed_anew=confirmed_anew,
            agency_of=agency_in(made.record),
            part_of=decided_in(made.record, directory, vietnam_day(at)),
        )
    except (DomainError, RecordInvalid):
        return False
    return prepared.fingerprint == made.fingerprint
