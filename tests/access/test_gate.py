"""The gate: what a role may do, where an area reaches, and that no endpoint goes unnamed."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from service.access.errors import EndpointUndeclared
from service.access.gate import declared_on, needs, public, require_declared
from service.area import Area
from service.errors import PermissionMissing
from service.principal import Principal, asking, current_principal, principal
from service.roles import SCOPES, SIGHT_BY_ROLE, TABLE, Permission, Role, Sight
from service.unit_names import UnitId
from service.units.areas import area_of_units, unit_meant
from service.units.directory import UnitDirectory
from service.units.unit_list import read_units
from tests.provinces import NGHE_AN

TODAY = date(2026, 11, 23)
BEFORE_THE_MERGER = date(2025, 6, 30)


@pytest.fixture(scope="module")
def directory() -> UnitDirectory:
    return UnitDirectory(read_units(NGHE_AN.units))


def somebody(role: Role, *communes: str, scopes: tuple[str, ...] = (), sight: Sight | None = None) -> Principal:
    return principal("a-1", "an", role, Area.of(map(UnitId, communes)), scopes=scopes, sight=sight)


def test_every_role_stands_in_both_tables() -> None:
    assert set(TABLE) == set(Role)
    assert set(SIGHT_BY_ROLE) == set(Role)


def test_an_officer_registers_and_does_not_verify() -> None:
    officer = somebody(Role.OFFICER, "16681")
    assert officer.may("households.write")
    with pytest.raises(PermissionMissing):
        officer.require("households.verify")


def test_an_officer_who_sees_persons_masked_writes_no_record_back() -> None:
    officer = somebody(Role.OFFICER, "16681", sight=Sight.MASKED)
    assert officer.may("households.read")
    assert not officer.may("households.write")
    assert not officer.may("requests.manage")


def test_a_leader_verifies_and_does_not_register() -> None:
    leader = somebody(Role.LEADER, "16681")
    assert leader.may("households.verify")
    assert not leader.may("households.write")


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR])
def test_roles_for_accounts_or_the_trail_read_no_household(role: Role) -> None:
    assert not any(permission.startswith("households.") for permission in TABLE[role])
    assert somebody(role).sight is not Sight.PERSONAL


def test_only_the_auditor_reads_the_trail() -> None:
    assert {role for role in Role if Permission.TRAIL_READ in TABLE[role]} == {Role.AUDITOR}


def test_only_the_administrator_manages_accounts() -> None:
    assert {role for role in Role if Permission.ACCOUNTS_MANAGE in TABLE[role]} == {Role.ADMINISTRATOR}


def test_a_system_holds_only_what_its_scopes_give() -> None:
    ministry = somebody(Role.SYSTEM, scopes=("coverage:read",))
    assert ministry.may("coverage.read")
    assert not ministry.may("households.read")
    assert not ministry.may("changes.read")


def test_a_scope_nobody_knows_gives_nothing() -> None:
    assert not somebody(Role.SYSTEM, scopes=("everything:write",)).may("households.read")


def test_no_scope_gives_a_system_more_than_its_role_holds() -> None:
    everything = somebody(Role.SYSTEM, scopes=tuple(SCOPES))
    assert set(everything.granted) <= set(TABLE[Role.SYSTEM])
    assert not everything.may("households.write")


def test_a_system_sees_persons_only_by_scope() -> None:
    assert somebody(Role.SYSTEM, scopes=("records:read",)).sight is Sight.NOBODY
    assert somebody(Role.SYSTEM, scopes=("records:read", "personal:read")).sight is Sight.PERSONAL


def test_an_account_can_see_less_than_its_role_but_never_more() -> None:
    assert somebody(Role.SUPERVISOR, sight=Sight.MASKED).sight is Sight.MASKED
    assert somebody(Role.ADMINISTRATOR, sight=Sight.PERSONAL).sight is Sight.MASKED


def test_an_area_limits_a_permission_that_is_held_in_the_own_area() -> None:
    officer = somebody(Role.OFFICER, "16681")
    assert officer.area_for("households.read").communes() == frozenset({"16681"})
    assert officer.area_for("units.read").communes() is None
    assert officer.area.communes() == frozenset({"16681"})


def test_a_code_means_what_it_meant_on_the_day_of_the_account(directory: UnitDirectory) -> None:
    now = area_of_units([unit_meant("16681", TODAY, directory, TODAY)], directory, TODAY)
    then = area_of_units([unit_meant("16681", BEFORE_THE_MERGER, directory, TODAY)], directory, TODAY)
    successor = directory.resolve_commune("16681", BEFORE_THE_MERGER, TODAY).commune.code
    assert now.communes() == frozenset({"16681"})
    assert then.communes() == frozenset({directory.in_force(successor, TODAY).identity})


def test_a_former_district_covers_its_successors(directory: UnitDirectory) -> None:
    vinh = area_of_units([unit_meant("412", BEFORE_THE_MERGER, directory, TODAY)], directory, TODAY).communes()
    assert vinh is not None
    assert "16681" in vinh
    assert 2 <= len(vinh) < 20


def test_the_province_is_its_communes_of_today(directory: UnitDirectory) -> None:
    province = area_of_units([unit_meant("40", TODAY, directory, TODAY)], directory, TODAY)
    assert province.communes() == frozenset(unit.identity for unit in directory.of_level("commune", TODAY))
    assert {"16681", "18073"} & (province.communes() or set()) == {"16681"}


def test_an_area_without_units_covers_nothing() -> None:
    assert Area.of([]).communes() == frozenset()


def test_an_area_holds_a_smaller_one() -> None:
    one, two = UnitId("1"), UnitId("2")
    assert Area.whole().holds(Area.of([one]))
    assert Area.of([one, two]).holds(Area.of([two]))
    assert not Area.of([one]).holds(Area.of([one, two]))
    assert not Area.of([one]).holds(Area.whole())


def test_the_principal_is_the_register_in_a_script_and_nobody_in_a_serving_process() -> None:
    program = (
        "from service.principal import current_principal, default_to_nobody\n"
        "assert current_principal().may('households.write')\n"
        "default_to_nobody()\n"
        "assert not current_principal().may('households.read')\n"
        "assert current_principal().area.communes() == frozenset()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])


def test_a_block_is_run_as_somebody() -> None:
    before = current_principal()
    with asking(somebody(Role.OFFICER, "16681")) as officer:
        assert current_principal() is officer
    assert current_principal() == before


def test_a_view_carries_its_permission() -> None:
    @needs("coverage.read")
    def view() -> None: ...

    @public
    def open_view() -> None: ...

    declared, opened = declared_on(view, "GET"), declared_on(open_view, "GET")
    assert declared is not None
    assert declared.permission is Permission.COVERAGE_READ
    assert opened is not None
    assert opened.permission is None


def test_an_unknown_permission_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match=r"households\.everything"):
        needs("households.everything")


def test_an_endpoint_that_names_none_is_refused_by_name() -> None:
    with pytest.raises(EndpointUndeclared, match="POST /v1/forgotten"):
        require_declared([("/v1/forgotten", "POST", lambda: None)])
