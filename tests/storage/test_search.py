"""Finding households by their people's numbers: by an index of digests, and after the version that had none."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo import ASCENDING, MongoClient, monitoring

from service.households.ports import HouseholdQuery
from service.settings import Settings
from service.storage.documents import SEARCHED
from service.storage.encryption.fields import FieldEncryption
from service.storage.encryption.items import ELSEWHERE, SEALED
from service.storage.migration import migrate
from service.storage.reencryption import digest_searched_items, reencrypt
from service.storage.repositories import Repositories
from tests.builders import THANH_VINH, TRUONG_VINH
from tests.storage.writing import a_registration, apply, assert_exact, register

PHONE = "+84912345678"
NUMBER = "040180005678"
RETIRED = {"head_phone": "head.phone", "member_national_id": "members.national_id"}


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


def as_an_earlier_version_stored_it(store: Repositories, household: str, *, has_members: bool) -> None:
    """Replace the searched items by ciphertexts, and create the indexes of these."""
    households, seal = store.database["households"], store.database.encryption.seal_value
    places = {"head.phone": PHONE, "members.0.national_id": NUMBER} if has_members else {"head.phone": PHONE}
    in_places = {place: seal(value) for place, value in places.items()}
    changed = {"$set": in_places, "$unset": {f"index.{SEARCHED}": ""}}
    households.update_one({"_id": household}, changed, bypass_document_validation=True)
    for name, item in RETIRED.items():
        households.create_index([(item, ASCENDING)], name=name, sparse=True)


def test_households_of_an_earlier_version_are_found_after_migration(
    commanded_settings: Settings, own_store: Repositories
) -> None:
    people: dict[str, Any] = {
        "head": {"full_name": "Nguyễn Văn An", "sex": "male", "national_id": "040078001234", "phone": PHONE},
        "members": [{"full_name": "Trần Thị Bình", "relation": "spouse", "sex": "female", "national_id": NUMBER}],
    }
    record, other = register(own_store, **people), register(own_store)
    before = own_store.database["households"].find_one({"_id": record["id"]}) or {}
    as_an_earlier_version_stored_it(own_store, record["id"], has_members=True)
    assert own_store.households.find(record["id"], area=None).record == record
    assert found(own_store, PHONE) == []
    printed: list[str] = []
    migrate(commanded_settings, say=printed.append)
    after = own_store.database["households"].find_one({"_id": record["id"]}) or {}
    assert {**after, SEALED: b""} == {**before, SEALED: b""}
    assert after["head"]["phone"] == after["members"][0]["national_id"] == ELSEWHERE
    assert found(own_store, PHONE) == found(own_store, NUMBER) == [record["id"]]
    assert own_store.database["households"].index_information().keys().isdisjoint(RETIRED)
    assert own_store.households.find(other["id"], area=None).record == other
    assert printed == ["households: 1 are found by digests now; 2 indexes of ciphertexts are dropped"]
    assert_exact(own_store)
    migrate(commanded_settings, say=printed.append)
    assert len(printed) == 1


def test_a_damaged_household_of_an_earlier_version_holds_up_no_other(own_store: Repositories) -> None:
    one, other = (register(own_store, head={**a_registration().record["head"], "phone": PHONE}) for _ in range(2))
    for each in (one, other):
        as_an_earlier_version_stored_it(own_store, each["id"], has_members=False)
    own_store.database["households"].update_one({"_id": one["id"]}, {"$set": {SEALED: b"x"}})
    printed: list[str] = []
    digest_searched_items(own_store.database, printed.append)
    assert any(one["id"] in each and other["id"] not in each for each in printed)
    assert found(own_store, other["head"]["national_id"]) == [other["id"]]


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
