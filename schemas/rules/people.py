"""Rules about people: who they are, and what follows from their personal numbers."""

from collections.abc import Iterator, Mapping
from datetime import date

from schemas.codelists import code_lists
from schemas.errors import Path
from schemas.partial_date import PartialDate
from schemas.requirements import registration_gaps
from schemas.rules.rule import Content, Trouble, elements


def people(content: Content) -> Iterator[tuple[Path, Content]]:
    """Yield the head and the members with their paths."""
    head = content.get("head")
    if isinstance(head, Mapping):
        yield ("head",), head
    for index, member in enumerate(elements(content, "members")):
        yield ("members", index), member


def identity_given(content: Content, _: date) -> Iterator[Trouble]:
    """The head has a personal number or a reason for having none."""
    for path, other in registration_gaps(content):
        yield path, "item.required-or", {"other": other}


def identity_not_doubted(content: Content, _: date) -> Iterator[Trouble]:
    """The head does not have both a personal number and a reason for having none."""
    head = content.get("head") or {}
    if head.get("national_id") and head.get("no_id_reason"):
        yield ("head", "no_id_reason"), "national-id.and-reason", {}


def digits_against_sex_and_year(content: Content, _: date) -> Iterator[Trouble]:
    """Digit 4 of a personal number encodes century and sex, digits 5 and 6 the year of birth (Circular 07/2016)."""
    for path, person in people(content):
        if not person.get("national_id_confirmed"):
            yield from _contradictions(path, person)


def digits_confirmed_against_the_card(content: Content, _: date) -> Iterator[Trouble]:
    """A number that contradicts sex or year of birth, and that somebody confirmed against the card, is reported."""
    for path, person in people(content):
        if person.get("national_id_confirmed"):
            yield from _contradictions(path, person)


def contradicts(person: Content) -> bool:
    """Whether a person's number contradicts the sex or the year of birth."""
    return any(True for _ in _contradictions((), person))


def _contradictions(path: Path, person: Content) -> Iterator[Trouble]:
    number = person.get("national_id")
    if not number:
        return
    digit = int(number[3])
    sex = person.get("sex")
    if sex in ("male", "female") and (sex == "female") != bool(digit % 2):
        yield (*path, "national_id"), "national-id.sex", {"digit": digit}
    birth = person.get("birth_date")
    year = 1900 + 100 * (digit // 2) + int(number[4:6])
    if isinstance(birth, PartialDate) and birth.year != year:
        yield (*path, "national_id"), "national-id.birth-year", {"digits": number[3:6], "year": year}


def number_once(content: Content, _: date) -> Iterator[Trouble]:
    """A personal number occurs once in a household."""
    names: dict[str, str] = {}
    for path, person in people(content):
        number = person.get("national_id")
        if not number:
            continue
        if number in names:
            yield (*path, "national_id"), "national-id.twice", {"first": names[number]}
        else:
            names[number] = person.get("full_name", "")


def known_place(content: Content, _: date) -> Iterator[Trouble]:
    """The first three digits of a personal number are a province, except for people born abroad (Circular 07/2016)."""
    places = code_lists()["personal_id_places"].codes
    for path, person in people(content):
        number = person.get("national_id")
        if number and number[:3] not in places:
            yield (*path, "national_id"), "national-id.place-unknown", {"place": number[:3]}


def one_spouse(content: Content, _: date) -> Iterator[Trouble]:
    """A household's head has at most one spouse."""
    spouses = [index for index, member in enumerate(elements(content, "members")) if member.get("relation") == "spouse"]
    for index in spouses[1:]:
        yield ("members", index, "relation"), "members.spouse-twice", {}


def head_of_age(content: Content, today: date) -> Iterator[Trouble]:
    """The head of a household is rarely younger than 15."""
    birth = (content.get("head") or {}).get("birth_date")
    if isinstance(birth, PartialDate) and birth.year > today.year - 15:
        yield ("head", "birth_date"), "head.young", {"age": today.year - birth.year}
