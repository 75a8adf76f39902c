"""A country in which communes merge, split, end and change their codes at random, and what really became of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from service.unit_names import NO_IDENTITY, UnitCode
from service.units.directory import UnitDirectory
from service.units.identities import with_identities
from service.units.unit import Part, Unit
from service.units.unit_list import contradictions, read_units
from tests.units.lists import a_line, a_list

START = date(2026, 2, 1)
CODES = tuple(UnitCode(f"9000{number}") for number in range(1, 8))
DAY = timedelta(days=1)

Step = tuple[str, int, int, int]
"""What happens, and three numbers that choose to whom."""

LIST_STEPS = ("merge", "absorb", "split", "rename", "recode", "move", "found", "close")
ALL_STEPS = (*LIST_STEPS, "write", "write", "draft", "draft", "again", "rehome", "decide")


def _read(text: bytes) -> list[Step]:
    """The steps that four bytes each say; what is left over says nothing."""
    return [
        (ALL_STEPS[what % len(ALL_STEPS)], first % 7, second % 7, third % 4)
        for what, first, second, third in zip(*(text[place::4] for place in range(4)), strict=False)
    ]


# Drawn as one string of bytes, since hypothesis takes longer to draw a step in parts than the register to carry it out.
steps = st.binary(min_size=16, max_size=48).map(_read)


FIRST = with_identities(
    read_units(a_list(a_line("42", kind="tỉnh", level="province", parent=""), *(a_line(code) for code in CODES[:4])))
)


@dataclass(eq=False)
class Commune:
    """A commune as it really is: one from its founding to its end, whatever it is called."""

    became: list[Commune] | None = None

    def until(self, in_force: set[Commune]) -> tuple[set[Commune], bool]:
        """The communes in force that have its households, and whether none of them went to one that just ended."""
        if self in in_force:
            return {self}, True
        found = [one.until(in_force) for one in self.became or ()]
        return set().union(*(communes for communes, _ in found)), bool(found) and all(whole for _, whole in found)


@dataclass
class Country:
    """The rows of the list as the register has them, and the communes that they are about."""

    rows: tuple[Unit, ...] = ()
    communes: dict[tuple[str, str, date | None], Commune] = field(default_factory=dict)
    today: date = START
    _made: tuple[tuple[Unit, ...], UnitDirectory] | None = None

    def __post_init__(self) -> None:
        self.rows = FIRST
        self.communes = {row.key: Commune() for row in self.rows if row.level == "commune"}

    def directory(self) -> UnitDirectory:
        if self._made is None or self._made[0] is not self.rows:
            self._made = (self.rows, UnitDirectory(self.rows))
        return self._made[1]

    def commune_of(self, row: Unit) -> Commune:
        return self.communes[row.key]

    def happens(self, step: Step) -> None:
        """A list changes units from a day that lies some days back, today, or ahead."""
        what, first, second, delay = step
        self.today += (delay + 1) * DAY
        day = self.today - delay * DAY + (2 * DAY if second == 6 else 0 * DAY)
        going = [row for row in self._in_force() if row.begins < day]
        if not going:
            return
        row = going[first % len(going)]
        other = going[(first + 1 + second) % len(going)]
        getattr(self, f"_{what}")(row, other, day, first + second)

    def _in_force(self) -> list[Unit]:
        return [row for row in self.rows if row.level == "commune" and row.valid_to is None]

    def _free(self, day: date, number: int) -> UnitCode | None:
        free = [
            c for c in CODES if all(r.code != c or (r.valid_to is not None and r.valid_to < day) for r in self.rows)
        ]
        return free[number % len(free)] if free else None

    def _load(self, changed: dict[Unit, Unit], added: dict[Unit, Commune]) -> bool:
        """Load a list of changes, unless it contradicts what is there, as ``scripts/units`` does."""
        rows = [*(changed.get(row, row) for row in self.rows), *added]
        if len({row.key for row in rows}) < len(rows) or any(contradictions([(0, row) for row in rows])):
            return False
        self.communes |= {row.key: commune for row, commune in added.items()}
        self.rows = with_identities(rows, self.rows, {row.identity for row in self.rows})
        return True

    def _merge(self, row: Unit, other: Unit, day: date, number: int) -> None:
        code, merged = (row.code if number % 2 else self._free(day, number) or row.code), Commune()
        ended = {each: replace(each, valid_to=day - DAY, successor=code) for each in (row, other)}
        communes = self.commune_of(row), self.commune_of(other)
        if row is not other and row.parent == other.parent and self._load(ended, {_new(row, code, day): merged}):
            communes[0].became = communes[1].became = [merged]

    def _absorb(self, row: Unit, other: Unit, day: date, number: int) -> None:  # noqa: ARG002 - all are called alike
        ended = {row: replace(row, valid_to=day - DAY, successor=other.code)}
        communes = self.commune_of(row), self.commune_of(other)
        if row is not other and day <= self.today and self._load(ended, {}):
            communes[0].became = [communes[1]]

    def _split(self, row: Unit, other: Unit, day: date, number: int) -> None:  # noqa: ARG002 - all are called alike
        code, parts = self._free(day, number), [Commune(), Commune()]
        if code is None:
            return
        ended = {row: replace(row, valid_to=day - DAY, parts=(Part(row.code), Part(code)))}
        whole = self.commune_of(row)
        if self._load(ended, {_new(row, each, day): part for each, part in zip((row.code, code), parts, strict=True)}):
            whole.became = parts

    def _rename(self, row: Unit, other: Unit, day: date, number: int) -> None:  # noqa: ARG002 - all are called alike
        self._goes_on(row, replace(_new(row, row.code, day), name="Mới"), day)

    def _recode(self, row: Unit, other: Unit, day: date, number: int) -> None:  # noqa: ARG002 - all are called alike
        self._goes_on(row, _new(row, self._free(day, number) or row.code, day), day)

    def _move(self, row: Unit, other: Unit, day: date, number: int) -> None:  # noqa: ARG002 - all are called alike
        parent = UnitCode("42" if row.parent == "40" else "40")
        self._goes_on(row, replace(_new(row, row.code, day), parent=parent), day)

    def _goes_on(self, row: Unit, after: Unit, day: date) -> None:
        ended = {row: replace(row, valid_to=day - DAY, successor=after.code)}
        self._load(ended, {after: self.commune_of(row)})

    def _found(self, row: Unit, other: Unit, day: date, number: int) -> None:  # noqa: ARG002 - all are called alike
        if (code := self._free(day, number)) is not None:
            self._load({}, {_new(row, code, day): Commune()})

    def _close(self, row: Unit, other: Unit, day: date, number: int) -> None:  # noqa: ARG002 - all are called alike
        commune = self.commune_of(row)
        # Seldom, or nobody is left.
        if number % 3 == 0 and self._load({row: replace(row, valid_to=day - DAY)}, {}):
            commune.became = []


def _new(row: Unit, code: UnitCode, day: date) -> Unit:
    return replace(row, code=code, valid_from=day, valid_to=None, successor=None, parts=(), identity=NO_IDENTITY)


def geographies(directory: UnitDirectory, today: date) -> Iterator[date]:
    """Days on both sides of every change, and today."""
    for day in directory.geographies():
        yield from (day - DAY, day)
    yield today


def shows(record: dict[str, Any]) -> dict[str, Any]:
    """What a client enters of a place."""
    return {name: record[name] for name in ("commune", "former_commune", "commune_as_of") if name in record}
