"""Rules that hold between items, each with a code: errors refuse the record, findings remark on it.

A rule that stands here cannot be said of one item alone, so the derived forms (JSON Schema, MongoDB's validator) do not
know it.
`RULES` lists them all by code.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import cache
from typing import Any

from schemas.codelists import CodeList, code_lists
from schemas.errors import Finding, ItemError, Path, pointer
from schemas.household import HouseholdSchema
from schemas.language import Code, Many, Part, Section, section_fields
from schemas.partial_date import PartialDate
from schemas.requirements import registration_gaps

__all__ = ["RULES", "Finding", "Rule", "Trouble", "current_land_use", "errors", "record_day", "warnings"]

VIETNAM = timezone(timedelta(hours=7))

#: Tolerance between areas that should add up: a hundredth, for rounding on paper.
AREA_TOLERANCE = 1.01

_SERIAL = re.compile(r"[A-ZĐ]{2} ?[0-9]{6}|AA ?[0-9]{8}|[A-ZĐ] ?[0-9]{6}")
_PLANTING_AREA = re.compile(r"VN[-.]?[0-9A-Z]+(?:[-. ]?[0-9A-Z]+)*")

Content = Mapping[str, Any]
Trouble = tuple[Path, str, Mapping[str, Any]]


@dataclass(frozen=True)
class Rule:
    """A rule: the codes that it can report, "error" or "warning", and what finds the trouble in parsed content."""

    codes: tuple[str, ...]
    severity: str
    find: Callable[[Content, date], Iterator[Trouble]]
    #: The name of the check that the phone form makes of it while somebody types; None where only the register checks.
    check: str | None = None

    @property
    def summary(self) -> str:
        """What the rule says, in one line."""
        return (self.find.__doc__ or "").strip().splitlines()[0]


def errors(content: Content, *, today: date) -> list[ItemError]:
    """Return what the rules refuse in parsed content, complete or not."""
    return [
        ItemError(pointer(path), code, params)
        for rule in RULES
        if rule.severity == "error"
        for path, code, params in rule.find(content, today)
    ]


def warnings(content: Content, *, today: date | None = None) -> list[Finding]:
    """Return what the rules remark on in parsed content that has no errors."""
    day = today or datetime.now(VIETNAM).date()
    return [
        Finding(code, "warning", pointer(path), params)
        for rule in RULES
        if rule.severity == "warning"
        for path, code, params in rule.find(content, day)
    ]


def record_day(content: Content, today: date) -> date:
    """The day that a record's codes are held to: `commune_as_of`, else `captured_at`'s day in Vietnam, else today."""
    as_of = content.get("commune_as_of")
    if isinstance(as_of, date):
        return as_of
    captured = content.get("captured_at")
    return captured.astimezone(VIETNAM).date() if isinstance(captured, datetime) else today


def current_land_use(scheme: str | None, code: str) -> str:
    """The code of Circular 08/2024 for a land-use code of `scheme` (None: the current one).

    Of the codes of Circular 27/2018, BHK and NHK are HNK now, and LUN is LUK.

    Raises KeyError for a code that is not in the scheme.
    """
    field = section_fields(_parcel_section())["land_use"]
    entry = code_lists()[field.lists()[scheme]].get(code) if isinstance(field, Code) else None
    if entry is None:
        raise KeyError(code)
    return entry.extra["current_code"]


# People ------------------------------------------------------------------------------------------------------------


def _people(content: Content) -> Iterator[tuple[Path, Content]]:
    head = content.get("head")
    if isinstance(head, Mapping):
        yield ("head",), head
    for index, member in enumerate(_list(content, "members")):
        yield ("members", index), member


def _identity_given(content: Content, _: date) -> Iterator[Trouble]:
    """The head has a personal number, or a reason why not."""
    for path, other in registration_gaps(content):
        yield path, "item.required-or", {"other": other}


def _identity_not_doubted(content: Content, _: date) -> Iterator[Trouble]:
    """A person with a personal number has no reason for having none."""
    head = content.get("head") or {}
    if head.get("national_id") and head.get("no_id_reason"):
        yield ("head", "no_id_reason"), "national-id.and-reason", {}


def _digits_against_sex_and_year(content: Content, _: date) -> Iterator[Trouble]:
    """Digit 4 of a personal number says century and sex, digits 5 and 6 the year of birth (Circular 07/2016)."""
    for path, person in _people(content):
        number = person.get("national_id")
        if not number:
            continue
        digit = int(number[3])
        sex = person.get("sex")
        if sex in ("male", "female") and (sex == "female") != bool(digit % 2):
            yield (*path, "national_id"), "national-id.sex", {"digit": digit}
        birth = person.get("birth_date")
        year = 1900 + 100 * (digit // 2) + int(number[4:6])
        if isinstance(birth, PartialDate) and birth.year != year:
            yield (*path, "national_id"), "national-id.birth-year", {"digits": number[3:6], "year": year}


def _number_once(content: Content, _: date) -> Iterator[Trouble]:
    """A personal number stands once in a household."""
    seen: dict[str, Path] = {}
    for path, person in _people(content):
        number = person.get("national_id")
        if not number:
            continue
        if number in seen:
            yield (*path, "national_id"), "national-id.twice", {"first": pointer((*seen[number], "national_id"))}
        else:
            seen[number] = path


def _known_place(content: Content, _: date) -> Iterator[Trouble]:
    """The first three digits of a personal number are a province, but for people born abroad (Circular 07/2016)."""
    places = code_lists()["personal_id_places"].codes
    for path, person in _people(content):
        number = person.get("national_id")
        if number and number[:3] not in places:
            yield (*path, "national_id"), "national-id.place-unknown", {"place": number[:3]}


def _one_spouse(content: Content, _: date) -> Iterator[Trouble]:
    """A household's head has at most one spouse."""
    spouses = [index for index, member in enumerate(_list(content, "members")) if member.get("relation") == "spouse"]
    for index in spouses[1:]:
        yield ("members", index, "relation"), "members.spouse-twice", {}


