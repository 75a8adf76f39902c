"""Rules between items at their edges, and the details with which they report what they found."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import pytest
from shapely import Point

from schemas import rules
from schemas.errors import THE_ITEM, Detail, Reveals, pointer
from schemas.partial_date import PartialDate
from schemas.rules.rule import VIETNAM
from tests.schemas.records import TODAY

Content = dict[str, Any]


def found(content: Content, *codes: str, today: date = TODAY) -> list[tuple[str, str, dict[str, Any]]]:
    """What the rules with these codes report in parsed content: code, pointer, details."""
    chosen = [rule for rule in rules.RULES if set(rule.codes) & set(codes)]
    assert chosen
    return [(code, pointer(path), dict(params)) for rule in chosen for path, code, params in rule.find(content, today)]


def a_person(number: str | None = None, sex: str | None = None, born: str | None = None) -> Content:
    given = {"national_id": number, "sex": sex, "birth_date": PartialDate.parse(born) if born else None}
    return {name: value for name, value in given.items() if value is not None}


# Reports -----------------------------------------------------------------------------------------------------------


def test_errors_and_warnings_carry_code_place_and_details() -> None:
    content = {"head": a_person("999078001234", "female"), "members": [], "location": Point(200, 95)}
    assert [(each.pointer, each.code, each.params) for each in rules.errors(content, today=TODAY)] == [
        ("/head/national_id", "national-id.sex", {"digit": 0}),
        ("/location", "geometry.range", {"x": 200.0, "y": 95.0}),
    ]
    (warning,) = rules.warnings(content, today=TODAY)
    assert (warning.code, warning.severity, warning.pointer) == (
        "national-id.place-unknown",
        "warning",
        "/head/national_id",
    )
    assert warning.params == {"place": "999"}


@pytest.mark.parametrize(
    ("sex", "birth", "found"),
    [
        ("female", "1978", ["national-id.sex"]),
        ("male", "1979", ["national-id.birth-year"]),
        ("female", "1979-05", ["national-id.sex", "national-id.birth-year"]),
        ("male", "1978", []),
    ],
)
@pytest.mark.parametrize("place", ["/head", "/members/0"])
def test_a_contradicting_number_is_an_error_until_it_is_confirmed_and_then_a_warning(
    place: str, sex: str, birth: str, found: list[str]
) -> None:
    person = a_person("040078001234", sex) | {"birth_date": PartialDate.parse(birth)}
    expected = [(code, f"{place}/national_id") for code in found]
    for confirmed in (False, True):
        someone = {**person, "national_id_confirmed": confirmed}
        content = {"head": someone} if place == "/head" else {"head": {}, "members": [someone]}
        reports = rules.errors(content, today=TODAY), rules.warnings(content, today=TODAY)
        codes = [[(each.code, each.pointer) for each in some if each.code in found] for some in reports]
        assert codes == ([[], expected] if confirmed else [expected, []])


def test_without_a_day_the_warnings_are_those_of_today_in_vietnam() -> None:
    year = datetime.now(UTC).astimezone(VIETNAM).year
    assert [each.code for each in rules.warnings({"head": a_person(born=str(year - 5))})] == ["head.young"]
    assert rules.warnings({"head": a_person(born=str(year - 40))}) == []


class NewYearInVietnam(datetime):
    """One in the morning of the first of January in Vietnam, and still December in UTC."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime(2026, 12, 31, 18, tzinfo=UTC).astimezone(tz or UTC)


def test_a_year_of_age_is_counted_from_the_new_year_of_vietnam(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "datetime", NewYearInVietnam)
    assert rules.warnings({"head": a_person(born="2012")}) == []
    assert [each.params for each in rules.warnings({"head": a_person(born="2013")})] == [{"age": 14}]


def test_a_rule_says_in_one_line_what_it_checks() -> None:
    summaries = [rule.summary for rule in rules.RULES]
    assert "A household's head has at most one spouse." in summaries
    assert all(each and "\n" not in each for each in summaries)


