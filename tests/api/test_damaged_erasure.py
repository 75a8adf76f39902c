"""Law 91/2025: a household can be erased however damaged it is stored, and its neighbours and counters follow."""

from __future__ import annotations

import pytest

from service.jobs.reconciliation import reconcile, reconcile_records, verify_log
from service.storage.repositories import Repositories
from tests.api.asking import Register
from tests.api.damaging import Documents, changes_of_plain_items, damage_plain_items
from tests.api.test_any_damage import SOUTH, a_row_and_its_neighbour, erased
from tests.builders import THANH_VINH, TRUONG_VINH, Json

pytestmark = pytest.mark.slow


def one_of(documents: Documents, household: Json) -> Json:
    return documents["households"].find_one({"_id": household["id"]}) or {}


def is_used(change: Json) -> bool:
    """Whether an erasure uses the item that an update damages."""
    ((path, _),) = next(iter(change.values())).items()
    return path.partition(".")[0] in {"commune", "status", "stage", "revision", "findings", "parcels"}


def overlaps(record: Json) -> int:
    return sum(finding["code"] == "parcel.overlap" for finding in record["findings"])


def test_a_household_with_any_damaged_item_can_be_erased_and_is_no_longer_counted(
    register: Register, store: Repositories, session_database: Documents
) -> None:
    (first,), _ = a_row_and_its_neighbour(register, 1, south=SOUTH + 0.02)
    every = changes_of_plain_items(one_of(session_database, first), each=2)
    changes = [each for each in every if is_used(each)][::3]
    row, neighbour = a_row_and_its_neighbour(register, len(changes))
    assert overlaps(register.household(neighbour["id"])) == len(row)
    damage_plain_items(session_database, "households", [each["id"] for each in row], changes)
    for household, change in zip(row, changes, strict=True):
        assert erased(register, household).get_json().get("state") == "done", change
    assert overlaps(register.household(neighbour["id"])) == 0
    assert list(reconcile(store)) == []
    assert list(reconcile_records(store)) == []
    assert [log.broken for log in verify_log(store) if log.broken] == []


@pytest.mark.parametrize("item", ["status", "stage", "findings", "revision", "commune"])
def test_a_household_whose_log_is_damaged_as_well_can_be_erased(
    register: Register, session_database: Documents, item: str
) -> None:
    (household,), _ = a_row_and_its_neighbour(register, 1)
    (entry,) = session_database["log"].find({"household": household["id"], "revision": 2})
    damage_plain_items(session_database, "households", [household["id"]], [{"$set": {item: [None]}}])
    damage_plain_items(session_database, "log", [entry["_id"]], [{"$set": {"record": [None]}}])
    assert erased(register, household).get_json().get("state") == "done"
    assert one_of(session_database, household) == {}
    (last,) = session_database["log"].find({"household": household["id"], "kind": "erased"})
    assert (last["commune"], last["revision"]) == (THANH_VINH, 3)


def test_a_household_that_moved_is_erased_where_it_is(register: Register, session_database: Documents) -> None:
    household = register.registered(commune=TRUONG_VINH)
    assert register.step(household["id"], "transfer", {"commune": THANH_VINH}).status_code == 200
    damage_plain_items(session_database, "households", [household["id"]], [{"$set": {"commune": "?"}}])
    assert erased(register, household).get_json().get("state") == "done"
    (last,) = session_database["log"].find({"household": household["id"], "kind": "erased"})
    assert (last["commune"], last["revision"]) == (THANH_VINH, 3)
