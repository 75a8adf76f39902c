"""Two households that name one parcel by number: reported on both records, settled, gone when one corrects it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from service.actor import REGISTER_ITSELF
from service.app import register_of
from service.households.bulk import BulkRegistration
from service.households.erasure import Erasure
from service.parcels.number_claims import MOST_CLAIMANTS
from service.roles import Role
from service.storage.repositories import Repositories
from tests.api.asking import Register, problem
from tests.builders import THANH_VINH, TRUONG_VINH, Json, MovedClock, a_household, a_parcel, a_square, an_id

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

DONG_VINH, LE_LOI = "16663", "16669"
"""Former communes that became part of Thành Vinh."""


def a_plot(number: str = "345", **items: Any) -> Json:
    return a_parcel(**{"id": an_id(), "map_sheet": "12", "parcel_number": number, "geometry": None, **items})


def a_farm(*plots: Json, **items: Any) -> Json:
    return a_household(**{"former_commune": DONG_VINH, "parcels": list(plots) or [a_plot()], **items})


def claims(record: Json) -> list[Json]:
    return [finding for finding in record["findings"] if finding["code"] == "parcel.number-claimed"]


def claimants(record: Json) -> set[str]:
    return {finding["details"]["household"] for finding in claims(record)}


def settle(register: Register, parcel: str) -> Json:
    reason = {"reason": "Hai hộ đã thống nhất tại thực địa."}
    return register.json_of(register.client.post(f"/v1/parcels/{parcel}/settle", json=reason))


def test_a_parcel_that_two_households_name_is_a_finding_on_both(register: Register) -> None:
    older = register.registered(**a_farm(a_plot("1"), a_plot()))
    newer = register.registered(**a_farm())
    (found,) = claims(newer)
    assert (found["severity"], found["pointer"]) == ("warning", "/parcels/0/parcel_number")
    assert found["details"] == {"parcel": older["parcels"][1]["id"], "household": older["id"]}
    older = register.household(older["id"])
    (found,) = claims(older)
    assert found["pointer"] == "/parcels/1/parcel_number"
    assert found["details"] == {"parcel": newer["parcels"][0]["id"], "household": newer["id"]}
    assert (older["revision"], older["stage"], newer["stage"]) == (2, "standardized", "standardized")
    latest = register.history(older["id"])[0]
    assert (latest["kind"], latest["note"]) == (
        "revised",
        {"finding": "parcel.number-claimed", "household": newer["id"]},
    )


@pytest.mark.parametrize(
    "items",
    [
        {"map_sheet": "012", "parcel_number": "0345"},
        {"map_sheet": " 12"},
        {"map_sheet": "7", "cadastral_map_sheet": "12"},
        {"tenure": "contracted"},
        {"tenure": None},
        {"locality": "Đồng Bàu"},
        {"geometry": a_square(105.67, 18.68)},
    ],
    ids=str,
)
def test_it_is_the_same_parcel_in_other_words(register: Register, items: Json) -> None:
    older = register.registered(**a_farm())
    assert claimants(register.registered(**a_farm(a_plot(**items)))) == {older["id"]}


@pytest.mark.parametrize(
    "items",
    [
        {"parcel_number": "346"},
        {"map_sheet": "112"},
        {"former_commune": LE_LOI},
        {"former_commune_unknown": True},
        {"cadastral_parcel_number": "400"},
        {"tenure": "rented"},
        {"locality": "Đồng Lèn"},
        {"geometry": a_square(105.67, 18.68)},
    ],
    ids=str,
)
def test_it_is_another_parcel_or_no_conflict(register: Register, items: Json) -> None:
    older = register.registered(**a_farm(a_plot(locality="Đồng Bàu", geometry=a_square(105.66, 18.67))))
    register.registered(**a_farm(a_plot("346"), a_plot("7"), former_commune=None))
    newer = register.registered(**a_farm(a_plot(**items)))
    assert (claims(newer), claims(register.household(older["id"]))) == ([], [])


def test_two_tenants_of_one_parcel_are_a_conflict(register: Register) -> None:
    owner = register.registered(**a_farm())
    tenants = [register.registered(**a_farm(a_plot(tenure="rented"))) for _ in range(2)]
    assert claimants(tenants[1]) == {tenants[0]["id"]}
    assert claims(register.household(owner["id"])) == []


@pytest.mark.parametrize("placeholder", ["0", "-", "chưa rõ"])
def test_what_is_no_number_claims_nothing(register: Register, placeholder: str) -> None:
    register.registered(**a_farm(a_plot(placeholder)))
    assert claims(register.registered(**a_farm(a_plot(placeholder)))) == []


def test_it_is_gone_from_both_when_one_corrects_the_number(register: Register) -> None:
    older = register.registered(**a_farm())
    newer = register.registered(**a_farm())
    corrected = {**newer, "parcels": [{**newer["parcels"][0], "parcel_number": "354"}]}
    assert claims(register.json_of(register.put(corrected, if_match=1))) == []
    older = register.household(older["id"])
    assert (claims(older), older["revision"]) == ([], 3)


def test_it_is_gone_when_one_says_that_it_rents_the_parcel(register: Register) -> None:
    older = register.registered(**a_farm())
    newer = register.registered(**a_farm())
    rents = {**newer, "parcels": [{**newer["parcels"][0], "tenure": "rented"}]}
    assert claims(register.json_of(register.put(rents, if_match=1))) == []
    assert claims(register.household(older["id"])) == []


def test_it_is_gone_when_both_have_drawn_what_they_farm(register: Register) -> None:
    older = register.registered(**a_farm())
    newer = register.registered(**a_farm(a_plot(geometry=a_square(105.67, 18.68))))
    assert claimants(newer) == {older["id"]}
    older = register.household(older["id"])
    drawn = {**older, "parcels": [{**older["parcels"][0], "geometry": a_square(105.66, 18.67)}]}
    assert claims(register.json_of(register.put(drawn, if_match=2))) == []
    newer = register.household(newer["id"])
    assert (claims(newer), newer["stage"]) == ([], "digitized")


def test_it_is_gone_when_the_other_household_leaves(register: Register, store: Repositories, clock: MovedClock) -> None:
    stays, moves, ends, erased = (register.registered(**a_farm()) for _ in range(4))
    assert claimants(register.household(stays["id"])) == {moves["id"], ends["id"], erased["id"]}
    register.withdraw(ends["id"])
    assert claimants(register.household(stays["id"])) == {moves["id"], erased["id"]}
    Erasure(store.transactions, clock).erase(erased["id"], REGISTER_ITSELF)
    assert claimants(register.household(stays["id"])) == {moves["id"]}
    register.step(moves["id"], "transfer", {"commune": TRUONG_VINH})
    assert claimants(register.household(stays["id"])) == {moves["id"]}  # its land stays where it is


def test_it_stays_through_a_revision_of_something_else_and_moves_with_its_parcel(register: Register) -> None:
    older = register.registered(**a_farm())
    newer = register.registered(**a_farm())
    more = {**newer, "parcels": [a_plot("9"), *newer["parcels"]]}
    moved = register.json_of(register.put(more, if_match=1))
    assert [each["pointer"] for each in claims(moved)] == ["/parcels/1/parcel_number"]
    revised = register.json_of(register.put({**moved, "village": "Khối 9"}, if_match=2))
    assert claimants(revised) == {older["id"]}
    turned = {**revised, "parcels": revised["parcels"][::-1]}
    assert [each["pointer"] for each in claims(register.json_of(register.put(turned, if_match=3)))] == [
        "/parcels/0/parcel_number"
    ]
    assert register.household(older["id"])["revision"] == 2


def test_a_supervisor_settles_it_until_one_of_the_two_changes(register: Register) -> None:
    older = register.registered(**a_farm())
    newer = register.registered(**a_farm())
    settled = settle(register, newer["parcels"][0]["id"])
    for record in (settled, register.household(older["id"])):
        (found,) = claims(record)
        assert found["severity"] == "settled"
        assert found["details"]["settled"]["reason"].startswith("Hai hộ")
    again = register.client.post(f"/v1/parcels/{newer['parcels'][0]['id']}/settle", json={"reason": "Hai lần."})
    problem(again, 409, "parcel.nothing-to-settle")
    more = {**settled, "parcels": [*settled["parcels"], a_plot("8")]}
    revised = register.json_of(register.put(more, if_match=settled["revision"]))
    assert [each["severity"] for each in claims(revised)] == ["settled"]
    contracted = {**revised, "parcels": [{**revised["parcels"][0], "tenure": "contracted"}, revised["parcels"][1]]}
    opened = register.json_of(register.put(contracted, if_match=revised["revision"]))
    for record in (opened, register.household(older["id"])):
        assert [each["severity"] for each in claims(record)] == ["warning"]


def test_why_it_was_settled_goes_from_the_neighbour_when_a_household_is_erased(
    register: Register, store: Repositories, clock: MovedClock
) -> None:
    older = register.registered(**a_farm())
    newer = register.registered(**a_farm())
    settle(register, newer["parcels"][0]["id"])
    Erasure(store.transactions, clock).erase(newer["id"], REGISTER_ITSELF)
    assert "thống nhất" not in str(register.history(older["id"]))


def test_coverage_counts_the_households_as_before(register: Register) -> None:
    register.registered(**a_farm(a_plot(geometry=a_square(105.67, 18.68))))
    register.registered(**a_farm())
    total = register.json("/v1/coverage?level=province")["total"]
    assert (total["registered"], total["standardized"], total["digitized"]) == (2, 2, 1)


def test_nothing_of_the_neighbours_people_is_shown(register: Register) -> None:
    older = register.registered(
        **a_farm(commune=TRUONG_VINH, former_commune=None, parcels=[a_plot(former_commune=DONG_VINH)])
    )
    newer = register.registered(**a_farm())
    seen = register.seen_by(Role.OFFICER, THANH_VINH, f"/v1/households/{newer['id']}")
    assert older["head"]["full_name"] not in str(claims(seen))
    assert claims(seen)[0]["details"].keys() == {"parcel", "household"}
    assert older["head"]["national_id"] not in str(seen)


def test_of_two_that_claim_a_parcel_at_the_same_instant_the_second_sees_the_first(
    app: Flask, refreshing_app: Flask, register: Register
) -> None:
    # Communes and workers apart, so that nothing but the claim makes one write wait for the other.
    apps = (app, refreshing_app)
    for number in range(1, 25):
        plot = {"former_commune": DONG_VINH}
        pair = [
            a_farm(a_plot(str(number))),
            a_farm(a_plot(str(number), **plot), commune=TRUONG_VINH, former_commune=None),
        ]
        with ThreadPoolExecutor(2) as both:
            puts = [both.submit(Register(a.test_client()).put, each) for a, each in zip(apps, pair, strict=True)]
        responses = [put.result() for put in puts]
        assert [response.status_code for response in responses] == [201, 201]
        one, other = (register.household(household["id"]) for household in pair)
        assert (claimants(one), claimants(other)) == ({other["id"]}, {one["id"]})


def test_in_bulk_it_is_found_with_what_is_there_and_among_the_new(app: Flask, register: Register) -> None:
    there = register.registered(**a_farm())
    first, second, third = a_farm(), a_farm(), a_farm()
    parts = register_of(app)
    bulk = BulkRegistration(parts.store, parts.units.directory, parts.clock, parts.examiner)
    written = list(bulk.register([first, second, third], actor=REGISTER_ITSELF))
    assert [each.result for each in written] == ["registered"] * 3
    ids = {each["id"] for each in (there, first, second, third)}
    assert all(claimants(register.household(each)) == ids - {each} for each in ids)


def test_a_number_that_everybody_has_is_a_placeholder(register: Register) -> None:
    farms = [register.registered(**a_farm()) for _ in range(MOST_CLAIMANTS)]
    assert len(claims(farms[-1])) == MOST_CLAIMANTS - 1
    beyond = register.registered(**a_farm())
    assert claims(beyond) == []
    first = register.household(farms[0]["id"])
    assert len(claims(first)) == MOST_CLAIMANTS - 1
    contracted = {**first, "parcels": [{**first["parcels"][0], "tenure": "contracted"}]}
    revised = register.json_of(register.put(contracted, if_match=first["revision"]))
    assert claimants(revised) == {each["id"] for each in farms[1:]}
