"""A household in its JSON form becomes content, and comes out as it went in."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from schemas.errors import RecordInvalid
from schemas.example import ExamplePlace, example_household
from schemas.parsing import dump_household, parse_household
from schemas.partial_date import PartialDate
from schemas.requirements import Missing, missing_items
from schemas.rules import warnings
from tests.schemas.records import TODAY, example, least


def codes(record: Any) -> dict[str, str]:
    """The errors that a record gets: code by pointer."""
    with pytest.raises(RecordInvalid) as refused:
        parse_household(record, today=TODAY)
    return {error.pointer: error.code for error in refused.value.errors}


def test_the_contracts_example_parses_and_comes_out_the_same() -> None:
    content = parse_household(example(), today=TODAY)
    assert content["head"]["birth_date"] == PartialDate(1978, 5, 2)
    assert content["head"]["phone"] == "+84912345678"
    assert content["captured_at"] == datetime(2026, 11, 20, 2, 11, 9, tzinfo=UTC)
    assert content["commune_as_of"] == date(2026, 11, 20)
    assert parse_household(dump_household(content), today=TODAY) == content


def test_the_contracts_example_lacks_nothing() -> None:
    content = parse_household(example(), today=TODAY)
    assert missing_items(content) == []
    assert warnings(content, today=TODAY) == []


PLACE = ExamplePlace("16681", "16663", (105.66, 18.69), "040078001234")


def test_the_example_of_the_documents_is_digitized_and_written_as_it_would_be_returned() -> None:
    content = parse_household(example_household(PLACE), today=TODAY)
    assert dump_household(content) == example_household(PLACE)
    assert missing_items(content) == []


def test_what_the_register_gives_is_read_past() -> None:
    content = parse_household(example(), today=TODAY)
    assert "status" not in content
    assert "measured_area_m2" not in content["parcels"][0]


def test_the_least_that_registers_says_what_it_lacks() -> None:
    content = parse_household(least(), today=TODAY)
    pointers = {missing.pointer for missing in missing_items(content) if missing.for_ == "standardized"}
    assert pointers == {"/village", "/head/birth_date", "/head/ethnic_group", "/poverty", "/parcels"}


def test_a_parcel_without_its_boundary_lacks_it_for_digitized() -> None:
    record = example()
    del record["parcels"][0]["geometry"]
    assert missing_items(parse_household(record, today=TODAY)) == [Missing("/parcels/0/geometry", "digitized")]


def test_every_error_comes_at_once() -> None:
    members = [1, {"full_name": "a\x01", "~/": 1}]
    record: dict[str, Any] = {"head": {}, "members": members, "village": None, "poverty": "x"}
    assert codes(record) == {
        "/commune": "item.required",
        "/legal_basis": "item.required",
        "/head/full_name": "item.required",
        "/head/sex": "item.required",
        "/head/national_id": "item.required-or",
        "/members/0": "item.type",
        "/members/1/full_name": "text.control-character",
        "/members/1/~0~1": "item.unknown",
        "/village": "item.null",
        "/poverty": "code.unknown",
    }
