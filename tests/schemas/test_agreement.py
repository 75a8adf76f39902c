"""marshmallow, the compiled parser, JSON Schema and a real MongoDB agree wherever they can say a rule."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import WriteError

from schemas import rules
from schemas.compiled import read_household
from schemas.derive.json_schema import UNSAID, household_components, household_json_schema
from schemas.derive.mongodb import household_validator
from schemas.parsing import dump_household, explain_household
from tests.examples import examples
from tests.schemas.records import TODAY, example, least
from tests.schemas.strategies import Record, broken_households, households

THOROUGH = settings(max_examples=examples(300), deadline=None, suppress_health_check=list(HealthCheck))
Households = Collection[dict[str, Any]]


@cache
def json_schema() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(household_json_schema())


def is_refused(record: Record) -> bool:
    """Whether marshmallow and the rules refuse it for something that JSON Schema can say."""
    content, errors = explain_household(record)
    errors += rules.errors(content, today=TODAY)
    return any(error.code not in UNSAID for error in errors)


@pytest.fixture(scope="module")
def collection(mongodb_uri: str) -> Iterator[Households]:
    with MongoClient[dict[str, Any]](mongodb_uri, directConnection=True) as client:
        database = client[f"agreement_{uuid4().hex[:12]}"]
        yield database.create_collection("households", validator={"$jsonSchema": household_validator()})
        client.drop_database(database)


def mongodb_refuses(collection: Households, record: Record) -> bool:
    """Whether MongoDB itself refuses the record as a document."""
    now = datetime.now(UTC)
    document = {"_id": str(uuid4()), **record, "index": {}, "created_at": now, "updated_at": now}
    document["_id"] = document.pop("id", document["_id"])
    try:
        collection.insert_one(document)
    except WriteError as error:
        # 121: the validator; 53: an _id that is a list.
        if error.code not in (121, 53):
            raise
        return True
    collection.delete_one({"_id": document["_id"]})
    return False


# Making a record costs more than reading it, so each is tried on everything that reads records.


@THOROUGH
@given(record=households())
def test_good_records_are_taken_by_all_and_read_alike(collection: Households, record: Record) -> None:
    content, errors = explain_household(record)
    assert errors == []
    assert read_household(record) == content
    assert explain_household(dump_household(content)) == (content, [])
    assert is_refused(record) is False
    json_schema().validate(record)
    assert not mongodb_refuses(collection, record)


@THOROUGH
@given(record=broken_households())
def test_broken_records_are_refused_by_all_that_can_say_why(collection: Households, record: Record) -> None:
    read = read_household(record)
    content, errors = explain_household(record)
    assert read is None or (errors == [] and read == content)
    refused = is_refused(record)
    assert json_schema().is_valid(record) is not refused
    assert mongodb_refuses(collection, record) is refused


@pytest.mark.parametrize("record", [example(), least()], ids=["example", "least"])
def test_the_contracts_records_are_good_for_all(collection: Households, record: Record) -> None:
    json_schema().validate(record)
    assert not is_refused(record)
    content, _ = explain_household(record)
    assert not mongodb_refuses(collection, dump_household(content))


def test_ciphertext_may_stand_where_personal_text_is_sealed(collection: Households) -> None:
    record = least() | {"head": least()["head"] | {"phone": b"\x06sealed"}}
    assert not mongodb_refuses(collection, record)
    assert mongodb_refuses(collection, least() | {"commune": b"\x06sealed"})


def test_the_json_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(household_json_schema())


def test_exclusive_bounds_stay_exclusive() -> None:
    area = household_components()["Parcel"]["properties"]["declared_area_m2"]
    assert area["exclusiveMinimum"] == 0
    assert "minimum" not in area
    record = example()
    record["parcels"][0]["declared_area_m2"] = 0
    assert not json_schema().is_valid(record)


def test_what_json_schema_cannot_say_is_listed_with_every_rule_between_items() -> None:
    unsaid = {code for rule in rules.RULES if rule.severity == "error" for code in rule.codes} - UNSAID.keys()
    assert unsaid == {"item.required-or", "code.not-in-scheme"}
