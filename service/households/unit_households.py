"""Which households belong to a unit of any level and time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from service.errors import CommuneUnknown
from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from service.units.provinces import communes_by_province, lies_in
from service.units.unit import Unit


@dataclass(frozen=True, slots=True)
class UnitHouseholds:
    """Where the households of a unit are stored, and where only a part of what is stored there is the unit's: which."""

    communes: frozenset[UnitId]
    former_communes: tuple[UnitId, ...] = ()


def households_of_unit(directory: UnitDirectory, code: str, today: date) -> UnitHouseholds:
    """Return which households belong to the unit that has a code today, or had it last.

    A former commune has the households that it brought into its successors, a former district those of its communes, as
    coverage counts them. Raises CommuneUnknown for a code that no unit ever had.
    """
    meanings = directory.with_code(code)
    if not meanings:
        raise CommuneUnknown(commune=code, pointer="/commune")
    unit = next((each for each in meanings if each.in_force_on(today)), meanings[-1])
    if unit.in_force_on(today):
        if unit.level == "commune":
            return UnitHouseholds(directory.stored_in(unit, today))
        if unit.level == "province":
            return UnitHouseholds(communes_by_province(directory, today).get(unit.identity, frozenset()))
    if unit.level == "commune":
        return UnitHouseholds(_stored(directory, unit, today), (unit.identity,))
    return _of_former(directory, unit, today)


def _of_former(directory: UnitDirectory, unit: Unit, today: date) -> UnitHouseholds:
    end = min(unit.valid_to or today, today)
    inside = [each for each in directory.of_level("commune", end) if lies_in(each, unit, directory, end)]
    return UnitHouseholds(
        frozenset[UnitId]().union(*(_stored(directory, each, today) for each in inside)),
        tuple(each.identity for each in inside),
    )


def _stored(directory: UnitDirectory, former: Unit, today: date) -> frozenset[UnitId]:
    heirs = directory.heirs_of(former, max(today, former.begins))
    return frozenset({former.identity}).union(*(directory.stored_in(heir, today) for heir in heirs))
