"""What changed in a log entry, item by item."""

from __future__ import annotations

from typing import Any

from service.households.history import differences_of
from service.households.ports import LogEntry
from tests.builders import NOW, THANH_VINH


def an_entry(record: dict[str, Any] | None, replaced: dict[str, Any] | None) -> LogEntry:
    return LogEntry(THANH_VINH, 1, "revised", "id", 2, NOW, "officer", record, replaced, None, b"", "", "")


def test_a_changed_item_has_both_values() -> None:
    entry = an_entry({"village": "Khối 4"}, {"village": "Khối 3"})
    assert differences_of(entry) == [{"pointer": "/village", "before": "Khối 3", "after": "Khối 4"}]


def test_an_item_that_came_has_no_value_before_and_one_that_went_none_after() -> None:
    entry = an_entry({"address": "số 12"}, {"address": None, "note": "x"})
    assert differences_of(entry) == [{"pointer": "/address", "after": "số 12"}, {"pointer": "/note", "before": "x"}]


def test_items_inside_an_object_are_reported_one_by_one() -> None:
    entry = an_entry({"head": {"sex": "male", "phone": "2"}}, {"head": {"sex": "male", "phone": "1", "a/b": 1}})
    assert differences_of(entry) == [
        {"pointer": "/head/phone", "before": "1", "after": "2"},
        {"pointer": "/head/a~1b", "before": 1},
    ]


def test_lists_of_objects_are_compared_place_by_place() -> None:
    entry = an_entry({"parcels": [{"a": 1}, {"a": 3}, {"a": 4}]}, {"parcels": [{"a": 1}, {"a": 2}]})
    assert differences_of(entry) == [
        {"pointer": "/parcels/1/a", "before": 2, "after": 3},
        {"pointer": "/parcels/2", "after": {"a": 4}},
    ]


def test_other_lists_are_reported_whole() -> None:
    entry = an_entry({"codes": ["a", "b"]}, {"codes": ["a"]})
    assert differences_of(entry) == [{"pointer": "/codes", "before": ["a"], "after": ["a", "b"]}]


def test_a_registration_and_an_erased_entry_show_no_differences() -> None:
    assert differences_of(an_entry({"village": "Khối 3"}, None)) == []
    assert differences_of(an_entry(None, None)) == []


def test_objects_with_ids_are_compared_by_them_wherever_they_stand() -> None:
    before = [{"id": "one", "a": 1}, {"id": "two", "a": 2}, {"id": "three", "a": 3}]
    after = [{"id": "three", "a": 4}, {"id": "two", "a": 2}, {"id": "four", "a": 5}]
    assert differences_of(an_entry({"parcels": after}, {"parcels": before})) == [
        {"pointer": "/parcels/0", "before": {"id": "one", "a": 1}},
        {"pointer": "/parcels/0/a", "before": 3, "after": 4},
        {"pointer": "/parcels/2", "after": {"id": "four", "a": 5}},
    ]


def test_what_a_record_lacks_is_no_difference_of_its_own() -> None:
    assert differences_of(an_entry({"missing": [{"pointer": "/a"}]}, {"missing": []})) == []
