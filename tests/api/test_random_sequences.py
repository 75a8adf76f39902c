"""Lists, writes, drafts, accounts and moves in any order, on the real service: nothing is lost, or shown to others.

tests/units/test_random_sequences.py holds the rules alone to the same, with many more sequences.
"""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, cast

import pytest
from flask import Flask

from service.access.accounts import NewAccount
from service.api.http.guard import Guard
from service.app import register_of
from service.commands.units import load_list
from service.jobs.rehoming import Rehoming
from service.principal import register_itself
from service.roles import Role
from service.settings import read_settings
from service.storage.migration import migrate
from service.units.ports import NewEdition
from service.units.unit import Unit
from service.units.unit_list import COLUMNS, OF_CHANGES, UnitListInvalid
from service.wiring import Register as Parts
from tests.api.asking import Register
from tests.api.signed_in import token_of
from tests.apps import opened_app
from tests.builders import Json, MovedClock, a_least_household
from tests.conftest import named
from tests.examples import examples
from tests.storage.writing import assert_exact
from tests.units.sequences import DAY, FIRST, LIST_STEPS, Commune, Country, Step, geographies

WRITES = ("write", "write", "draft", "draft", "draft", "again", "revise", "verify", "withdraw", "decide", "account")
STEPS = (*LIST_STEPS, "mistake", "put off", *WRITES, "villages", "rehome", "interrupted")
BEGUN = 4
"""The households that are there at the beginning, one in each commune."""
SEQUENCES, LONGEST = 20, 20


def steps_of(seed: int) -> list[Step]:
    """A random sequence. Hypothesis would spend minutes to shorten one, since each takes most of a second."""
    random = Random(seed)
    return [
        (random.choice(STEPS), random.randrange(7), random.randrange(7), random.randrange(4))
        for _ in range(random.randrange(4, LONGEST))
    ]


WHOLE: Final = "*"
PASSWORD: Final = "Lúa chín vàng đồng"


@dataclass
class Household:
    """A household that was registered, and the commune in which it really was then."""

    id: str
    commune: Commune
    revision: int = 1
    status: str = "submitted"


@dataclass
class Officer:
    """An account, and the commune that it is for."""

    account: str
    commune: Commune


