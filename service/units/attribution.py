"""In which unit of a level and geography a household is counted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cached_property, lru_cache

from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from service.units.unit import Unit

FORMER_UNKNOWN = "unknown"
"""Key of the tally of households whose former commune is not known."""


def tally_key(former: str | None) -> str:
    """Return the key of a tally: the former commune, or FORMER_UNKNOWN."""
    return former or FORMER_UNKNOWN


def of_tally_key(key: str) -> str | None:
    """Return the former commune of a tally's key; None where it is not known."""
    return None if key == FORMER_UNKNOWN else key


def successor_unknown(unit: Unit, directory: UnitDirectory) -> bool:
    """Whether a unit ended and the list does not say which others have had its households since."""
    return unit.day_after is not None and not directory.heirs_of(unit, unit.day_after)


@lru_cache(maxsize=8)
def attribution_of(directory: UnitDirectory, level: str, geography: date) -> Attribution:
    """Return the Attribution of a level and geography, made once for each list of units: all coverage asks for it.

    A directory never changes; a newer list is another one.
    """
    return Attribution(directory, level, geography)


class Attribution:
    """Finds the unit of a level and geography that counts a household of a commune and tally (``tally_key``)."""

    def __init__(self, directory: UnitDirectory, level: str, geography: date) -> None:
        self._directory = directory
        self._level = level
        self._geography = geography
        self._known: dict[tuple[str, str], UnitId | None] = {}
        succeeded = [unit for unit in directory.of_level("commune", geography) if unit.valid_to is not None]
        self.can_fail = level != "province" and bool(succeeded)

    def unit_of(self, commune: str, tally: str) -> UnitId | None:
        """Return the identity of the unit; None where it is not known which of several it is.

        That is so in an earlier geography if the former commune is not known, and in a later one if the commune was
        split and nobody has decided to which part the household belongs.
        """
        key = (commune, tally)
        if key not in self._known:
            self._known[key] = self.unit_above(commune, of_tally_key(tally))
        return self._known[key]

    def reachable(self, area: Iterable[str]) -> set[UnitId | None]:
        """Return every unit in which households of the area's communes can be counted.

        Of a commune without a known successor these can be in any commune of its province.
        """
        found: set[UnitId | None] = set()
        for identity in area:
            found.add(self.unit_above(identity, None))
            for commune in self._directory.validities_of(identity)[:1]:
                formers = [each for each in self._open_ends if self._is_named_in(commune, each)]
                if self._geography < commune.begins:
                    formers.extend(self._directory.ancestors_of(commune))
                found.update(self.unit_above(identity, before.identity) for before in formers)
        return found

    @cached_property
    def _open_ends(self) -> list[Unit]:
        """The communes of the geography that ended before the register began, and of which no successor is known."""
        return [unit for unit in self._directory.of_level("commune", self._geography) if self._is_open_end(unit)]

    def _is_named_in(self, commune: Unit, former: Unit) -> bool:
        """Whether a household of a commune may name this one as its former commune."""
        named = self._directory.former_named(commune, former.code)
        return named is not None and named.identity == former.identity

    def _is_open_end(self, unit: Unit) -> bool:
        return not self._directory.can_hold_records(unit) and successor_unknown(unit, self._directory)

    def unit_above(self, commune: str, former: str | None) -> UnitId | None:
        """Return the identity of the unit of this level that is or contains the commune, or the former commune in it,
        on the geography.
        """
        above = {self._of_level(unit) for unit in self._communes_on_geography(commune, former)}
        if above in (set(), {None}) and self._level == "province":
            # Without a word of where it was before, a commune has always belonged to its province.
            above = {self._of_level(unit) for unit in self._directory.validities_of(commune)[:1]}
        return above.pop() if len(above) == 1 else None

    def _communes_on_geography(self, identity: str, former: str | None) -> tuple[Unit, ...]:
        """Return the commune as it is on the geography, or those to or from which its households came."""
        directory, geography = self._directory, self._geography
        validities = directory.validities_of(identity)
        if not validities:
            return ()
        if (validity := directory.validity_on(identity, geography)) is not None:
            before = directory.former_of(identity, former)
            if before is not None and before.in_force_on(geography) and self._is_open_end(before):
                return (before,)
            return (validity,)
        if geography >= validities[0].begins:
            heir = directory.heir_of(validities[-1], geography)
            if heir is not None:
                return (heir,)
            # A commune that was split: all its parts can still lie in one unit of a higher level.
            return () if self._level == "commune" else directory.heirs_of(validities[-1], geography)
        before = directory.former_of(identity, former)
        if before is None or before.identity == identity:
            return self._only(directory.origins_of(validities[0], geography))
        if (validity := directory.validity_on(before.identity, geography)) is not None:
            return (validity,)
        if geography < before.begins:
            return self._only(directory.origins_of(before, geography))
        on_the_way = directory.heirs_of(before, geography)
        leading = {unit.key for unit in directory.ancestors_of(validities[0])}
        return tuple(unit for unit in on_the_way if unit.key in leading)

    @staticmethod
    def _only(origins: tuple[Unit, ...]) -> tuple[Unit, ...]:
        """Return nothing where there are several former communes, even where all of them lay in the same district."""
        return origins if len(origins) == 1 else ()

    def _of_level(self, unit: Unit) -> UnitId | None:
        """Return the identity of the unit of this level that is or contains a unit on the geography."""
        above: Unit | None = unit
        while above is not None and above.level != self._level:
            above = self._directory.parent_of(above, self._geography)
        return None if above is None else above.identity
