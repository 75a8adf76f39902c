"""The records of the benchmark: demonstration households, as bodies to register and as bare documents."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from random import Random
from typing import Any

from benchmarks.bare import Prepared, prepared
from schemas.parsing import parse_household
from service.clock import system_clock, vietnam_day
from service.demonstration.households import Demonstration, Household
from service.households.changes import Change
from service.households.registration import prepare, registration
from service.households.times import end_of
from service.province import Province, read_province
from service.storage.encryption.fields import FieldEncryption
from service.units.directory import UnitDirectory
from service.units.unit_list import read_units


def province() -> Province:
    """Return the province whose households are made: the one of the environment."""
    return read_province(os.environ.get("PROVINCE", ""))


def directory() -> UnitDirectory:
    """Return the official units."""
    return UnitDirectory(read_units(province().units))


def households(count: int, seed: int = 1) -> list[Household]:
    """Return demonstration households in an order independent of communes, as eight officers would send them."""
    made = list(Demonstration(directory(), province(), seed).households(count))
    Random(seed).shuffle(made)
    return made


def commune() -> str:
    """Return the code of one commune of the province."""
    return province().example.commune


def in_one_commune(bodies: Sequence[Household]) -> list[Household]:
    """Return the same households, all of one commune."""
    code = commune()
    place = {"former_commune", "commune_as_of", "captured_at"}
    return [{name: value for name, value in body.items() if name not in place} | {"commune": code} for body in bodies]


def changes(bodies: Sequence[Household]) -> list[Change]:
    """Return the changes that registering the bodies commits."""
    now = system_clock()
    today: date = vietnam_day(now)
    units = directory()
    made = []
    for body in bodies:
        ready = prepare(parse_household(body, today=today), body["id"], directory=units, now=end_of(today))
        made.append(registration(ready, at=now, actor="benchmark"))
    return made


def documents(bodies: Sequence[Household], encryption: FieldEncryption) -> list[Prepared]:
    """Return the documents that registering the bodies commits."""
    return [prepared(change, encryption) for change in changes(bodies)]


def shares(everything: Sequence[Any], clients: int) -> list[list[Any]]:
    """Distribute items among clients."""
    return [list(everything[client::clients]) for client in range(clients)]
