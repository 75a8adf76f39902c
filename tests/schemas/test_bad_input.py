"""Bad input gets a clear error that names its place, never a crash and never a silent change."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from schemas import rules
from schemas.errors import JsonInvalid, RecordInvalid
from schemas.json_text import parse_json
from schemas.parsing import MOST_ERRORS, dump_household, parse_household
from schemas.text import NOT_IN_NAMES, normalize
from tests.schemas.records import TODAY, example, least, square

NAMES = json.loads((Path(__file__).parents[2] / "form" / "tests" / "names.json").read_text("utf-8"))
"""Names that the phone's check must treat alike (form/tests/definition.test.ts), and the pattern that it receives."""


def errors_of(record: object) -> dict[str, str]:
    """The errors that a record gets: code by pointer."""
    with pytest.raises(RecordInvalid) as refused:
        parse_household(record, today=TODAY)
    return {error.pointer: error.code for error in refused.value.errors}


def with_boundary(geometry: Any) -> dict[str, Any]:
    """The example with another boundary of its parcel."""
    record = example()
    record["parcels"][0]["geometry"] = geometry
    return record


# JSON text


@pytest.mark.parametrize(
    ("body", "code", "params"),
    [
        (b'{"a": 1,\n "b": }', "json.malformed", {"line": 2, "column": 7}),
        (b"", "json.malformed", {"line": 1, "column": 1}),
        (b'{"a": NaN}', "json.not-a-number", {"value": "NaN"}),
        (b'{"a": -Infinity}', "json.not-a-number", {"value": "-Infinity"}),
        (b'{"a": {"sex": 1, "x": 2, "sex": 3}}', "json.duplicate-key", {"key": "sex"}),
        (b'{"a": "\\ud800"}', "json.surrogate", {}),
        (b'{"\\udc00": 1}', "json.surrogate", {}),
        (b'{"a": "\xff"}', "json.encoding", {"position": 7}),
        (b"[" * 33 + b"]" * 33, "json.too-deep", {"max": 32}),
        (b"[" * 100_000, "json.too-deep", {"max": 32}),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "json.too-deep", {"max": 32}),
        (b"1" * 5000, "json.number-too-long", {}),
    ],
)
def test_a_text_that_is_not_good_json_is_refused(body: bytes, code: str, params: dict[str, Any]) -> None:
    with pytest.raises(JsonInvalid) as refused:
        parse_json(body)
    assert (refused.value.code, refused.value.params) == (code, params)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"[" * 32 + b"]" * 32, None),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
        ('\ufeff{"a": "Nguyễn"}'.encode(), {"a": "Nguyễn"}),
        (b'["[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["]', ["[" * 35]),
    ],
)
def test_a_text_that_is_only_unusual_is_read(body: bytes, value: Any) -> None:
    assert value is None or parse_json(body) == value
    parse_json(body)


# Values


@pytest.mark.parametrize("record", [None, [], "household", 1, True, [example()]])
def test_what_is_no_object_is_no_household(record: object) -> None:
    assert errors_of(record)[""] == "item.type"


def test_ten_thousand_members_get_one_error_at_once() -> None:
    record = example()
    record["members"] = [{"full_name": "x" * 500}] * 10_000
    assert errors_of(record) == {"/members": "list.too-long"}


def test_a_name_of_a_megabyte_is_refused_by_its_length() -> None:
    record = example()
    record["head"]["full_name"] = "ữ" * 1_000_000
    assert errors_of(record) == {"/head/full_name": "text.too-long"}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_does_not_know_are_refused(number: float) -> None:
    record = example()
    record["parcels"][0]["declared_area_m2"] = number
    assert errors_of(record) == {"/parcels/0/declared_area_m2": "number.not-finite"}


def test_a_number_of_four_hundred_digits_is_too_large() -> None:
    record = example()
    record["parcels"][0]["declared_area_m2"] = 10**400
    record["livestock"][0]["heads"] = 10**400
    assert set(errors_of(record).values()) == {"number.too-large"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a\x00b", "text.control-character"),
        ("a\x9fb", "text.control-character"),
        ("Khối\n3", "text.control-character"),
        ("a\ud800b", "text.surrogate"),
        ("   ", "text.blank"),
        ("\u3000\u00a0", "text.blank"),
        ("\u200b", "text.blank"),
        ("\u2060\u3164\ufe0f", "text.blank"),
    ],
)
def test_text_with_what_nobody_can_read_is_refused(text: str, code: str) -> None:
    assert errors_of(example() | {"village": text}) == {"/village": code}


