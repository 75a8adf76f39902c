"""What a finding repeats of a sealed item is sealed like it; its code and place stay readable, as do older findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from schemas.errors import FREE_TEXT, THE_ITEM, Detail, Reveals
from service.households.revealed import FINDINGS, NOTES
from service.jobs.reconciliation import reconcile, verify_log
from service.roles import Role
from service.storage.encryption import findings, items
from service.storage.encryption.fields import FieldEncryption
from service.storage.encryption.findings import sealed_details, sealed_members
from service.storage.encryption.items import ELSEWHERE, separated_note
from service.storage.reencryption import reencrypt
from service.storage.repositories import Repositories
from tests.access.sealing import sealing
from tests.api.asking import Register
from tests.api.signed_in import token_of
from tests.builders import Json, a_head, a_household

NUMBER = "999178123456"
"""Of no province, of a woman, and of another year than the head's: each a finding that repeats digits."""
PLACE = "national-id.place-unknown"
CODES = ("national-id.birth-year", PLACE, "national-id.sex")


def registered(register: Register) -> Json:
    """A household whose number is doubted, and revised twice until one doubt is left; as it was first."""
    head = a_head(sex="male", birth_date="1958-05-02") | {"national_id": NUMBER, "national_id_confirmed": True}
    first: Json = register.put(a_household(head=head)).get_json()
    for revision, change in enumerate(({"birth_date": "1959"}, {"birth_date": "1978", "sex": "female"}), 1):
        confirmed = change | {"national_id_confirmed": True}
        assert register.patch(first["id"], {"head": confirmed}, if_match=revision).status_code == 200
    return first


def doubts(record: Json) -> dict[str, Json]:
    return {finding["code"]: finding["details"] for finding in record["findings"] if finding["code"] in CODES}


