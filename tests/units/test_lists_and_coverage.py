"""Lists that scripts/units loads into a register: what coverage expects and counts then, and what the list returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from service.area import WHOLE_REGISTER
from service.commands import units as units_command
from service.roles import Role
from service.settings import Settings
from tests.api.asking import Register
from tests.api.signed_in import token_of
from tests.apps import opened_app
from tests.builders import Json, MovedClock, a_household_without_boundaries
from tests.units.lists import a_line, a_list
from tests.units.registers import BEGUN, DAY, DAY_BEFORE, ENDED

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

WHOLE = a_line("90001")
PROVINCES = tuple(a_line(code, kind="tỉnh", level="province", parent="") for code in ("97", "98"))
EARLY = {"captured_at": "2026-10-01T02:00:00Z"}


@pytest.fixture
def register(commanded_settings: Settings) -> Iterator[Register]:
    """A register that the commands find, and that looks for newer units at every request."""
    with opened_app(replace(commanded_settings, units_refresh_seconds=0.0), MovedClock()) as app:
        yield Register(app.test_client())


def loaded(folder: Path, *lines: str) -> int:
    file = folder / "list.csv"
    file.write_text(a_list(*lines), encoding="utf-8")
    return units_command.main(["--list", str(file)])


def everywhere(register: Register, role: Role = Role.SUPERVISOR) -> dict[str, str]:
    """The token of an account of the whole register."""
    return {"Authorization": f"Bearer {token_of(register.client.application, role, WHOLE_REGISTER)}"}


def expect(register: Register, unit: str, households: int, day: str) -> None:
    body = {"households": households, "source": "Tổng điều tra", "date": day}
    response = register.client.put(f"/v1/baselines/{unit}", json=body, headers=everywhere(register))
    assert response.status_code == 200, response.text


def rows(register: Register, level: str, geography: str = DAY) -> dict[str | None, tuple[int, int | None]]:
    """Registered and expected households by code, of the units of these tests and of the row without a unit."""
    address = f"/v1/coverage?level={level}&geography={geography}"
    report = register.json_of(register.get(address, **everywhere(register)))
    found = {row["unit"]: (row["registered"], row["expected"]) for row in report["rows"]}
    return {code: row for code, row in found.items() if code is None or code.startswith("9")}


def listed(register: Register, code: str) -> set[str]:
    return {each["id"] for each in register.json(f"/v1/households?commune={code}")["items"]}


def a_household_of(register: Register, commune: str, **items: object) -> Json:
    household = a_household_without_boundaries(commune=commune, **items)
    headers = everywhere(register, Role.OFFICER)
    response = register.client.put(f"/v1/households/{household['id']}", json=household, headers=headers)
    assert response.status_code == 201, response.text
    record: Json = response.get_json()
    return record


def a_split(successor: str) -> tuple[str, ...]:
    return a_line("90001", successor=successor, **ENDED), a_line("90001", **BEGUN), a_line("90003", **BEGUN)


def test_each_part_of_a_split_is_expected_to_have_its_share_of_the_whole(register: Register, tmp_path: Path) -> None:
    assert loaded(tmp_path, WHOLE) == 0
    expect(register, "90001", 101, "2026-10-01")
    a_household_of(register, "90001", **EARLY)
    assert loaded(tmp_path, *a_split("90001=0.6;90003=0.4")) == 0
    assert rows(register, "commune") == {"90001": (0, 61), "90003": (0, 40), None: (1, None)}
    assert rows(register, "commune", DAY_BEFORE)["90001"] == (1, 101)
    expect(register, "90003", 55, DAY)
    assert rows(register, "commune") == {"90001": (0, 61), "90003": (0, 55), None: (1, None)}


def test_of_a_split_without_shares_nobody_knows_what_to_expect_in_a_part(register: Register, tmp_path: Path) -> None:
    assert loaded(tmp_path, WHOLE) == 0
    expect(register, "90001", 101, "2026-10-01")
    assert loaded(tmp_path, *a_split("90001;90003")) == 0
    assert {code: row for code, row in rows(register, "commune").items() if code} == {
        "90001": (0, None),
        "90003": (0, None),
    }


def test_a_baseline_belongs_to_its_unit_when_a_late_list_gives_its_code_to_another(
    register: Register, tmp_path: Path
) -> None:
    assert loaded(tmp_path, WHOLE) == 0
    expect(register, "90001", 100, "2026-11-05")
    again = a_line("90001", name_vi="Khác", **BEGUN)
    assert loaded(tmp_path, a_line("90001", successor="90011", **ENDED), a_line("90011", **BEGUN), again) == 0
    assert rows(register, "commune") == {"90001": (0, None), "90011": (0, 100)}

    def listed_of(code: str) -> list[tuple[str, str, int]]:
        items = register.json_of(register.get(f"/v1/baselines/{code}", **everywhere(register)))["items"]
        return [(each["unit"], each["name"], each["households"]) for each in items]

    old = ("90011", "Làng", 100)
    assert (listed_of("90001"), listed_of("90011")) == ([old], [old])
    expect(register, "90001", 7, "2026-11-05")
    assert rows(register, "commune") == {"90001": (0, 7), "90011": (0, 100)}
    for code in ("90001", "90011"):
        response = register.client.delete(f"/v1/baselines/{code}?date=2026-11-05", headers=everywhere(register))
        assert response.status_code == 204, response.text
        assert rows(register, "commune")[code] == (0, None)


def test_a_province_that_begins_after_its_communes_is_refused_by_line_and_coverage_goes_on(
    register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = a_line("99", kind="tỉnh", level="province", parent="", valid_from=DAY)
    assert loaded(tmp_path, later, a_line("90001", parent="99", valid_from=DAY_BEFORE)) == 1
    assert "line 4, parent: " in capsys.readouterr().err
    assert loaded(tmp_path, later, a_line("90001", parent="99", **BEGUN)) == 0
    for level in ("commune", "province"):
        for geography in (DAY_BEFORE, DAY):
            assert register.get(f"/v1/coverage?level={level}&geography={geography}").status_code == 200
        assert register.get(f"/v1/coverage?level={level}").status_code == 200
    assert rows(register, "province") == {"99": (0, None)}
    assert rows(register, "province", DAY_BEFORE) == {}


def test_a_commune_that_moves_to_another_province_is_expected_and_counted_once(
    register: Register, tmp_path: Path
) -> None:
    communes = (a_line("90001", parent="97"), a_line("90002", parent="97"), a_line("90003", parent="98"))
    assert loaded(tmp_path, *PROVINCES, *communes) == 0
    for unit, households in (("90001", 100), ("90002", 900), ("90003", 500), ("97", 1000), ("98", 500)):
        expect(register, unit, households, "2026-10-01")
    a_household_of(register, "90001", **EARLY)
    moved = a_line("90001", parent="97", successor="90001", **ENDED), a_line("90001", parent="98", **BEGUN)
    assert loaded(tmp_path, *moved) == 0
    assert rows(register, "province", DAY_BEFORE) == {"97": (1, 1000), "98": (0, 500)}
    assert rows(register, "province") == {"97": (0, 900), "98": (1, 600)}
    assert rows(register, "commune")["90001"] == (1, 100)


def test_where_a_code_is_given_to_another_commune_coverage_list_and_officers_agree(
    register: Register, tmp_path: Path
) -> None:
    assert loaded(tmp_path, WHOLE, a_line("90002")) == 0
    early = {code: [a_household_of(register, code, **EARLY)["id"] for _ in range(3)] for code in ("90001", "90002")}
    again = a_line("90002", name_vi="Mới", **BEGUN)
    assert loaded(tmp_path, a_line("90002", successor="90001", **ENDED), again) == 0
    new = a_household_of(register, "90002")["id"]
    late = a_household_of(register, "90002", **EARLY)["id"]
    belong = {"90001": {*early["90001"], *early["90002"], late}, "90002": {new}}
    for code, ids in belong.items():
        assert listed(register, code) == ids
        assert rows(register, "commune")[code] == (len(ids), None)
        seen = register.seen_by(Role.OFFICER, code, "/v1/households")
        assert {each["id"] for each in seen["items"]} == ids
