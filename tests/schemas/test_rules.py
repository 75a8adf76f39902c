"""Rules between items: each refuses or remarks on what it should, at the place where it can be mended."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import RecordInvalid
from schemas.parsing import parse_household
from schemas.rules import RULES, current_land_use, warnings
from tests.schemas.records import TODAY, example, least

Record = dict[str, Any]
Change = Callable[[Record], None]


def changed(change: Change) -> Record:
    """The contract's example, changed."""
    record = example()
    change(record)
    return record


def set_at(*path: Any, value: Any) -> Change:
    """Put a value at a path."""

    def change(record: Record) -> None:
        holder: Any = record
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = value

    return change


def again(name: str, **different: Any) -> Change:
    """Have the first element of a list a second time, with some items different."""

    def change(record: Record) -> None:
        record[name].append(deepcopy(record[name][0]) | different)

    return change


def both(*changes: Change) -> Change:
    """Make several changes."""

    def change(record: Record) -> None:
        for each in changes:
            each(record)

    return change


CONSENT = {"purpose": "ecommerce", "granted_at": "2026-11-20T02:11:09Z"}
CERTIFICATE = {"scheme": "vietgap", "issued_on": "2026-05-01", "expires_on": "2025-05-01"}

ERRORS: dict[str, tuple[Change, str]] = {
    "national-id.and-reason": (set_at("head", "no_id_reason", value="lost"), "/head/no_id_reason"),
    "national-id.sex": (set_at("head", "sex", value="female"), "/head/national_id"),
    "national-id.birth-year": (set_at("members", 0, "national_id", value="040181001234"), "/members/0/national_id"),
    "national-id.twice": (
        both(
            set_at("members", 0, "national_id", value="040180001234"),
            again("members", relation="child"),
        ),
        "/members/1/national_id",
    ),
    "birth-date.future": (set_at("members", 0, "birth_date", value="2027"), "/members/0/birth_date"),
    "time.future": (set_at("captured_at", value="2026-11-30T00:00:00Z"), "/captured_at"),
    "consent.purpose-twice": (again("consents"), "/consents/1/purpose"),
    "consent.withdrawn-before-granted": (
        set_at("consents", value=[CONSENT | {"withdrawn_at": "2026-11-19T00:00:00Z"}]),
        "/consents/0/withdrawn_at",
    ),
    "consent.registration-missing": (set_at("legal_basis", value="consent"), "/consents"),
    "code.not-in-scheme": (set_at("parcels", 0, "land_use", value="LUN"), "/parcels/0/land_use"),
    "geometry.range": (set_at("location", "coordinates", value=[598041.942, 2066361.038]), "/location"),
    "location.swapped": (set_at("location", "coordinates", value=[18.69, 105.66]), "/location"),
    "parcel.id-twice": (again("parcels", parcel_number="346"), "/parcels/1/id"),
    "parcel.key-twice": (
        again("parcels", id="0192f0c1-7a3b-7c4d-8e5f-0123456789ad"),
        "/parcels/1/parcel_number",
    ),
    "land-use.twice": (
        set_at("parcels", 0, "land_uses", value=[{"land_use": "LUC", "area_m2": area} for area in (50, 1200)]),
        "/parcels/0/land_uses/1/land_use",
    ),
    "land-use.not-listed": (
        set_at("parcels", 0, "land_uses", value=[{"land_use": "CLN", "area_m2": 1250}]),
        "/parcels/0/land_use",
    ),
    "land-uses.too-large": (
        set_at("parcels", 0, "land_uses", value=[{"land_use": code, "area_m2": 6e7} for code in ("LUC", "CLN")]),
        "/parcels/0/land_uses",
    ),
    "former-commune.contradiction": (
        both(
            set_at("parcels", 0, "former_commune", value="16663"),
            set_at("parcels", 0, "former_commune_unknown", value=True),
        ),
        "/parcels/0/former_commune_unknown",
    ),
    "certificate.expires-before-issued": (
        set_at("products", 0, "certifications", value=[CERTIFICATE]),
        "/products/0/certifications/0/expires_on",
    ),
    "item.required-or": (lambda record: record["head"].pop("national_id"), "/head/national_id"),
}

WARNINGS: dict[str, tuple[Change, str]] = {
    "national-id.place-unknown": (set_at("head", "national_id", value="999078001234"), "/head/national_id"),
    "members.spouse-twice": (again("members"), "/members/1/relation"),
    "head.young": (
        both(set_at("head", "birth_date", value="2015"), set_at("head", "national_id", value="040215001234")),
        "/head/birth_date",
    ),
    "code.newer-than-record": (
        both(set_at("captured_at", value="2025-08-01T00:00:00Z"), set_at("commune_as_of", value="2025-08-01")),
        "/products/0/vsic",
    ),
    "parcel.key-alike": (
        both(
            set_at("parcels", 0, "locality", value="Diễn Minh"),
            again("parcels", id="0192f0c1-7a3b-7c4d-8e5f-0123456789ad", locality="Diễn Bình"),
        ),
        "/parcels/1/parcel_number",
    ),
    "certificate-serial.unknown-shape": (
        set_at("parcels", 0, "certificate_serial", value="12/QSDĐ"),
        "/parcels/0/certificate_serial",
    ),
    "land-uses.area-differs": (
        set_at("parcels", 0, "land_uses", value=[{"land_use": "LUC", "area_m2": 1200}]),
        "/parcels/0/land_uses",
    ),
    "crops.exceed-parcel": (set_at("parcels", 0, "crops", 0, "area_m2", value=2000), "/parcels/0/crops"),
    "crop.part-exceeds-sown": (
        set_at("parcels", 0, "crops", 0, "harvested_area_m2", value=1300),
        "/parcels/0/crops/0/harvested_area_m2",
    ),
    "planting-area-code.unknown-shape": (
        set_at("parcels", 0, "crops", 0, "planting_area_code", value="40-0123"),
        "/parcels/0/crops/0/planting_area_code",
    ),
    "product.unit-missing": (lambda record: record["products"][0].pop("unit"), "/products/0/unit"),
}


