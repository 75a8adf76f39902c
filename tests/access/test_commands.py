"""The scripts about accounts, the trail and keys, against a real database."""

from __future__ import annotations

import re
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from bson.binary import Binary
from pymongo import MongoClient
from pymongo.database import Database

from service.access.errors import KeysMissing
from service.access.keys import key_folder
from service.app import register_of
from service.commands import accounts, rotate_keys, who_read
from service.commands import verify_log as verify_log_command
from service.jobs.reconciliation import reconcile, verify_log
from service.roles import Role
from service.settings import Settings
from service.storage.encryption.fields import FieldEncryption
from service.storage.encryption.items import key_of
from service.storage.migration import prepare_keys
from service.storage.reencryption import reencrypt
from service.storage.repositories import Repositories
from service.unit_names import UnitId
from tests.api.asking import Register
from tests.builders import THANH_VINH, a_household


@pytest.fixture
def command(register_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The options that lead a command to the test's own register."""
    monkeypatch.setenv("MONGODB_URI", register_settings.mongodb_uri)
    monkeypatch.delenv("DATA_FOLDER", raising=False)
    return ["--data", register_settings.data_folder]


def test_the_first_administrator_is_made_here(
    command: list[str], register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    assert accounts.main([*command, "create", "quan.tri", "--role", "administrator", "--area", "40"]) == 0
    shown = capsys.readouterr().out
    password = re.search(r": (\S+-\S+-\S+-\S+)$", shown, re.MULTILINE)
    assert password is not None
    grant = {"grant_type": "password", "username": "quan.tri", "password": password[1]}
    response = register.client.post("/v1/token", json=grant, headers={"Authorization": ""})
    assert response.get_json()["account"]["must_change_password"] is True
    assert accounts.main([*command, "create", "bo", "--role", "auditor", "--whole-register"]) == 0
    assert "bo: auditor in *" in capsys.readouterr().out


def test_heads_of_log_and_trail_are_printed_and_held_against(
    command: list[str],
    register: Register,
    register_settings: Settings,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    household, anchors = register.registered(commune=THANH_VINH, parcels=None)["id"], tmp_path / "anchors.jsonl"
    assert verify_log_command.main([*command, "--anchors"]) == 0
    anchors.write_text(capsys.readouterr().out)
    register.patch(household, {"village": "Khối 9"}, if_match=1)
    assert verify_log_command.main([*command, "--against", str(anchors)]) == 0
    anchors.write_text(
        anchors.read_text().replace(f'"commune":"{THANH_VINH}","offset":1', f'"commune":"{THANH_VINH}","offset":2')
    )
    assert verify_log_command.main([*command, "--against", str(anchors)]) == 2
    assert verify_log_command.main([*command, "--against", str(tmp_path)]) == 2


def test_a_log_that_was_made_again_from_its_end_shows_against_its_heads(
    command: list[str],
    register: Register,
    register_settings: Settings,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    for _ in range(2):
        register.registered(commune=THANH_VINH, parcels=None)
    verify_log_command.main([*command, "--anchors"])
    (tmp_path / "anchors").write_text(capsys.readouterr().out)
    with MongoClient[dict[str, Any]](register_settings.mongodb_uri) as client:
        database = client.get_default_database()
        first, last = database["log"].find({"commune": THANH_VINH}).sort("_id", 1)
        database["log"].delete_one({"_id": last["_id"]})
        database["commune_states"].update_one({"_id": THANH_VINH}, {"$set": {"offset": 1, "hash": first["hash"]}})
    assert verify_log_command.main(command) == 0
    assert verify_log_command.main([*command, "--against", str(tmp_path / "anchors")]) == 1
    assert f"commune {THANH_VINH}, offset 2: missing" in capsys.readouterr().out


def test_accounts_are_listed_reset_suspended_and_resumed(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    accounts.main([*command, "create", "an", "--role", "officer", "--area", THANH_VINH])
    for step, word in (("suspend", "suspended"), ("resume", "active"), ("reset", "password")):
        assert accounts.main([*command, step, "AN"]) == 0
        assert word in capsys.readouterr().out
    assert accounts.main([*command, "list", "--json"]) == 0
    (row,) = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["username"], row["area"]) == ("an", [THANH_VINH])
    assert accounts.main([*command, "suspend", "nobody"]) == 2


def test_codes_that_have_ended_are_marked_in_the_list(
    command: list[str], register: Register, register_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts.main([*command, "create", "an", "--role", "officer", "--area", THANH_VINH])
    with closing(Repositories(register_settings)) as store:
        account = store.accounts.account_named("an")
        assert account is not None
        store.accounts.change_account(account.id, {"area": (*account.area, UnitId("99999"))})
    capsys.readouterr()
    assert accounts.main([*command, "list"]) == 0
    assert f"{THANH_VINH} 99999 (ended)" in capsys.readouterr().out
    assert accounts.main([*command, "list", "--json"]) == 0
    assert orjson.loads(capsys.readouterr().out)["area_ended"] == ["99999"]


def test_the_demonstration_has_an_account_of_each_role_in_a_file_for_its_owner(
    command: list[str], register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    assert accounts.main([*command, "demonstrate", "--if-none"]) == 0
    file = Path(command[1]) / "demo-accounts.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rows = orjson.loads(file.read_bytes())
    assert {row["role"] for row in rows} == set(Role), "service/commands/accounts.py has no account of a role"
    for row in rows:
        grant = {"grant_type": "client_credentials"} if row["role"] == "system" else {"grant_type": "password"}
        secrets = {name: row[name] for name in ("username", "password", "client_id", "client_secret") if name in row}
        response = register.client.post("/v1/token", json=grant | secrets, headers={"Authorization": ""})
        assert response.status_code == 200, row["role"]
    areas = {row.get("username") or row["client_id"]: row["area"] for row in rows}
    assert (areas["giam-sat"], areas["quan-tri"], areas["bo-nong-nghiep"]) == (["40"], ["*"], ["*"])
    before = file.read_bytes()
    assert accounts.main([*command, "demonstrate", "--if-none"]) == 0
    assert file.read_bytes() == before


def test_one_command_lists_who_saw_a_person(
    command: list[str], register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    record = register.registered(parcels=None)
    register.household(record["id"])
    for person in (record["head"]["national_id"], record["id"]):
        assert who_read.main([*command, "--person", person]) == 0
        lines = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [line["action"] for line in lines] == ["households.write", "households.read"]
    assert who_read.main([*command, "--account", lines[0]["name"], "--households", "--from", "2026-01-01"]) == 0
    assert record["id"] in capsys.readouterr().out
    assert who_read.main([*command, "--person", record["id"], "--to", "2020-01-01"]) == 0
    assert capsys.readouterr().out == ""
    assert who_read.main([*command, "--verify"]) == 0


def test_the_first_keys_are_made_once(tmp_path: Path) -> None:
    folder = str(tmp_path / "keys")
    assert rotate_keys.main(["--first", folder]) == 0
    assert rotate_keys.main(["--first", folder]) == 1


def test_keys_rotate_under_a_register_that_is_used(
    command: list[str], register: Register, store: Repositories, register_settings: Settings
) -> None:
    record = register.registered(parcels=None)
    register.patch(record["id"], {"head": {"phone": "0912345678"}}, if_match=1)
    assert rotate_keys.main([*command, "--master"]) == 0
    assert rotate_keys.main([*command, "--signing"]) == 0
    number = record["head"]["national_id"]
    assert register.json(f"/v1/households?q={number}")["items"][0]["head"]["phone"] == "+84912345678"
    register.registered(parcels=None)


@pytest.mark.parametrize("collection", ["households", "log"])
def test_a_damaged_document_holds_up_no_other_and_its_key_stays(
    command: list[str],
    register: Register,
    store: Repositories,
    session_database: Database[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    collection: str,
) -> None:
    broken, other = register.registered(), register.registered()
    known = tuple(key.name for key in register_of(register.client.application).store.database.encryption.data_keys())
    retired: list[str] = []
    monkeypatch.setattr(FieldEncryption, "retire", lambda _, key: retired.append(key.name))
    (document, _) = session_database[collection].find().sort("_id")
    session_database[collection].update_one({"_id": document["_id"]}, {"$set": {"sealed": Binary(b"", 6)}})
    monkeypatch.setattr(FieldEncryption, "HANDOVER", FieldEncryption.HANDOVER * 0)
    monkeypatch.setattr(rotate_keys, "sleep", lambda _: None)  # not time.sleep: the threads of pymongo would never rest
    assert rotate_keys.main([*command, "--records"]) == 0
    printed = capsys.readouterr().out
    assert f"{collection}: 1 re-encrypted" in printed
    assert f"damaged, and left as they are: {collection} {document['_id']}\n" in printed
    assert retired == []
    session_database[collection].replace_one({"_id": document["_id"]}, document)
    assert rotate_keys.main([*command, "--records"]) == 0
    assert set(retired) > set(known)
    register_of(register.client.application).store.database.encryption.data_keys()  # as the handover lets it look
    assert [register.household(each["id"]) for each in (broken, other)] == [broken, other]


def test_every_record_is_encrypted_again_and_still_holds(
    register: Register, store: Repositories, register_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = register.registered(parcels=None)
    register.patch(record["id"], {"head": {"phone": "0912345678"}}, if_match=1)
    request = {"kind": "view", "household": record["id"], "person": "Con trai"}
    register.client.post("/v1/requests", json=request)
    monkeypatch.setattr(FieldEncryption, "HANDOVER", FieldEncryption.HANDOVER * 0)
    added = store.database.encryption.add_data_key()
    register_of(register.client.application).store.database.encryption.data_keys()  # as the handover lets it look
    assert dict(reencrypt(store.database)) == {"households": 1, "log": 2, "requests": 1, "photos.files": 0}
    assert not any(dict(reencrypt(store.database)).values())
    with MongoClient[dict[str, Any]](register_settings.mongodb_uri) as client:
        database = client.get_default_database()
        (household,) = database["households"].find()
        sealed = [household["sealed"], *(entry["sealed"] for entry in database["log"].find())]
    assert household["index"]["searched"]
    assert all(digest.startswith(bytes(added.key_id)[:4]) for digest in household["index"]["searched"])
    assert {key_of(value) for value in sealed} == {bytes(added.key_id)}
    assert [log.broken for log in verify_log(store) if log.broken] == []
    assert list(reconcile(store)) == []
    number = record["head"]["national_id"]
    assert register.json(f"/v1/households?q={number}")["items"][0]["id"] == record["id"]
    assert register.json("/v1/requests")["items"][0]["person"] == "Con trai"
    again = register.put(a_household(head={**record["head"]}, parcels=None))
    assert again.status_code == 409


def test_new_keys_are_never_made_for_records_that_others_encrypted(
    register: Register, store: Repositories, register_settings: Settings, tmp_path: Path
) -> None:
    from dataclasses import replace

    register.registered(parcels=None)
    elsewhere = replace(register_settings, keys_folder=str(tmp_path / "empty"))
    with pytest.raises(KeysMissing, match="put the folder of keys back"):
        prepare_keys(elsewhere, store, lambda _: None)
    assert not key_folder(elsewhere).exists()
