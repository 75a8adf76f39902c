"""msgspec checks stored documents; its result equals that of a plain implementation, whatever is damaged."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Decimal128, Int64, ObjectId
from bson.binary import Binary
from bson.code import Code
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.stored import stored_form, stored_items_form
from schemas.versions import MIGRATIONS, SCHEMA_VERSION
from tests.examples import examples
from tests.schemas.records import example
from tests.schemas.stored_plainly import are_stored_items, has_stored_form

NOW = datetime(2026, 11, 20, 2, 11, 9, tzinfo=UTC)
OTHERS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2.5, float("nan"), 2**62, Int64(5), Int64(2**40), Decimal128("1.5")),
    *("", "x", "Point", "Polygon", Code("x"), b"", Binary(b"x", 6), ObjectId(), NOW, NOW.replace(tzinfo=None)),
    *("2026-11-20", "2026-11-31", "20261120", "2026-W47-5", "2026-11", "0000-01-01", "2026-11-20 "),
    *("2026-11-20T02:11:09Z", "2026-11-20T02:11:09", "2026-11-20T02:11:60Z", "2026-11-20t02:11:09z"),
    *("2026-11-20T02:11:09.5+07:00", "2026-11-20T24:00:00Z", "2026-02-30T02:11:09Z", "20261120T021109Z"),
    *([], [[]], ["x"], [None], [{}], {}, {"x": 1}, {"type": "Point", "coordinates": [105.0, 18.0]}),
    *({"type": "Polygon", "coordinates": []}, {"type": "Polygon"}, {"code": "x", "severity": "x", "pointer": "x"}),
)
NAMES = ("type", "coordinates", "details", "settled", "settled_by", "for", "captured_at", "unknown", "former_commune")


def stored() -> dict[str, Any]:
    """A household with everything, as the database returns it."""
    return {
        **deepcopy(example()),
        "id": "0192f0c1-0000-7000-8000-000000000001",
        "commune_as_of": "2026-11-20",
        "captured_at": "2026-11-20T02:11:09Z",
        "status": "submitted",
        "stage": "registered",
        "missing": [{"pointer": "/parcels/0/geometry", "for": "digitized"}],
        "findings": [{"code": "a.b", "severity": "warning", "pointer": "", "details": {"household": b"x", "n": 1}}],
        "derived": {"livestock_units": 2, "area_by_land_use_m2": {"LUC": 5.0}, "farm_class": "crops"},
        "revision": 3,
        "created_at": NOW,
        "updated_at": NOW,
        "schema_version": SCHEMA_VERSION,
    }


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A stored household in which something at any depth was replaced, left out, added or doubled."""
    record = stored()
    record["schema_version"] = draw(st.sampled_from([SCHEMA_VERSION, SCHEMA_VERSION, *MIGRATIONS, "none"]))
    for _ in range(draw(st.integers(1, 2))):
        places = list(places_in(record))
        holder, key = draw(st.sampled_from(places))
        deed = draw(st.sampled_from(("replace", "replace", "replace", "leave out", "add")))
        other = deepcopy(draw(st.sampled_from(OTHERS)))
        if deed == "replace":
            holder[key] = other
        elif deed == "leave out":
            del holder[key]
        elif isinstance(holder, list):
            holder.append(other)
        else:
            holder[draw(st.sampled_from(NAMES))] = other
    return record


def places_in(value: Any) -> Any:
    for key, each in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(each, dict | list):
            yield from places_in(each)


THOROUGH = settings(max_examples=examples(200), deadline=None, suppress_health_check=list(HealthCheck))


@THOROUGH
@given(damaged())
def test_it_agrees_with_the_plain_formulation(record: Any) -> None:
    assert stored_form()(record) == has_stored_form(record)
    for read in (frozenset({"parcels.id", "parcels.geometry", "commune"}), frozenset({"location", "livestock"})):
        assert stored_form(read)(record) == has_stored_form(record, read)
    assert stored_items_form()(record) == are_stored_items(record)


def test_every_other_value_at_every_place_is_checked_as_by_the_plain_formulation() -> None:
    fits, some, whole = stored_form(), stored_items_form(), stored()
    assert fits(whole)
    for holder, key in list(places_in(whole)):
        right = holder[key]
        for other in OTHERS:
            holder[key] = other
            assert fits(whole) == has_stored_form(whole), (key, other)
            assert some(whole) == are_stored_items(whole), (key, other)
        holder[key] = right
        if isinstance(holder, dict):
            del holder[key]
            assert fits(whole) == has_stored_form(whole), key
            holder[key] = right


@pytest.mark.parametrize("other", [None, [], "x", 1, [stored()]])
def test_what_is_no_object_is_no_household(other: Any) -> None:
    assert not stored_form()(other)
    assert not stored_items_form()(other)


def test_numbers_of_the_database_are_numbers() -> None:
    record = stored()
    record["revision"], record["parcels"][0]["declared_area_m2"] = Int64(2**40), Int64(1250)
    assert stored_form()(record)
    assert not stored_form()({**record, "revision": "3"})


@pytest.mark.parametrize("name", ["captured_at", "commune_as_of"])
def test_a_time_of_the_database_is_no_text(name: str) -> None:
    """Programs read these items as text and would fail at a BSON date."""
    assert not stored_form()({**stored(), name: NOW})
    assert not stored_form()({**stored(), name: "x"})
