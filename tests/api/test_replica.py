"""A copy of the register that follows the feed by its stated rule is right, in whatever order entries come."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import pytest

from service.roles import Role
from service.wiring import Register as Services
from tests.api.asking import Register
from tests.api.signed_in import token_of
from tests.builders import THANH_VINH, TRUONG_VINH, VINH_LOC, Json
from tests.storage.writing import assert_exact


@dataclass
class Replica:
    """What another system stores: the rule of GET /v1/changes, and nothing else."""

    register: Register
    token: str
    query: str = ""
    cursor: str = ""
    copies: dict[str, Json] = field(default_factory=dict)
    applied: dict[str, int] = field(default_factory=dict)

    def follow(self, limit: int = 100) -> Replica:
        """Apply all that came since."""
        while True:
            after = f"&after={self.cursor}" if self.cursor else ""
            headers = {"Authorization": f"Bearer {self.token}"}
            page = self.register.client.get(f"/v1/changes?limit={limit}{after}{self.query}", headers=headers).get_json()
            for entry in page["changes"]:
                self.apply(entry)
            self.cursor = page["cursor"]
            if not page["more"]:
                return self

    def apply(self, entry: Json) -> None:
        """The rule."""
        household, revision = entry["household"], entry["revision"]
        last = self.applied.get(household, 0)
        left = entry["kind"] == "transferred" and entry["record"] is None
        if revision < last or (left and revision == last):
            return
        self.applied[household] = revision
        if entry["record"] is None:
            self.copies.pop(household, None)
        else:
            self.copies[household] = entry["record"]


def a_replica(register: Register) -> Replica:
    return Replica(
        register, token_of(register.client.application, Role.SYSTEM, scopes=("changes:read", "records:read"))
    )


def listed(replica: Replica) -> dict[str, int]:
    """Revision by household, as the register itself lists them to this system."""
    headers = {"Authorization": f"Bearer {replica.token}"}
    page = replica.register.client.get("/v1/households?limit=1000&status=any", headers=headers).get_json()
    return {record["id"]: record["revision"] for record in page["items"]}


def held(replica: Replica) -> dict[str, int]:
    return {household: record["revision"] for household, record in replica.copies.items()}


def requested(register: Register, household: str, kind: str, carried_out: bool = True) -> str:
    """A person's request, by default carried out; returns its id."""
    request = register.client.post("/v1/requests", json={"kind": kind, "household": household}).get_json()
    if carried_out:
        assert register.client.post(f"/v1/requests/{request['id']}/carry-out").status_code == 200
    return str(request["id"])


def kinds(register: Register) -> list[tuple[str, bool]]:
    """Kind of each entry of the feed, and whether it has a record."""
    page = register.json("/v1/changes?limit=1000")
    return [(entry["kind"], entry["record"] is not None) for entry in page["changes"]]


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_a_transfer_to_a_log_that_is_read_earlier_deletes_nothing(register: Register, limit: int) -> None:
    there = register.registered(commune=VINH_LOC)
    back = register.registered(commune=TRUONG_VINH)
    for household, communes in ((there["id"], [THANH_VINH]), (back["id"], [THANH_VINH, TRUONG_VINH])):
        for commune in communes:
            assert register.step(household, "transfer", {"commune": commune}).status_code == 200
    replica = a_replica(register).follow(limit)
    assert held(replica) == listed(replica) == {there["id"]: 2, back["id"]: 3}
    assert held(replica.follow(limit)) == listed(replica)


def test_who_follows_one_commune_loses_what_left_it(register: Register) -> None:
    household = register.registered()["id"]
    replica = a_replica(register)
    replica.query = f"&commune={THANH_VINH}"
    assert held(replica.follow()) == {household: 1}
    register.step(household, "transfer", {"commune": TRUONG_VINH})
    assert held(replica.follow()) == {}


def test_a_restriction_reaches_a_copy_and_its_lifting_brings_what_happened_between(register: Register) -> None:
    household = register.registered()["id"]
    replica = a_replica(register).follow()
    request = requested(register, household, "restrict")
    assert held(replica.follow()) == listed(replica) == {}
    animals = [{"kind": "buffalo", "heads": 9}]
    assert register.patch(household, {"livestock": animals}, if_match=1).status_code == 200
    assert held(replica.follow()) == {}
    assert register.client.post(f"/v1/requests/{request}/lift").status_code == 200
    assert replica.follow().copies[household]["livestock"] == animals
    assert kinds(register)[1:] == [("restricted", False), ("revised", True), ("lifted", True)]
    assert [entry["kind"] for entry in register.history(household)] == ["lifted", "revised", "restricted", "registered"]


@pytest.mark.parametrize("commune", [THANH_VINH, VINH_LOC])
def test_a_household_that_is_transferred_while_it_is_restricted_comes_back(register: Register, commune: str) -> None:
    household = register.registered(commune=TRUONG_VINH)["id"]
    replica = a_replica(register).follow()
    request = requested(register, household, "object")
    register.step(household, "transfer", {"commune": commune})
    assert held(replica.follow(1)) == {}
    register.client.post(f"/v1/requests/{request}/lift")
    fresh = a_replica(register)
    assert held(replica.follow(1)) == held(fresh.follow(1)) == {household: 2}


def test_of_two_restrictions_the_first_begins_and_the_last_ends_it(register: Register) -> None:
    household = register.registered()["id"]
    requests = [requested(register, household, kind) for kind in ("restrict", "object")]
    for request in requests:
        assert register.client.post(f"/v1/requests/{request}/lift").status_code == 200
    assert [kind for kind, _ in kinds(register)] == ["registered", "restricted", "lifted"]


def test_a_copy_is_right_after_anything_that_can_happen(register: Register, services: Services) -> None:
    chance = Random(11)
    households = [register.registered(commune=commune)["id"] for commune in (THANH_VINH, TRUONG_VINH, VINH_LOC)]
    early = a_replica(register).follow()
    open_requests: list[str] = []
    for _ in range(40):
        household = chance.choice(households)
        match chance.randrange(6):
            case 0 | 1:
                register.step(household, "transfer", {"commune": chance.choice((THANH_VINH, TRUONG_VINH, VINH_LOC))})
            case 2:
                register.step(household, chance.choice(("verify", "return")), {"reason": "xem lại"})
            case 3:
                open_requests.append(requested(register, household, chance.choice(("restrict", "object"))))
            case 4 if open_requests:
                register.client.post(f"/v1/requests/{open_requests.pop()}/lift")
            case _:
                early.follow(chance.choice((1, 2, 50)))
    requested(register, households[0], "erase")
    late = a_replica(register)
    assert held(early.follow(2)) == held(late.follow(3)) == listed(late)
    assert early.copies == late.copies
    assert_exact(services.store)
