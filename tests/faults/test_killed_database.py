"""mongod is killed while eight clients write: nothing that was acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from service.storage.repositories import Repositories
from tests.builders import a_household
from tests.faults.conftest import RunningRegister
from tests.faults.writers import Writers, assert_stored

pytestmark = [pytest.mark.faults, pytest.mark.slow]


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; a slow machine is given time."""
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.parametrize("seconds_away", [0.0, 4.0])
def test_a_killed_database_costs_no_acknowledged_write(
    running: RunningRegister, store: Repositories, seconds_away: float
) -> None:
    with Writers(running) as writers:
        for _ in range(2):
            writers.wait_for(40)
            running.mongod.kill()
            time.sleep(seconds_away)
            running.mongod.start()
        running.wait_until_ready()
        writers.wait_for(40)
    assert set(writers.statuses) <= {200, 201, 503}
    assert_stored(store, writers)


def test_while_the_database_is_away_the_register_says_so_and_comes_back_by_itself(running: RunningRegister) -> None:
    session, household = running.session(), a_household()
    address = f"{running.address}/v1/households/{household['id']}"
    assert session.put(address, json=household, timeout=30).status_code == 201
    running.mongod.kill()
    for method, target in (("GET", address), ("PUT", address), ("GET", f"{running.address}/v1/coverage")):
        response = session.request(method, target, json=household if method == "PUT" else None, timeout=60)
        assert (response.status_code, response.json()["code"]) == (503, "store.unavailable")
        assert int(response.headers["Retry-After"]) > 0
    assert session.get(f"{running.address}/livez", timeout=60).status_code == 200
    running.mongod.start()
    running.wait_until_ready()
    until(lambda: session.put(address, json=household, timeout=30).status_code == 200)
    # Each worker finds the database by itself, and any of them may respond.
    until(lambda: (found := session.get(address, timeout=30)).status_code == 200 and found.json()["revision"] == 1)
