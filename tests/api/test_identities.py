"""A register in which no unit's identity is its code: nothing relies on their being the same, and no identity shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import shapely

from service.app import register_of
from service.roles import Role
from service.settings import Settings
from service.storage.repositories import Repositories
from tests.api.asking import Register
from tests.api.signed_in import token_of
from tests.apps import opened_app
from tests.builders import THANH_VINH, TRUONG_VINH, Json, MovedClock, a_household, a_parcel, a_square
from tests.storage.writing import assert_exact

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

MARK = "unit-"
AREA = {"type": "Polygon", "coordinates": [[[104, 18], [107, 18], [107, 20], [104, 20], [104, 18]]]}


@pytest.fixture
def register(own_settings: Settings) -> Iterator[Register]:
    """The official list, in which each unit has an identity that is no code."""
    store = Repositories(own_settings)
    units = store.database["units"]
    documents = list(units.find())
    for document in documents:
        document["identity"] = MARK + document["identity"].replace("-", "")[::-1]
    units.delete_many({})
    units.insert_many(documents)
    store.database["commune_states"].delete_many({})
    store.close()
    with opened_app(replace(own_settings, units_refresh_seconds=0.0), MovedClock()) as app:
        yield Register(app.test_client())


def registered(register: Register, **items: object) -> Json:
    record: Json = register.registered(**items)
    assert MARK not in str(record)
    return record


def test_a_household_is_registered_read_found_and_revised_by_codes(register: Register) -> None:
    sent = a_household(former_commune="16681")
    assert register.put(sent).status_code == 201
    record = register.household(sent["id"])
    assert (record["commune"], record["former_commune"]) == (THANH_VINH, "16681")
    assert register.put(sent).get_json() == record
    assert register.put(record, if_match=1).get_json() == record
    for code in ("16681", "16663"):
        other = registered(register, commune=code, commune_as_of="2025-06-01", captured_at=None)
        assert (other["commune"], other["former_commune"]) == (THANH_VINH, code)
        found = register.json("/v1/households?commune=16681&count=true")
        assert other["id"] in [each["id"] for each in found["items"]]
    assert [each["id"] for each in register.json("/v1/households?commune=16663")["items"]] == [other["id"]]
    changed = register.patch(sent["id"], {"village": "Khối 9"}, if_match=1)
    assert (changed.status_code, changed.get_json()["commune"]) == (200, THANH_VINH)
    assert_exact(register_of(register.client.application).store)


def test_a_transfer_its_history_and_the_feed_speak_of_codes(register: Register) -> None:
    record = registered(register, parcels=[a_parcel(former_commune="16663")])
    moved = register.step(record["id"], "transfer", {"commune": TRUONG_VINH}, if_match=1).get_json()
    assert (moved["commune"], moved["parcels"][0]["former_commune"]) == (TRUONG_VINH, "16663")
    entry = next(each for each in register.history(record["id"]) if each["differences"])
    assert entry["note"] == {"from": THANH_VINH, "to": TRUONG_VINH}
    change = next(each for each in entry["differences"] if each["pointer"] == "/commune")
    assert (change["before"], change["after"]) == (THANH_VINH, TRUONG_VINH)
    feed = register.json("/v1/changes")
    assert {each["commune"] for each in feed["changes"]} == {THANH_VINH, TRUONG_VINH}
    assert all(each["log"].startswith(MARK) for each in feed["changes"])
    assert MARK not in str([{**each, "log": ""} for each in feed["changes"]])
    assert register.json(f"/v1/changes?after={feed['cursor']}")["changes"] == []
    one = register.json(f"/v1/changes?commune={TRUONG_VINH}")["changes"]
    assert [each["commune"] for each in one] == [TRUONG_VINH]


def test_coverage_and_baselines_are_by_codes(register: Register) -> None:
    registered(register, former_commune="16663")
    baseline = {"households": 10, "source": "x", "date": "2026-01-01"}
    for code, day in ((THANH_VINH, "2026-01-01"), ("16681", "2025-06-01")):
        response = register.client.put(f"/v1/baselines/{code}", json={**baseline, "date": day})
        assert response.status_code == 200, response.text
    for query, unit in (("", THANH_VINH), ("&geography=2025-06-30", "16663")):
        rows = register.json(f"/v1/coverage?level=commune{query}")["rows"]
        assert [row["unit"] for row in rows if row["registered"]] == [unit]
        assert MARK not in str(rows)
    expected = {row["unit"]: row["expected"] for row in register.json("/v1/coverage")["rows"]}
    assert expected[THANH_VINH] == 10
    assert register.json("/v1/coverage?level=province")["total"]["registered"] == 1
    trend = register.json(f"/v1/coverage/trend?unit={THANH_VINH}")
    assert trend["days"][-1]["registered"] == 1


def test_areas_hold_for_identities_and_are_shown_as_codes(register: Register) -> None:
    app = register.client.application
    record = registered(register, parcels=[a_parcel(geometry=a_square(105.66, 18.67))])
    officer, stranger = (
        {"Authorization": f"Bearer {token_of(app, Role.OFFICER, code)}"} for code in (THANH_VINH, TRUONG_VINH)
    )
    address = f"/v1/households/{record['id']}"
    assert register.client.get(address, headers=officer).status_code == 200
    assert register.client.get(address, headers=stranger).status_code == 404
    me = register.client.get("/v1/session", headers=officer).get_json()
    assert me["communes"] == [THANH_VINH]
    refused = register.client.put(f"/v1/households/{(other := a_household())['id']}", json=other, headers=stranger)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "commune.outside-area")
    assert MARK not in refused.text
    found = register.client.post("/v1/households/search", json={"area": AREA}, headers=officer)
    assert found.status_code == 200, found.text
    assert [each["commune"] for each in found.get_json()["items"]] == [THANH_VINH]


def test_borders_belong_to_identities_and_findings_name_codes(register: Register) -> None:
    store = register_of(register.client.application).store
    units = {str(unit.code): unit.identity for unit in store.units.unit_list() if unit.valid_to is None}

    store.borders.replace_borders(
        {
            units[THANH_VINH]: shapely.box(105.0, 18.0, 105.5, 19.0),
            units[TRUONG_VINH]: shapely.box(105.5, 18.0, 106, 19),
        }
    )
    body = {"geometry": a_square(105.7, 18.5), "commune": THANH_VINH}
    checked = register.client.post("/v1/parcels/check", json=body).get_json()
    (finding,) = [each for each in checked["findings"] if each["code"] == "parcel.outside-commune"]
    assert (finding["details"]["commune"], finding["details"]["lies_in"]) == (THANH_VINH, TRUONG_VINH)
    record = registered(register, parcels=[a_parcel(geometry=a_square(105.7, 18.5))])
    (finding,) = [each for each in record["findings"] if each["code"] == "parcel.outside-commune"]
    assert finding["details"]["lies_in"] == TRUONG_VINH
    border = register.json(f"/v1/units/{THANH_VINH}/border")
    assert border["id"] == THANH_VINH
    assert MARK not in str(border)
