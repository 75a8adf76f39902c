"""Complete demonstration households: their commune, how much is known of each, and the matching baselines."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from service.demonstration import production
from service.demonstration.fields import Plot, homestead_of
from service.demonstration.land import MERGER, CommuneLand, VillageLand, land_of_communes
from service.demonstration.people import Person, PersonalNumbers, family_of, phone_number
from service.parcels.locating import Borders
from service.province import Province
from service.reports.ports import Baseline
from service.units.directory import UnitDirectory

Household = dict[str, Any]
"""A household as a client would send it."""

FIRST_DAY, LAST_DAY = date(2025, 12, 1), date(2026, 6, 30)
"""The days of the demonstration's campaign, fixed so that a seed always gives the same households."""

_BEFORE_MERGER = date(2025, 1, 6), date(2025, 6, 27)
MOST_HOUSEHOLDS = 600_000
_SOURCE = "Số liệu trình diễn, không phải thống kê"


@dataclass(frozen=True, slots=True)
class _Kind:
    """How much is known of a household, which decides the stage that it reaches."""

    mapped: float
    """The share of its parcels that have a boundary, from 0 to 1."""

    complete: bool
    """Whether it has every item that a standardized record needs."""


_DIGITIZED, _STANDARDIZED, _LISTED = _Kind(1.0, True), _Kind(0.4, True), _Kind(0.0, False)


class Demonstration:
    """The demonstration households of one seed.

    The n-th household of a seed does not depend on the size of the set, so that a larger set contains a smaller one.
    """

    def __init__(self, directory: UnitDirectory, province: Province, seed: int, borders: Borders | None = None) -> None:
        """With borders of communes, fields and homes lie inside them; people and numbers do not depend on borders.

        Raises ValueError when the list of units has no communes of today with a point.
        """
        self.seed = seed
        self.communes = land_of_communes(directory, province, seed, borders)
        self._province = province

    def counts(self, households: int) -> dict[str, int]:
        """Return how many of ``households`` live in each commune, by code. Raises ValueError above 600,000."""
        return {land.commune.code: len(indices) for land, indices in self._shares(households)}

    def households(self, households: int, *, part: int = 0, of: int = 1) -> Iterator[Household]:
        """Make ``households`` households, commune by commune in order of code. Raises ValueError above 600,000.

        With ``part`` and ``of``, makes one of ``of`` parts of about the same size. A part consists of whole consecutive
        communes, so that parts can be registered concurrently with few conflicts.
        """
        before = 0
        for position, (land, indices) in enumerate(self._shares(households)):
            mine = before * of // max(1, households) == part
            before += len(indices)
            if not mine:
                continue
            numbers = PersonalNumbers(self._province.personal_number_prefix, position, len(self.communes), self.seed)
            for number, index in enumerate(indices):
                yield _household(self.seed, index, number, land, numbers)

    def baselines(self, households: int) -> Iterator[Baseline]:
        """Make a baseline for each commune, and for the time before the merger for each former commune; the latter add
        up to the former.

        They are a little above the generated number, so that coverage is high but not complete.
        """
        for land, indices in self._shares(households):
            random = Random(f"{self.seed}/baseline/{land.commune.code}")
            expected = round(len(indices) * random.uniform(1.04, 1.45)) + random.randint(2, 9)
            yield Baseline(land.commune.code, expected, _SOURCE, MERGER)
            formers = sorted({village.former.code for village in land.villages if village.former is not None})
            shares = [sum(v.former is not None and v.former.code == code for v in land.villages) for code in formers]
            for code, part in zip(formers, _split(expected, shares), strict=True):
                yield Baseline(code, part, _SOURCE, date(MERGER.year, 1, 1))

    def _shares(self, households: int) -> list[tuple[CommuneLand, list[int]]]:
        """Distribute the households: first one to each commune, then by weight."""
        if not 0 <= households <= MOST_HOUSEHOLDS:
            raise ValueError(f"the generator makes 0 to {MOST_HOUSEHOLDS} households, not {households}")
        weights = list(accumulate(land.weight for land in self.communes))
        random = Random(f"{self.seed}/communes")
        shares: list[list[int]] = [[] for _ in self.communes]
        for index in range(min(households, len(self.communes))):
            shares[index].append(index)
        rest = range(len(self.communes), households)
        for index, position in zip(
            rest, random.choices(range(len(self.communes)), cum_weights=weights, k=len(rest)), strict=True
        ):
            shares[position].append(index)
        return list(zip(self.communes, shares, strict=True))


