"""Code lists: one CSV file each in `codelists/`, found by scanning the folder and read at the first use."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path

FOLDER = Path(__file__).parent / "codelists"
COLUMNS = ("code", "name_vi", "name_en", "valid_from", "valid_to", "source")


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """One code of a list, in force from `valid_from` to `valid_to`, both days included; None is open-ended.

    `extra` holds the further columns of the file (a coefficient, a group) as text.
    """

    code: str
    name_vi: str
    name_en: str
    valid_from: date | None
    valid_to: date | None
    source: str
    extra: Mapping[str, str]

    def in_force(self, on: date) -> bool:
        """Whether the code may be used for a record of this day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)

    def name(self, language: str) -> str:
        """Return the name in "vi" or "en", the Vietnamese one where there is no English name."""
        return (self.name_en or self.name_vi) if language == "en" else self.name_vi


class CodeList:
    """One code list. A code can occur more than once, with periods that do not overlap."""

    def __init__(self, name: str, entries: tuple[CodeEntry, ...]) -> None:
        self.name = name
        self.entries = entries

    def __iter__(self) -> Iterator[CodeEntry]:
        return iter(self.entries)

    @cached_property
    def codes(self) -> frozenset[str]:
        """Every code, including withdrawn ones, which a stored record may hold."""
        return frozenset(self._by_code)

    @cached_property
    def dated_codes(self) -> frozenset[str]:
        """The codes whose use depends on the day."""
        return frozenset(entry.code for entry in self.entries if entry.valid_from or entry.valid_to)

    def get(self, code: str, on: date | None = None) -> CodeEntry | None:
        """Return the entry of a code in force on a day, or None. Without a day: the latest entry, withdrawn or not."""
        entries = self._by_code.get(code, ())
        if on is None:
            return entries[-1] if entries else None
        return next((entry for entry in entries if entry.in_force(on)), None)

    def in_force(self, on: date) -> tuple[CodeEntry, ...]:
        """Return the entries in force on a day, in the order of the file."""
        return tuple(entry for entry in self.entries if entry.in_force(on))

    @cached_property
    def _by_code(self) -> dict[str, list[CodeEntry]]:
        by_code: dict[str, list[CodeEntry]] = {}
        for entry in self.entries:
            by_code.setdefault(entry.code, []).append(entry)
        for entries in by_code.values():
            entries.sort(key=lambda entry: entry.valid_from or date.min)
        return by_code


class CodeLists:
    """The lists of one folder, and those given. Raises KeyError for a name that has no list."""

    def __init__(self, folder: Path = FOLDER, *given: CodeList) -> None:
        self._folder = folder
        self._lists: dict[str, CodeList] = {each.name: each for each in given}

    def names(self) -> tuple[str, ...]:
        """Return the names of the lists, sorted."""
        return tuple(sorted({*self._lists, *(path.stem for path in self._folder.glob("*.csv"))}))

    def __getitem__(self, name: str) -> CodeList:
        if name not in self._lists:
            if name not in self.names():
                raise KeyError(name)
            self._lists[name] = read_list(name, self._folder / f"{name}.csv")
        return self._lists[name]


@cache
def code_lists() -> CodeLists:
    """Return the lists of this project."""
    return CodeLists()


def read_list(name: str, path: Path) -> CodeList:
    """Return the list in a file, which may lie elsewhere, as the units of a province do."""
    return CodeList(name, tuple(_read(path)))


def _read(path: Path) -> Iterator[CodeEntry]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield CodeEntry(
                code=row["code"],
                name_vi=row["name_vi"],
                name_en=row["name_en"],
                valid_from=date.fromisoformat(row["valid_from"]) if row["valid_from"] else None,
                valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                source=row["source"],
                extra={key: value for key, value in row.items() if key not in COLUMNS},
            )
