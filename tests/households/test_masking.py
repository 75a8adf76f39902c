"""Masking: what is left of a person for somebody without sight of persons, and for one without sight of anybody."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest

from service.households.masking import (
    is_small,
    masked_number,
    seen,
    seen_difference,
    seen_note,
    shortened_name,
)
from service.roles import Sight


def household() -> dict[str, Any]:
    return {
        "id": "0192f0c1-7d5e-7b3a-8a55-1d6f4a7c1e11",
        "commune": "16681",
        "village": "Khối 3",
        "address": "số 12",
        "head": {
            "full_name": "Nguyễn Văn An",
            "national_id": "040078001234",
            "old_id_number": "181234567",
            "phone": "+84912345678",
            "birth_date": "1978-05-02",
            "ethnic_group": "03",
        },
        "members": [{"full_name": "Trần Thị Bình", "national_id": "040180005678", "relation": "spouse"}],
        "poverty": "poor",
        "location": {"type": "Point", "coordinates": [105.6640123, 18.6901987]},
        "parcels": [
            {
                "land_use": "LUC",
                "certificate_serial": "CH 123456",
                "declared_area_m2": 1250.0,
                "geometry": {"type": "Polygon", "coordinates": [[[105.0, 18.0], [105.1, 18.0], [105.1, 18.1]]]},
            }
        ],
        "livestock": [{"kind": "buffalo", "heads": 2}],
        "consents": [{"purpose": "ecommerce", "evidence_reference": "giấy 7"}],
        "note": "Ông An vắng nhà",
        "status": "returned",
        "status_reason": "Ông An khai thiếu",
        "findings": [{"code": "x", "severity": "warning", "pointer": "/head", "details": {"name": "An"}}],
        "revision": 3,
    }


PERSONAL = ("Nguyễn", "040078001234", "181234567", "912345678", "Trần", "CH 123456", "số 12", "Ông An", "giấy 7")


def test_with_sight_of_persons_the_record_is_whole() -> None:
    assert seen(household(), Sight.PERSONAL) == household()


@pytest.mark.parametrize("sight", [Sight.MASKED, Sight.NOBODY])
def test_nothing_that_names_a_person_is_left_and_the_record_itself_stays(sight: Sight) -> None:
    record = household()
    text = orjson.dumps(seen(record, sight)).decode()
    assert [word for word in PERSONAL if word in text] == []
    assert record == household()


def test_masked_leaves_enough_to_distinguish_people() -> None:
    shown = seen(household(), Sight.MASKED)
    assert shown["head"]["full_name"] == "N. V. An"
    assert shown["head"]["national_id"] == "•••••••••234"
    assert shown["head"]["birth_date"] == "1978"
    assert shown["location"]["coordinates"] == [105.664, 18.69]
    assert shown["members"][0]["full_name"] == "T. T. Bình"
    assert shown["livestock"] == household()["livestock"]


def test_a_statistical_client_gets_land_and_production_and_no_person() -> None:
    shown = seen(household(), Sight.NOBODY)
    assert "head" not in shown
    assert "members" not in shown
    assert {"poverty", "village", "location", "note"} & set(shown) == set()
    assert shown["parcels"] == [{"land_use": "LUC", "declared_area_m2": 1250.0}]
    assert shown["livestock"] == household()["livestock"]
    assert (shown["commune"], shown["revision"]) == ("16681", 3)


@pytest.mark.parametrize("sight", [Sight.MASKED, Sight.NOBODY])
def test_gaps_in_a_record_are_no_obstacle(sight: Sight) -> None:
    gaps: list[dict[str, Any]] = [{}, {"head": None, "members": None}, {"parcels": [], "location": None}]
    for record in gaps:
        seen(copy.deepcopy(record), sight)


@pytest.mark.parametrize(
    ("pointer", "value", "masked"),
    [
        ("/head/national_id", "040078001234", "•••••••••234"),
        ("/head", {"full_name": "Nguyễn Văn An"}, {"full_name": "N. V. An"}),
        ("/members/2/phone", "+84912345678", "•••••••••678"),
        ("/members", [{"full_name": "Trần Thị Bình"}], [{"full_name": "T. T. Bình"}]),
        ("/livestock/0/heads", 3, 3),
        ("/commune", "16681", "16681"),
    ],
)
def test_a_change_in_the_history_is_masked_as_the_record_is(pointer: str, value: Any, masked: Any) -> None:
    change = {"pointer": pointer, "before": value, "after": value}
    assert seen_difference(change, Sight.MASKED) == {"pointer": pointer, "before": masked, "after": masked}
    assert seen_difference(change, Sight.PERSONAL) == change


@pytest.mark.parametrize("pointer", ["/head/full_name", "/head", "/members/0", "/address", "/location", "/poverty"])
def test_a_change_of_a_person_is_not_there_for_a_statistical_client(pointer: str) -> None:
    assert seen_difference({"pointer": pointer, "after": "x"}, Sight.NOBODY) is None


def test_why_an_overlap_was_settled_is_free_text_too() -> None:
    settled = {"reason": "Ông An đồng ý", "by": "giam.sat"}
    finding = {"code": "parcel.overlap", "pointer": "/parcels/0/geometry"}
    findings = [{**finding, "details": {"parcel": "p", "settled": settled}}]
    shown = seen({"findings": findings}, Sight.MASKED)["findings"][0]
    assert shown["details"] == {"parcel": "p", "settled": {"by": "giam.sat"}}
    change = {"pointer": "/findings/0", "after": findings[0]}
    assert seen_difference(change, Sight.MASKED) == {**change, "after": shown}
    assert seen({"findings": findings}, Sight.PERSONAL)["findings"][0]["details"]["settled"] == settled


@pytest.mark.parametrize(
    ("pointer", "masked", "nobody"),
    [
        ("/head/birth_date", "part", "hidden"),
        ("/members/0/national_id", "part", "hidden"),
        ("/members/1", "part", "hidden"),
        ("/head/no_id_reason", "hidden", "hidden"),
        ("/note", "hidden", "hidden"),
        ("/bank_account", "hidden", "hidden"),
        ("/parcels/0/geometry/coordinates/0", "shown", "hidden"),
        ("/parcels/0/declared_area_m2", "shown", "shown"),
        ("/parcels/0/crops/2", "part", "part"),
        ("/products", "shown", "shown"),
        ("/products/0/certifications/1", "shown", "shown"),
        ("/loans/0", "shown", "part"),
    ],
)
def test_a_finding_reveals_no_more_than_the_item_that_it_is_about(pointer: str, masked: str, nobody: str) -> None:
    finding = {"code": "time.ahead", "pointer": pointer, "details": {"sent": "2026-01-01"}}
    left = {"hidden": [], "part": [{"code": "time.ahead", "pointer": pointer}], "shown": [finding]}
    missing = {"pointer": pointer, "for": "digitized"}
    for sight, visible in ((Sight.MASKED, masked), (Sight.NOBODY, nobody), (Sight.PERSONAL, "shown")):
        shown = seen({"findings": [finding], "missing": [missing]}, sight)
        assert shown == {"findings": left[visible], "missing": [] if visible == "hidden" else [missing]}


def test_a_note_shows_only_what_is_declared_to_be_open() -> None:
    note = {"reason": "Ông An khai thiếu", "to": "16681"}
    assert seen_note(note, Sight.PERSONAL) == note
    assert seen_note(note, Sight.MASKED) == {"to": "16681"}
    assert seen_note({"comment": "Ông An đồng ý"}, Sight.MASKED) is None
    assert seen_note({"reason": "x"}, Sight.NOBODY) is None
    assert seen_note(None, Sight.NOBODY) is None


def test_a_note_about_an_overlap_is_for_readers_who_see_boundaries() -> None:
    overlap = {"finding": "parcel.overlap", "household": "a"}
    assert seen_note(overlap, Sight.MASKED) == overlap
    assert seen_note(overlap, Sight.NOBODY) is None
    assert seen_note({"settled": "p", "reason": "Ông An đồng ý"}, Sight.MASKED) == {"settled": "p"}
    assert seen_note({"settled": "p", "reason": "Ông An đồng ý"}, Sight.NOBODY) is None


def test_short_names_and_numbers_do_not_break() -> None:
    assert shortened_name("") == ""
    assert masked_number("12") == "••"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("An", "A."),
        ("Hơ-Bia", "H."),
        ("H\u2019Hoa", "H."),
        ("- An", "A."),
        ("An 2", "A."),
        ("(An)", "A."),
        ("Lò\u00a0Hoa", "L. Hoa"),
    ],
)
def test_a_name_of_one_word_is_not_shown_whole(name: str, shown: str) -> None:
    record = household() | {
        "head": {"full_name": name},
        "members": [{"full_name": name}],
        "livestock": [{"kind": "buffalo", "linkage": {"form": "sale", "partner": name}}],
    }
    masked = seen(record, Sight.MASKED)
    assert masked["head"]["full_name"] == masked["members"][0]["full_name"] == shown
    assert masked["livestock"][0]["linkage"] == {"form": "sale", "partner": shown}
    assert name not in orjson.dumps(seen(record, Sight.NOBODY)).decode()


@pytest.mark.parametrize("sight", [Sight.MASKED, Sight.NOBODY])
def test_why_there_is_no_number_is_hidden(sight: Sight) -> None:
    record = household() | {"head": {"full_name": "Vi An", "no_id_reason": "bà bỏ quên ở nhà con gái"}}
    assert "con gái" not in orjson.dumps(seen(record, sight)).decode()
    assert seen_difference({"pointer": "/head/no_id_reason", "after": "lost"}, sight) is None


@pytest.mark.parametrize("sight", [Sight.MASKED, Sight.NOBODY])
def test_what_the_schema_does_not_know_is_shown_to_nobody(sight: Sight) -> None:
    unknown = {"bank_account": "0123456789"}
    record = household() | unknown | {"livestock": [unknown], "parcels": [{"crops": [unknown]}], "head": unknown}
    assert "0123456789" not in orjson.dumps(seen(record, sight)).decode()


def test_a_value_of_another_shape_than_its_mask_expects_is_left_out() -> None:
    record = {"head": "Nguyễn Văn An", "location": {"type": "Polygon", "coordinates": [[[105.0, 18.0]]]}, "members": 7}
    assert seen(record, Sight.MASKED) == {}


def test_small_counts_are_withheld() -> None:
    assert [count for count in (0, 1, 4, 5, 120) if is_small(count)] == [1, 4]


# Shapes and edges --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "shown"), [("", ""), ("123", "•••"), ("1234", "•234")])
def test_three_characters_are_left_of_a_number_that_has_more(number: str, shown: str) -> None:
    assert masked_number(number) == shown


@pytest.mark.parametrize("sight", [Sight.MASKED, Sight.NOBODY])
def test_what_is_seen_as_it_is_is_not_copied(sight: Sight) -> None:
    record = {"products": [{"name": "Gạo nếp", "certifications": [{"scheme": "vietgap"}]}], "digital": {"shop": "x"}}
    known = {name: value for name, value in record.items() if name == "products"}
    assert seen(known, sight)["products"] is record["products"]
    record["products"][0]["certifications"].append({"price": 5})
    shown = seen(record, sight)
    assert shown["products"] == [{"name": "Gạo nếp", "certifications": [{"scheme": "vietgap"}, {}]}]


@pytest.mark.parametrize("sight", [Sight.MASKED, Sight.NOBODY])
def test_what_is_no_object_is_left_out_of_a_list_of_objects(sight: Sight) -> None:
    record = {"livestock": [7, {"kind": "buffalo"}], "products": ["x", {"name": "Gạo"}], "loans": 5, "digital": "x"}
    assert seen(record, sight) == {"livestock": [{"kind": "buffalo"}], "products": [{"name": "Gạo"}]}
    assert seen({"livestock": [{"kind": "buffalo", "linkage": 5}]}, sight) == {"livestock": [{"kind": "buffalo"}]}
    assert seen({"livestock": {"kind": "buffalo", "x": 1}}, sight) == {"livestock": {"kind": "buffalo"}}


def test_parcels_keep_their_masked_papers_and_crops() -> None:
    parcel = {"certificate_serial": "CH 123456", "crops": [{"crop": "rice", "linkage": {"partner": "Vi Văn An"}}, {}]}
    (shown,) = seen({"parcels": [parcel]}, Sight.MASKED)["parcels"]
    assert shown == {
        "certificate_serial": "••••••456",
        "crops": [{"crop": "rice", "linkage": {"partner": "V. V. An"}}, {}],
    }
    assert seen({"parcels": [parcel]}, Sight.NOBODY)["parcels"] == [{"crops": [{"crop": "rice", "linkage": {}}, {}]}]


def test_findings_are_left_without_reasons_and_without_what_is_declared_nowhere() -> None:
    details = {"reason": "x", "area_m2": 5, "settled": {"reason": "y", "by": "lead"}}
    about = {"code": "parcel.overlap", "pointer": "/parcels/0/geometry"}
    unit = {"code": "product.unit-missing", "pointer": "/products/0/unit"}
    findings = [
        7,
        {**about, "severity": "warning", "details": details},
        {**about, "reason": "r", "details": 5},
        {**about, "details": {"settled": "y"}},
        {**unit, "details": {"buyer": "Vi Văn An"}},
        {**unit, "details": {}},
        {**unit, "code": "a"},
        {**unit, "code": ["a"]},
        {"code": "product.unit-missing"},
    ]
    boundaries = [{**about, "severity": "warning", "details": {"area_m2": 5, "settled": {"by": "lead"}}}, about, about]
    units = [unit, {**unit, "details": {}}]
    assert seen({"findings": findings}, Sight.MASKED)["findings"] == [*boundaries, *units]
    assert seen({"findings": findings}, Sight.NOBODY)["findings"] == units
    assert seen({"findings": 7}, Sight.MASKED) == seen({"findings": 7}, Sight.NOBODY) == {}


def test_a_position_is_rounded_and_keeps_its_kind_and_another_shape_is_left_out() -> None:
    point = {"type": "Point", "coordinates": [105.66451, 18.69049]}
    assert seen({"location": point}, Sight.MASKED) == {"location": {"type": "Point", "coordinates": [105.665, 18.69]}}
    for other in (5, {"type": "Point"}, {"type": "Point", "coordinates": ["x"]}):
        assert seen({"location": other, "village": "Khối 3"}, Sight.MASKED) == {"village": "Khối 3"}
    assert seen({"head": {"full_name": 5, "birth_date": 5, "sex": "male"}}, Sight.MASKED) == {"head": {"sex": "male"}}


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"before": {"full_name": "Vi Văn An"}, "after": None}, {"before": {"full_name": "V. V. An"}}),
        ({"after": {"full_name": "Vi An", "x": 1}}, {"after": {"full_name": "V. An"}}),
        ({"before": 5, "after": "x"}, None),
        ({}, None),
    ],
)
def test_a_change_shows_the_sides_of_which_anything_may_be_seen(
    change: dict[str, Any], shown: dict[str, Any] | None
) -> None:
    expected = None if shown is None else {"pointer": "/members/3", **shown}
    assert seen_difference({"pointer": "/members/3", **change}, Sight.MASKED) == expected


def test_a_change_of_what_the_schema_does_not_know_is_shown_to_nobody() -> None:
    unknown = (
        "/a~1b",
        "/village~1",
        "/livestock/0/x",
        "/livestock/0/kind~0",
        "/findings/0/details/reason",
        "/findings/0/details/settled/by",
        "/0",
        "/0/a",
    )
    for pointer in unknown:
        assert seen_difference({"pointer": pointer, "after": "x"}, Sight.MASKED) is None
    change = {"pointer": "/parcels/0/geometry/a~1b/c~0d", "after": 1}
    assert seen_difference(change, Sight.MASKED) == change
