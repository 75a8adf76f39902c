"""A register whose schema has items that say nothing of their protection: prints as JSON what can be seen of them.

`test_new_field.py` runs this beside a copy of `schemas/` that it has edited.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pymongo import MongoClient

from schemas.derive.form import form_definition
from service.roles import Role
from tests.access.test_data_files import files_of
from tests.access.test_personal_data_over_http import masked_supervisor
from tests.api.asking import Register
from tests.api.signed_in import token_of
from tests.apps import opened_app
from tests.builders import a_head, a_household, a_member, a_parcel
from tests.schemas.careless_register import database_of_its_own

WORDS = ("BHYT-4020-771", "BHYT-4020-772", "So tiet kiem 9981", "Lai buon Kiem Tra")
"""The values of careless items. Numbers and codes are searched for by their items' names."""
NAMES = ("health_card", "savings_book", "bought_by", "rent_owed", "illnesses")


def a_careless_household() -> dict[str, Any]:
    """A household with careless items in each place: record, person, element of a list; text, number, list, object."""
    return a_household(
        village="Xom Kiem Tra",
        savings_book="So tiet kiem 9981",
        digital={"smartphone": True, "illnesses": ["agribank", "private"]},
        head=a_head(health_card="BHYT-4020-771"),
        members=[a_member(health_card="BHYT-4020-772")],
        parcels=[a_parcel(rent_owed=12_345_000)],
        livestock=[{"kind": "buffalo", "heads": 2, "bought_by": {"form": "sale", "partner": "Lai buon Kiem Tra"}}],
    )


def seen_by(register: Register, record: dict[str, Any], headers: dict[str, str]) -> str:
    """Everything that a reader gets of the household: itself, in a list, its history."""
    address = f"/v1/households/{record['id']}"
    responses = [
        register.client.get(each, headers=headers)
        for each in (address, f"/v1/households?commune={record['commune']}", f"{address}/history")
    ]
    assert {response.status_code for response in responses} == {200}, [response.text for response in responses]
    return "".join(response.text for response in responses)


def revealed(text: str) -> list[str]:
    """Which careless items a text contains."""
    return [word for word in (*WORDS, *NAMES) if word in text]


def main() -> None:
    """Register and revise a careless household, and look for it everywhere."""
    with database_of_its_own() as (mongod, settings):
        with opened_app(settings) as app:
            register = Register(app.test_client())
            household = a_careless_household()
            assert (response := register.put(household)).status_code == 201, response.text
            revised = {**household, "savings_book": "So tiet kiem 9981 B", "digital": {"illnesses": ["private"]}}
            assert (response := register.put(revised, if_match=1)).status_code == 200, response.text
            nobody = token_of(register.client.application, Role.SYSTEM, scopes=("records:read",))
            seen: dict[str, Any] = {
                "whole": register.household(household["id"]),
                "masked": revealed(seen_by(register, household, masked_supervisor(register))),
                "nobody": revealed(seen_by(register, household, {"Authorization": f"Bearer {nobody}"})),
            }
        with MongoClient[dict[str, Any]](settings.mongodb_uri) as client:
            stored = client.get_default_database()["households"].find_one({"_id": household["id"]}) or {}
        files = files_of(mongod).decode("latin-1")
    report = {
        "read": {name: seen["whole"][name] == revised[name] for name in ("savings_book", "digital", "livestock")},
        "masked": seen["masked"],
        "nobody": seen["nobody"],
        "stored": [stored["digital"]["illnesses"] == b"", stored["parcels"][0]["rent_owed"] == b""],
        "in_files": [word for word in (*WORDS, "Xom Kiem Tra") if word in files],
        "copied": sorted(copied_items(form_definition()["steps"])),
    }
    json.dump(report, sys.stdout)


def copied_items(items: list[dict[str, Any]]) -> set[str]:
    """The names of careless items that the form copies."""
    found = {each["name"] for each in items if each.get("copied") and each["name"] in NAMES}
    return found.union(*(copied_items(each["items"]) for each in items if "items" in each))


if __name__ == "__main__":
    main()
