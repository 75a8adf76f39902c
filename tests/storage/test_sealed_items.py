"""Which items are sealed can change, and an item can be a list or an object: what is stored is read all the same."""

from __future__ import annotations

from typing import Any

import pytest
from bson import encode
from pymongo.database import Database

from schemas.protection import sealed_items
from service.access.keys import KeyFolder
from service.storage.collections import COLLECTIONS
from service.storage.encryption.fields import FieldEncryption
from service.storage.encryption.items import ELSEWHERE, Manner
from tests.storage.test_encryption import database, household, keys, prepared, sealed_document

__all__ = ["database", "keys"]

WHOLE: list[Any] = [["agribank", "private"], [], {"type": "Point", "coordinates": [105.66, 18.69]}, {}, 0, False, 2.5]


@pytest.mark.parametrize("value", WHOLE, ids=str)
def test_an_item_of_any_type_is_sealed_as_a_whole(database: Database[Any], keys: KeyFolder, value: Any) -> None:
    encryption = prepared(database, keys, items={"head.item": Manner.HIDDEN, "parcels[].item": Manner.HIDDEN})
    record = {**household(), "head": {"item": value}, "parcels": [{"item": value}, {"land_use": "CLN"}]}
    sealed = sealed_document(encryption, record)
    assert sealed["head"]["item"] == sealed["parcels"][0]["item"] == ELSEWHERE
    assert b"agribank" not in encode(sealed)
    assert encryption.open(sealed) == record


def test_a_reader_cannot_change_what_the_next_one_opens(database: Database[Any], keys: KeyFolder) -> None:
    encryption = prepared(database, keys, items={"codes": Manner.HIDDEN})
    sealed = sealed_document(encryption, {**household(), "codes": ["agribank"]})
    encryption.open(sealed)["codes"].append("private")
    assert encryption.open(sealed)["codes"] == ["agribank"]


def test_what_was_stored_before_an_item_was_sealed_or_opened_is_read(database: Database[Any], keys: KeyFolder) -> None:
    before = prepared(database, keys, items={"head.phone": Manner.SEARCHED, "head.old_id_number": Manner.HIDDEN})
    after = FieldEncryption(database, before._load_master_keys, items={"head.full_name": Manner.HIDDEN})
    stored = sealed_document(before, household())
    assert after.open(stored) == household()
    assert after.open(sealed_document(after, after.open(stored))) == household()


def test_no_index_is_of_a_sealed_item() -> None:
    (households,) = [each for each in COLLECTIONS if each.name == "households"]
    indexed = {path for index in households.indexes for path in index.document["key"]}
    assert "index.searched" in indexed
    assert indexed.isdisjoint(path.replace("[]", "") for path in sealed_items())