def _split(whole: int, shares: list[int]) -> list[int]:
    """Split a whole number by shares, by largest remainder."""
    total = sum(shares)
    parts = [whole * share // total for share in shares]
    remainders = sorted(range(len(shares)), key=lambda index: (-(whole * shares[index] % total), index))
    for index in remainders[: whole - sum(parts)]:
        parts[index] += 1
    return parts


def _household(seed: int, index: int, number: int, land: CommuneLand, numbers: PersonalNumbers) -> Household:
    random = Random(f"{seed}/{index}")
    village = land.villages[number % len(land.villages)]
    kind = random.choices((_DIGITIZED, _STANDARDIZED, _LISTED), (66, 20, 14))[0]
    residence = _commune(random, land, village)
    captured_at = datetime.fromisoformat(residence["captured_at"])
    group = land.ethnic_group(random)
    people = family_of(random, group, captured_at.date(), numbers)
    homestead = homestead_of(land, number, random)
    household: Household = {"id": _identity(seed, index, captured_at), "demonstration": True, **residence}
    household |= _people(random, people, group, kind)
    household["legal_basis"] = "state_function"
    if kind.complete or random.random() < 0.5:
        household |= {"village": village.name, "poverty": _poverty(random, land)}
    if household.get("poverty", "none") != "none":
        household["poverty_date"] = "2025-12-15" if captured_at.date() > date(2025, 12, 15) else "2024-12-15"
    if kind.mapped:
        household["location"] = {"type": "Point", "coordinates": list(homestead.house)}
        if homestead.house_outside:
            household["outside_confirmed"] = True
    if kind.complete:
        # Only records since VSIC 2025 came into force (2025-11-15) use its codes.
        classified = captured_at.date() >= FIRST_DAY and "commune_as_of" not in residence
        household |= _farm(random, homestead.fields, land, kind, classified=classified)
    return household


def _identity(seed: int, index: int, captured_at: datetime) -> str:
    """Return a UUIDv7 whose random part is derived from seed and index, so that a household has one id in every run."""
    chance = int.from_bytes(hashlib.blake2b(f"{seed}/{index}".encode(), digest_size=10).digest())
    moment = int(captured_at.timestamp() * 1000)
    value = moment << 80 | chance
    value = value & ~(0xF << 76) | 0x7 << 76
    return str(uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62))


def _commune(random: Random, land: CommuneLand, village: VillageLand) -> Household:
    """Describe where the household lives, in one of the ways in which officers and old lists do."""
    day = _day_between(random, FIRST_DAY, LAST_DAY)
    residence: Household = {"commune": land.commune.code, "captured_at": _moment(random, day)}
    if village.former is None or random.random() < 0.3:
        return residence
    way = random.random()
    if way < 0.5:
        return residence | {"former_commune": village.former.code}
    earlier = _day_between(random, *_BEFORE_MERGER)
    if way < 0.9:
        # A paper list from before the merger, entered now.
        return residence | {"commune": village.former.code, "commune_as_of": earlier.isoformat()}
    # A record made before the merger, which names the code of that time with the day of its making.
    return residence | {"commune": village.former.code, "commune_as_of": _moment(random, earlier)[:10]}


def _day_between(random: Random, first: date, last: date) -> date:
    return first + timedelta(days=random.randint(0, (last - first).days))


def _moment(random: Random, day: date) -> str:
    """Draw a moment during working hours in Vietnam, in UTC."""
    seconds = random.randint(0, 9 * 3600)
    return (
        (datetime(day.year, day.month, day.day, 0, 30, tzinfo=UTC) + timedelta(seconds=seconds))
        .isoformat()
        .replace("+00:00", "Z")
    )


def _people(random: Random, people: list[Person], group: str, kind: _Kind) -> Household:
    head, *others = people
    described = _person(random, head)
    if random.random() < 0.985:
        described["national_id"] = head.number
    else:
        described["no_id_reason"] = random.choice(("not_shown", "lost", "not_issued"))
    if kind.complete:
        described |= {"ethnic_group": group, "farm_work": random.random() < 0.92}
    if random.random() < 0.8:
        described["phone"] = phone_number(random)
    household: Household = {"head": described}
    if kind.complete and others:
        household["members"] = [_member(random, each) for each in others]
    return household


def _person(random: Random, person: Person) -> Household:
    birth = person.birth.isoformat() if random.random() < 0.65 else str(person.birth.year)
    return {"full_name": person.full_name, "sex": person.sex, "birth_date": birth}


def _member(random: Random, person: Person) -> Household:
    age = LAST_DAY.year - person.birth.year
    described = _person(random, person) | {
        "relation": person.relation,
        "farm_work": 15 < age < 75 and random.random() < 0.8,
    }
    if age > 14 and random.random() < 0.7:
        described["national_id"] = person.number
    return described


def _poverty(random: Random, land: CommuneLand) -> str:
    shares = (70, 14, 16) if land.terrain == "mountains" else (95, 3, 2)
    return random.choices(("none", "near_poor", "poor"), shares)[0]


def _farm(random: Random, fields: tuple[Plot, ...], land: CommuneLand, kind: _Kind, *, classified: bool) -> Household:
    """Describe what the household farms; it always has something."""
    terrain = land.terrain
    mapped = [random.random() < kind.mapped for _ in fields]
    if kind is _STANDARDIZED:
        mapped[-1] = False
    parcels = production.parcels(random, fields, terrain, mapped)
    for parcel, each in zip(parcels, fields, strict=True):
        if each.outside and "geometry" in parcel:
            parcel["outside_confirmed"] = True
    sold = production.products(random, parcels, terrain, land.product_names, classified=classified)
    farm: Household = {
        "parcels": parcels,
        "livestock": production.livestock(random, terrain),
        **production.water_wood_and_salt(random, terrain),
        "machinery": production.machinery(random, terrain),
        "products": sold,
        "digital": production.digital(random, terrain, selling=bool(sold)),
    }
    if random.random() < 0.35:
        farm["cooperative"] = {
            "member": True,
            "kind": "cooperative",
            "name": f"Hợp tác xã nông nghiệp {land.commune.name}",
        }
    return {name: value for name, value in farm.items() if value}
