"""A finding that does not say what it reveals is found nowhere by readers who see people masked or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from schemas import rules
from schemas.errors import Finding
from schemas.rules.rule import Content, Rule, Trouble
from service.households import parcel_checks
from service.roles import Role
from tests.access.test_personal_data_over_http import headers, masked_supervisor
from tests.api.asking import Register
from tests.builders import a_household, a_parcel, a_square

NAME, ILLNESS = "Vi Thị Sơ Suất", "benh-hiem-ngheo"


def _careless(content: Content, _: date) -> Iterator[Trouble]:
    """A rule that says nothing of what its findings reveal, and one that reveals more than it says."""
    name = content["head"]["full_name"]
    yield ("products", 0, "name"), "careless.finding", {"name": name, "illness": ILLNESS}
    yield ("products", 0, "unit"), "product.unit-missing", {"buyer": name, "product": content["products"][0]["name"]}


def seen_everywhere(register: Register, record: dict[str, Any], who: dict[str, str]) -> str:
    """All that a reader gets: record, list, history, feed, a boundary checked."""
    address = f"/v1/households/{record['id']}"
    responses = [
        register.client.get(each, headers=who)
        for each in (address, "/v1/households?status=any", f"{address}/history", "/v1/changes")
    ]
    check = {"geometry": a_square(105.664, 18.676)}
    responses.append(register.client.post("/v1/parcels/check", json=check, headers=who))
    assert {response.status_code for response in responses} <= {200, 403}, [each.text for each in responses]
    return "".join(response.text for response in responses)


@pytest.fixture
def careless_record(register: Register, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A household with careless findings, which come and go; its area in a check is reported carelessly too."""
    rule = Rule(("careless.finding", "product.unit-missing"), "warning", _careless)
    monkeypatch.setattr(rules, "RULES", (*rules.RULES, rule))
    careless = Finding("careless.check", "warning", "/geometry", {"name": NAME})
    monkeypatch.setattr(parcel_checks, "area_findings", lambda *_: [careless])
    body = a_household(parcels=[a_parcel()], products=[{"name": "Gạo nếp"}])
    body["head"] |= {"full_name": NAME}
    record: dict[str, Any] = register.put(body).get_json()
    assert register.patch(record["id"], {"products": [{"name": "Chè"}]}, if_match=1).status_code == 200
    monkeypatch.setattr(rules, "RULES", rules.RULES[:-1])
    assert register.patch(record["id"], {"village": "Khối 9"}, if_match=2).status_code == 200
    monkeypatch.setattr(rules, "RULES", (*rules.RULES, rule))
    assert register.patch(record["id"], {"village": "Khối 10"}, if_match=3).status_code == 200
    return record


def test_a_careless_finding_is_found_nowhere_by_who_sees_people_masked_or_not_at_all(
    register: Register, careless_record: dict[str, Any]
) -> None:
    nobody = headers(register, Role.SYSTEM, "40", scopes=("records:read", "changes:read"))
    for who in (masked_supervisor(register), nobody):
        text = seen_everywhere(register, careless_record, who)
        assert [word for word in (NAME, ILLNESS, "careless", "buyer") if word in text] == []
        assert "product.unit-missing" in text  # it is declared: the buyer that it does not declare is left out
    whole = seen_everywhere(register, careless_record, headers(register, Role.SUPERVISOR, "40"))
    assert [word for word in (NAME, ILLNESS, "careless.finding", "careless.check", "buyer") if word not in whole] == []


def test_history_shows_what_changed_in_findings_that_may_be_seen(register: Register) -> None:
    field, beside = a_square(105.664, 18.676), a_square(105.6642, 18.676)
    record = register.registered(parcels=[a_parcel(geometry=field)])
    register.registered(parcels=[a_parcel(geometry=beside)])
    reason = {"reason": "Ông An đồng ý"}
    parcel = record["parcels"][0]["id"]
    assert register.client.post(f"/v1/parcels/{parcel}/settle", json=reason).status_code == 200
    address = f"/v1/households/{record['id']}/history"
    shown = register.client.get(address, headers=masked_supervisor(register)).get_json()["items"]
    settled, found, _ = ({each["pointer"]: each for each in entry["differences"]} for entry in shown)
    assert found["/findings/0"]["after"]["code"] == "parcel.overlap"
    assert settled["/findings/0/severity"]["after"] == "settled"
    assert settled["/findings/0/details/settled"]["after"].keys() == {"by", "at"}
