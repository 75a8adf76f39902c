"""Withdrawing a consent is a right: it can always be carried out, and the household shows what follows from it."""

from __future__ import annotations

from typing import Any

import pytest

from service.actor import REGISTER_ITSELF, Actor
from service.errors import HouseholdNotFound
from service.households.consents import REGISTRATION_CONSENT_WITHDRAWN
from service.households.history import partition
from service.households.registration import fingerprint_of_record
from service.people.person_request import RequestKind, RequestQuery, RequestState
from service.people.requests import PeopleRequests
from service.people.working_days import WorkingDays
from service.wiring import Register
from tests.builders import TRUONG_VINH, MovedClock, a_household
from tests.storage.writing import assert_exact

GRANTED = "2026-11-20T02:11:09Z"


@pytest.fixture
def requests(services: Register, clock: MovedClock) -> PeopleRequests:
    """People's requests on the wired register."""
    store, days = services.store, WorkingDays(frozenset())
    return PeopleRequests(store.requests, store.households, services.households, lambda *_: (), clock, days)


def registered(services: Register, *purposes: str, **items: Any) -> str:
    """A household with consents to these purposes."""
    consents = [{"purpose": purpose, "granted_at": GRANTED, "evidence": "signed_paper"} for purpose in purposes]
    household = a_household(consents=consents, **items)
    return str(services.households.post(household, actor=REGISTER_ITSELF).record["id"])


def withdrawn(requests: PeopleRequests, household: str, purpose: str) -> None:
    """The consent is withdrawn by a request that is carried out."""
    request = requests.receive(RequestKind.WITHDRAW_CONSENT, household, actor=REGISTER_ITSELF, purpose=purpose)
    assert requests.carry_out(request.id, None, actor=REGISTER_ITSELF, note=lambda _: None).state is RequestState.DONE


@pytest.mark.parametrize("kind", [RequestKind.VIEW, RequestKind.WITHDRAW_CONSENT])
def test_a_household_elsewhere_is_not_there_for_who_receives_a_request(
    services: Register, requests: PeopleRequests, kind: RequestKind
) -> None:
    household = registered(services, "ecommerce")
    neighbour = Actor("neighbour", frozenset({TRUONG_VINH}))
    with pytest.raises(HouseholdNotFound):
        requests.receive(kind, household, actor=neighbour, purpose="ecommerce")
    assert services.store.requests.requests(RequestQuery(1, household=household), None) == []


def test_who_withdraws_the_consent_to_registration_is_withdrawn(services: Register, requests: PeopleRequests) -> None:
    household = registered(services, "registration", "ecommerce", legal_basis="consent")
    withdrawn(requests, household, "registration")
    record = services.store.households.record(household, area=None)
    assert (record["status"], record["status_reason"]) == ("withdrawn", REGISTRATION_CONSENT_WITHDRAWN)
    assert [consent.get("withdrawn_at") for consent in record["consents"]] == ["2026-11-23T02:00:00Z", None]
    ((last,), _) = partition(services.store.log.history(household, before=None, limit=1))
    assert (last.kind, last.note) == ("withdrawn", {"reason": REGISTRATION_CONSENT_WITHDRAWN})
    assert_exact(services.store)


def test_the_other_consents_of_a_withdrawn_household_can_be_withdrawn_too(
    services: Register, requests: PeopleRequests
) -> None:
    household = registered(services, "registration", "ecommerce", legal_basis="consent")
    for purpose in ("registration", "ecommerce"):
        withdrawn(requests, household, purpose)
    record = services.store.households.record(household, area=None)
    assert all("withdrawn_at" in consent for consent in record["consents"])
    assert (record["status"], record["revision"]) == ("withdrawn", 3)


def test_where_the_law_is_the_basis_a_household_stays_without_consent(
    services: Register, requests: PeopleRequests
) -> None:
    household = registered(services, "registration")
    withdrawn(requests, household, "registration")
    record = services.store.households.record(household, area=None)
    assert (record["status"], "status_reason" in record) == ("submitted", False)
    assert "withdrawn_at" in record["consents"][0]


def test_the_content_stays_what_its_client_sent(services: Register, requests: PeopleRequests) -> None:
    household = registered(services, "ecommerce")
    stored = services.store.households.find(household, area=None)
    assert fingerprint_of_record(stored.record) == stored.fingerprint
    withdrawn(requests, household, "ecommerce")
    stored = services.store.households.find(household, area=None)
    assert fingerprint_of_record(stored.record) == stored.fingerprint
    again = services.households.put(household, dict(stored.record), if_match=2, actor=REGISTER_ITSELF)
    assert not again.changed


def test_a_consent_whose_clock_was_ahead_ends_when_it_began(services: Register, requests: PeopleRequests) -> None:
    household = registered(services, "ecommerce")
    ahead = {"$set": {"consents.0.granted_at": "2026-11-23T20:00:00Z"}}
    services.store.database["households"].update_one({"_id": household}, ahead)
    withdrawn(requests, household, "ecommerce")
    record = services.store.households.record(household, area=None)
    assert record["consents"][0]["withdrawn_at"] == "2026-11-23T20:00:00Z"
