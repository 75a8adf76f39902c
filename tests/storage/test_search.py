"""Finding households by their people's numbers: by an index of digests."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo import MongoClient, monitoring

from service.households.ports import HouseholdQuery
from service.settings import Settings
from service.storage.encryption.fields import FieldEncryption
from service.storage.reencryption import reencrypt
from service.storage.repositories import Repositories
from tests.builders import THANH_VINH, TRUONG_VINH
from tests.storage.writing import a_registration, apply, assert_exact, register

PHONE = "+84912345678"
NUMBER = "040180005678"


def found(store: Repositories, text: str) -> list[str]:
    query = HouseholdQuery(area=frozenset({THANH_VINH, TRUONG_VINH}), text=text, limit=100)
    return [record["id"] for record in store.households.page(query).records]


class Finds(monitoring.CommandListener):
    """Collects the queries that are sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name == "find" and event.command["find"] == "households":
            self.sent.append({name: event.command[name] for name in ("find", "filter", "sort", "limit")})

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Not of interest."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Not of interest."""


def test_a_search_by_a_number_reads_what_it_finds_and_nothing_else(register_settings: Settings) -> None:
    finds = Finds()
    client = MongoClient[Any](register_settings.mongodb_uri, tz_aware=True, event_listeners=[finds])
    store = Repositories(register_settings, client)
    apply(store, *(a_registration() for _ in range(30)))
    record = register(store, head={"full_name": "Bình", "sex": "female", "national_id": NUMBER, "phone": PHONE})
    for text in (NUMBER, "091 234 5678", "912345678"):
        assert found(store, text) == [record["id"]]
    for query in finds.sent:
        statistics = store.database.mongo.command("explain", query, verbosity="executionStats")["executionStats"]
        assert (statistics["nReturned"], statistics["totalDocsExamined"]) == (1, 1)
        assert "'indexName': 'searched'" in str(statistics["executionStages"])
    assert len(finds.sent) == 3
    client.close()


@pytest.mark.parametrize("digests", [None, [], [b"another's"]])
def test_a_household_whose_digests_were_damaged_is_found_again_after_reencryption(
    own_store: Repositories, digests: list[bytes] | None
) -> None:
    record, households = register(own_store), own_store.database["households"]
    damage = {"$unset": {"index.searched": ""}} if digests is None else {"$set": {"index.searched": digests}}
    households.update_one({}, damage, bypass_document_validation=True)
    assert found(own_store, record["head"]["national_id"]) == []
    assert dict(reencrypt(own_store.database))["households"] == 1
    assert found(own_store, record["head"]["national_id"]) == [record["id"]]
    assert dict(reencrypt(own_store.database))["households"] == 0
    assert_exact(own_store)


def test_digests_of_an_older_key_are_renewed_though_a_move_renewed_the_rest(
    own_store: Repositories, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, households = register(own_store), own_store.database["households"]
    number, (before,) = record["head"]["national_id"], households.find()
    monkeypatch.setattr(FieldEncryption, "HANDOVER", FieldEncryption.HANDOVER * 0)
    (old,) = own_store.database.encryption.data_keys()
    own_store.database.encryption.add_data_key()
    assert dict(reencrypt(own_store.database))["households"] == 1
    (after,) = households.find()
    households.update_one({}, {"$set": {"index": before["index"]}})
    assert found(own_store, number) == [record["id"]]
    assert_exact(own_store)
    assert dict(reencrypt(own_store.database))["households"] == 1
    assert households.find_one({}, {"index": 1}) == {"_id": record["id"], "index": after["index"]}
    own_store.database.encryption.retire(old)
    assert found(own_store, number) == [record["id"]]
