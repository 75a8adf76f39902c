"""A parcel is its household's: what becomes of an id that another household holds, also in simultaneous writes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from flask import Flask
from werkzeug.test import TestResponse

from schemas.geometry import geometry_json
from service.roles import Role
from tests.api.asking import Register, pointers, problem
from tests.api.signed_in import token_of
from tests.builders import SOUTH_WEST, THANH_VINH, TRUONG_VINH, Json, a_household, a_parcel, an_id
from tests.parcels.builders import a_field


def put_by_officer_of(commune: str, register: Register, household: Json, **headers: str) -> TestResponse:
    token = token_of(register.client.application, Role.OFFICER, commune)
    address = f"/v1/households/{household['id']}"
    return register.client.put(address, json=household, headers={"Authorization": f"Bearer {token}", **headers})


def with_a_parcel(identity: str, commune: str = TRUONG_VINH) -> Json:
    return a_household(commune=commune, parcels=[a_parcel(id=identity)])


def test_an_id_that_a_household_elsewhere_holds_is_accepted_like_any_other(register: Register) -> None:
    there = register.registered(commune=THANH_VINH, parcels=[a_parcel(), a_parcel(parcel_number="346")])
    held, free = there["parcels"][1]["id"], an_id()  # who knows the household's id can compute the first
    for identity in (held, free):
        household = with_a_parcel(identity)
        created = put_by_officer_of(TRUONG_VINH, register, household)
        assert created.status_code == 201, created.text
        assert created.get_json()["parcels"][0]["id"] == identity
        other = put_by_officer_of(TRUONG_VINH, register, a_household(commune=TRUONG_VINH, parcels=[])).get_json()
        grown = {**other, "parcels": [a_parcel(id=identity)]}
        refused = put_by_officer_of(TRUONG_VINH, register, grown, **{"If-Match": '"1"'})
        assert pointers(problem(refused, 409, "parcel.id-taken")) == [("/parcels/0/id", "parcel.id-taken")]
    problem(register.put(with_a_parcel(held, THANH_VINH)), 409, "parcel.id-taken")  # whose area has them both
    assert register.household(there["id"]) == there


def test_of_two_households_with_one_parcel_id_a_decision_names_one(register: Register) -> None:
    places = (geometry_json(a_field(east, at=SOUTH_WEST)) for east in (0, 50, 300, 350))
    plots = [[a_parcel(geometry=place)] for place in places]
    here, beside = (register.registered(parcels=plot) for plot in plots[:2])
    shared = here["parcels"][0]["id"]
    plots[2][0]["id"] = shared
    there, yonder = (a_household(commune=TRUONG_VINH, parcels=plot) for plot in plots[2:])
    assert put_by_officer_of(TRUONG_VINH, register, there).status_code == 201
    assert put_by_officer_of(TRUONG_VINH, register, yonder).status_code == 201
    settle, reason = f"/v1/parcels/{shared}/settle", {"reason": "Hai bên đồng ý"}
    problem(register.client.post(settle, json=reason), 409, "parcel.of-several")
    settled = register.client.post(settle, json={**reason, "household": there["id"]})
    assert (settled.status_code, settled.get_json()["id"]) == (200, there["id"])
    severities = [
        [finding["severity"] for finding in register.household(each["id"])["findings"] if "overlap" in finding["code"]]
        for each in (here, beside, there, yonder)
    ]
    assert severities == [["warning"], ["warning"], ["settled"], ["settled"]]


def sent_at_once(app: Flask, households: Sequence[Json]) -> list[int]:
    """The status of each, all sent at the same moment by officers of their communes."""
    ready = Barrier(len(households))

    def send(household: Json) -> int:
        register = Register(app.test_client())
        token_of(app, Role.OFFICER, household["commune"])
        ready.wait(10)
        return put_by_officer_of(household["commune"], register, household).status_code

    with ThreadPoolExecutor(len(households)) as pool:
        return sorted(pool.map(send, households))


def test_of_simultaneous_writes_in_one_commune_one_gets_the_parcel_id(app: Flask) -> None:
    for _ in range(5):
        identity = an_id()
        assert sent_at_once(app, [with_a_parcel(identity) for _ in range(4)]) == [201, 409, 409, 409]


def test_simultaneous_writes_in_several_communes_are_each_accepted(app: Flask, register: Register) -> None:
    identity = an_id()
    households = [with_a_parcel(identity, commune) for commune in (THANH_VINH, TRUONG_VINH)]
    assert sent_at_once(app, households) == [201, 201]
    assert [register.household(each["id"])["parcels"][0]["id"] for each in households] == [identity, identity]