def _head_of_age(content: Content, today: date) -> Iterator[Trouble]:
    """A head of household is seldom a child."""
    birth = (content.get("head") or {}).get("birth_date")
    if isinstance(birth, PartialDate) and birth.year > today.year - 15:
        yield ("head", "birth_date"), "head.young", {"age": today.year - birth.year}


# Time --------------------------------------------------------------------------------------------------------------


def _not_in_the_future(content: Content, today: date) -> Iterator[Trouble]:
    """What has happened lies not in the future; a day is allowed for clocks that are ahead."""
    for path, person in _people(content):
        birth = person.get("birth_date")
        if isinstance(birth, PartialDate) and birth.earliest > today:
            yield (*path, "birth_date"), "birth-date.future", {}
    tomorrow = today + timedelta(days=1)
    captured = content.get("captured_at")
    if isinstance(captured, datetime) and captured.astimezone(VIETNAM).date() > tomorrow:
        yield ("captured_at",), "time.future", {}
    if isinstance(content.get("commune_as_of"), date) and content["commune_as_of"] > tomorrow:
        yield ("commune_as_of",), "time.future", {}
    if isinstance(content.get("poverty_date"), date) and content["poverty_date"] > tomorrow:
        yield ("poverty_date",), "time.future", {}
    for index, consent in enumerate(_list(content, "consents")):
        for name in ("granted_at", "withdrawn_at"):
            moment = consent.get(name)
            if isinstance(moment, datetime) and moment.astimezone(VIETNAM).date() > tomorrow:
                yield ("consents", index, name), "time.future", {}


# Consents ----------------------------------------------------------------------------------------------------------


