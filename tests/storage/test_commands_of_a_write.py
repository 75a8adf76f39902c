"""Which commands a write sends to MongoDB, in which order, and that a sharded database could route each of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient, monitoring

from service.actor import Actor
from service.households.erasure import Erasure
from service.households.household_register import HouseholdRegister
from service.households.registration import content_of
from service.settings import Settings
from service.storage.collections import COLLECTIONS, Collection
from service.storage.repositories import Repositories
from service.units.directory import UnitDirectory
from tests.builders import (
    TRUONG_VINH,
    MovedClock,
    a_household,
    a_household_without_boundaries,
    a_parcel,
    a_square,
    an_id,
)

OFFICER = Actor("officer", None)
Command = dict[str, Any]


class Commands(monitoring.CommandListener):
    """Collects what is sent, but for the handshake."""

    def __init__(self) -> None:
        self.sent: list[Command] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name not in {"hello", "ping", "endSessions"}:
            self.sent.append(dict(event.command))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Not of interest."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Not of interest."""

    def names(self) -> list[str]:
        """Command and collection of each."""
        return [f"{next(iter(each))} {next(iter(each.values()))}" for each in self.sent]


@pytest.fixture
def commands() -> Commands:
    return Commands()


@pytest.fixture
def store(register_settings: Settings, commands: Commands) -> Iterator[Repositories]:
    """Repositories whose commands are collected."""
    client = MongoClient[Any](register_settings.mongodb_uri, tz_aware=True, event_listeners=[commands])
    opened = Repositories(register_settings, client)
    yield opened
    opened.close()


@pytest.fixture
def households(store: Repositories, directory: UnitDirectory, clock: MovedClock) -> HouseholdRegister:
    return HouseholdRegister(store, lambda: directory, clock)


def registered(households: HouseholdRegister, commands: Commands) -> dict[str, Any]:
    """Register one household, whose neighbours' cells are there already, and another one; collect the second."""
    households.post(a_household(parcels=[a_parcel(geometry=a_square(105.664, 18.676))]), actor=OFFICER)
    commands.sent.clear()
    other = a_household(parcels=[a_parcel(geometry=a_square(105.668, 18.676))])
    return households.post(other, actor=OFFICER).record


def test_a_registration_is_seven_commands_in_this_order(households: HouseholdRegister, commands: Commands) -> None:
    registered(households, commands)
    assert commands.names() == [
        "aggregate commune_states",
        "update grid_cells",
        "update commune_states",
        "insert households",
        "insert log",
        "insert identities",
        "commitTransaction 1",
    ]


def test_a_registration_without_boundaries_looks_for_the_ids_of_its_parcels_with_the_state(
    households: HouseholdRegister, commands: Commands
) -> None:
    registered(households, commands)
    commands.sent.clear()
    household = a_household_without_boundaries()
    household["parcels"][0]["id"] = an_id()
    households.post(household, actor=OFFICER)
    assert commands.names()[:2] == ["aggregate commune_states", "update commune_states"]
    assert len(commands.names()) == 6


def test_for_ids_that_the_register_gives_nothing_is_looked_for(
    households: HouseholdRegister, commands: Commands
) -> None:
    registered(households, commands)
    commands.sent.clear()
    households.post(a_household_without_boundaries(), actor=OFFICER)
    assert commands.names()[:2] == ["find commune_states", "update commune_states"]
    assert len(commands.names()) == 6


def test_who_claims_the_same_number_is_found_with_the_state_and_no_command_more(
    households: HouseholdRegister, commands: Commands
) -> None:
    registered(households, commands)
    commands.sent.clear()
    record = households.post(a_household_without_boundaries(former_commune="16663"), actor=OFFICER).record
    assert commands.names()[:2] == ["aggregate commune_states", "update commune_states"]
    assert len(commands.names()) == 6
    commands.sent.clear()
    households.put(
        record["id"], {"id": record["id"], **content_of(record), "village": "Xóm 1"}, if_match=1, actor=OFFICER
    )
    assert "aggregate commune_states" not in commands.names()


def test_only_a_household_that_moves_takes_its_requests_along(
    households: HouseholdRegister, commands: Commands
) -> None:
    record = registered(households, commands)
    households.verify(record["id"], if_match=None, actor=OFFICER)
    assert "update requests" not in commands.names()
    commands.sent.clear()
    households.transfer(record["id"], {"commune": TRUONG_VINH}, if_match=None, actor=OFFICER)
    assert commands.names().count("update requests") == 1


SHARDED = {each.name: each.shard_key for each in COLLECTIONS if each.shard_key is not None}


def unrouted(commands: Commands) -> list[Command]:
    """Writes to one document of a sharded collection whose filter does not name the shard key."""
    found = []
    for command in commands.sent:
        name, collection = next(iter(command.items()))
        for write in (*command.get("updates", ()), *command.get("deletes", ())):
            one = not write.get("multi", False) and write.get("limit", 1) == 1
            if collection in SHARDED and one and not SHARDED[collection].keys() <= write["q"].keys():
                found.append({name: collection, "q": write["q"]})
    return found


def test_every_write_to_one_document_names_the_shard_key(
    store: Repositories, households: HouseholdRegister, commands: Commands, clock: MovedClock
) -> None:
    record = registered(households, commands)
    households.verify(record["id"], if_match=None, actor=OFFICER)
    clock.pass_by(days=1)
    households.transfer(record["id"], {"commune": TRUONG_VINH}, if_match=None, actor=OFFICER)
    households.withdraw(record["id"], "moved away", if_match=None, actor=OFFICER)
    Erasure(store.transactions, clock).erase(record["id"], OFFICER)
    assert {"insert", "update", "delete"} <= {next(iter(each)) for each in commands.sent}
    assert unrouted(commands) == []


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda each: each.name)
def test_what_is_unique_stays_unique_across_shards(collection: Collection) -> None:
    """MongoDB refuses a unique index on a sharded collection unless it begins with the shard key."""
    key = tuple(collection.shard_key or ())
    unique = [tuple(index.document["key"]) for index in collection.indexes if index.document.get("unique")]
    assert all(names[: len(key)] == key for names in (("_id",), *unique))