def details_in(value: Any) -> Iterator[Any]:
    """Every value among the details of findings, wherever they stand in a document."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from each.values() if name == "details" and isinstance(each, Mapping) else details_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from details_in(each)


def stored_details(store: Repositories) -> list[Any]:
    database = store.database.mongo
    names = database.list_collection_names()
    return [value for name in names for document in database[name].find() for value in details_in(document)]


def closed_reader(register: Register) -> dict[str, str]:
    """A system that sees nobody, for which nothing is decrypted."""
    token = token_of(register.client.application, Role.SYSTEM, scopes=("records:read", "changes:read"))
    return {"Authorization": f"Bearer {token}"}


def assert_read_whole(store: Repositories, register: Register, first: Json) -> None:
    assert doubts(register.household(first["id"])) == {PLACE: {"place": "999"}}
    assert doubts(register.history(first["id"])[-1]["record"]) == doubts(first)
    assert [log.broken for log in verify_log(store) if log.broken] == []
    assert list(reconcile(store)) == []


def test_no_document_has_digits_of_a_number_among_its_findings(store: Repositories, register: Register) -> None:
    first = registered(register)
    assert doubts(first) == {
        "national-id.birth-year": {"digits": "178", "year": 1978},
        PLACE: {"place": "999"},
        "national-id.sex": {"digit": 1},
    }
    details = stored_details(store)
    assert len(details) >= 12  # of the household, and of its log entries with what each replaced
    assert set(details) == {ELSEWHERE}
    by_code = {"findings": {"$elemMatch": {"code": PLACE, "pointer": "/head/national_id"}}}
    assert store.database["households"].count_documents(by_code) == 1
    assert_read_whole(store, register, first)


def test_a_reader_for_whom_nothing_is_decrypted_gets_no_placeholder(store: Repositories, register: Register) -> None:
    household = registered(register)["id"]
    assert doubts(store.households.record(household, personal=False, area=None)) == {PLACE: {}}
    address = f"/v1/households/{household}"
    for each in (address, "/v1/households", f"{address}/history", "/v1/changes"):
        response = register.client.get(each, headers=closed_reader(register))
        assert response.status_code == 200, response.text
        assert "national-id" not in response.text


def test_findings_stored_before_are_read_and_sealed_with_the_next_key(
    store: Repositories, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(items, "sealed_details", lambda _: frozenset())
        first = registered(register)
    assert {"999", "178", 1978, 1} <= set(stored_details(store))
    assert_read_whole(store, register, first)
    assert register.get("/v1/households", **closed_reader(register)).status_code == 200
    monkeypatch.setattr(FieldEncryption, "HANDOVER", FieldEncryption.HANDOVER * 0)
    store.database.encryption.add_data_key()
    list(reencrypt(store.database))
    assert set(stored_details(store)) == {ELSEWHERE}
    assert register.patch(first["id"], {"village": "Khối 9"}, if_match=3).status_code == 200
    assert_read_whole(store, register, first)


# The rule


def finding(code: str, pointer: str, **details: Any) -> Json:
    return {"code": code, "severity": "warning", "pointer": pointer, "details": details}


def test_what_repeats_items_that_lie_in_clear_stays_in_clear() -> None:
    overlap = {"parcel": "p", "household": "h", "area_m2": 1.0, "share_percent": 2.0, "settled": {"reason": "x"}}
    assert sealed_details(finding("parcel.overlap", "/parcels/0/geometry", **overlap)) == frozenset()
    newer = {"value": "LUA", "from": "2024-07-30"}
    assert sealed_details(finding("code.newer-than-record", "/parcels/0/land_use", **newer)) == frozenset()
    assert sealed_details({"code": "head.young", "pointer": "/head/birth_date"}) == frozenset()
    assert sealed_details(finding("time.implausible", "/captured_at")) == frozenset()


@pytest.mark.parametrize("pointer", ["/members/11/phone", "/members/11", "", "/head", "/unknown", None])
def test_what_repeats_the_item_is_sealed_where_any_of_it_is(pointer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    members = {"value": Detail((THE_ITEM,)), "limit": Detail(())}
    monkeypatch.setitem(vars(findings), "FINDINGS", {"made.up": Reveals(members)})
    findings._sealed_by_rule.cache_clear()
    assert sealed_details(finding("made.up", pointer, value="x", limit=3)) == {"value"}
    findings._sealed_by_rule.cache_clear()


def test_what_is_declared_nowhere_is_sealed() -> None:
    assert sealed_details(finding("undeclared", "/village", name="A", size=1)) == {"name", "size"}
    assert sealed_details(finding("head.young", "/head/birth_date", age=14, name="A")) == {"name"}


def test_what_is_sealed_already_counts_as_sealed_whatever_the_rule_says_today() -> None:
    assert sealed_details(finding("head.young", "/head/birth_date", age=ELSEWHERE)) == {"age"}


def test_free_text_is_as_readable_in_a_finding_and_a_note_as_where_it_is_entered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free = [one.items for reveals in FINDINGS.values() for one in reveals.members.values() if FREE_TEXT in one.items]
    assert {*free, NOTES["reason"]} == {(FREE_TEXT,)}
    settled = finding("parcel.overlap", "/parcels/0/geometry", settled={"by": "a", "at": "b", "reason": "x"})
    note = {"settled": "p", "reason": "x"}
    assert not sealed_details(settled) | sealed_members(note)
    with sealing("status_reason", monkeypatch):
        assert sealed_details(settled) == {"settled.reason"}
        assert sealed_members(note) == {"reason"}
    with sealing("parcels.id", monkeypatch):
        assert sealed_details(settled) == {"settled.by", "settled.at"}
        assert sealed_members(note) == {"settled"}


def test_of_a_note_only_what_is_declared_and_the_digests_of_an_erasure_lie_in_clear() -> None:
    note = {"from": "c", "redacted": {"c:1": "digest"}, "made_up": 1, "reason": ELSEWHERE}
    assert sealed_members(note) == {"made_up", "reason"}
    shown, hidden = separated_note({**note, "reason": "x"})
    assert (shown, hidden) == ({**note, "made_up": ELSEWHERE, "reason": "x"}, {"made_up": 1})


def test_a_member_inside_another_that_is_declared_nowhere_is_sealed() -> None:
    settled = finding("parcel.overlap", "/parcels/0/geometry", settled={"by": "a", "phone": "b", "reason": ELSEWHERE})
    assert sealed_details(settled) == {"settled.phone", "settled.reason"}


@pytest.mark.parametrize(
    ("damage", "note"),
    [
        ({"sealed": b"x"}, {"settled": "p"}),
        ({"note.reason": b"x", "sealed": b"x"}, {"settled": "p"}),
        ({"note": {"reason": ELSEWHERE}, "sealed": b"x"}, None),
        ({"note": None}, None),
        ({"note": []}, None),
        ({"note": {}}, None),
        ({"note": 5}, None),
    ],
    ids=str,
)
def test_of_a_damaged_entry_the_note_has_what_lies_in_clear(
    store: Repositories, register: Register, monkeypatch: pytest.MonkeyPatch, damage: Json, note: Json | None
) -> None:
    with sealing("status_reason", monkeypatch):
        household = register.registered()["id"]
        register.withdraw(household, "x")
        log = store.database["log"]
        log.update_one({"household": household, "revision": 2}, {"$set": {"note.settled": "p"}})
        log.update_one({"household": household, "revision": 2}, {"$set": damage})
        (entry, _) = register.history(household)
    assert entry["note"] == {**(note or {}), "damaged": True}
