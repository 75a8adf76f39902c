"""A step that is refused because of what is stored says no more of it than the reader sees of the record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from flask import Flask

from schemas import rules
from schemas.rules.rule import Content, Rule, Trouble
from service.api.http.guard import guard
from service.app import register_of
from service.roles import Role, Sight
from service.settings import Settings
from service.storage.repositories import Repositories
from tests.access.test_guesses import signed_in
from tests.api.asking import Register, pointers, problem
from tests.builders import SOUTH_WEST, THANH_VINH, TRUONG_VINH, Json, a_parcel, a_square, an_id
from tests.parcels.builders import a_field

HOME = {"type": "Point", "coordinates": [105.85, 21.02]}
NAME = "Nguyễn Văn An"
"""Of the head of the tests' households."""


def _careless(content: Content, _: date) -> Iterator[Trouble]:
    """Refuses an item that few see, one that all see, and one that a transfer sends, each with what is stored."""
    for place in ("location", "former_commune", "village", "commune"):
        yield (place,), "location.outside-province", {"distance_m": 15_474, "from_province_m": 11_735}
        yield (place,), "geometry.range", {"x": content["head"]["full_name"], "y": 1}
    yield ("parcels", 0, "geometry"), "parcel.outside-province", {"distance_m": 8, "from_province_m": 7}


@pytest.fixture
def refused(register: Register, monkeypatch: pytest.MonkeyPatch) -> Json:
    """A household that a newer rule would refuse."""
    record = register.registered(location=HOME, parcels=[a_parcel()])
    assert record["head"]["full_name"] == NAME
    codes = ("location.outside-province", "geometry.range", "parcel.outside-province")
    monkeypatch.setattr(rules, "RULES", (*rules.RULES, Rule(codes, "error", _careless)))
    return record


def transfer(register: Register, record: Json, who: dict[str, str]) -> Any:
    body = {"commune": TRUONG_VINH, "village": "Xóm 1"}
    return register.client.post(f"/v1/households/{record['id']}/transfer", json=body, headers=who)


@pytest.mark.parametrize("sight", [Sight.MASKED, Sight.NOBODY])
def test_a_refused_transfer_says_nothing_of_what_the_reader_may_not_see(
    register: Register, refused: Json, sight: Sight
) -> None:
    response = transfer(register, refused, signed_in(register, an_id(), Role.SUPERVISOR, sight))
    body = problem(response, 422, "household.invalid")
    boundary = [("/parcels/0/geometry", "parcel.outside-province")] if sight is Sight.MASKED else []
    assert pointers(body) == [*boundary, ("", "household.stored-invalid")]
    assert [word for word in (NAME, "15474", "11735", "location", "range") if word in response.text] == []
    assert "details" not in body["errors"][-1]


def test_who_sees_the_record_is_shown_all_that_is_wrong_with_it_and_noted(register: Register, refused: Json) -> None:
    name = an_id()
    who = signed_in(register, name, Role.SUPERVISOR, None)
    body = problem(transfer(register, refused, who), 422, "household.invalid")
    assert len(body["errors"]) == 9
    assert body["errors"][0]["details"] == {"distance_m": 15_474, "from_province_m": 11_735}
    with register.client.application.app_context():
        (entry,) = guard().trail.entries(account=name)
    assert (entry.action, entry.status, entry.households) == ("households.transfer", 422, (refused["id"],))


@pytest.mark.parametrize("sight", [Sight.MASKED, Sight.NOBODY, None])
def test_what_was_sent_is_refused_with_its_place(register: Register, sight: Sight | None) -> None:
    record = register.registered(location=HOME)
    who = signed_in(register, an_id(), Role.SUPERVISOR, sight)
    body = {"commune": TRUONG_VINH, "village": 5, "address": "x" * 2_000}
    response = register.client.post(f"/v1/households/{record['id']}/transfer", json=body, headers=who)
    shown = pointers(problem(response, 422, "household.invalid"))
    assert shown == [("/village", "item.type"), ("/address", "text.too-long")]


def test_what_was_stored_before_the_borders_were_known_refuses_no_transfer(
    refreshing_app: Flask, register_settings: Settings
) -> None:
    register = Register(refreshing_app.test_client())
    record = register.registered(location=HOME, parcels=[a_parcel(geometry=None)])
    store: Repositories = register_of(refreshing_app).store
    store.borders.replace_borders({THANH_VINH: a_field(-3_000, -3_000, 6_000, 6_000, at=SOUTH_WEST)})
    try:
        response = transfer(register, record, signed_in(register, an_id(), Role.SUPERVISOR, Sight.NOBODY))
        assert response.status_code == 200, response.text
        assert "distance_m" not in response.text
        assert register.household(record["id"])["findings"][0]["code"] == "location.outside-province"
    finally:
        store.borders.replace_borders({})


def test_who_sees_no_overlaps_may_not_settle_them_nor_find_out_where_they_are(register: Register) -> None:
    field = a_parcel()["geometry"]
    alone = register.registered(parcels=[a_parcel(geometry=a_square(105.3, 19.3))])
    first, _ = (register.registered(parcels=[a_parcel(geometry=field)]) for _ in range(2))
    for sight, statuses in ((Sight.NOBODY, [403, 403]), (Sight.MASKED, [409, 200])):
        who = signed_in(register, an_id(), Role.SUPERVISOR, sight)
        tried = [
            register.client.post(f"/v1/parcels/{each['parcels'][0]['id']}/settle", json={"reason": "x"}, headers=who)
            for each in (alone, first)
        ]
        assert [response.status_code for response in tried] == statuses, [each.text for each in tried]
