"""Signing in: the same response for every wrong guess, tokens that rotate, and a stolen one that ends its family."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from service.access.errors import (
    NotSignedIn,
    RefreshFailed,
    ScopeInvalid,
    SessionRevoked,
    SignInFailed,
    TooManyAttempts,
)
from service.access.sign_in import Caller, SignedIn
from service.roles import Role, Sight
from tests.access.builders import OFFICE, PASSWORD, Office, administrator

ATTACKER = Caller("10.6.6.6")
BROWSER = Caller("10.0.0.1", by_cookie=True, device_name="Chrome")


def refresh_token_of(signed_in: SignedIn) -> str:
    assert signed_in.refresh_token is not None
    return signed_in.refresh_token


def guess(office: Office, times: int, caller: Caller, username: str = "an") -> None:
    for _ in range(times):
        with pytest.raises((SignInFailed, TooManyAttempts)):
            office.sign_in.by_password(username, "not the password", caller)


def test_a_person_signs_in_and_is_who_the_account_says(office: Office) -> None:
    office.person("an", Role.OFFICER, ("16681",))
    signed_in = office.sign_in.by_password("AN", PASSWORD, OFFICE)
    who = office.principals.of_token(signed_in.access_token)
    assert (who.name, who.role, who.sight) == ("an", Role.OFFICER, Sight.PERSONAL)
    assert who.area.communes() == frozenset({"16681"})


def test_an_unknown_name_a_wrong_password_and_a_suspended_account_fail_alike(office: Office) -> None:
    suspended = office.person("binh")
    office.accounts.suspend(suspended.account.id, administrator())
    office.person("an")
    responses = set()
    for username, password in (("an", "wrong"), ("nobody", PASSWORD), ("binh", PASSWORD), ("\ud800", PASSWORD)):
        with pytest.raises(SignInFailed) as refused:
            office.sign_in.by_password(username, password, OFFICE)
        responses.add((refused.value.code, str(refused.value.params)))
    assert len(responses) == 1


def test_guessing_slows_the_guesser(office: Office) -> None:
    office.person("an")
    guess(office, 6, ATTACKER)
    with pytest.raises(TooManyAttempts):
        office.sign_in.by_password("an", PASSWORD, ATTACKER)


def test_guessing_elsewhere_does_not_lock_the_owner_out(office: Office) -> None:
    office.person("an")
    guess(office, 10, ATTACKER)
    office.sign_in.by_password("an", PASSWORD, OFFICE)


def test_guessing_from_the_same_address_does_not_lock_a_known_device_out(office: Office) -> None:
    office.person("an")
    device = office.sign_in.by_password("an", PASSWORD, BROWSER).device_secret
    guess(office, 40, Caller(BROWSER.address))
    office.sign_in.by_password("an", PASSWORD, replace(BROWSER, device_secret=device))
    with pytest.raises(TooManyAttempts):
        office.sign_in.by_password("an", PASSWORD, Caller(BROWSER.address, device_secret="made up"))


def test_one_address_that_guesses_at_many_names_is_slowed_too(office: Office) -> None:
    for number in range(31):
        with pytest.raises(SignInFailed):
            office.sign_in.by_password(f"name-{number}", "wrong", ATTACKER)
    with pytest.raises(TooManyAttempts):
        office.sign_in.by_password("another", "wrong", ATTACKER)


def test_a_refresh_token_is_good_once(office: Office) -> None:
    office.person("an")
    first = office.sign_in.by_password("an", PASSWORD, OFFICE)
    second = office.sign_in.refresh(refresh_token_of(first), OFFICE)
    assert refresh_token_of(second) != refresh_token_of(first)
    office.principals.of_token(second.access_token)


def test_a_reused_refresh_token_ends_its_family(office: Office) -> None:
    office.person("an")
    first = office.sign_in.by_password("an", PASSWORD, OFFICE)
    second = office.sign_in.refresh(refresh_token_of(first), OFFICE)
    for stolen_or_own in (first, second):
        with pytest.raises(RefreshFailed):
            office.sign_in.refresh(refresh_token_of(stolen_or_own), OFFICE)
    with pytest.raises(NotSignedIn):
        office.principals.of_token(second.access_token)


def test_another_family_of_the_same_account_goes_on(office: Office) -> None:
    office.person("an")
    stolen, other = (office.sign_in.by_password("an", PASSWORD, OFFICE) for _ in range(2))
    office.sign_in.refresh(refresh_token_of(stolen), OFFICE)
    with pytest.raises(RefreshFailed):
        office.sign_in.refresh(refresh_token_of(stolen), OFFICE)
    office.sign_in.refresh(refresh_token_of(other), OFFICE)


def test_a_browser_whose_response_was_lost_in_the_hills_stays_signed_in(office: Office) -> None:
    office.person("an")
    first = office.sign_in.by_password("an", PASSWORD, BROWSER)
    device = replace(BROWSER, device_secret=first.device_secret)
    office.sign_in.refresh(refresh_token_of(first), device)  # its response never arrives
    office.moment.now += timedelta(days=3)
    again = office.sign_in.refresh(refresh_token_of(first), device)
    office.sign_in.refresh(refresh_token_of(again), device)


def test_two_tabs_that_refresh_at_once_both_go_on(office: Office) -> None:
    office.person("an")
    first = office.sign_in.by_password("an", PASSWORD, BROWSER)
    device = replace(BROWSER, device_secret=first.device_secret)
    one = office.sign_in.refresh(refresh_token_of(first), device)
    other = office.sign_in.refresh(refresh_token_of(first), device)
    assert other.refresh_token is None
    office.principals.of_token(other.access_token)
    office.sign_in.refresh(refresh_token_of(one), device)


def test_a_copied_cookie_is_found_out_when_both_copies_are_used(office: Office) -> None:
    office.person("an")
    first = office.sign_in.by_password("an", PASSWORD, BROWSER)
    device = replace(BROWSER, device_secret=first.device_secret)
    victim = office.sign_in.refresh(refresh_token_of(first), device)
    office.moment.now += timedelta(minutes=5)
    thief = office.sign_in.refresh(refresh_token_of(first), device)
    with pytest.raises(RefreshFailed):
        office.sign_in.refresh(refresh_token_of(victim), device)
    with pytest.raises(RefreshFailed):
        office.sign_in.refresh(refresh_token_of(thief), device)


def test_a_refresh_token_is_bound_to_its_device(office: Office) -> None:
    office.person("an")
    signed_in = office.sign_in.by_password("an", PASSWORD, BROWSER)
    for elsewhere in (BROWSER, replace(BROWSER, device_secret="another"), OFFICE):
        with pytest.raises(RefreshFailed):
            office.sign_in.refresh(refresh_token_of(signed_in), elsewhere)


@pytest.mark.parametrize("token", ["", "x", "x.y", "$ne.$gt", "a" * 5000, "é.ü", "\ud800.x"])
def test_a_made_up_refresh_token_is_refused(office: Office, token: str) -> None:
    with pytest.raises(RefreshFailed):
        office.sign_in.refresh(token, OFFICE)


def test_an_officer_signs_in_once_a_month_and_an_idle_session_ends(office: Office) -> None:
    office.person("an")
    signed_in = office.sign_in.by_password("an", PASSWORD, OFFICE)
    for _ in range(4):
        office.moment.now += timedelta(days=30)
        signed_in = office.sign_in.refresh(refresh_token_of(signed_in), OFFICE)
    office.moment.now += timedelta(days=46)
    with pytest.raises(RefreshFailed):
        office.sign_in.refresh(refresh_token_of(signed_in), OFFICE)


def test_a_session_has_an_end_however_often_it_is_used(office: Office) -> None:
    office.person("an")
    signed_in = office.sign_in.by_password("an", PASSWORD, OFFICE)
    for _ in range(5):
        office.moment.now += timedelta(days=30)
        signed_in = office.sign_in.refresh(refresh_token_of(signed_in), OFFICE)
    office.moment.now += timedelta(days=31)
    with pytest.raises(RefreshFailed):
        office.sign_in.refresh(refresh_token_of(signed_in), OFFICE)


def test_a_system_signs_in_with_its_secret_and_gets_no_more_than_its_scopes(office: Office) -> None:
    issued = office.system("coverage:read", "changes:read")
    assert issued.client_secret is not None
    with pytest.raises(ScopeInvalid):
        office.sign_in.by_client_secret(
            "bo-nong-nghiep", issued.client_secret, OFFICE, ("coverage:read", "personal:read")
        )
    signed_in = office.sign_in.by_client_secret("bo-nong-nghiep", issued.client_secret, OFFICE, ("coverage:read",))
    who = office.principals.of_token(signed_in.access_token)
    assert who.scopes == {"coverage:read"}
    assert signed_in.refresh_token is None
    with pytest.raises(SignInFailed):
        office.sign_in.by_client_secret("bo-nong-nghiep", "guessed", OFFICE)


def test_a_person_has_no_client_secret_and_a_system_no_password(office: Office) -> None:
    office.person("an")
    issued = office.system("coverage:read")
    assert issued.client_secret is not None
    with pytest.raises(SignInFailed):
        office.sign_in.by_client_secret("an", PASSWORD, OFFICE)
    with pytest.raises(SignInFailed):
        office.sign_in.by_client_secret("an", "", OFFICE)
    with pytest.raises(SignInFailed):
        office.sign_in.by_password("bo-nong-nghiep", issued.client_secret, OFFICE)


def test_signing_out_and_suspending_shut_within_seconds(office: Office) -> None:
    account = office.person("an").account
    signed_in = office.sign_in.by_password("an", PASSWORD, OFFICE)
    other = office.sign_in.by_password("an", PASSWORD, OFFICE)
    assert signed_in.claims.session is not None
    office.principals.of_token(signed_in.access_token)
    office.sign_in.sign_out(signed_in.claims.session)
    office.moment.now += timedelta(seconds=6)
    with pytest.raises(NotSignedIn):
        office.principals.of_token(signed_in.access_token)
    office.principals.of_token(other.access_token)
    office.accounts.suspend(account.id, administrator())
    office.moment.now += timedelta(seconds=6)
    with pytest.raises(SessionRevoked):
        office.principals.of_token(other.access_token)
