"""People: a head and a family with consistent years of birth, names, relations and personal numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from math import gcd
from random import Random

from service.demonstration.names import STOCKS, NameStock, Sex

_NUMBERS_A_GROUP = 1_000_000
_PHONE_PREFIXES = (
    "032", "033", "034", "035", "036", "037", "038", "039", "086", "096", "097", "098", "091", "094", "083", "088",
    "070", "079", "090", "056",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """One person; ``birth`` is a full day, of which the record may give only the year."""

    full_name: str
    sex: Sex
    birth: date
    number: str
    relation: str


class PersonalNumbers:
    """Unique twelve-digit personal numbers for one commune (Circular 07/2016/TT-BCA).

    Within one sex and year of birth the last six digits are distributed so that no two communes share any: commune
    ``position`` of ``communes`` gets those whose remainder modulo ``communes`` is ``position``.
    """

    def __init__(self, prefix: str, position: int, communes: int, seed: int) -> None:
        """``prefix`` is the province's, the first three digits."""
        self._prefix = prefix
        self._position = position
        self._communes = communes
        self._seed = seed
        self._given: Counter[str] = Counter()

    def next(self, sex: Sex, birth: date) -> str:
        """Return the next number of a person born in the province. Raises ValueError when none is left."""
        century = (birth.year // 100 - 19) * 2 + (sex == "female")
        group = f"{self._prefix}{century}{birth.year % 100:02d}"
        rank = self._given[group]
        slots = _NUMBERS_A_GROUP // self._communes
        if rank >= slots:
            raise ValueError(f"no personal number is left for {group} in one commune")
        self._given[group] += 1
        # A step coprime to the number of slots visits each slot once, in an order that looks random.
        step, start = _coprime_step(slots, self._seed), (self._seed * 7919 + birth.year * 104_729) % slots
        serial = (start + rank * step) % slots * self._communes + self._position
        return f"{group}{serial:06d}"


def _coprime_step(slots: int, seed: int) -> int:
    step = slots * 61 // 100 + seed % 97
    while gcd(step, slots) != 1:
        step += 1
    return step


def family_of(random: Random, group: str, on: date, numbers: PersonalNumbers) -> list[Person]:
    """Draw a household of one ethnic group on the day ``on``: 1 to 9 people, the head first.

    Spouses are of about the same age, children 19 to 38 years younger than the mother, parents 20 to 36 years older.
    """
    stock = STOCKS[group]
    sex: Sex = "male" if random.random() < 0.8 else "female"
    head_birth = _born(random, on.year - _age_of_head(random))
    family = stock.family_name(random)
    people = [_person(stock, random, numbers, sex, head_birth, "head", family)]
    age = on.year - head_birth.year
    mother_year = head_birth.year
    if random.random() < (0.9 if sex == "male" else 0.35):
        spouse_sex: Sex = "female" if sex == "male" else "male"
        older = random.randint(-6, 2) if sex == "female" else random.randint(-2, 7)
        spouse = _person(stock, random, numbers, spouse_sex, _born(random, head_birth.year + older), "spouse")
        people.append(spouse)
        mother_year = spouse.birth.year if spouse_sex == "female" else head_birth.year
    children_family = family if sex == "male" else None
    born = mother_year + random.randint(20, 29)
    for _ in range(random.choices((0, 1, 2, 3, 4), (10, 22, 40, 20, 8))[0]):
        # Grown children mostly live in their own household; no child is born after the mother's 44th year.
        if born > min(on.year - 1, mother_year + 44):
            break
        if on.year - born < 25 or random.random() < 0.35:
            child_sex: Sex = "male" if random.random() < 0.52 else "female"
            people.append(_person(stock, random, numbers, child_sex, _born(random, born), "child", children_family))
        born += random.randint(2, 5)
    if age < 58 and random.random() < 0.22:
        parent_sex: Sex = "female" if random.random() < 0.7 else "male"
        keeps = family if parent_sex == "male" else None
        parent_birth = _born(random, max(1926, head_birth.year - random.randint(20, 36)))
        people.append(_person(stock, random, numbers, parent_sex, parent_birth, "parent", keeps))
    return people


def phone_number(random: Random) -> str:
    """Draw a mobile number in the national format: ten digits with a leading zero."""
    return f"{random.choice(_PHONE_PREFIXES)}{random.randrange(10_000_000):07d}"


def _age_of_head(random: Random) -> int:
    return min(88, max(21, round(random.gauss(51, 13))))


def _born(random: Random, year: int) -> date:
    return date(year, random.randint(1, 12), random.randint(1, 28))


def _person(
    stock: NameStock,
    random: Random,
    numbers: PersonalNumbers,
    sex: Sex,
    birth: date,
    relation: str,
    family: str | None = None,
) -> Person:
    return Person(stock.full_name(random, sex, family), sex, birth, numbers.next(sex, birth), relation)