@pytest.mark.parametrize(
    ("content", "day"),
    [
        ({"commune_as_of": date(2025, 7, 1), "captured_at": datetime(2026, 1, 1, tzinfo=UTC)}, date(2025, 7, 1)),
        ({"captured_at": datetime(2026, 1, 1, 18, tzinfo=UTC)}, date(2026, 1, 2)),  # it is the next day in Vietnam
        ({"captured_at": datetime(2026, 1, 1, 16, tzinfo=UTC)}, date(2026, 1, 1)),
        ({}, TODAY),
    ],
)
def test_the_day_of_a_record(content: Content, day: date) -> None:
    assert rules.record_day(content, TODAY) == day


def test_a_land_use_code_that_is_in_no_scheme_is_a_key_error() -> None:
    for scheme, code in (("2018", "XYZ"), (None, "LUN"), ("2024", "LUN")):
        with pytest.raises(KeyError, match=code):
            rules.current_land_use(scheme, code)


# People ------------------------------------------------------------------------------------------------------------


def test_the_head_has_a_number_or_a_reason_and_not_both() -> None:
    assert found({"head": {"full_name": "An"}}, "item.required-or") == [
        ("item.required-or", "/head/national_id", {"other": "no_id_reason"})
    ]
    assert found({"head": {"no_id_reason": "lost"}}, "item.required-or", "national-id.and-reason") == []
    assert found({"head": a_person("040078001234")}, "item.required-or", "national-id.and-reason") == []
    assert found({}, "national-id.and-reason") == []
    assert found({"head": a_person("040078001234") | {"no_id_reason": "lost"}}, "national-id.and-reason") == [
        ("national-id.and-reason", "/head/no_id_reason", {})
    ]


@pytest.mark.parametrize(
    ("number", "sex", "born", "codes"),
    [
        ("040078001234", "female", None, [("national-id.sex", {"digit": 0})]),
        ("040178001234", "male", None, [("national-id.sex", {"digit": 1})]),
        ("040378001234", "male", None, [("national-id.sex", {"digit": 3})]),
        ("040378001234", "female", "1978", [("national-id.birth-year", {"digits": "378", "year": 2078})]),
        ("040278001234", "male", "2078", []),
        ("040078001234", "male", "1979", [("national-id.birth-year", {"digits": "078", "year": 1978})]),
        ("040078001234", None, None, []),
        (None, "female", "1979", []),
    ],
)
def test_digits_are_held_to_sex_and_year(number: str, sex: str, born: str, codes: list[Any]) -> None:
    content = {"head": {}, "members": [a_person(), a_person(number, sex, born)]}
    assert found(content, "national-id.sex") == [(code, "/members/1/national_id", params) for code, params in codes]


def test_a_number_that_stands_again_names_the_person_who_had_it_first() -> None:
    first = a_person("1") | {"full_name": "Bình"}
    members = [a_person(), first, a_person("2"), a_person("1"), a_person("2"), a_person("1")]
    assert found({"head": a_person("2") | {"full_name": "An"}, "members": members}, "national-id.twice") == [
        ("national-id.twice", "/members/2/national_id", {"first": "An"}),
        ("national-id.twice", "/members/3/national_id", {"first": "Bình"}),
        ("national-id.twice", "/members/4/national_id", {"first": "An"}),
        ("national-id.twice", "/members/5/national_id", {"first": "Bình"}),
    ]


def test_every_number_is_of_a_place_that_is_known() -> None:
    members = [a_person(), a_person("999000000000"), a_person("040078001234"), a_person("998000000000")]
    assert found({"members": members}, "national-id.place-unknown") == [
        ("national-id.place-unknown", "/members/1/national_id", {"place": "999"}),
        ("national-id.place-unknown", "/members/3/national_id", {"place": "998"}),
    ]


def test_every_spouse_after_the_first_is_remarked_on() -> None:
    members = [{"relation": relation} for relation in ("child", "spouse", "spouse", "child", "spouse")]
    assert found({"members": members}, "members.spouse-twice") == [
        ("members.spouse-twice", "/members/2/relation", {}),
        ("members.spouse-twice", "/members/4/relation", {}),
    ]
    assert found({"members": members[:2]}, "members.spouse-twice") == []


