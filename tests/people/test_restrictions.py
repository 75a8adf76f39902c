"""Restrictions in several workers: each holds everywhere at once, and reading them costs next to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from pymongo import MongoClient, monitoring

from service.actor import Actor
from service.households.history import partition
from service.households.household_register import HouseholdRegister
from service.households.ports import Restrictions
from service.people.person_request import RESTRICTING, RequestKind
from service.people.requests import PeopleRequests
from service.people.working_days import WorkingDays
from service.settings import Settings
from service.storage.repositories import Repositories
from service.units.directory import UnitDirectory
from tests.builders import MovedClock, a_household

OFFICER = Actor("officer", None)


@dataclass(frozen=True)
class Worker:
    """One worker's part in people's requests, and what its Readers leave out."""

    requests: PeopleRequests
    restrictions: Restrictions


Workers = tuple[Worker, Worker]


@pytest.fixture
def workers(register_settings: Settings, directory: UnitDirectory, clock: MovedClock) -> Iterator[Workers]:
    """Two workers on one database."""
    with ExitStack() as opened:

        def worker() -> Worker:
            store = Repositories(register_settings)
            opened.callback(store.close)
            register, days = HouseholdRegister(store, lambda: directory, clock), WorkingDays(frozenset())
            requests = PeopleRequests(store.requests, store.households, register, lambda *_: (), clock, days)
            return Worker(requests, store.requests)

        yield worker(), worker()


@pytest.fixture
def household(store: Repositories, directory: UnitDirectory, clock: MovedClock) -> str:
    register = HouseholdRegister(store, lambda: directory, clock)
    return str(register.post(a_household(), actor=OFFICER).record["id"])


@pytest.mark.parametrize("kind", [RequestKind.RESTRICT, RequestKind.OBJECT])
def test_a_restriction_holds_and_ends_in_every_worker_at_once(
    workers: Workers, household: str, kind: RequestKind
) -> None:
    (here, there), (our, their) = workers, (each.restrictions for each in workers)
    request = here.requests.receive(kind, household, actor=OFFICER)
    assert (our.restricted(), their.restricted()) == (frozenset(), frozenset())
    here.requests.carry_out(request.id, None, actor=OFFICER, note=lambda _: None)
    assert (our.restricted(), their.restricted()) == (frozenset({household}), frozenset({household}))
    there.requests.lift(request.id, actor=OFFICER)
    assert (our.restricted(), their.restricted()) == (frozenset(), frozenset())


def test_of_restrictions_that_end_at_the_same_moment_exactly_one_is_the_last(
    workers: Workers, household: str, store: Repositories
) -> None:
    for _ in range(5):
        requests = [workers[0].requests.receive(kind, household, actor=OFFICER).id for kind in RESTRICTING]
        for step in (partial(_carried_out, workers), partial(_lifted, workers)):
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(step, range(2), requests))
    kinds = [entry.kind for entry in reversed(partition(store.log.history(household, before=None, limit=100))[0])]
    assert kinds == ["registered", *["restricted", "lifted"] * 5]


def _carried_out(workers: Workers, number: int, request: str) -> None:
    workers[number].requests.carry_out(request, None, actor=OFFICER, note=lambda _: None)


def _lifted(workers: Workers, number: int, request: str) -> None:
    workers[number].requests.lift(request, actor=OFFICER)


def test_the_restricted_are_read_from_an_index_alone(
    workers: Workers, household: str, register_settings: Settings
) -> None:
    for kind in (RequestKind.RESTRICT, RequestKind.VIEW):
        request = workers[0].requests.receive(kind, household, actor=OFFICER)
        workers[0].requests.carry_out(request.id, None, actor=OFFICER, note=lambda _: None)
    sent: list[dict[str, Any]] = []

    class Sent(monitoring.CommandListener):
        def started(self, event: monitoring.CommandStartedEvent) -> None:
            sent.extend([dict(event.command)] if event.command_name in {"find", "distinct"} else [])

        def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
            """Not of interest."""

        def failed(self, event: monitoring.CommandFailedEvent) -> None:
            """Not of interest."""

    client = MongoClient[Any](register_settings.mongodb_uri, tz_aware=True, event_listeners=[Sent()])
    store = Repositories(register_settings, client)
    assert store.requests.restricted() == {household}
    (command,) = sent
    query = {name: value for name, value in command.items() if name in {"find", "filter", "projection"}}
    stats = client.get_default_database().command("explain", query, verbosity="executionStats")["executionStats"]
    store.close()
    assert (stats["nReturned"], stats["totalDocsExamined"]) == (1, 0)
