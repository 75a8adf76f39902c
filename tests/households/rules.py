"""Short ways from a built household to what the rules make of it, on plain objects."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from service.households.changes import Change, Record
from service.households.registration import Prepared, parse, prepare, registration, replacement
from service.households.times import end_of
from service.units.directory import UnitDirectory
from tests.builders import NOW, TODAY, Json

OFFICER = "officer of Thành Vinh"


def prepared(household: Json, directory: UnitDirectory, today: date = TODAY, known: Record | None = None) -> Prepared:
    """A household parsed and resolved on a day."""
    content = parse(household, household["id"], today=today)
    return prepare(content, household["id"], directory=directory, now=end_of(today), known=known)


def registered(household: Json, directory: UnitDirectory, at: datetime = NOW) -> Change:
    """The change that registers a household."""
    return registration(prepared(household, directory), at=at, actor=OFFICER)


def revised(before: Record, directory: UnitDirectory, at: datetime = NOW, **items: Any) -> Change:
    """The change that revises a record by some items."""
    return replacement(prepared({**before, **items}, directory, known=before), before, at=at, actor=OFFICER)