@pytest.mark.parametrize(("born", "young"), [("2012", True), ("2011", False), ("2011-12-31", False)])
def test_a_head_born_less_than_fifteen_years_ago_is_young(born: str, young: bool) -> None:
    expected: list[Any] = [("head.young", "/head/birth_date", {"age": 14})] if young else []
    assert found({"head": a_person(born=born)}, "head.young") == expected
    assert found({}, "head.young") == []
    assert found({"head": {}}, "head.young") == []


# Days --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("born", "future"), [("2026-11-23", False), ("2026-11-24", True), ("2026-12", True)])
def test_nobody_is_born_in_the_future(born: str, future: bool) -> None:
    content = {"head": {}, "members": [a_person(), a_person(born=born)]}
    expected: list[Any] = [("birth-date.future", "/members/1/birth_date", {})] if future else []
    assert found(content, "birth-date.future") == expected


@pytest.mark.parametrize(("days", "future"), [(0, False), (1, False), (2, True)])
def test_what_has_happened_lies_at_most_a_day_ahead(days: int, future: bool) -> None:
    day = TODAY + timedelta(days=days)
    last_moment = datetime(day.year, day.month, day.day, 16, 59, tzinfo=UTC)  # 23:59 in Vietnam
    content = {
        "captured_at": last_moment,
        "commune_as_of": day,
        "poverty_date": day,
        "consents": [{}, {"granted_at": last_moment, "withdrawn_at": last_moment}],
    }
    places = ["/captured_at", "/commune_as_of", "/poverty_date", "/consents/1/granted_at", "/consents/1/withdrawn_at"]
    assert found(content, "time.future") == ([("time.future", place, {}) for place in places] if future else [])


def test_a_moment_is_of_the_next_day_in_vietnam_from_seventeen_hours_on() -> None:
    late = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    assert [place for _, place, _ in found({"captured_at": late}, "time.future")] == ["/captured_at"]
    assert found({"captured_at": late - timedelta(seconds=1)}, "time.future") == []


# Consents ----------------------------------------------------------------------------------------------------------


def test_each_consent_beyond_the_first_of_a_purpose_is_refused_while_both_stand() -> None:
    granted = datetime(2026, 11, 20, tzinfo=UTC)
    stands = {"purpose": "ecommerce", "granted_at": granted}
    ended = stands | {"withdrawn_at": granted}
    assert found({"consents": [ended, {}, stands, ended, stands]}, "consent.purpose-twice") == [
        ("consent.purpose-twice", "/consents/4/purpose", {})
    ]
    before = ended | {"withdrawn_at": granted - timedelta(seconds=1)}
    assert found({"consents": [ended, before]}, "consent.withdrawn-before-granted") == [
        ("consent.withdrawn-before-granted", "/consents/1/withdrawn_at", {})
    ]
    assert found({"consents": [{"withdrawn_at": granted}, {"granted_at": granted}]}, "consent.purpose-twice") == []


def test_consent_as_the_basis_wants_one_to_registration_that_stands() -> None:
    granted = datetime(2026, 11, 20, tzinfo=UTC)
    given = {"purpose": "registration", "granted_at": granted}
    missing: list[Any] = [("consent.registration-missing", "/consents", {})]
    assert found({"legal_basis": "consent", "consents": [given]}, "consent.registration-missing") == []
    assert found({"legal_basis": "state_function"}, "consent.registration-missing") == []
    withdrawn = given | {"withdrawn_at": granted}
    assert found({"legal_basis": "consent", "consents": [withdrawn]}, "consent.registration-missing") == missing
    assert found({"legal_basis": "consent"}, "consent.registration-missing") == missing


# Codes -------------------------------------------------------------------------------------------------------------


def test_a_code_outside_its_scheme_is_named_with_scheme_and_list() -> None:
    parcels = [
        {"land_use": "LUN", "land_use_scheme": "2018"},
        {"land_use": "LUN"},
        {},
        {"land_use": "LUN", "land_use_scheme": "2024"},
        {"land_use": "LUC"},
        {"land_use": "LUN", "land_use_scheme": "1990"},
    ]
    details = {"value": "LUN", "scheme_item": "land_use_scheme", "list": "land_use"}
    assert found({"parcels": parcels}, "code.not-in-scheme") == [
        ("code.not-in-scheme", "/parcels/1/land_use", details),
        ("code.not-in-scheme", "/parcels/3/land_use", details),
    ]
    assert [place for _, place, _ in found({"head": {"ethnic_group": "99"}}, "code.not-in-scheme")] == [
        "/head/ethnic_group"
    ]