def _consents(content: Content, _: date) -> Iterator[Trouble]:
    """A consent stands once for a purpose, ends after it began, and is there where it is the basis (Law 91/2025)."""
    standing: set[str] = set()
    for index, consent in enumerate(_list(content, "consents")):
        granted, withdrawn, purpose = consent.get("granted_at"), consent.get("withdrawn_at"), consent.get("purpose")
        if withdrawn is None and purpose is not None:
            if purpose in standing:
                yield ("consents", index, "purpose"), "consent.purpose-twice", {}
            standing.add(purpose)
        if granted is not None and withdrawn is not None and withdrawn < granted:
            yield ("consents", index, "withdrawn_at"), "consent.withdrawn-before-granted", {}
    if content.get("legal_basis") == "consent" and "registration" not in standing:
        yield ("consents",), "consent.registration-missing", {}


# Codes -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _CodePlace:
    """A place of the definition that holds codes; "*" among the steps stands for each element of a list."""

    steps: tuple[str, ...]
    scheme_item: str | None
    #: The list of each scheme; None is the scheme of a record that names none.
    lists: Mapping[str | None, CodeList]


@cache
def _code_places() -> tuple[_CodePlace, ...]:
    def walk(section: type[Section], path: tuple[str, ...]) -> Iterator[_CodePlace]:
        for name, field in section_fields(section).items():
            inner: Any = field
            here = (*path, name)
            if isinstance(field, Many):
                inner, here = field.inner, (*here, "*")
            if isinstance(inner, Part):
                yield from walk(inner.section, here)
            elif isinstance(inner, Code) and not field.register_given:
                lists = {scheme: code_lists()[each] for scheme, each in inner.lists().items()}
                yield _CodePlace(here, inner.scheme, lists)

    return tuple(walk(HouseholdSchema, ()))


@cache
def _places_with_scheme() -> tuple[_CodePlace, ...]:
    return tuple(place for place in _code_places() if place.scheme_item)


@cache
def _places_with_days() -> tuple[_CodePlace, ...]:
    """The places whose lists hold codes that are not in force on every day."""
    return tuple(place for place in _code_places() if any(each.dated_codes for each in place.lists.values()))


def _found(content: Any, steps: tuple[str, ...], path: Path = ()) -> Iterator[tuple[Path, Content | None, Any]]:
    """Each value at a place: its path, the object that it stands in, the value."""
    if not steps:
        yield path, None, content
        return
    step, rest = steps[0], steps[1:]
    if step == "*":
        for index, element in enumerate(content):
            yield from _found(element, rest, (*path, index))
    elif isinstance(content, Mapping) and content.get(step) is not None:
        for found, parent, value in _found(content[step], rest, (*path, step)):
            yield found, content if not rest else parent, value


def _code_in_its_scheme(content: Content, _: date) -> Iterator[Trouble]:
    """A code belongs to the scheme that the record names for it, or to the default one."""
    for place in _places_with_scheme():
        for path, parent, code in _found(content, place.steps):
            codes = place.lists.get((parent or {}).get(str(place.scheme_item)))
            if codes is not None and code not in codes.codes:
                yield path, "code.not-in-scheme", {"value": code, "scheme_item": place.scheme_item, "list": codes.name}


def _codes_of_the_day(content: Content, today: date) -> Iterator[tuple[Path, str, date | None, date | None]]:
    """Codes that are not in force on the record's day, with the days between which they are."""
    day = record_day(content, today)
    for place in _places_with_days():
        for path, parent, code in _found(content, place.steps):
            codes = place.lists.get((parent or {}).get(place.scheme_item) if place.scheme_item else None)
            entry = codes.get(code) if codes else None
            if codes and entry and codes.get(code, day) is None:
                yield path, code, entry.valid_from, entry.valid_to


def _code_in_force(content: Content, today: date) -> Iterator[Trouble]:
    """A code was not withdrawn before the record's day, and is not of a list still to come."""
    day = record_day(content, today)
    for path, code, valid_from, valid_to in _codes_of_the_day(content, today):
        if valid_to is not None and valid_to < day:
            yield path, "code.withdrawn", {"value": code, "until": valid_to.isoformat()}
        elif valid_from is not None and valid_from > max(day, today):
            yield path, "code.not-yet-in-force", {"value": code, "from": valid_from.isoformat()}