@dataclass
class World:
    """The service, and what really happens around it."""

    app: Flask
    clock: MovedClock
    folder: Path
    number: int
    country: Country = field(default_factory=Country)
    households: list[Household] = field(default_factory=list)
    officers: list[Officer] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    """Of accounts for a commune on a day, each made once: to make one again is as many writes as to register."""

    def __post_init__(self) -> None:
        self._now()
        self.parts.store.units.replace_units(FIRST)
        self.client = Register(self.app.test_client())
        self.names = (f"officer-{self.number}-{each}" for each in itertools.count())
        for number in range(BEGUN):
            self._write(number, self.country.today)

    @property
    def parts(self) -> Parts:
        return register_of(self.app)

    def does(self, step: Step) -> None:
        what, first, second, third = step
        if what in LIST_STEPS:
            self._list(step)
        elif what in ("mistake", "put off"):
            self._list((LIST_STEPS[third * 2 + first % 2], first, second, 0), afterwards=what)
        elif what in ("write", "draft"):
            self._write(first, self.country.today - timedelta(days=0 if what == "write" else second * 3))
        elif what == "account":
            self._account(first)
        elif what == "villages":
            self._villages(first, second)
        elif what in ("rehome", "interrupted"):
            self._rehome(interrupted=what == "interrupted")
        elif self.households:
            getattr(self, f"_{what}")(self.households[first % len(self.households)], second)

    def _now(self) -> None:
        self.clock.now = datetime.combine(self.country.today, datetime.min.time(), UTC) + timedelta(hours=5)

    # Lists ------------------------------------------------------------------------------------------------------

    def _list(self, step: Step, afterwards: str = "") -> None:
        """Load what happens in the country, and at once correct it where it was a mistake, or put it off."""
        before, communes = self.country.rows, dict(self.country.communes)
        became = {commune: commune.became for commune in communes.values()}
        self.country.happens(step)
        self._now()
        after = self.country.rows
        if after is before:
            return
        self._load(_lines(before, after))
        if afterwards == "mistake":
            self._load(_lines(after, before))
            self.country.rows, self.country.communes = before, communes
            for commune, then in became.items():
                commune.became = then
        elif afterwards == "put off":
            self._put_off(before, after)

    def _put_off(self, before: tuple[Unit, ...], after: tuple[Unit, ...]) -> None:
        """What begins in some days begins a day later."""
        keys = {row.key for row in before}
        if any(row.valid_from <= self.country.today for row in after if row.key not in keys and row.valid_from):
            return
        moved: dict[Unit, Unit] = {}
        for row in after:
            if row.key not in keys and row.valid_from:
                moved[row] = replace(row, valid_from=row.valid_from + DAY)
            elif row not in before and row.valid_to:
                moved[row] = replace(row, valid_to=row.valid_to + DAY)
        lines = [_line(later, replaces=row if row.key != later.key else None) for row, later in moved.items()]
        if not self._load(lines):
            return
        self.country.rows = tuple(moved.get(row, row) for row in after)
        for row, later in moved.items():
            if row.key in self.country.communes:
                self.country.communes[later.key] = self.country.communes[row.key]

    def _load(self, lines: Iterable[Json]) -> bool:
        file = self.folder / "list.csv"
        with file.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.DictWriter(opened, (*COLUMNS, *OF_CHANGES), restval="")
            writer.writeheader()
            writer.writerows(lines)
        edition = NewEdition("random", self.country.today, "test", self.clock())
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                assert load_list(self.parts.store, file, edition, self.parts.settings, dry_run=False) == 0
        except UnitListInvalid as error:
            raise AssertionError(f"{error}\n{file.read_text(encoding='utf-8')}") from error
        return True

    # Writes -----------------------------------------------------------------------------------------------------

    def _write(self, first: int, day: date) -> None:
        directory = self.parts.units.directory()
        units = directory.of_level("commune", day)
        if not units:
            return
        unit = units[first % len(units)]
        commune = self.country.commune_of(unit)
        household = a_least_household(commune=unit.code, commune_as_of=day.isoformat())
        response = self._asks(WHOLE, "PUT", household["id"], json=household)
        if response.status_code != 201:
            assert (response.status_code, self._heirs(commune)) == (422, set()), response.text
            return
        self.households.append(Household(household["id"], commune))
        assert self._asks(WHOLE, "PUT", household["id"], json=household).status_code == 200

    def _again(self, household: Household, _: int) -> None:
        """A record that is sent again as it is shown makes no revision and stays verified."""
        shown = self._asks(WHOLE, "GET", household.id).get_json()
        assert (shown["revision"], shown["status"]) == (household.revision, household.status)
        if household.status == "withdrawn":
            return
        response = self._asks(WHOLE, "PUT", household.id, json=shown, headers=_if_match(household))
        assert (response.status_code, response.get_json().get("revision")) == (200, household.revision), response.text

    def _revise(self, household: Household, second: int) -> None:
        if household.status == "withdrawn":
            return
        patch = {"village": f"Xóm {household.revision} {second}"}
        response = self._asks(WHOLE, "PATCH", household.id, json=patch, headers=_if_match(household))
        self._revised(household, response, "submitted")

    def _verify(self, household: Household, _: int) -> None:
        if household.status == "submitted":
            response = self._asks(WHOLE, "POST", household.id, "/verify", Role.LEADER, headers=_if_match(household))
            self._revised(household, response, "verified")

    def _withdraw(self, household: Household, second: int) -> None:
        if second == 0 and household.status != "withdrawn":
            body, match = {"reason": "moved_away"}, _if_match(household)
            self._revised(household, self._asks(WHOLE, "DELETE", household.id, json=body, headers=match), "withdrawn")

    def _decide(self, household: Household, second: int) -> None:
        """An officer decides to which part of a split commune a household belongs."""
        household = next((each for each in self.households if len(self._heirs(each.commune)) > 1), household)
        shown = self._asks(WHOLE, "GET", household.id).get_json()
        heirs = sorted(self._heirs(household.commune), key=lambda each: self._unit_of(each).code)
        if household.status == "withdrawn" or len(heirs) < 2:
            return
        chosen = heirs[second % len(heirs)]
        code = self._unit_of(chosen).code
        if code == shown["commune"] and self._in_force(code):
            return
        body, match = {"commune": code}, _if_match(household)
        response = self._asks(WHOLE, "POST", household.id, "/transfer", json=body, headers=match)
        self._revised(household, response, response.get_json().get("status", ""))
        household.commune = chosen

    def _account(self, first: int) -> None:
        units = self.parts.units.directory().of_level("commune", self.country.today)
        if not units:
            return
        unit = units[first % len(units)]
        guard = cast(Guard, self.app.extensions["guard"])
        new = NewAccount(next(self.names), Role.OFFICER, (unit.code,), password=PASSWORD, must_change_password=False)
        issued = guard.accounts.create(new, register_itself())
        self.officers.append(Officer(issued.account.id, self.country.commune_of(unit)))

    def _villages(self, first: int, second: int) -> None:
        """A commune writes its list of villages, of which ``_revise`` names some."""
        units = self.parts.units.directory().of_level("commune", self.country.today)
        if units:
            address = f"/v1/villages/{units[first % len(units)].code}"
            headers = self._headers(WHOLE, Role.LEADER)
            shown = self.client.client.get(address, headers=headers)
            villages = [{"name": f"Xóm {number} {second}"} for number in (1, 2, 3)]
            headers["If-Match"] = shown.headers["ETag"]
            written = self.client.client.put(address, json={"villages": villages}, headers=headers)
            assert written.status_code == 200, written.text

    def _rehome(self, *, interrupted: bool = False) -> None:
        parts = self.parts
        moving = Rehoming(parts.store, parts.units.directory, parts.clock, parts.examiner).run(batch=1)
        for each in itertools.islice(moving, 1 if interrupted else None):
            assert each.error is None
            household = next(one for one in self.households if one.id == each.household_id)
            household.revision += each.moved
            heirs = self._heirs(household.commune)
            if each.moved and len(heirs) > 1:  # to the commune that was split, or to the part that has its village
                there = parts.store.households.record(household.id, area=None)["commune"]
                found = (heir for heir in heirs if self._unit_of(heir).identity == there)
                household.commune = next(found, household.commune)

    # What must be -----------------------------------------------------------------------------------------------

    def check(self, *, villages: bool) -> None:
        today = self.country.today
        active = [each for each in self.households if each.status != "withdrawn"]
        for unit in self.parts.units.directory().of_level("commune", today):
            commune = self.country.commune_of(unit)
            expected = {each.id for each in active if commune in self._heirs(each.commune)}
            assert self._seen(self._headers(unit.code)) == expected, unit
            found = self._seen(self._headers(WHOLE), f"&commune={unit.code}")
            assert expected >= found >= {each for each in expected if self._is_decided(each)}
        for officer in self.officers:
            there = self._heirs(officer.commune)
            expected = {each.id for each in active if there & self._heirs(each.commune)}
            token, _ = cast(Guard, self.app.extensions["guard"]).tokens.issue(officer.account, scopes=())
            assert self._seen({"Authorization": f"Bearer {token}"}) == expected
        for day in {day for day in geographies(self.parts.units.directory(), today) if day <= today}:
            address = f"/v1/coverage?level=commune&geography={day}"
            report = self.client.client.get(address, headers=self._headers(WHOLE))
            assert report.status_code == 200, report.text
            assert report.get_json()["total"]["registered"] == len(active), day
            for row in report.get_json()["rows"]:
                if villages and row["unit"] is not None and row["registered"]:
                    self._check_villages(row, day)
        assert_exact(self.parts.store)

    def _check_villages(self, row: Json, day: date) -> None:
        """A commune's villages, and the row of unknown ones, have all of its households."""
        address = f"/v1/coverage?level=village&unit={row['unit']}&geography={day}"
        report = self.client.client.get(address, headers=self._headers(WHOLE))
        if report.status_code == 422 and report.get_json()["code"] == "commune.successor-unknown":
            return
        assert report.status_code == 200, report.text
        assert report.get_json()["total"]["registered"] == row["registered"], address

    def _is_decided(self, household_id: str) -> bool:
        household = next(each for each in self.households if each.id == household_id)
        return len(self._heirs(household.commune)) == 1

    def _seen(self, headers: dict[str, str], more: str = "") -> set[str]:
        response = self.client.client.get(f"/v1/households?limit=1000{more}", headers=headers)
        assert response.status_code == 200, response.text
        return {each["id"] for each in response.get_json()["items"]}

    def _heirs(self, commune: Commune) -> set[Commune]:
        units = self.parts.units.directory().of_level("commune", self.country.today)
        return commune.until({self.country.commune_of(unit) for unit in units})[0]

    def _unit_of(self, commune: Commune) -> Unit:
        units = self.parts.units.directory().of_level("commune", self.country.today)
        return next(unit for unit in units if self.country.commune_of(unit) is commune)

    def _in_force(self, code: str) -> bool:
        units = self.parts.units.directory().of_level("commune", self.country.today)
        return any(unit.code == code for unit in units)

    def _headers(self, code: str, role: Role = Role.OFFICER) -> dict[str, str]:
        name = f"{role}-{self.number}-{self.country.today}-{code}"
        if name not in self.tokens:
            self.tokens[name] = token_of(self.app, role, code, name=name)
        return {"Authorization": f"Bearer {self.tokens[name]}"}

    def _asks(
        self, code: str, method: str, household: str, step: str = "", role: Role = Role.OFFICER, **options: Any
    ) -> Any:
        headers = {**self._headers(code, role), **options.pop("headers", {})}
        return self.client.client.open(f"/v1/households/{household}{step}", method=method, headers=headers, **options)

    def _revised(self, household: Household, response: Any, status: str) -> None:
        assert response.status_code == 200, response.text
        household.revision, household.status = household.revision + 1, status