# Land --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "y", "code"),
    [
        (180.0, 90.0, None),
        (-180.0, -90.0, None),
        (180.1, 90.0, "geometry.range"),
        (-180.1, 0.0, "geometry.range"),
        (90.0, 180.0, "location.swapped"),
        (18.69, 105.66, "location.swapped"),
        (90.1, 100.0, "geometry.range"),
        (10.0, 180.1, "geometry.range"),
        (-91.0, -91.0, "geometry.range"),
    ],
)
def test_the_home_lies_on_the_earth(x: float, y: float, code: str | None) -> None:
    expected: list[Any] = [(code, "/location", {"x": x, "y": y})] if code else []
    assert found({"location": Point(x, y)}, "geometry.range") == expected
    assert found({}, "geometry.range") == []


def test_each_parcel_that_is_there_again_names_the_first() -> None:
    key = {"map_sheet": "12", "parcel_number": "345"}
    parcels = [{"id": "a"} | key, {"map_sheet": "12"}, {"parcel_number": "345"}, key, {"id": "a"}, {"id": "b"} | key]
    first = {"first": "/parcels/0/parcel_number"}
    assert found({"former_commune": "16664", "parcels": parcels}, "parcel.id-twice") == [
        ("parcel.key-twice", "/parcels/3/parcel_number", first),
        ("parcel.id-twice", "/parcels/4/id", {}),
        ("parcel.key-twice", "/parcels/5/parcel_number", first),
    ]
    apart = [key, key | {"map_sheet": "13"}, key | {"parcel_number": "346"}, key | {"former_commune": "16663"}]
    assert found({"former_commune": "16664", "parcels": apart}, "parcel.key-twice") == []
    known, unknown = key | {"former_commune": "16664"}, key | {"former_commune_unknown": True}
    assert len(found({"former_commune": "16664", "parcels": [key, known]}, "parcel.key-twice")) == 1
    assert found({"former_commune": "16664", "parcels": [known, unknown]}, "parcel.key-twice") == []


def test_a_number_is_unique_only_on_one_known_map() -> None:
    key = {"map_sheet": "5", "parcel_number": "112"}
    minh, binh, again = (key | {"locality": name} for name in ("Diễn Minh", "Diễn Bình", "dien minh"))
    other = ("parcel.key-alike", "/parcels/1/parcel_number", {"first": "/parcels/0/parcel_number"})
    household = {"former_commune": "17485", "parcels": [minh, binh]}
    assert (found(household, "parcel.key-twice"), found(household, "parcel.key-alike")) == ([], [other])
    assert found({"parcels": [key, key]}, "parcel.key-twice") == []
    assert found({"parcels": [key, key]}, "parcel.key-alike") == [other]
    three = {"former_commune": "17485", "parcels": [minh, binh, again]}
    third = ("/parcels/2/parcel_number", {"first": "/parcels/0/parcel_number"})
    assert found(three, "parcel.key-twice") == [("parcel.key-twice", *third)]
    assert found(three, "parcel.key-alike") == [other]


def test_only_a_parcel_that_says_both_of_its_former_commune_contradicts_itself() -> None:
    parcels = [
        {"former_commune": "16663"},
        {"former_commune_unknown": True},
        {"former_commune": "16663", "former_commune_unknown": False},
        {"former_commune": "16663", "former_commune_unknown": True},
    ]
    assert found({"parcels": parcels}, "former-commune.contradiction") == [
        ("former-commune.contradiction", "/parcels/3/former_commune_unknown", {})
    ]


