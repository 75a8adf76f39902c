"""Any interleaving of writes, retried and concurrent, leaves counters, logs and personal numbers exact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from schemas.errors import RecordInvalid
from service.actor import REGISTER_ITSELF
from service.errors import DomainError, StoreRefused, StoreUnavailable
from service.households.history import partition
from service.settings import Settings
from service.units.attribution import FORMER_UNKNOWN
from service.wiring import Register, wire
from tests.builders import (
    COMMUNES,
    Json,
    MovedClock,
    a_head,
    a_household,
    a_household_without_boundaries,
    a_least_household,
)
from tests.conftest import RETAINED_BETWEEN_TESTS
from tests.storage.writing import assert_exact

MOST_HOUSEHOLDS = 4
"""Few households and communes, so that writes meet."""

THREADS = 6


@dataclass
class World:
    """The households that a run writes about, and who shares a personal number with whom."""

    services: Register
    clock: MovedClock
    households: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        shared = a_head()
        kinds: list[Callable[..., Json]] = [a_household, a_household_without_boundaries, a_least_household, a_household]
        heads = [{"head": shared}, {"head": shared}, {}, {"head": a_head(no_id_reason="lost")}]
        for position in range(MOST_HOUSEHOLDS):
            self.households.append(kinds[position](commune=COMMUNES[position % 3], **heads[position]))


@dataclass(frozen=True)
class Step:
    """One write: what is done to which household, with which of a few variants, and how often it is sent."""

    action: str
    household: int
    variant: int
    times: int
    day: int
    blind: bool
    """Sent without If-Match where the contract lets it."""

    def carry_out(self, world: World) -> None:
        """Send it; what the register refuses is refused. A fault of the register is raised."""
        for _ in range(self.times):
            try:
                self._send(world)
            except (StoreRefused, StoreUnavailable):
                raise
            except (DomainError, RecordInvalid):
                continue

    def _send(self, world: World) -> None:
        register, household = world.services.households, world.households[self.household]
        identity, actor = household["id"], REGISTER_ITSELF
        if self.action == "register":
            register.put(identity, household, if_match=None, actor=actor)
            return
        record = world.services.store.households.record(identity, area=None)
        revision = record["revision"]
        named = None if self.blind else revision
        if self.action == "revise":
            items: Any = [{"village": None}, {"village": "Khối 9"}, {"commune": COMMUNES[self.household % 3]}, {}][
                self.variant
            ]
            body = {name: value for name, value in {**record, **items}.items() if value is not None}
            register.put(identity, body, if_match=revision, actor=actor)
        elif self.action == "new head":
            other = world.households[self.variant]["head"]
            register.put(identity, {**record, "head": other}, if_match=revision, actor=actor)
        elif self.action == "verify":
            register.verify(identity, if_match=named, actor=actor)
        elif self.action == "return":
            register.send_back(identity, f"reason {self.variant % 2}", if_match=named, actor=actor)
        elif self.action == "transfer":
            register.transfer(identity, {"commune": COMMUNES[self.variant % 3]}, if_match=named, actor=actor)
        else:
            register.withdraw(identity, f"reason {self.variant % 2}", if_match=named, actor=actor)


ACTIONS = ["register", "register", "revise", "new head", "verify", "return", "transfer", "withdraw"]
steps = st.builds(
    Step,
    action=st.sampled_from(ACTIONS),
    household=st.integers(0, MOST_HOUSEHOLDS - 1),
    variant=st.integers(0, 3),
    times=st.integers(1, 2),
    day=st.integers(0, 2),
    blind=st.booleans(),
)


@contextmanager
def a_world(register_settings: Settings) -> Iterator[World]:
    """A register without households, also when hypothesis runs a test many times in one go."""
    clock = MovedClock()
    services = wire(register_settings, clock)
    for name in services.store.database.mongo.list_collection_names(filter={"name": {"$nin": RETAINED_BETWEEN_TESTS}}):
        services.store.database[name].delete_many({})
    yield World(services, clock)
    services.store.close()


def assert_whole(world: World) -> None:
    """Everything that must hold whatever was written."""
    store = world.services.store
    assert_exact(store)
    stored = {
        identity: each.record for identity, each in store.households.known(h["id"] for h in world.households).items()
    }
    living = [record for record in stored.values() if record["status"] != "withdrawn"]
    numbers = Counter(record["head"]["national_id"] for record in living if "national_id" in record["head"])
    assert all(count == 1 for count in numbers.values())
    assert store.households.holders_of(numbers).keys() == numbers.keys()
    for identity, record in stored.items():
        entries, _ = partition(store.log.history(identity, before=None, limit=1000))
        made = sorted(entry.revision for entry in entries if entry.record is not None)
        assert made == list(range(1, record["revision"] + 1))
        assert next(entry.record for entry in entries if entry.record is not None) == record
    total = sum(tally.get("registered", 0) for state in store.states.now() for tally in state.tallies.values())
    assert total == len(living)
    assert all(
        former == FORMER_UNKNOWN or count for state in store.states.now() for former, count in state.tallies.items()
    )


bounded = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # a plan of few steps is read as it is; making it shorter takes minutes on a real database
)


@pytest.mark.slow
@given(st.lists(steps, min_size=4, max_size=24))
@bounded
def test_any_order_of_writes_leaves_the_register_exact(register_settings: Settings, plan: list[Step]) -> None:
    with a_world(register_settings) as world:
        for step in sorted(plan, key=lambda step: step.day):
            world.clock.pass_by(days=step.day / len(plan))
            step.carry_out(world)
        assert_whole(world)


@pytest.mark.slow
@given(st.lists(steps, min_size=12, max_size=36))
@bounded
def test_any_writes_at_the_same_time_leave_the_register_exact(register_settings: Settings, plan: list[Step]) -> None:
    with a_world(register_settings) as world:
        for household in world.households:
            Step("register", world.households.index(household), 0, 1, 0, blind=True).carry_out(world)
        with ThreadPoolExecutor(THREADS) as pool:
            for finished in [pool.submit(step.carry_out, world) for step in plan]:
                finished.result()
        assert_whole(world)
