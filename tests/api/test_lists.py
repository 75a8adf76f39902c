"""Lists of households over HTTP: pages by keyset, filters, names with and without diacritics."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from service.roles import Role
from tests.api.asking import Register, problem
from tests.api.signed_in import token_of
from tests.builders import (
    THANH_VINH,
    TRUONG_VINH,
    MovedClock,
    a_head,
    a_household_without_boundaries,
    a_least_household,
    a_member,
    a_parcel,
    a_square,
)


def found(register: Register, query: str) -> list[str]:
    """The ids that a query finds, over all pages."""
    ids: list[str] = []
    address: str | None = f"/v1/households?{query}"
    while address is not None:
        response = register.get(address)
        assert response.status_code == 200, response.text
        ids.extend(record["id"] for record in response.get_json()["items"])
        address = response.headers["Link"].split(";")[0].strip("<>") if "Link" in response.headers else None
    return ids


def total(register: Register, level: str, code: str) -> int:
    """How many households coverage counts in a unit, with the units of before the merger where it is a former one."""
    rows = register.json(f"/v1/coverage?level={level}")["rows"]
    count: int = next(row["registered"] for row in rows if row["unit"] == code)
    return count


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 100])
def test_every_household_stands_on_one_page_whatever_the_limit(register: Register, limit: int) -> None:
    registered = [register.registered()["id"] for _ in range(4)]
    assert found(register, f"limit={limit}") == sorted(registered)


def test_a_total_comes_only_when_requested(register: Register) -> None:
    for _ in range(3):
        register.registered()
    assert "total" not in register.json("/v1/households")
    assert register.json("/v1/households?count=true&limit=1")["total"] == 3


def test_a_household_that_comes_while_pages_are_read_shifts_nothing(register: Register) -> None:
    registered = sorted(register.registered()["id"] for _ in range(3))
    first = register.json("/v1/households?limit=2")
    register.put(a_least_household(id="00000000-0000-7000-8000-000000000000"))
    second = register.json(f"/v1/households?limit=2&cursor={first['cursor']}")
    assert [record["id"] for page in (first, second) for record in page["items"]] == registered


def test_households_are_filtered_by_commune_stage_and_status(register: Register) -> None:
    digitized = register.registered()["id"]
    standardized = register.put(a_household_without_boundaries(commune=TRUONG_VINH)).get_json()["id"]
    register.step(standardized, "verify")
    assert found(register, f"commune={TRUONG_VINH}") == [standardized]
    assert found(register, "stage=digitized") == [digitized]
    assert found(register, "status=verified") == [standardized]
    assert found(register, f"status=verified&commune={THANH_VINH}") == []


def test_a_former_commune_finds_the_households_that_name_it(register: Register) -> None:
    record = register.registered(former_commune="16663")
    register.registered()
    assert found(register, "commune=16663") == [record["id"]]


def test_a_former_district_finds_what_coverage_counts_there(register: Register) -> None:
    inside = [register.registered(former_commune=code)["id"] for code in ("16663", "16681")]
    register.registered(former_commune=None)
    register.registered(commune="17329")
    assert found(register, "commune=412") == sorted(inside)
    assert total(register, "district", "412") == 2


def test_a_province_finds_all_of_its_households(register: Register) -> None:
    everywhere = [register.registered(commune=commune)["id"] for commune in (THANH_VINH, TRUONG_VINH, "17329")]
    assert found(register, "commune=40&limit=2") == sorted(everywhere)
    assert total(register, "province", "40") == 3


@pytest.mark.parametrize(
    ("accepted", "status"), [("application/xml", 406), ("text/csv;q=0.9, image/*", 406), ("*/*", 200)]
)
def test_a_kind_that_nobody_returns_is_refused(register: Register, accepted: str, status: int) -> None:
    response = register.get("/v1/households", Accept=accepted)
    assert response.status_code == status
    if status == 406:
        assert "application/json" in problem(response, 406, "http.not-acceptable")["detail"]


def test_who_accepts_json_accepts_geojson(register: Register) -> None:
    assert register.get("/v1/coverage.geojson", Accept="application/json").status_code == 200


def test_a_write_is_stored_and_returned_whatever_is_accepted(register: Register) -> None:
    household = a_least_household()
    address = f"/v1/households/{household['id']}"
    response = register.client.put(address, json=household, headers={"Accept": "application/xml"})
    assert response.status_code == 201


def test_the_withdrawn_are_listed_only_when_requested(register: Register) -> None:
    stays, leaves = register.registered()["id"], register.registered()["id"]
    register.withdraw(leaves)
    assert found(register, "") == [stays]
    assert found(register, "status=withdrawn") == [leaves]
    assert found(register, "status=any") == sorted([stays, leaves])


@pytest.mark.parametrize(
    "q", ["Nguyễn Văn Đức", "nguyen van duc", "NGUYEN VAN DUC", "đức", "duc", "van d", "Ngu", "Nguyễn  Văn", "lò thị"]
)
def test_a_name_is_found_with_and_without_diacritics_from_any_word_on(register: Register, q: str) -> None:
    record = register.registered(head=a_head(full_name="Nguyễn Văn Đức"), members=[a_member(full_name="Lò Thị Hoà")])
    register.registered(head=a_head(full_name="Hoàng Xuân Bách"), members=[a_member(full_name="Mai Bích")])
    assert found(register, f"q={q}") == [record["id"]]


@pytest.mark.parametrize("q", ["guyen", "an nguyen", "duc van", ".*", "$ne", "^nguyen", "%00", '{"$gt":""}'])
def test_what_is_no_beginning_of_a_word_finds_nobody(register: Register, q: str) -> None:
    register.registered(head=a_head(full_name="Nguyễn Văn Đức"))
    assert found(register, f"q={q}") == []


def test_both_spellings_of_a_name_find_it(register: Register) -> None:
    record = register.registered(head=a_head(full_name="Lò Thị Hoà", sex="female"))
    assert found(register, "q=Hòa") == found(register, "q=Hoà") == [record["id"]]


def test_a_personal_number_and_a_phone_find_their_household(register: Register) -> None:
    record = register.registered(head=a_head(phone="0912345678"))
    register.registered(head=a_head(phone="0912345679"))
    assert found(register, f"q={record['head']['national_id']}") == [record["id"]]
    for phone in ("0912345678", "%2B84912345678", "84912345678", "0912 345 678"):
        assert found(register, f"q={phone}") == [record["id"]]


def test_a_members_number_finds_the_household(register: Register) -> None:
    record = register.registered(members=[a_member(national_id="040180005678", birth_date="1980")])
    assert found(register, "q=040180005678") == [record["id"]]


@pytest.mark.parametrize("person", ["head", "member"])
def test_an_old_card_and_a_phone_find_the_household_of_anybody_who_has_them(register: Register, person: str) -> None:
    numbers = {"old_id_number": "181234567", "phone": "0912345678"}
    head = a_head(**numbers) if person == "head" else a_head()
    record = register.registered(head=head, members=[a_member(**numbers) if person == "member" else a_member()])
    register.registered(head=a_head(old_id_number="181234568", phone="0912345679"), members=[a_member()])
    for typed in ("181234567", "181 234 567", "１８１２３４５６７", "0912345678", "912345678", "0912.345\u2011678"):
        assert found(register, f"q={typed}") == [record["id"]], typed


@pytest.mark.parametrize("sign", ["'", "\u2018", "\u2019", "\u02bc", "\u02b9", "\u00b4", "`", "\uff07"])
def test_a_name_with_an_apostrophe_is_found_by_any_other_and_by_none(register: Register, sign: str) -> None:
    record = register.registered(head=a_head(full_name=f"Vừ Thị H{sign}Hoa"))
    for typed in ("H'Hoa", "h\u2019hoa", "hhoa", "H\u02bcHoa", f"h{sign}hoa"):
        assert found(register, f"q={typed}") == [record["id"]], typed


def test_what_cannot_be_seen_in_a_name_hides_nobody(register: Register) -> None:
    record = register.registered(head=a_head(full_name="Nguy\u200bễn\u00a0Zĩ An\ufe0f"))
    assert record["head"]["full_name"] == "Nguyễn Zĩ An"
    assert found(register, "q=nguyen zi an") == found(register, "q=Nguy\u2060ễn Zĩ") == [record["id"]]
    refused = problem(register.put(a_least_household(village="\u200b")), 422, "household.invalid")
    assert refused["errors"][0]["code"] == "text.blank"


def test_the_same_content_with_the_right_letter_is_the_same_content(register: Register) -> None:
    parcel = a_parcel(certificate_serial="B\u00d0 123456")
    record = register.registered(head=(head := a_head(full_name="\u00d0ặng Văn An")), parcels=[parcel])
    assert (record["head"]["full_name"], record["findings"]) == ("Đặng Văn An", [])
    typed = {**record, "head": head | {"full_name": "Đặng Văn An"}}
    typed["parcels"] = [record["parcels"][0] | {"certificate_serial": "BĐ 123456"}]
    again = register.put(typed)
    assert (again.status_code, again.get_json()["revision"]) == (200, 1)


def test_a_village_is_one_in_every_spelling_and_two_in_two_former_communes(register: Register) -> None:
    one = [register.registered(village=name)["id"] for name in ("Hòa Bình", "Hoà Bình", "hòa  bình")]
    register.registered(village="Hóa Bình")
    assert found(register, "village=HÒA BÌNH") == sorted(one)
    here = register.registered(village="Xóm 5", former_commune="16663")["id"]
    there = register.registered(village="Xóm 05", former_commune="16681")["id"]
    assert found(register, "village=xóm 5") == sorted([here, there])
    assert found(register, "village=Xóm 5&commune=16663") == [here]
    problem(register.get("/v1/households?village=%E2%80%8B"), 422, "query.invalid")


def test_a_reader_who_sees_nobody_may_not_try_villages(register: Register) -> None:
    nobody = {"Authorization": f"Bearer {token_of(register.client.application, Role.SYSTEM, scopes=('records:read',))}"}
    response = register.client.get("/v1/households?village=Khối 3", headers=nobody)
    problem(response, 403, "access.permission-missing")


def test_a_box_finds_homes_and_parcels_in_it(register: Register) -> None:
    parcel = register.registered(parcels=[a_parcel(geometry=a_square(105.60, 18.70))])["id"]
    home = register.registered(parcels=None, location={"type": "Point", "coordinates": [105.61, 18.71]})["id"]
    register.registered(parcels=[a_parcel(geometry=a_square(105.70, 18.70))])
    assert found(register, "bbox=105.59,18.69,105.62,18.72") == sorted([parcel, home])
    assert found(register, "bbox=105.6001,18.7001,105.6002,18.7002") == [parcel]


@pytest.mark.parametrize(
    "box",
    ["-180,-90,180,90", "0,0,179,89", "-180,10,180,25", "90,-90,110,90", "100,18.7,140,18.8", "105.65,18.6,105.8,18.8"],
)
def test_a_box_of_any_size_finds_what_lies_in_it(register: Register, box: str) -> None:
    record = register.registered(parcels=[a_parcel(geometry=a_square(105.70, 18.70))])
    assert found(register, f"bbox={box}") == [record["id"]]


@pytest.mark.parametrize(
    "box", ["106,10,180,25", "-180,-90,105,90", "100,18.71,140,18.8", "100,18.6,140,18.699", "-1,-1,1,1"]
)
def test_a_box_elsewhere_finds_nobody(register: Register, box: str) -> None:
    register.registered(parcels=[a_parcel(geometry=a_square(105.70, 18.70))])
    assert found(register, f"bbox={box}") == []


def test_what_changed_since_a_moment_comes_in_order_of_change(register: Register, clock: MovedClock) -> None:
    ids = []
    for _ in range(3):
        ids.append(register.registered()["id"])
        clock.pass_by(minutes=1)
    register.patch(ids[0], {"village": "Khối 9"}, if_match=1)
    assert found(register, "updated_since=2026-11-23T02:01:00Z&limit=1") == [ids[1], ids[2], ids[0]]
    assert found(register, "updated_since=2026-11-23T09:03:00%2B07:00") == [ids[0]]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=ten",
        "limit=99999999999999999999",
        "stage=done",
        "status=new",
        "commune=1668x",
        "commune[$ne]=1",
        "bbox=1,2,3",
        "bbox=nan,0,1,1",
        "bbox=106,18,105,19",
        "bbox=1e400,0,1,1",
        "updated_since=yesterday",
        "updated_since=2026-11-23",
        "updated_since=2026-11-23T00:00:00",
        "count=perhaps",
        "q=",
        "q=%20",
        "q=" + "x" * 101,
        "colour=red",
        "$where=1",
        "cursor=%00",
        "cursor=abc",
        "cursor=WzFd",
        "cursor=" + "A" * 30_000,
        "updated_since=2026-11-23T00:00:00Z&cursor=WyJ4Il0",
        "updated_since=2026-11-23T00:00:00Z&cursor=WyJ4IiwieSJd",
    ],
)
def test_a_query_that_cannot_be_read_is_refused_in_words(register: Register, query: str) -> None:
    response = register.get(f"/v1/households?{query}")
    assert response.status_code == 422, response.text
    assert response.get_json()["code"] in {"query.invalid", "query.unknown", "cursor.invalid"}


def test_a_plus_sign_that_was_not_escaped_is_read_as_one(register: Register) -> None:
    record = register.registered()
    for moment in ("2026-11-23T00:00:00+07:00", "2026-11-23T00:00:00%2B07:00", "2026-11-22T17:00:00.5+00:00"):
        assert found(register, f"updated_since={moment}") == [record["id"]]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00Z"])
def test_the_ends_of_the_calendar_are_no_obstacle(register: Register, moment: str) -> None:
    assert register.get(f"/v1/households?updated_since={moment}").status_code in {200, 422}


def test_an_unknown_commune_is_refused_not_empty(register: Register) -> None:
    problem(register.get("/v1/households?commune=99999"), 422, "commune.unknown")


@pytest.mark.parametrize("position", [[2**63, "x"], [-5, "x"], [2**64, "x"], ["x", 1], [1], {}, None, [True, "x"]])
def test_a_forged_cursor_of_a_history_is_refused(register: Register, position: Any) -> None:
    record = register.registered()
    cursor = base64.urlsafe_b64encode(json.dumps(position).encode()).decode()
    problem(register.get(f"/v1/households/{record['id']}/history?cursor={cursor}"), 422, "cursor.invalid")


def test_a_cursor_goes_on_with_its_own_list_and_filters_alone(register: Register) -> None:
    for _ in range(2):
        register.registered(parcels=None)
    address = "/v1/households?status=submitted"
    cursor = register.json(f"{address}&limit=1&count=true")["cursor"]
    assert len(register.json(f"{address}&limit=5&cursor={cursor}")["items"]) == 1
    for other in ("/v1/households?", "/v1/households?status=verified&", f"{address}&q=an&", "/v1/accounts?"):
        problem(register.get(f"{other}cursor={cursor}"), 422, "cursor.invalid")