@pytest.mark.parametrize("code", ERRORS)
def test_a_broken_rule_refuses_the_record_at_the_item_to_mend(code: str) -> None:
    change, pointer = ERRORS[code]
    with pytest.raises(RecordInvalid) as refused:
        parse_household(changed(change), today=TODAY)
    assert [(error.pointer, error.code) for error in refused.value.errors] == [(pointer, code)]


@pytest.mark.parametrize("code", WARNINGS)
def test_what_is_only_strange_is_remarked_on_and_taken(code: str) -> None:
    change, pointer = WARNINGS[code]
    content = parse_household(changed(change), today=TODAY)
    assert [(finding.pointer, finding.code) for finding in warnings(content, today=TODAY)] == [(pointer, code)]


def test_every_rule_has_a_test() -> None:
    dated = {"code.withdrawn", "code.not-yet-in-force"}  # test_codelists.py, with lists of its own
    assert {code for rule in RULES for code in rule.codes} == ERRORS.keys() | WARNINGS.keys() | dated


@pytest.mark.parametrize(
    ("number", "sex", "birth_date"),
    [
        ("040078001234", "male", "1978"),
        ("040178001234", "female", "1978-05"),
        ("040205001234", "male", "2005-01-31"),
        ("040305001234", "female", "2005"),
        ("040078001234", "unknown", "1978"),
    ],
)
def test_digits_that_agree_with_sex_and_year_are_taken(number: str, sex: str, birth_date: str) -> None:
    record = least()
    record["head"] = {"full_name": "Vi Thị Lan", "national_id": number, "sex": sex, "birth_date": birth_date}
    assert parse_household(record, today=TODAY)["head"]["national_id"] == number


def test_a_parcel_that_names_its_households_own_old_commune_is_the_same_parcel() -> None:
    record = example() | {"former_commune": "16663"}
    first = record["parcels"][0]
    other = {"id": "0192f0c1-7a3b-7c4d-8e5f-0123456789ad"}
    record["parcels"] = [first, first | other | {"former_commune": "16663"}]
    with pytest.raises(RecordInvalid) as refused:
        parse_household(record, today=TODAY)
    assert [error.code for error in refused.value.errors] == ["parcel.key-twice"]
    record["parcels"] = [first, first | other | {"former_commune_unknown": True}]
    assert len(parse_household(record, today=TODAY)["parcels"]) == 2


def test_a_consent_that_was_withdrawn_can_be_given_again() -> None:
    record = example()
    record["consents"] = [CONSENT | {"withdrawn_at": "2026-11-21T00:00:00Z"}, CONSENT]
    assert len(parse_household(record, today=TODAY)["consents"]) == 2


def test_an_old_land_use_code_is_accepted_under_its_scheme_and_retained() -> None:
    record = example()
    record["parcels"][0] |= {"land_use": "LUN", "land_use_scheme": "2018"}
    assert parse_household(record, today=TODAY)["parcels"][0]["land_use"] == "LUN"


@pytest.mark.parametrize(
    ("scheme", "code", "current"),
    [
        ("2018", "LUN", "LUK"),
        ("2018", "BHK", "HNK"),
        ("2018", "NHK", "HNK"),
        ("2018", "LUC", "LUC"),
        (None, "CNT", "CNT"),
    ],
)
def test_old_land_use_codes_have_a_current_one(scheme: str | None, code: str, current: str) -> None:
    assert current_land_use(scheme, code) == current


def test_one_number_means_two_peoples_in_the_two_lists_of_ethnic_groups() -> None:
    record = example()
    record["head"] |= {"ethnic_group": "04", "ethnic_scheme": "census"}
    head = parse_household(record, today=TODAY)["head"]
    assert (head["ethnic_scheme"], head["ethnic_group"]) == ("census", "04")


def test_a_boundary_in_metres_says_its_reference_system() -> None:
    record = example()
    x, y = 598041.942, 2066361.038
    ring = [[x, y], [x + 30, y], [x + 30, y + 30], [x, y + 30], [x, y]]
    record["parcels"][0] |= {"geometry": {"type": "Polygon", "coordinates": [ring]}, "crs": "EPSG:9208"}
    assert parse_household(record, today=TODAY)["parcels"][0]["geometry"].area == pytest.approx(900)


def test_clocks_may_be_a_day_ahead() -> None:
    record = least() | {"captured_at": "2026-11-24T10:00:00+07:00"}
    assert parse_household(record, today=TODAY)["captured_at"].date() == date(2026, 11, 24)


TABLE = json.loads((Path(__file__).parents[2] / "form" / "tests" / "rules.json").read_text("utf-8"))
"""Records and what is found in them by the rules that the phone checks too; the form's tests read the same file."""


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["why"])
def test_the_register_finds_what_the_phone_finds(case: dict[str, Any]) -> None:
    changes = case["changes"]
    record = TABLE["record"] | changes | {"head": TABLE["record"]["head"] | changes.get("head", {})}
    checked = {code for rule in RULES if rule.check for code in rule.codes}
    found = []
    try:
        parse_household(record, today=date.fromisoformat(TABLE["today"]))
    except RecordInvalid as invalid:
        errors = [each for each in invalid.errors if each.code in checked]
        found = [
            [each.pointer, each.code, {name: str(value) for name, value in each.params.items()}] for each in errors
        ]
    assert sorted(found, key=str) == sorted(case["found"], key=str)
