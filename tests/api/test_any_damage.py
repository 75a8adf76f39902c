"""Any damage of any stored household or log entry, in the real database: it costs the one document, nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from service.actor import REGISTER_ITSELF
from service.households.bulk import BulkRegistration
from service.roles import Role
from tests.api.asking import Register, problem
from tests.api.damaging import (
    DAMAGE,
    NULL,
    Documents,
    changes_of_plain_items,
    damage,
    damage_plain_items,
)
from tests.api.signed_in import token_of
from tests.api.test_changes import read
from tests.api.test_photos import address, sent
from tests.builders import THANH_VINH, TRUONG_VINH, Json, a_household, a_parcel, a_square

pytestmark = pytest.mark.slow

WEST, SOUTH, STEP = 105.66, 18.68, 0.0002
IN_A_ROW = 20


def statistics_of(register: Register) -> dict[str, str]:
    token = token_of(register.client.application, Role.SYSTEM, "40", scopes=("records:read", "changes:read"))
    return {"Authorization": f"Bearer {token}"}


def a_row_and_its_neighbour(register: Register, number: int, south: float = SOUTH) -> tuple[list[Json], Json]:
    """So many households that are alike, in one village, as they were sent; and one whose parcel overlaps theirs."""
    places = [(WEST + STEP * (each % IN_A_ROW), south + STEP * (each // IN_A_ROW)) for each in range(number)]
    row = [
        a_household(parcels=[a_parcel(geometry=a_square(*place, side=0.00015))], members=[], village="Khối 5")
        for place in places
    ]
    parts = register.client.application.extensions["parts"]
    bulk = BulkRegistration(parts.store, parts.units.directory, parts.clock, parts.examiner)
    assert {each.result for each in bulk.register(row, actor=REGISTER_ITSELF)} == {"registered"}
    neighbour = register.registered(parcels=[a_parcel(geometry=around(number, south))], village="Khối 5")
    return row, neighbour


def around(number: int, south: float = SOUTH) -> Json:
    """A boundary that covers every parcel of a row."""
    east, north = WEST + STEP * min(number, IN_A_ROW), south + STEP * (1 + number // IN_A_ROW)
    corners = [[WEST, south], [east, south], [east, north], [WEST, north], [WEST, south]]
    return {"type": "Polygon", "coordinates": [[[round(each, 7) for each in corner] for corner in corners]]}


def all_pages(register: Register, query: str) -> tuple[list[Json], list[str]]:
    """What a list shows, and what it names as damaged."""
    shown: list[Json] = []
    damaged: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = register.json(f"/v1/households?limit=200{query}{f'&cursor={cursor}' if cursor else ''}")
        shown += page["items"]
        damaged += page.get("damaged", [])
        cursor = page["cursor"]
    return shown, damaged


def read_around(register: Register, whole: Json) -> dict[str, set[str]]:
    """Read everything that damaged households could close; returns which of them each list named as damaged."""
    found: dict[str, set[str]] = {}
    name = whole["head"]["full_name"]
    for query in ("", "&updated_since=2020-01-01T00:00:00Z", f"&q={name}", "&village=Khối 5", "&bbox=105,18,106,19"):
        shown, damaged = all_pages(register, query)
        assert whole in shown, query
        assert not {each["id"] for each in shown} & set(damaged)
        found[query] = set(damaged)
    for role in (Role.SUPERVISOR, Role.LEADER, Role.AUDITOR):
        token = token_of(register.client.application, role, "40")
        seen = register.get("/v1/households", Authorization=f"Bearer {token}")
        assert seen.status_code in (200, 403), seen.text
    statistics = register.get("/v1/households?limit=1000", **statistics_of(register)).get_json()
    assert whole["id"] in {each["id"] for each in statistics["items"]}
    search = register.client.post("/v1/households/search", json={"near": [WEST, SOUTH], "within": 1_000}).get_json()
    found["search"] = {each["id"] for each in search["items"]}
    assert whole["id"] in found["search"]
    assert register.json("/v1/coverage")["rows"]
    assert register.json(f"/v1/coverage?level=village&unit={THANH_VINH}")["total"]["registered"]
    return found


def write_around(register: Register, whole: Json, damaged: list[str]) -> Json:
    """Write what damaged households could hold up; returns the new household that overlaps all of them."""
    third = register.registered(parcels=[a_parcel(geometry=around(len(damaged)))])
    question = {"geometry": third["parcels"][0]["geometry"], "commune": THANH_VINH}
    assert register.client.post("/v1/parcels/check", json=question).get_json()["findings"]
    settled = register.client.post(f"/v1/parcels/{third['parcels'][0]['id']}/settle", json={"reason": "Ranh giới cũ"})
    assert settled.status_code == 200, settled.text
    for household in (whole, third):
        revision = register.household(household["id"])["revision"]
        assert register.patch(household["id"], {"village": "Khối 9"}, if_match=revision).status_code == 200
        assert register.step(household["id"], "verify").status_code == 200
        assert register.withdraw(household["id"]).status_code == 200
    return third


def written_to(register: Register, household: Json, revision: int) -> list[TestResponse]:
    """Every write to one household that needs its record."""
    return [
        register.put({**a_household(), "id": household["id"]}, if_match=revision),
        register.patch(household["id"], {"village": "Khối 9"}, if_match=revision),
        register.step(household["id"], "verify"),
        register.step(household["id"], "transfer", {"commune": TRUONG_VINH}),
        register.withdraw(household["id"]),
    ]


def erased(register: Register, household: Json) -> TestResponse:
    asked = register.client.post("/v1/requests", json={"kind": "erase", "household": household["id"]})
    if asked.status_code != 201:
        return asked
    return register.client.post(f"/v1/requests/{asked.get_json()['id']}/carry-out")


def test_a_household_with_a_damaged_ciphertext_closes_nothing_but_itself(
    register: Register, session_database: Documents
) -> None:
    row, neighbour = a_row_and_its_neighbour(register, len(DAMAGE))
    entries, _ = read(register)
    for household, how in zip(row, DAMAGE, strict=True):
        damage(session_database, "households", {"_id": household["id"]}, "sealed", how, {"_id": neighbour["id"]})
    ids = {each["id"] for each in row}
    found = read_around(register, neighbour)
    assert found.pop("search") == {*ids, neighbour["id"]}
    assert list(found.values()) == [ids] * len(found)
    assert register.household(neighbour["id"]) == neighbour
    assert read(register)[0] == entries
    for household in row:
        problem(register.get(f"/v1/households/{household['id']}"), 500, "store.damaged")
        number = register.json(f"/v1/households?q={household['head']['national_id']}")
        assert (number["items"], number["damaged"]) == ([], [household["id"]])
        assert len(register.history(household["id"])) == 2
    third = write_around(register, neighbour, sorted(ids))
    named = {each["details"]["household"] for each in third["findings"] if each["code"] == "parcel.overlap"}
    assert named == {*ids, neighbour["id"]}
    for household in row:
        for response in written_to(register, household, 2):
            problem(response, 500, "store.damaged")
        assert erased(register, household).get_json()["state"] == "done"


def is_refused_as_damaged(response: TestResponse) -> bool:
    """Whether a response says that a record is damaged; it must say so, or be no fault of the register."""
    if response.status_code < 500:
        return False
    problem(response, 500, "store.damaged")
    return True


def test_a_household_with_any_damaged_item_closes_nothing_but_itself(
    register: Register, session_database: Documents
) -> None:
    (first,), _ = a_row_and_its_neighbour(register, 1, south=SOUTH + 0.02)
    changes = changes_of_plain_items(session_database["households"].find_one({"_id": first["id"]}) or {}, each=3)
    row, neighbour = a_row_and_its_neighbour(register, len(changes))
    entries, _ = read(register)
    damage_plain_items(session_database, "households", [each["id"] for each in row], changes)
    found = read_around(register, neighbour)
    assert found[""] >= found["&village=Khối 5"]
    # Where a household is stored decides who may still see its record and note; the log itself is whole.
    assert [(key_of(each), each["hash"]) for each in read(register)[0]] == [(key_of(e), e["hash"]) for e in entries]
    for household in row:
        refused = is_refused_as_damaged(register.get(f"/v1/households/{household['id']}"))
        assert refused or household["id"] not in found[""]
        is_refused_as_damaged(register.get(f"/v1/households/{household['id']}/history"))
    write_around(register, neighbour, [each["id"] for each in row])
    for household in row[::11]:
        if household["id"] in found[""]:
            assert all(map(is_refused_as_damaged, written_to(register, household, 2)))
        is_refused_as_damaged(erased(register, household))


def test_a_log_entry_with_a_damaged_ciphertext_has_its_place_in_the_feed_and_the_history(
    register: Register, session_database: Documents
) -> None:
    row, neighbour = a_row_and_its_neighbour(register, len(DAMAGE))
    entries, cursor = read(register)
    first = {each["household"]: each for each in reversed(entries)}
    for household, how in zip(row, DAMAGE, strict=True):
        key, other = (key_of(first[each["id"]]) for each in (household, neighbour))
        damage(session_database, "log", {"_id": key}, "sealed", how, {"_id": other})
    broken = [first[each["id"]] for each in row]
    expected = [{**each, "record": None, "note": {"damaged": True}} if each in broken else each for each in entries]
    for limit in (1, 100):
        assert read(register, limit) == (expected, cursor)
    auditor = token_of(register.client.application, Role.AUDITOR, "40")
    assert register.get("/v1/changes", Authorization=f"Bearer {auditor}").status_code in (200, 403)
    without_sight = register.get("/v1/changes", **statistics_of(register)).get_json()
    assert [each["offset"] for each in without_sight["changes"]] == [each["offset"] for each in entries]
    for household in row:
        newest, oldest = register.history(household["id"])
        assert (oldest["record"], oldest["differences"], oldest["note"]) == (None, [], {"damaged": True})
        record = register.household(household["id"])
        assert newest["record"] == record
        assert [entry.get("damaged", False) for entry in copied(register, household)["history"]] == [False, True]
        assert register.put({**record, "village": "Khối 9"}, if_match=1).status_code == 412
        assert register.put({**record, "village": "Khối 9"}, if_match=2).status_code == 200
        assert register.step(household["id"], "transfer", {"commune": "16690"}).status_code == 200
    assert register.step(neighbour["id"], "verify").status_code == 200


def test_a_log_entry_with_any_damaged_item_has_its_place_in_the_feed(
    register: Register, session_database: Documents
) -> None:
    (first,), _ = a_row_and_its_neighbour(register, 1, south=SOUTH + 0.02)
    (entry,) = session_database["log"].find({"household": first["id"], "revision": 2})
    changes = changes_of_plain_items(entry, each=2)
    row, neighbour = a_row_and_its_neighbour(register, len(changes))
    entries, cursor = read(register)
    newest = {each["household"]: each for each in entries}
    keys = [key_of(newest[each["id"]]) for each in row]
    damage_plain_items(session_database, "log", keys, changes)
    for limit in (7, 100):
        pages = list(feed(register, limit))
        places = [(each["log"], each["offset"]) for page in pages for each in page["changes"] + page.get("damaged", [])]
        assert sorted(places) == [(each["log"], each["offset"]) for each in entries]
        assert pages[-1]["cursor"] == cursor
        shown = {key_of(each): each for page in pages for each in page["changes"]}
        assert all(shown[key_of(each)] == each for each in entries if key_of(each) not in keys)
    assert any("damaged" in page for page in pages)
    without_sight = register.get("/v1/changes?limit=1000", **statistics_of(register)).get_json()
    assert [each for each in without_sight["changes"] if each["household"] == neighbour["id"]]
    for household in row:
        history = register.json(f"/v1/households/{household['id']}/history")
        assert [each["revision"] for each in history["items"]][-1] == 1
    for household in row[::11]:
        assert copied(register, household)["household"] == register.household(household["id"])
        assert register.put({**household, "village": "Khối 9"}, if_match=1).status_code == 412
        assert register.step(household["id"], "transfer", {"commune": "16690"}).status_code == 200
    assert erased(register, neighbour).get_json()["state"] == "done"


def key_of(entry: Json) -> str:
    return f"{entry['log']}:{entry['offset']:012d}"


def feed(register: Register, limit: int) -> Iterator[Json]:
    page: Json = {"more": True}
    while page["more"]:
        after = f"&after={page['cursor']}" if "cursor" in page else ""
        page = register.json(f"/v1/changes?limit={limit}{after}")
        yield page


def copied(register: Register, household: Json) -> Json:
    """The copy that the people of a household get."""
    request = register.client.post("/v1/requests", json={"kind": "copy", "household": household["id"]}).get_json()
    return register.json(f"/v1/requests/{request['id']}/copy")


@pytest.mark.parametrize("item", ["key", "sha256"])
def test_a_damaged_photo_is_named_and_the_others_are_shown(
    register: Register, session_database: Documents, item: str
) -> None:
    household = register.registered()
    good = sent(register, household)
    other = {"metadata.photo": good["id"]}
    for how in DAMAGE:
        broken = sent(register, household)
        damage(session_database, "photos.files", {"metadata.photo": broken["id"]}, f"metadata.{item}", how, other)
        problem(register.get(address(household, broken["id"])), 500, "store.damaged")
        assert register.get(address(household, good["id"])).status_code == 200
        assert good in register.json(address(household))["items"]
        copy = copied(register, household)
        assert ([each["id"] for each in copy["photos"]], copy["damaged_photos"]) == ([good["id"]], [broken["id"]])
        assert register.client.delete(address(household, broken["id"])).status_code == 204


@pytest.mark.parametrize("path", ["person", "text", "steps.0.note"])
def test_a_damaged_request_has_its_place_on_the_list(
    register: Register, session_database: Documents, path: str
) -> None:
    household = register.registered()
    requests = session_database["requests"]

    def asked(name: str) -> Json:
        about = {"kind": "correct", "household": household["id"], "person": f"Bà {name}", "text": f"Tên là {name}"}
        request: Json = register.client.post("/v1/requests", json=about).get_json()
        if path.startswith("steps"):
            stored = requests.find_one({"_id": request["id"]})
            requests.update_one({"_id": request["id"]}, {"$set": {path: stored["text"]}})  # type: ignore[index]
        return request

    other = asked("Lan")
    for how in DAMAGE:
        if how == NULL:  # nobody wrote anything: no damage
            continue
        broken = asked("Hoa")
        damage(session_database, "requests", {"_id": broken["id"]}, path, how, {"_id": other["id"]})
        listed = {each["id"]: each for each in register.json("/v1/requests?limit=1000")["items"]}
        assert (listed[broken["id"]]["damaged"], "damaged" in listed[other["id"]]) == (True, False)
        one = register.json(f"/v1/requests/{broken['id']}")
        assert (one["damaged"], one.get("person"), one.get("text")) == (True, None, None)
    assert register.json(f"/v1/requests/{other['id']}")["text"] == "Tên là Lan"