def test_each_strange_serial_and_planting_area_code_is_remarked_on_at_its_place() -> None:
    serials = ["CH 123456", "CH123456", "AA 12345678", "Đ 123456", "12/QSDĐ", "CH 12345", "CH 1234567"]
    parcels: list[Content] = [{}, *({"certificate_serial": serial} for serial in serials)]
    assert found({"parcels": parcels}, "certificate-serial.unknown-shape") == [
        ("certificate-serial.unknown-shape", f"/parcels/{place}/certificate_serial", {}) for place in (5, 6, 7)
    ]
    crops = [{}, {"planting_area_code": "vn-nao-0123"}, {"planting_area_code": "40-0123"}]
    assert found({"parcels": [{}, {"crops": crops}]}, "planting-area-code.unknown-shape") == [
        ("planting-area-code.unknown-shape", "/parcels/1/crops/2/planting_area_code", {})
    ]


def crops_found(crops: list[Content], declared: float | None = 1000.0) -> list[tuple[str, str, dict[str, Any]]]:
    parcel = {"crops": crops} | ({} if declared is None else {"declared_area_m2": declared})
    return found({"parcels": [{}, parcel]}, "crops.exceed-parcel")


def test_crops_of_one_season_add_up_and_those_of_two_do_not() -> None:
    spring, autumn = {"year": 2026, "season": "spring"}, {"year": 2026, "season": "autumn"}
    together = [spring | {"area_m2": 600.254}, autumn | {"area_m2": 900}, spring, spring | {"area_m2": 500}]
    assert crops_found(together) == [
        ("crops.exceed-parcel", "/parcels/1/crops", {"crops": 1100.25, "declared": 1000.0})
    ]
    assert crops_found([spring | {"area_m2": 900}, autumn | {"area_m2": 900}]) == []
    assert crops_found([spring | {"area_m2": 900}, spring | {"year": 2025, "area_m2": 900}]) == []
    assert crops_found(together, declared=None) == []
    assert crops_found([], declared=0.0) == []


@pytest.mark.parametrize(("area", "codes"), [(1010.0, []), (1010.1, ["crops.exceed-parcel"])])
def test_a_hundredth_is_allowed_for_rounding_on_paper(area: float, codes: list[str]) -> None:
    assert [code for code, _, _ in crops_found([{"area_m2": area}])] == codes


@pytest.mark.parametrize("part", ["newly_planted_area_m2", "harvested_area_m2"])
def test_a_part_of_the_sown_area_is_no_larger_than_it(part: str) -> None:
    crops = [{part: 999.0}, {"area_m2": 100.0, part: 101.0}, {"area_m2": 100.0, part: 101.1}, {"area_m2": 0.0}]
    assert crops_found(crops) == [("crop.part-exceeds-sown", f"/parcels/1/crops/2/{part}", {"sown": 100.0})]


# Papers and products -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("holder", ["livestock", "aquaculture", "forestry", "products"])
def test_a_certificate_ends_no_earlier_than_it_began_whatever_it_is_for(holder: str) -> None:
    day = date(2026, 5, 1)
    good = [{"issued_on": day}, {"expires_on": day}, {"issued_on": day, "expires_on": day}]
    bad = {"issued_on": day, "expires_on": day - timedelta(days=1)}
    assert found({holder: [{}, {"certifications": [*good, bad]}]}, "certificate.expires-before-issued") == [
        ("certificate.expires-before-issued", f"/{holder}/1/certifications/3/expires_on", {})
    ]
    parcels = [{}, {"crops": [{}, {"certifications": [bad]}]}]
    assert found({"parcels": parcels}, "certificate.expires-before-issued") == [
        ("certificate.expires-before-issued", "/parcels/1/crops/1/certifications/0/expires_on", {})
    ]


def test_only_an_output_without_a_unit_lacks_one() -> None:
    products = [{}, {"annual_output": 3.5, "unit": "t"}, {"unit": "t"}, {"annual_output": 0.0}]
    assert found({"products": products}, "product.unit-missing") == [("product.unit-missing", "/products/3/unit", {})]


def test_what_a_warning_says_of_its_item_is_shown_to_who_sees_the_item() -> None:
    assert rules._of_the_item("digit", "year") == Reveals(dict.fromkeys(("digit", "year"), Detail((THE_ITEM,))))
    assert rules._of_the_item("place") == rules.REVEALED["national-id.place-unknown"]