def _if_match(household: Household) -> dict[str, str]:
    return {"If-Match": f'"{household.revision}"'}


def _lines(before: Iterable[Unit], after: Iterable[Unit]) -> Iterator[Json]:
    """The list of changes that makes ``after`` of ``before``."""
    known, then = {row.key: row for row in before}, {row.key: row for row in after}
    for key, row in then.items():
        if key not in known or _line(known[key]) != _line(row):
            yield _line(row)
    for key in known.keys() - then.keys():
        yield {**_line(known[key]), "withdrawn": "yes"}


def _line(row: Unit, replaces: Unit | None = None) -> Json:
    successor = ";".join(part.code for part in row.parts) or row.successor or ""
    line: Json = {"code": row.code, "name_vi": row.name, "name_en": row.name_en, "kind": row.kind, "level": row.level}
    line |= {"parent": row.parent or "", "successor": successor, "source": row.source}
    line |= {"valid_from": row.valid_from or "", "valid_to": row.valid_to or ""}
    return line if replaces is None else {**line, "replaces": replaces.valid_from}


@pytest.fixture(scope="module")
def service(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, MovedClock]]:
    folder, clock = tmp_path_factory.mktemp("data"), MovedClock()
    uri = named(mongodb_uri, "random_sequences")
    ready = read_settings({"MONGODB_URI": uri, "DATA_FOLDER": str(folder)})
    migrate(ready, say=lambda _: None)
    with opened_app(replace(ready, units_refresh_seconds=0.0), clock) as app:
        yield app, clock
        register_of(app).store.database.client.drop_database("random_sequences")


EMPTIED: Final = (
    *("households", "log", "commune_states", "days", "identities", "accounts", "units", "unit_editions"),
    *("state", "baselines", "villages", "trail", "trail_lanes"),
)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_lists_writes_and_moves_in_any_order_lose_nothing(service: tuple[Flask, MovedClock], tmp_path: Path) -> None:
    app, clock = service
    for seed in range(examples(SEQUENCES)):
        for name in EMPTIED:
            register_of(app).store.database.mongo[name].delete_many({})
        sequence = steps_of(seed)
        try:
            world = World(app, clock, tmp_path, seed)
            for step in sequence:
                world.does(step)
            world.check(villages=False)
            world.does(("rehome", 0, 0, 0))
            world.check(villages=True)
        except Exception as error:
            raise AssertionError(f"sequence {seed}: {sequence}") from error