@pytest.mark.parametrize("case", NAMES["cases"], ids=lambda case: ascii(case["name"]))
def test_a_name_is_letters_and_the_error_shows_the_character_and_its_place(case: dict[str, Any]) -> None:
    record = least()
    record["head"]["full_name"] = case["name"]
    if case["character"] is None:
        assert parse_household(record, today=TODAY)["head"]["full_name"] == normalize(case["name"])
        return
    with pytest.raises(RecordInvalid) as refused:
        parse_household(record, today=TODAY)
    [error] = refused.value.errors
    assert (error.pointer, error.params["position"]) == ("/head/full_name", case["position"])
    assert error.params["character"] == case["character"]


def test_the_phone_is_tested_with_the_pattern_that_it_is_sent() -> None:
    assert NAMES["pattern"] == NOT_IN_NAMES


@pytest.mark.parametrize("text", ["Kh\ufffdi 3", "\ue000", "Kh\U000f0000i", "\uffff"])
def test_a_character_that_means_nothing_is_refused_in_any_text(text: str) -> None:
    assert errors_of(example() | {"village": text}) == {"/village": "text.unreadable"}


def test_text_is_stored_in_one_normal_form_and_without_spaces_around_it() -> None:
    record = example()
    record["head"]["full_name"] = unicodedata.normalize("NFD", "  Nguyễn  Văn Ân ")
    assert parse_household(record, today=TODAY)["head"]["full_name"] == "Nguyễn  Văn Ân"


@pytest.mark.parametrize(
    ("item", "sent", "stored"),
    [
        ("national_id", "001078\u200b001234", "001078001234"),
        ("national_id", "\u00a0001078001234\u2003", "001078001234"),
        ("national_id", "\uff10\uff10\uff11078001234", "001078001234"),
        ("phone", "\u202a0912345678\u202c", "+84912345678"),
        ("sex", "male\u200b", "male"),
        ("birth_date", "\ufeff1978", "1978"),
    ],
)
def test_what_cannot_be_seen_is_taken_out_of_numbers_dates_and_codes_too(item: str, sent: str, stored: str) -> None:
    record = example()
    record["head"] |= {"birth_date": "1978", "sex": "male", item: sent}
    assert dump_household(parse_household(record, today=TODAY))["head"][item] == stored


def test_a_line_separator_is_a_space_in_a_name_and_a_line_break_in_a_note() -> None:
    content = parse_household(example() | {"village": "Khối\u20283", "note": "a\u2028b"}, today=TODAY)
    assert (content["village"], content["note"]) == ("Khối 3", "a\nb")


def test_a_serial_with_a_letter_that_only_looks_like_another_is_no_finding() -> None:
    record = example()
    record["parcels"][0]["certificate_serial"] = "B\u00d0 123456"
    content = parse_household(record, today=TODAY)
    assert content["parcels"][0]["certificate_serial"] == "BĐ 123456"
    assert [each.code for each in rules.warnings(content, today=TODAY)] == []


def test_a_text_that_grows_in_its_normal_form_is_measured_in_it() -> None:
    record = example() | {"village": "\u0958" * 120}
    assert errors_of(record) == {"/village": "text.grows-too-long"}


@pytest.mark.parametrize("value", ["Male", " male", "", "nam", 1, ["male"], {"male": 1}])
def test_a_code_is_taken_only_as_the_list_writes_it(value: Any) -> None:
    record = example()
    record["head"]["sex"] = value
    assert errors_of(record)["/head/sex"] in ("code.unknown", "item.type")


@pytest.mark.parametrize("value", ["2026-02-30", "2026-13-01", "20261120", "1899-12-31", "hôm nay", "2026-11-20\n"])
def test_a_day_that_is_none_is_refused(value: str) -> None:
    assert errors_of(example() | {"commune_as_of": value})["/commune_as_of"].startswith("date.")


@pytest.mark.parametrize("value", ["2026-11-20T02:11:09", "2026-11-20", "2026-11-20T25:00:00Z", 1700000000])
def test_a_time_without_its_zone_is_refused(value: Any) -> None:
    assert errors_of(example() | {"captured_at": value})["/captured_at"] in ("time.format", "item.type")


def test_a_time_in_another_zone_is_stored_in_utc() -> None:
    content = parse_household(example() | {"captured_at": "2026-11-20T09:11:09.75+07:00"}, today=TODAY)
    assert dump_household(content)["captured_at"] == "2026-11-20T02:11:09Z"


@pytest.mark.parametrize("phone", ["0212345678", "912345678", "+84 912345678", "09123456789", "٠٩١٢٣٤٥٦٧٨"])
def test_a_phone_that_is_none_is_refused(phone: str) -> None:
    record = example()
    record["head"]["phone"] = phone
    assert errors_of(record) == {"/head/phone": "phone.format"}


