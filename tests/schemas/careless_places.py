"""A register in whose schema existing items say nothing of their protection: prints as JSON what is seen of them.

`test_new_field.py` runs this beside a copy of `schemas/` that it has edited. It asks everything that uses such an item
for a purpose of its own: area search, boxes, the check of a boundary, search by name, indexes, counts for open data.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from pymongo import MongoClient

from service.actor import REGISTER_ITSELF
from service.app import register_of
from service.clock import system_clock
from service.households.erasure import Erasure
from service.jobs.reconciliation import reconcile, reconcile_records, verify_log
from service.reports.open_data import countable
from service.roles import Role
from service.storage.encryption.fields import FieldEncryption
from service.storage.open_data import MongoOpenData
from service.storage.reencryption import reencrypt
from tests.access.test_data_files import files_of
from tests.access.test_personal_data_over_http import masked_supervisor
from tests.api.asking import Register
from tests.api.signed_in import token_of
from tests.apps import opened_app
from tests.builders import THANH_VINH, a_head, a_household, a_parcel, a_square
from tests.schemas.careless_register import database_of_its_own
from tests.workbooks import unpacked

WORDS = ("Xom Kiem Tra", "xom kiem tra", "Zyxwv", "zyxwv", "SHEET-7781", "NUMBER-7782", "Dong Bat Ngo", "105.66412")
SQUARE = a_square(105.66412, 18.67612)
BOX = "105.664,18.676,105.665,18.677"
RETURNED, SETTLED = "Ong Hjklm khai thieu", "Ba Hjklm chi ranh gioi"
"""Reasons, which name people."""
HOME = {"type": "Point", "coordinates": [105.66412, 18.67612]}


def a_household_of_words() -> dict[str, Any]:
    """A household with a word in each item that something works with."""
    parcel = a_parcel(map_sheet="SHEET-7781", parcel_number="NUMBER-7782", locality="Dong Bat Ngo", geometry=SQUARE)
    head = a_head(full_name="Zyxwv Kiemtraten")
    return a_household(village="Xom Kiem Tra", head=head, parcels=[parcel], location=HOME)


def seen_by(register: Register, household: str, headers: dict[str, str]) -> dict[str, Any]:
    """What a reader gets of the household wherever it can be asked for."""
    area, check = {"json": {"area": SQUARE}}, {"json": {"geometry": a_square(105.66422, 18.67612)}}
    asked: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("GET", f"/v1/households/{household}", {}),
        ("GET", f"/v1/households/{household}/history", {}),
        ("GET", f"/v1/households?bbox={BOX}", {}),
        ("GET", "/v1/households?village=xom%20kiem%20tra", {}),
        ("GET", "/v1/changes", {}),
        ("POST", "/v1/households/search", area),
        ("POST", "/v1/households/search.csv", area),
        ("POST", "/v1/households/search.xlsx", area),
        ("POST", "/v1/parcels/check", check),
    )
    responses = {
        f"{method} {address}": register.client.open(address, method=method, headers=headers, **options)
        for method, address, options in asked
    }
    texts = {
        name: unpacked(response.get_data()).decode("utf-8", "replace")
        for name, response in responses.items()
        if response.status_code != 403
    }
    search = responses["POST /v1/households/search"].get_json()
    checked = responses["POST /v1/parcels/check"].get_json()
    # What somebody sent to be checked comes back to them; what counts is what the register adds to it.
    texts.pop("POST /v1/parcels/check", None)
    return {
        "failed": [name for name, response in responses.items() if response.status_code not in (200, 403)],
        "words": sorted({word for word in WORDS for text in texts.values() if word in text}),
        "in_village": household in texts.get("GET /v1/households?village=xom%20kiem%20tra", ""),
        "in_box": household in texts[f"GET /v1/households?bbox={BOX}"],
        "searched": [(len(each["parcels"]), each["home_inside"]) for each in search.get("items", ())],
        "animals": search.get("total", {}).get("livestock"),
        "facts": sorted(responses[f"GET /v1/households/{household}"].get_json().get("derived", {})),
        "neighbours": len(checked.get("neighbours", {}).get("features", ())),
        "overlaps": [each["code"] for each in checked.get("findings", ())].count("parcel.overlap"),
    }


def faults_of(register: Register) -> list[str]:
    """What does not fit together of the counters, the log, the records and the numbers that they hold."""
    store = register_of(register.client.application).store
    broken = [str(log.broken) for log in verify_log(store) if log.broken is not None]
    return [*broken, *map(str, reconcile(store)), *map(str, reconcile_records(store))]


def reasons_of(register: Register, household: str) -> dict[str, Any]:
    """Reasons that were given about the household, as readers get them and as an erasure leaves them."""
    store = register_of(register.client.application).store

    def given() -> list[str]:
        notes = [each["note"] or {} for each in register.json("/v1/changes")["changes"]]
        return sorted({note["reason"] for note in notes if "reason" in note})

    neighbour = register.registered(parcels=[a_parcel(geometry=a_square(105.66422, 18.67612))])
    settle = f"/v1/parcels/{neighbour['parcels'][0]['id']}/settle"
    assert (response := register.client.post(settle, json={"reason": SETTLED})).status_code == 200, response.text
    assert register.step(household, "return", {"reason": RETURNED}).status_code == 200
    found: dict[str, Any] = {"status_reason": register.household(household)["status_reason"], "given": given()}
    history = [each["note"] or {} for each in register.history(household)]
    found["history"] = [note["reason"] for note in history if "reason" in note]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FieldEncryption, "HANDOVER", FieldEncryption.HANDOVER * 0)  # no other worker learns of the key
        store.database.encryption.add_data_key()
        found["renewed"] = dict(reencrypt(store.database))
    found["faults"] = faults_of(register)
    Erasure(store.transactions, system_clock).erase(neighbour["id"], REGISTER_ITSELF)
    return {**found, "left": given(), "faults_after": faults_of(register)}


def main() -> None:
    """Register a household, and look for it everywhere."""
    with database_of_its_own() as (mongod, settings):
        with opened_app(settings) as app:
            register = Register(app.test_client())
            household = a_household_of_words()
            assert (response := register.put(household)).status_code == 201, response.text
            system = token_of(app, Role.SYSTEM, scopes=("records:read", "changes:read"))
            whole = {"Authorization": f"Bearer {token_of(app, Role.OFFICER)}"}
            report: dict[str, Any] = {
                "whole": seen_by(register, household["id"], whole),
                "masked": seen_by(register, household["id"], masked_supervisor(register)),
                "nobody": seen_by(register, household["id"], {"Authorization": f"Bearer {system}"}),
                "by_name": len(register.json("/v1/households?q=zyxwv")["items"]),
                "ready": register.get("/readyz").status_code,
                "by_commune": len(register.json(f"/v1/households?commune={THANH_VINH}")["items"]),
            }
            report["faults"] = faults_of(register)
            if report["whole"]["overlaps"]:
                report["reasons"] = reasons_of(register, household["id"])
        with MongoClient[dict[str, Any]](settings.mongodb_uri) as client:
            database = client.get_default_database()
            stored = database["households"].find_one({"_id": household["id"]}) or {}
            counts = MongoOpenData(database).count(countable())
            report["counted"] = [(each.scheme, each.group, each.poverty) for each in counts]
            report["cells"] = "cells" in stored["index"]
            report["locks"] = database["grid_cells"].count_documents({}) > 0
            report["sealed_facts"] = sorted(name for name, value in stored["derived"].items() if value == b"")
            entry = database["log"].find_one({"household": household["id"]}) or {}
            report["sealed_facts_of_log"] = sorted(n for n, v in entry["record"]["derived"].items() if v == b"")
            report["names"] = bool(stored["index"]["names"])
        files = files_of(mongod).decode("latin-1")
    report["in_files"] = [word for word in (*WORDS, RETURNED, SETTLED) if word in files]
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main()