def _code_newer_than_record(content: Content, today: date) -> Iterator[Trouble]:
    """A code that came into force after the record's day is one that somebody coded anew."""
    day = record_day(content, today)
    for path, code, valid_from, valid_to in _codes_of_the_day(content, today):
        if not (valid_to is not None and valid_to < day) and valid_from is not None and day < valid_from <= today:
            yield path, "code.newer-than-record", {"value": code, "from": valid_from.isoformat()}


# Land --------------------------------------------------------------------------------------------------------------


def _range_of_positions(content: Content, _: date) -> Iterator[Trouble]:
    """The home is at longitude -180 to 180, latitude -90 to 90; boundaries of parcels are the register’s to examine."""
    home = content.get("location")
    if home is None or (abs(home.x) <= 180 and abs(home.y) <= 90):
        return
    swapped = abs(home.y) <= 180 and abs(home.x) <= 90
    yield ("location",), "location.swapped" if swapped else "geometry.range", {"x": home.x, "y": home.y}


def _parcel_once(content: Content, _: date) -> Iterator[Trouble]:
    """An id stands once among the parcels, and so does the key of old commune, map sheet and number.

    The old commune is the household's unless the parcel says another, or that it is not known.
    """
    ids: set[str] = set()
    keys: dict[tuple[Any, ...], int] = {}
    for index, parcel in enumerate(_list(content, "parcels")):
        if "id" in parcel:
            if parcel["id"] in ids:
                yield ("parcels", index, "id"), "parcel.id-twice", {}
            ids.add(parcel["id"])
        if "map_sheet" in parcel and "parcel_number" in parcel:
            own = None if parcel.get("former_commune_unknown") else content.get("former_commune")
            key = (parcel.get("former_commune", own), parcel["map_sheet"], parcel["parcel_number"])
            first = keys.setdefault(key, index)
            if first != index:
                yield (
                    ("parcels", index, "parcel_number"),
                    "parcel.key-twice",
                    {"first": pointer(("parcels", first, "parcel_number"))},
                )


def _former_commune_not_both(content: Content, _: date) -> Iterator[Trouble]:
    """A parcel's former commune is given or said to be unknown, not both."""
    for index, parcel in enumerate(_list(content, "parcels")):
        if parcel.get("former_commune_unknown") and parcel.get("former_commune"):
            yield ("parcels", index, "former_commune_unknown"), "former-commune.contradiction", {}


def _serial_of_known_shape(content: Content, _: date) -> Iterator[Trouble]:
    """A certificate's serial is two letters and six digits, AA and eight digits, or one letter and six digits."""
    for index, parcel in enumerate(_list(content, "parcels")):
        serial = parcel.get("certificate_serial")
        if serial and _SERIAL.fullmatch(serial) is None:
            yield ("parcels", index, "certificate_serial"), "certificate-serial.unknown-shape", {}


def _crops_in_the_parcel(content: Content, _: date) -> Iterator[Trouble]:
    """Crops of one season cover no more than the parcel; what is planted anew or harvested is part of the sown area."""
    for index, parcel in enumerate(_list(content, "parcels")):
        by_season: dict[tuple[Any, Any], float] = {}
        for number, crop in enumerate(_list(parcel, "crops")):
            area = crop.get("area_m2")
            if area is None:
                continue
            season = (crop.get("year"), crop.get("season"))
            by_season[season] = by_season.get(season, 0.0) + area
            for part in ("newly_planted_area_m2", "harvested_area_m2"):
                if crop.get(part, 0) > area * AREA_TOLERANCE:
                    yield ("parcels", index, "crops", number, part), "crop.part-exceeds-sown", {"sown": area}
        declared = parcel.get("declared_area_m2")
        total = max(by_season.values(), default=0.0)
        if declared is not None and total > declared * AREA_TOLERANCE:
            yield (
                ("parcels", index, "crops"),
                "crops.exceed-parcel",
                {"crops": round(total, 2), "declared": declared},
            )


