"""What a dry run says of a list: what refers to each unit, what becomes of drafts, and the effects by province."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from service.commands import accounts as accounts_command
from service.households.ports import CommuneState
from service.jobs.edition_effects import taken_back_in_use
from service.people.person_request import PersonRequest, RequestKind, RequestState
from service.reports.ports import Baseline
from service.storage.repositories import Repositories
from service.unit_names import UnitId
from service.units.attribution import FORMER_UNKNOWN
from service.units.unit_list import read_lines
from service.units.villages import Village, VillageList
from tests.builders import NOW, THANH_VINH, TODAY, TRUONG_VINH
from tests.storage.writing import register
from tests.two_provinces import TRAN_PHU, second_province
from tests.units.lists import a_directory, a_line
from tests.units.test_editions import HEADER, MERGER, loaded

SPLIT = f"""\
{HEADER}
16681,Thành Vinh,Thanh Vinh ward,phường,commune,40,2025-07-01,2026-12-31,16681;99001,,,x,,
16681,Vinh Một,Vinh One ward,phường,commune,40,2027-01-01,,,,,x,,
99001,Vinh Hai,Vinh Two ward,phường,commune,40,2027-01-01,,,,,x,,
"""
MOVED = f"""\
{HEADER}
16681,Thành Vinh,Thanh Vinh ward,phường,commune,40,2025-07-01,2026-12-31,16681,,,x,,
16681,Thành Vinh,Thanh Vinh ward,phường,commune,42,2027-01-01,,,,,x,,
"""
ENDED = f"""\
{HEADER}
16681,Thành Vinh,Thanh Vinh ward,phường,commune,40,2025-07-01,2026-12-31,,,,x,,
"""
RENAMED = f"""\
{HEADER}
16681,Vinh,Vinh ward,phường,commune,40,2025-07-01,,,,,x,,
"""
Saying = Callable[[str], list[str]]


@pytest.fixture
def reported(own_store: Repositories, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Saying:
    """What a dry run of a list says, line by line."""

    def say(text: str) -> list[str]:
        capsys.readouterr()
        assert loaded(tmp_path, text, "--dry-run") == 0
        return capsys.readouterr().out.splitlines()

    return say


def a_request(key: str, commune: str, state: RequestState) -> PersonRequest:
    day = NOW.date()
    return PersonRequest(key, RequestKind.VIEW, "household", commune, day, day, day, state, "can.bo")


def test_a_commune_that_ends_is_counted_among_those_touched(own_store: Repositories, reported: Saying) -> None:
    register(own_store)
    lines = reported(ENDED)
    assert lines[0] == "1 line and 0 withdrawn: nothing was changed (--dry-run)"
    assert "communes touched: 1, with 1 household and 0 baselines" in lines


def test_a_unit_with_households_is_named_beside_what_else_speaks_against_taking_it_back(
    own_store: Repositories, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register(own_store)
    line = "16681,Thành Vinh,Thanh Vinh ward,phường,commune,40,2025-07-01,,,,,x,,yes"
    assert loaded(tmp_path, f"{HEADER}\n{line}\n") == 1
    faults = capsys.readouterr().err
    assert "line 2, withdrawn: phường Thành Vinh (16681) cannot be taken back: 1 household refers to it" in faults
    assert "successor: 16681 is not in force on 2025-07-01" in faults


def test_a_commune_of_which_only_withdrawn_households_are_stored_is_not_taken_back() -> None:
    lines = read_lines(f"{HEADER}\n{a_line('00001')},,yes\n")
    states = [
        CommuneState(UnitId("00001"), offset, "", TODAY, {FORMER_UNKNOWN: {"registered": 0}}) for offset in (0, 2)
    ]
    unwritten, written = (list(taken_back_in_use(lines, a_directory(a_line()), [state])) for state in states)
    assert unwritten == []
    (fault,) = written
    assert (fault.line, fault.column) == (2, "withdrawn")
    assert fault.reason.startswith("xã Làng (00001) cannot be taken back: its log has entries; let it end today")


def test_a_dry_run_says_of_each_unit_what_refers_to_it(own_store: Repositories, reported: Saying) -> None:
    register(own_store)
    for name, area in (("a", [THANH_VINH]), ("b", [THANH_VINH, TRUONG_VINH]), ("c", ["40"])):
        assert (
            accounts_command.main(
                ["create", f"can.bo.{name}", "--role", "officer", *(f"--area={code}" for code in area)]
            )
            == 0
        )
    own_store.baselines.put_baseline(
        Baseline(THANH_VINH, 10, "x", date(2026, 1, 1), UnitId(THANH_VINH)), actor="a", at=NOW
    )
    states = (RequestState.RECEIVED, RequestState.ACKNOWLEDGED, RequestState.DONE)
    for number, state in enumerate(states):
        own_store.requests.add_request(a_request(str(number), THANH_VINH, state))
    own_store.requests.add_request(a_request("other", "17000", RequestState.RECEIVED))
    villages = tuple(Village(str(number), f"Xóm {number}") for number in range(3))
    for commune in (THANH_VINH, "17000"):
        villages_of = VillageList(UnitId(commune), villages, revision=1, updated_at=NOW)
        assert own_store.villages.put_villages(villages_of, replaced=0, actor="a")
    lines = reported(MERGER)
    of_one = "1 household, 2 accounts that name it, 0 borders, 1 baseline, 2 open requests of people, 3 villages"
    of_two = "0 households, 1 account that names it, 0 borders, 0 baselines, 0 open requests of people, 0 villages"
    assert [line for line in lines if line.startswith("touched: ")] == [
        f"touched: phường Thành Vinh (16681): {of_one}",
        f"touched: phường Trường Vinh (16690): {of_two}",
    ]


def test_a_unit_to_which_only_villages_refer_is_touched(own_store: Repositories, reported: Saying) -> None:
    villages = VillageList(UnitId(THANH_VINH), (Village("1", "Xóm 5"),), revision=1, updated_at=NOW)
    assert own_store.villages.put_villages(villages, replaced=0, actor="a")
    (line,) = [line for line in reported(RENAMED) if line.startswith("touched: ")]
    assert (": 0 households," in line, line.endswith(", 1 village")) == (True, True)


DRAFTS = "drafts that name phường Thành Vinh (16681)"
UNTIL = f"{DRAFTS}: captured until 2026-12-31"
REFUSED = "refused (commune.not-in-force) until the officer chooses a commune"
REFUSED_TOO = REFUSED.replace("not-in-force", "successor-unknown")
WAITING = "read as phường Thành Vinh (16681), where they wait until somebody decides on the part"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MERGER, f"{UNTIL}: read as phường Vinh (16681); captured later: read as phường Vinh (16681)"),
        (
            SPLIT,
            f"{UNTIL}: {WAITING} (16681, 99001); captured later: read as phường Vinh Một (16681)",
        ),
        (
            ENDED,
            f"{UNTIL}: {REFUSED_TOO}; captured later: {REFUSED}",
        ),
        (RENAMED, f"{DRAFTS}: read as phường Vinh (16681)"),
    ],
)
def test_a_dry_run_says_how_drafts_under_a_code_of_today_will_be_read(
    reported: Saying, text: str, expected: str
) -> None:
    lines = reported(text)
    assert expected in lines
    assert any(line.startswith("drafts: only on phones, so the register cannot count them") for line in lines)


def test_a_code_that_ends_with_a_merger_is_read_as_the_heir_and_refused_when_captured_later(reported: Saying) -> None:
    expected = f"captured until 2026-12-31: read as phường Vinh (16681); captured later: {REFUSED}"
    assert f"drafts that name phường Trường Vinh (16690): {expected}" in reported(MERGER)


def test_with_several_provinces_a_dry_run_reports_the_effects_of_each(
    own_store: Repositories, reported: Saying
) -> None:
    register(own_store)
    assert not any(line.startswith("province ") for line in reported(MERGER))
    own_store.units.replace_units(second_province())
    assert [line for line in reported(MOVED) if line.startswith("province ")] == [
        "province Nghệ An (40): 1 commune touched, with 1 household; registered 1 before, 0 after",
        "province Hà Tĩnh (42): 0 communes touched, with 0 households; registered 0 before, 1 after",
    ]
    found = "99001,Mới,New ward,phường,commune,42,2027-01-01,,,,,x,,"
    line = "18100,Trần Phú sửa,Tran Phu ward,phường,commune,42,2025-07-01,,,,,x,,"
    assert TRAN_PHU == "18100"
    assert [each for each in reported(f"{HEADER}\n{line}\n{found}\n") if each.startswith("province ")] == [
        "province Nghệ An (40): 0 communes touched, with 0 households; registered 1 before, 1 after",
        "province Hà Tĩnh (42): 2 communes touched, with 0 households; registered 0 before, 0 after",
    ]
