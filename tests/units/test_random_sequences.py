"""Whatever lists, writes, old codes and moves come in whatever order: no household is lost, or shown to others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from service.errors import DomainError
from service.households.residence import Residence, Residences, current_residence, resolve_residence
from service.units.areas import area_of_units
from service.units.attribution import Attribution, tally_key
from tests.examples import examples
from tests.units.sequences import LIST_STEPS, Commune, Country, Step, geographies, shows, steps


@dataclass
class Household:
    """What is stored of a household, and the commune in which it really was when that was entered."""

    record: dict[str, Any]
    commune: Commune

    def moves(self, residence: Residence) -> None:
        self.record = {"commune": residence.commune, "commune_as_of": residence.as_of.isoformat()}
        if residence.former is not None:
            self.record["former_commune"] = residence.former


class Register:
    """Keeps households by the rules alone, without storage."""

    def __init__(self) -> None:
        self.country = Country()
        self.households: list[Household] = []

    def does(self, step: Step) -> None:
        what, first, second, _ = step
        if what in LIST_STEPS:
            self.country.happens(step)
        elif what in ("write", "draft"):
            day = self.country.today - timedelta(days=0 if what == "write" else second * 3)
            self._write(first, day)
        elif self.households:
            household = self.households[first % len(self.households)]
            {"again": self._again, "rehome": self._rehome, "decide": self._decide}[what](household, second)

    def _write(self, first: int, day: date) -> None:
        directory = self.country.directory()
        units = directory.of_level("commune", day)
        if not units:
            return
        unit = units[first % len(units)]
        content = {"commune": unit.code, "commune_as_of": day}
        try:
            residence = resolve_residence(content, directory, self.country.today, None)
        except DomainError:
            assert not self._today(self.country.commune_of(unit))
            return
        household = Household({}, self.country.commune_of(unit))
        household.moves(residence)
        self.households.append(household)

    def _again(self, household: Household, _: int) -> None:
        """The record as it is shown, sent again, stays where it is, or moves where rehoming would move it."""
        directory, today = self.country.directory(), self.country.today
        shown = shows(Residences(directory, today).shown(household.record))
        content = {**shown, "commune_as_of": date.fromisoformat(shown["commune_as_of"])}
        residence = resolve_residence(content, directory, today, household.record)
        current = current_residence(household.record, directory, today)
        assert (residence.commune, residence.former) == (current.commune, current.former or residence.former)
        if residence.commune == household.record["commune"]:
            assert residence.as_of.isoformat() == household.record["commune_as_of"]

    def _rehome(self, household: Household, _: int) -> None:
        household.moves(current_residence(household.record, self.country.directory(), self.country.today))

    def _decide(self, household: Household, second: int) -> None:
        """An officer decides to which part of a split commune a household belongs."""
        directory, today = self.country.directory(), self.country.today
        current = current_residence(household.record, directory, today)
        validity = directory.known_on(current.commune, today)
        assert validity is not None
        parts = directory.heirs_of(validity, today)
        if validity.in_force_on(today) or not parts:
            return
        part = parts[second % len(parts)]
        household.moves(Residence(part.identity, current.former or current.commune, max(current.as_of, part.begins)))
        household.commune = self.country.commune_of(part)

    def check(self) -> None:
        directory, today = self.country.directory(), self.country.today
        in_force = {self.country.commune_of(unit): unit for unit in directory.of_level("commune", today)}
        areas = {
            commune: area_of_units([unit.identity], directory, today).communes() or frozenset()
            for commune, unit in in_force.items()
        }
        days = {day: Attribution(directory, "commune", day) for day in geographies(directory, today)}
        for household in self.households:
            stored, key = household.record["commune"], tally_key(household.record.get("former_commune"))
            for day, attribution in days.items():
                found = attribution.unit_of(stored, key)
                assert found is None or directory.validity_on(found, day) is not None
            there, whole = household.commune.until(set(in_force))
            assert {commune for commune, area in areas.items() if stored in area} == there
            here = days[today].unit_of(stored, key)
            expected = in_force[next(iter(there))].identity if len(there) == 1 and whole else None
            assert here == expected

    def _today(self, commune: Commune) -> set[Commune]:
        """The communes of today that have a commune's households."""
        directory, today = self.country.directory(), self.country.today
        return commune.until({self.country.commune_of(unit) for unit in directory.of_level("commune", today)})[0]


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=examples(10_000), deadline=None)
@given(steps)
def test_every_household_counts_once_and_is_seen_by_its_commune_alone(sequence: list[Step]) -> None:
    register = Register()
    for step in sequence:
        register.does(step)
    register.check()