def _planting_area_code_of_known_shape(content: Content, _: date) -> Iterator[Trouble]:
    """A planting-area code begins with VN (Decision 3156/QĐ-BNN-TT); it is kept as issued."""
    for index, parcel in enumerate(_list(content, "parcels")):
        for number, crop in enumerate(_list(parcel, "crops")):
            code = crop.get("planting_area_code")
            if code and _PLANTING_AREA.fullmatch(code.upper()) is None:
                path = ("parcels", index, "crops", number, "planting_area_code")
                yield path, "planting-area-code.unknown-shape", {}


# Papers and products -----------------------------------------------------------------------------------------------


def _certificates_in_order(content: Content, _: date) -> Iterator[Trouble]:
    """A certificate expires after it was issued."""
    for path, holder in _certified(content):
        for index, certificate in enumerate(_list(holder, "certifications")):
            issued, expires = certificate.get("issued_on"), certificate.get("expires_on")
            if issued is not None and expires is not None and expires < issued:
                yield (*path, "certifications", index, "expires_on"), "certificate.expires-before-issued", {}


def _certified(content: Content) -> Iterator[tuple[Path, Content]]:
    for name in ("livestock", "aquaculture", "forestry", "products"):
        for index, holder in enumerate(_list(content, name)):
            yield (name, index), holder
    for index, parcel in enumerate(_list(content, "parcels")):
        for number, crop in enumerate(_list(parcel, "crops")):
            yield ("parcels", index, "crops", number), crop


def _unit_of_output(content: Content, _: date) -> Iterator[Trouble]:
    """A product's yearly output says its unit."""
    for index, product in enumerate(_list(content, "products")):
        if product.get("annual_output") is not None and product.get("unit") is None:
            yield ("products", index, "unit"), "product.unit-missing", {}


def _list(content: Content, name: str) -> list[Any]:
    value = content.get(name)
    return value if isinstance(value, list) else []


def _parcel_section() -> type[Section]:
    field = section_fields(HouseholdSchema)["parcels"]
    if not isinstance(field, Many) or not isinstance(field.inner, Part):
        raise TypeError("parcels are a list of objects")
    return field.inner.section


RULES: tuple[Rule, ...] = (
    Rule(("item.required-or",), "error", _identity_given),
    Rule(("national-id.and-reason",), "error", _identity_not_doubted, "identity-and-reason"),
    Rule(("national-id.sex", "national-id.birth-year"), "error", _digits_against_sex_and_year, "personal-number"),
    Rule(("national-id.twice",), "error", _number_once, "personal-number-once"),
    Rule(("birth-date.future", "time.future"), "error", _not_in_the_future, "not-in-the-future"),
    Rule(
        ("consent.purpose-twice", "consent.withdrawn-before-granted", "consent.registration-missing"),
        "error",
        _consents,
    ),
    Rule(("code.not-in-scheme",), "error", _code_in_its_scheme, "code-in-its-scheme"),
    Rule(("code.withdrawn", "code.not-yet-in-force"), "error", _code_in_force),
    Rule(("geometry.range", "location.swapped"), "error", _range_of_positions),
    Rule(("parcel.id-twice", "parcel.key-twice"), "error", _parcel_once),
    Rule(("former-commune.contradiction",), "error", _former_commune_not_both),
    Rule(("certificate.expires-before-issued",), "error", _certificates_in_order),
    Rule(("national-id.place-unknown",), "warning", _known_place),
    Rule(("members.spouse-twice",), "warning", _one_spouse),
    Rule(("head.young",), "warning", _head_of_age),
    Rule(("code.newer-than-record",), "warning", _code_newer_than_record),
    Rule(("certificate-serial.unknown-shape",), "warning", _serial_of_known_shape, "certificate-serial"),
    Rule(("crops.exceed-parcel", "crop.part-exceeds-sown"), "warning", _crops_in_the_parcel),
    Rule(("planting-area-code.unknown-shape",), "warning", _planting_area_code_of_known_shape),
    Rule(("product.unit-missing",), "warning", _unit_of_output),
)
