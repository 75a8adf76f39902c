"""Rules between items, each with a code. An error refuses the record; a warning becomes a finding of it.

A rule here cannot be stated about one item alone, so the derived forms (JSON Schema, MongoDB's validator) do not know
it. `RULES` lists all rules by code; the modules hold them by theme.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from schemas.errors import NO_DETAILS, NUMBER, TEXT, THE_ITEM, Finding, ItemError, Reveals, details, pointer
from schemas.rules import codes, land, people, products, times
from schemas.rules.codes import current_land_use
from schemas.rules.rule import VIETNAM, Content, Rule, Trouble, record_day

__all__ = ["REVEALED", "RULES", "Finding", "Rule", "Trouble", "current_land_use", "errors", "record_day", "warnings"]


def _of_the_item(*members: str, shape: Mapping[str, Any] = TEXT) -> Reveals:
    """Return that these members reveal the item that the finding is about."""
    return Reveals(details(members, (THE_ITEM,), shape))


_KEY_OF_PARCEL = ("parcels.map_sheet", "parcels.parcel_number", "parcels.former_commune")
_CROPS = ("parcels.crops.area_m2",)
_DECLARED = ("parcels.declared_area_m2",)


RULES: tuple[Rule, ...] = (
    Rule(("item.required-or",), "error", people.identity_given),
    Rule(("national-id.and-reason",), "error", people.identity_not_doubted, "identity-and-reason"),
    Rule(("national-id.sex", "national-id.birth-year"), "error", people.digits_against_sex_and_year, "personal-number"),
    Rule(("national-id.twice",), "error", people.number_once, "personal-number-once"),
    Rule(("birth-date.future", "time.future"), "error", times.not_in_the_future, "not-in-the-future"),
    Rule(
        ("consent.purpose-twice", "consent.withdrawn-before-granted", "consent.registration-missing"),
        "error",
        times.consents,
    ),
    Rule(("code.not-in-scheme",), "error", codes.code_in_its_scheme, "code-in-its-scheme"),
    Rule(("code.withdrawn", "code.not-yet-in-force"), "error", codes.code_in_force),
    Rule(("geometry.range", "location.swapped"), "error", land.range_of_positions),
    Rule(("parcel.id-twice", "parcel.key-twice"), "error", land.parcel_once),
    Rule(("land-use.twice", "land-use.not-listed", "land-uses.too-large"), "error", land.uses_each_once, "land-uses"),
    Rule(("former-commune.contradiction",), "error", land.former_commune_not_both),
    Rule(("certificate.expires-before-issued",), "error", products.certificates_in_order),
    Rule(
        ("national-id.sex", "national-id.birth-year"),
        "warning",
        people.digits_confirmed_against_the_card,
        reveals=Reveals({**details(("digit", "year"), (THE_ITEM,), NUMBER), **details(("digits",), (THE_ITEM,))}),
    ),
    Rule(("national-id.place-unknown",), "warning", people.known_place, reveals=_of_the_item("place")),
    Rule(("members.spouse-twice",), "warning", people.one_spouse, reveals=NO_DETAILS),
    Rule(("head.young",), "warning", people.head_of_age, reveals=_of_the_item("age", shape=NUMBER)),
    Rule(("code.newer-than-record",), "warning", codes.code_newer_than_record, reveals=_of_the_item("value", "from")),
    Rule(
        ("certificate-serial.unknown-shape",),
        "warning",
        land.serial_of_known_shape,
        "certificate-serial",
        reveals=NO_DETAILS,
    ),
    Rule(
        ("parcel.key-alike",),
        "warning",
        land.parcel_numbered_alike,
        reveals=Reveals(details(("first",), _KEY_OF_PARCEL, NUMBER)),
    ),
    Rule(
        ("crops.exceed-parcel", "crop.part-exceeds-sown"),
        "warning",
        land.crops_in_the_parcel,
        reveals=Reveals({**details(("crops", "sown"), _CROPS, NUMBER), **details(("declared",), _DECLARED, NUMBER)}),
    ),
    Rule(
        ("land-uses.area-differs",),
        "warning",
        land.uses_fill_the_parcel,
        reveals=Reveals(
            {
                **details(("listed",), ("parcels.land_uses.area_m2",), NUMBER),
                **details(("declared",), _DECLARED, NUMBER),
            }
        ),
    ),
    Rule(("planting-area-code.unknown-shape",), "warning", land.planting_area_code_of_known_shape, reveals=NO_DETAILS),
    Rule(("product.unit-missing",), "warning", products.unit_of_output, reveals=NO_DETAILS),
)

REVEALED: Mapping[str, Reveals] = {
    code: rule.reveals for rule in RULES if rule.reveals is not None for code in rule.codes
}
"""What the findings of the rules reveal, by code."""


def errors(content: Content, *, today: date) -> list[ItemError]:
    """Return what the rules refuse in parsed content, complete or not."""
    return [
        ItemError(pointer(path), code, params)
        for rule in RULES
        if rule.severity == "error"
        for path, code, params in rule.find(content, today)
    ]


def warnings(content: Content, *, today: date | None = None) -> list[Finding]:
    """Return the warnings of the rules about parsed content that has no errors."""
    day = today or datetime.now(VIETNAM).date()
    return [
        Finding(code, "warning", pointer(path), params)
        for rule in RULES
        if rule.severity == "warning"
        for path, code, params in rule.find(content, day)
    ]
