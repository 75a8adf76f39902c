"""Accounts: made within the maker's area, with names that are unique, and secrets that are shown once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from structlog.testing import capture_logs

from service.access.accounts import NewAccount
from service.access.errors import (
    AccountInvalid,
    AccountNotFound,
    OwnAccount,
    PasswordWeak,
    SessionNotFound,
    SignInFailed,
    UsernameTaken,
)
from service.area import WHOLE_REGISTER, Area
from service.errors import CommuneNotInForce, CommuneUnknown, OutsideArea
from service.principal import principal, register_itself
from service.roles import Role, Sight
from service.units.directory import UnitDirectory
from tests.access.builders import OFFICE, PASSWORD, Office, administrator, directory
from tests.access.builders import office as office_over
from tests.units.lists import a_directory, a_line


def test_a_made_password_is_shown_once_and_must_be_changed(office: Office, database: Database[dict[str, Any]]) -> None:
    issued = office.accounts.create(NewAccount("an", Role.OFFICER, ("16681",)), administrator())
    assert issued.password is not None
    assert issued.password not in str(list(database["accounts"].find({})))
    signed_in = office.sign_in.by_password("an", issued.password, OFFICE)
    who = office.principals.of_token(signed_in.access_token)
    assert who.must_change_password
    office.accounts.change_own_password(who, issued.password, PASSWORD)
    with pytest.raises(SignInFailed):
        office.sign_in.by_password("an", issued.password, OFFICE)
    office.sign_in.by_password("an", PASSWORD, OFFICE)


def test_no_secret_of_a_system_or_a_session_is_stored(office: Office, database: Database[dict[str, Any]]) -> None:
    issued = office.system("coverage:read")
    office.person("an")
    signed_in = office.sign_in.by_password("an", PASSWORD, OFFICE)
    stored = str([list(database[name].find({})) for name in database.list_collection_names()])
    assert issued.client_secret is not None
    assert signed_in.refresh_token is not None
    assert issued.client_secret not in stored
    assert signed_in.refresh_token.split(".")[1] not in stored
    assert PASSWORD not in stored


def test_an_account_has_no_sight_that_would_have_no_effect(office: Office) -> None:
    for role, sight in [
        (Role.AUDITOR, Sight.MASKED),
        (Role.ADMINISTRATOR, Sight.PERSONAL),
        (Role.SYSTEM, Sight.NOBODY),
    ]:
        scopes = ("records:read",) if role is Role.SYSTEM else ()
        with pytest.raises(AccountInvalid) as refused:
            office.accounts.create(NewAccount("an", role, ("40",), sight=sight, scopes=scopes), register_itself())
        assert (refused.value.pointer, refused.value.params["reason"]) == ("/sight", "sight")
    made = office.accounts.create(NewAccount("an", Role.AUDITOR, ("40",), sight=Sight.NOBODY), register_itself())
    with pytest.raises(AccountInvalid):
        office.accounts.change(made.account.id, register_itself(), sight=Sight.PERSONAL)


@pytest.mark.parametrize("same_name", ["an", "AN", "Ần"])
def test_a_name_is_unique_however_it_is_written(office: Office, same_name: str) -> None:
    office.person("an")
    with pytest.raises(UsernameTaken):
        office.person(same_name)


def test_an_administrator_makes_no_account_beyond_the_own_area(office: Office) -> None:
    with pytest.raises(OutsideArea):
        office.accounts.create(NewAccount("an", Role.OFFICER, ("17329",)), administrator("16681"))
    with pytest.raises(OutsideArea):
        office.accounts.create(NewAccount("an", Role.ADMINISTRATOR, ("40",)), administrator("16681"))
    office.accounts.create(NewAccount("an", Role.OFFICER, ("16681",)), administrator("16681"))


def test_accounts_of_others_areas_are_not_there(office: Office) -> None:
    theirs = office.person("an", area=("17329",)).account
    office.person("binh", area=("16681",))
    with pytest.raises(AccountNotFound):
        office.accounts.get(theirs.id, administrator("16681"))
    listed, after = office.accounts.page(administrator("16681"), after=None, limit=10)
    assert [account.username for account in listed] == ["binh"]
    assert after is None


def test_accounts_are_listed_page_by_page(office: Office) -> None:
    for number in range(5):
        office.person(f"can-bo-{number}", area=("16681",) if number % 2 else ("17329",))
    everything: list[str] = []
    after: str | None = None
    while True:
        listed, after = office.accounts.page(register_itself(), after=after, limit=2)
        everything += [account.username for account in listed]
        if after is None:
            break
    assert everything == [f"can-bo-{number}" for number in range(5)]


def test_an_area_by_former_codes_covers_the_successors(office: Office) -> None:
    new = NewAccount("vinh", Role.SUPERVISOR, ("412",), password=PASSWORD, must_change_password=False)
    office.accounts.create(new, register_itself())
    who = office.principals.of_token(office.sign_in.by_password("vinh", PASSWORD, OFFICE).access_token)
    assert "16681" in (who.area.communes() or ())
    assert "17329" not in (who.area.communes() or ())


def test_a_code_of_before_the_merger_is_read_as_of_its_day(office: Office) -> None:
    new = NewAccount("an", Role.OFFICER, ("16681",), date(2025, 6, 30), password=PASSWORD)
    account = office.accounts.create(new, register_itself()).account
    assert office.accounts.named_area(account) == (("16681", date(2025, 6, 30)),)
    assert account.area == (directory().in_force("16681", date(2025, 6, 30)).identity,)


def test_an_unknown_unit_and_an_empty_area_are_refused(office: Office) -> None:
    with pytest.raises(CommuneUnknown):
        office.person("an", area=("99999",))
    with pytest.raises(AccountInvalid):
        office.person("an", area=())


def test_the_whole_register_is_given_only_by_who_has_it(office: Office) -> None:
    every_commune = [unit.code for unit in directory().of_level("commune", date(2026, 11, 23))]
    new = NewAccount("bo", Role.SUPERVISOR, (WHOLE_REGISTER,))
    with pytest.raises(OutsideArea):
        office.accounts.create(new, administrator(*every_commune))
    account = office.accounts.create(new, administrator()).account
    assert account.area == (WHOLE_REGISTER,)
    assert office.accounts.named_area(account) == ((WHOLE_REGISTER, date(2026, 11, 23)),)
    with pytest.raises(AccountNotFound):
        office.accounts.get(account.id, administrator(*every_commune))
    theirs = office.person("an").account
    with pytest.raises(OutsideArea):
        office.accounts.change(theirs.id, administrator(*every_commune), area=[WHOLE_REGISTER])


def test_the_whole_register_stands_alone(office: Office) -> None:
    with pytest.raises(AccountInvalid) as refused:
        office.person("an", area=(WHOLE_REGISTER, "16681"))
    assert refused.value.pointer == "/area"


def test_a_weak_password_and_an_unknown_scope_are_refused(office: Office) -> None:
    with pytest.raises(PasswordWeak):
        office.accounts.create(NewAccount("an", Role.OFFICER, ("16681",), password="ngắn"), register_itself())
    with pytest.raises(AccountInvalid):
        office.system("everything:write")
    new = NewAccount("an", Role.OFFICER, ("16681",), scopes=("personal:read",), password=PASSWORD)
    with pytest.raises(AccountInvalid):
        office.accounts.create(new, register_itself())


def test_a_supervisor_without_personal_sees_masked_records(office: Office) -> None:
    account = office.person("an", Role.SUPERVISOR, ("40",)).account
    office.accounts.change(account.id, administrator(), sight=Sight.MASKED)
    who = office.principals.of_token(office.sign_in.by_password("an", PASSWORD, OFFICE).access_token)
    assert who.sight is Sight.MASKED


def test_resetting_ends_every_session(office: Office) -> None:
    account = office.person("an").account
    office.sign_in.by_password("an", PASSWORD, OFFICE)
    issued = office.accounts.reset(account.id, administrator())
    assert office.accounts.sessions(account.id) == []
    assert issued.password is not None
    office.sign_in.by_password("an", issued.password, OFFICE)


def test_sessions_are_listed_and_ended_by_their_owner_alone(office: Office) -> None:
    mine, theirs = office.person("an").account, office.person("binh").account
    office.sign_in.by_password("an", PASSWORD, OFFICE)
    (session,) = office.accounts.sessions(mine.id)
    with pytest.raises(SessionNotFound):
        office.accounts.revoke_session(theirs.id, session.id, administrator())
    office.accounts.revoke_session(mine.id, session.id, administrator())
    assert office.accounts.sessions(mine.id) == []


def test_a_suspended_account_can_be_opened_again(office: Office) -> None:
    account = office.person("an").account
    office.accounts.suspend(account.id, administrator())
    with pytest.raises(SignInFailed):
        office.sign_in.by_password("an", PASSWORD, OFFICE)
    office.accounts.resume(account.id, administrator())
    office.sign_in.by_password("an", PASSWORD, OFFICE)


def test_nobody_suspends_themselves(office: Office) -> None:
    account = office.person("quan.tri", Role.ADMINISTRATOR, ("40",)).account
    myself = office.principals.of_token(office.sign_in.by_password("quan.tri", PASSWORD, OFFICE).access_token)
    with pytest.raises(OwnAccount):
        office.accounts.suspend(account.id, myself)


# Units that ended without a successor


class Lists:
    """A list of units that is replaced by a newer one."""

    def __init__(self) -> None:
        self.now = self.of_communes(a_line("16681"), a_line("16690"))

    def __call__(self) -> UnitDirectory:
        return self.now

    @staticmethod
    def of_communes(*lines: str) -> UnitDirectory:
        """Two provinces with these communes in the first and one in the second."""
        return a_directory(*lines, a_line("42", kind="tỉnh", level="province", parent=""), a_line("7", parent="42"))

    def close(self) -> None:
        """16681 ends without a successor."""
        self.now = self.of_communes(a_line("16681", valid_to="2026-11-22"), a_line("16690"))


@pytest.fixture
def lists() -> Lists:
    return Lists()


@pytest.fixture
def changing(database: Database[dict[str, Any]], tmp_path: Path, lists: Lists) -> Office:
    """An office whose list of units a test replaces."""
    return office_over(database, tmp_path, lists)


def test_an_account_keeps_what_is_left_when_one_of_its_communes_ends(changing: Office, lists: Lists) -> None:
    account = changing.person("an", area=("16681", "16690")).account
    lists.close()
    with capture_logs() as lines:
        for _ in range(2):
            token = changing.sign_in.by_password("an", PASSWORD, OFFICE).access_token
            who = changing.principals.of_token(token)
    assert (who.area.communes(), who.area.ended) == (frozenset({"16690"}), ("16681",))
    assert [(line["account"], line["codes"]) for line in lines] == [("an", ["16681"])]
    assert [each.id for each in changing.accounts.page(register_itself(), after=None, limit=9)[0]] == [account.id]
    assert changing.accounts.reset(account.id, administrator("16681", "16690")).account.id == account.id


def test_an_account_whose_communes_have_all_ended_signs_in_and_reaches_nothing(changing: Office, lists: Lists) -> None:
    changing.person("an", area=("16681",))
    lists.close()
    who = changing.principals.of_token(changing.sign_in.by_password("an", PASSWORD, OFFICE).access_token)
    assert who.area.communes() == frozenset()


def test_an_account_whose_communes_have_ended_belongs_to_its_province(changing: Office, lists: Lists) -> None:
    account = changing.person("an", area=("16681",)).account
    lists.close()
    for stranger in (administrator("7"), principal("2", "x", Role.ADMINISTRATOR, Area.of([]))):
        assert changing.accounts.page(stranger, after=None, limit=9) == ([], None)
        with pytest.raises(AccountNotFound):
            changing.accounts.reset(account.id, stranger)
    province = administrator("16681", "16690")
    assert changing.accounts.change(account.id, province, area=["16690"]).area == ("16690",)


def test_no_account_is_made_for_a_commune_that_has_ended(changing: Office, lists: Lists) -> None:
    lists.close()
    with pytest.raises(CommuneNotInForce) as refused:
        changing.person("an", area=("16690", "16681"))
    assert refused.value.pointer == "/area/1"
