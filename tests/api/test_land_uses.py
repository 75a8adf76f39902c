"""One parcel, several uses, over HTTP: written, read, patched, refused with the way out."""

from __future__ import annotations

from typing import Any

from service.roles import Role
from tests.api.asking import Register, pointers, problem
from tests.builders import Json, a_household, a_parcel

HOUSE, GARDEN = {"land_use": "ONT", "area_m2": 200.0}, {"land_use": "CLN", "area_m2": 812.5}


def a_garden(**items: Any) -> Json:
    """Sheet 12, number 345: house and garden on one certificate."""
    on_paper = {"map_sheet": "12", "parcel_number": "345", "declared_area_m2": None, "land_use": None}
    return a_parcel(**{**on_paper, "land_uses": [HOUSE, GARDEN], "crops": None, **items})


def test_house_and_garden_are_one_parcel_that_every_reader_understands(register: Register) -> None:
    household = a_household(parcels=[a_garden()])
    record = register.put(household).get_json()
    assert (record["stage"], record["missing"], record["findings"]) == ("digitized", [], [])
    for role in (Role.OFFICER, Role.SUPERVISOR):
        seen = register.seen_by(role, "40", f"/v1/households/{record['id']}")
        [parcel] = seen["parcels"]
        assert (parcel["land_use"], parcel["declared_area_m2"]) == ("CLN", 1012.5)
        assert parcel["land_uses"] == [HOUSE, GARDEN]
        assert seen["derived"]["area_by_land_use_m2"] == {"CLN": 812.5, "ONT": 200.0}
    assert register.put(household).status_code == 200
    assert register.put(record | {"id": household["id"]}, if_match=1).get_json()["revision"] == 1


def test_two_parcels_with_one_number_are_shown_the_way_out(register: Register) -> None:
    twice = [a_parcel(map_sheet="12", parcel_number="345", land_use=code) for code in ("ONT", "CLN")]
    household = a_household(parcels=twice, former_commune="16663")
    body = problem(register.put(household), 422, "household.invalid")
    assert pointers(body) == [("/parcels/1/parcel_number", "parcel.key-twice")]
    assert "ghi mục “Các loại đất của thửa” với diện tích từng loại" in body["errors"][0]["message"]


def test_a_patch_turns_one_use_into_two_and_back(register: Register) -> None:
    record = register.registered(parcels=[a_parcel(land_use="CLN", declared_area_m2=1012.5)])
    [parcel] = record["parcels"]
    two = register.patch(record["id"], {"parcels": [parcel | {"land_uses": [HOUSE, GARDEN]}]}, if_match=1)
    assert two.get_json()["derived"]["area_by_land_use_m2"] == {"CLN": 812.5, "ONT": 200.0}
    strange = {"parcels": [parcel | {"land_use": "LUC", "land_uses": [HOUSE, GARDEN, GARDEN]}]}
    body = problem(register.patch(record["id"], strange, if_match=2), 422, "household.invalid")
    assert pointers(body) == [
        ("/parcels/0/land_uses/2/land_use", "land-use.twice"),
        ("/parcels/0/land_use", "land-use.not-listed"),
    ]
    one = register.patch(record["id"], {"parcels": [parcel]}, if_match=2).get_json()
    assert one["parcels"] == [parcel]
    changes = register.history(record["id"])[1]["differences"]
    assert {each["pointer"] for each in changes if each["pointer"].startswith("/parcels")} == {"/parcels/0/land_uses"}


def test_a_list_is_changed_on_the_parcel_as_it_was_read(register: Register) -> None:
    """What is sent back has the main use that the register took from the former list."""
    for whole in (False, True):
        record = register.registered(parcels=[a_garden(parcel_number=f"9{whole:d}")])
        [parcel] = record["parcels"]
        changed = [parcel | {"land_uses": [HOUSE, {"land_use": "LUN", "land_use_scheme": "2018", "area_m2": 812.5}]}]
        for _ in range(2):  # the second is a retry
            if whole:
                response = register.put(record | {"parcels": changed}, if_match=1)
            else:
                response = register.patch(record["id"], {"parcels": changed}, if_match=1)
            assert response.status_code == 200, response.text
            [revised] = response.get_json()["parcels"]
            assert response.get_json()["revision"] == 2
            assert (revised["land_use"], revised["land_use_scheme"]) == ("LUN", "2018")
        stated = {"parcels": [revised | {"land_use": "LUC", "land_uses": [HOUSE]}]}
        problem(register.patch(record["id"], stated, if_match=2), 422, "household.invalid")