def test_of_thousands_of_errors_a_bounded_number_is_reported() -> None:
    record = example()
    record["parcels"] = [{f"unknown{number}": 1 for number in range(50)}] * 200
    with pytest.raises(RecordInvalid) as refused:
        parse_household(record, today=TODAY)
    assert len(refused.value.errors) == MOST_ERRORS + 1
    assert refused.value.errors[-1].code == "record.more-errors"


def test_an_unknown_item_is_named_wherever_it_stands() -> None:
    record = least() | {"colour": "red", "a/b~c": 1}
    record["head"]["shoe_size"] = 42
    assert errors_of(record) == {
        "/colour": "item.unknown",
        "/a~1b~0c": "item.unknown",
        "/head/shoe_size": "item.unknown",
    }


# Geometry

RING = square()["coordinates"][0]


def named(name: str) -> dict[str, Any]:
    """A reference system as programs write it into GeoJSON."""
    return {"type": "name", "properties": {"name": name}}


@pytest.mark.parametrize(
    "more",
    [
        {"bbox": [105.0, 18.0, 105.1, 18.1]},
        {"crs": named("urn:ogc:def:crs:OGC:1.3:CRS84")},
        {"crs": named("urn:ogc:def:crs:EPSG::4326"), "bbox": [105, 18, 0, 105.1, 18.1, 9]},
    ],
)
def test_a_boundary_as_programs_write_it_is_the_same_boundary(more: dict[str, Any]) -> None:
    plain = dump_household(parse_household(with_boundary(square()), today=TODAY))
    assert dump_household(parse_household(with_boundary(square() | more), today=TODAY)) == plain


@pytest.mark.parametrize(
    ("geometry", "pointer", "code"),
    [
        ({"type": "Polygon", "coordinates": [RING[:-1]]}, "/coordinates/0", "geometry.not-closed"),
        ({"type": "Polygon", "coordinates": [RING[:3]]}, "/coordinates/0", "geometry.too-few-points"),
        ({"type": "Polygon", "coordinates": [[[105, 18], ["105", 18], [1, 1], [105, 18]]]}, "/coordinates/0/1", None),
        ({"type": "Polygon", "coordinates": [[[105, 18], [105, float("nan")], [1, 1], [105, 18]]]}, None, None),
        ({"type": "Polygon", "coordinates": [[[105, 18], [105, 10**400], [1, 1], [105, 18]]]}, None, None),
        ({"type": "Polygon", "coordinates": [[[105, 18], [105], [1, 1], [105, 18]]]}, "/coordinates/0/1", None),
        ({"type": "Polygon", "coordinates": []}, "/coordinates", "geometry.coordinates"),
        ({"type": "Polygon", "coordinates": 7}, "/coordinates", "geometry.coordinates"),
        ({"type": "Polygon"}, "/coordinates", "geometry.coordinates"),
        ({"type": "MultiPolygon", "coordinates": [[RING[:3]]]}, "/coordinates/0/0", "geometry.too-few-points"),
        ({"type": "Point", "coordinates": [105, 18]}, "/type", "geometry.type"),
        ({"type": ["Polygon"], "coordinates": []}, "/type", "geometry.type"),
        (square() | {"crs": {}}, "/crs", "geometry.crs"),
        (square() | {"crs": None}, "/crs", "geometry.crs"),
        (square() | {"crs": named("urn:ogc:def:crs:EPSG::5897")}, "/crs", "geometry.crs"),
        (square() | {"bbox": [105, 18, "106"]}, "/bbox", "geometry.bbox"),
        (square() | {"colour": "red"}, "/colour", "item.unknown"),
        ({"type": "Feature", "properties": {}, "geometry": square()}, "/type", "geometry.feature"),
        ({"type": "FeatureCollection", "features": []}, "/type", "geometry.feature"),
        ([], "", "item.type"),
        ({"type": "Polygon", "coordinates": [[[105, 18]] * 2002]}, "", "geometry.too-many-points"),
    ],
)
def test_a_boundary_that_is_none_is_refused_where_it_is_wrong(
    geometry: Any, pointer: str | None, code: str | None
) -> None:
    place = "/parcels/0/geometry" + ("/coordinates/0/1" if pointer is None else pointer)
    assert errors_of(with_boundary(geometry)) == {place: code or "geometry.coordinates"}


def test_altitude_is_dropped_and_seven_decimals_are_retained() -> None:
    ring = [[105.12345678, 18.1, 12.0], [105.2, 18.1, 12.0], [105.2, 18.2, 12.0], [105.12345678, 18.1, 12.0]]
    content = parse_household(with_boundary({"type": "Polygon", "coordinates": [ring]}), today=TODAY)
    ring = dump_household(content)["parcels"][0]["geometry"]["coordinates"][0]
    assert ring == [[105.1234568, 18.1], [105.2, 18.1], [105.2, 18.2], [105.1234568, 18.1]]
