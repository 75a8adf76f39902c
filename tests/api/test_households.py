"""Households over HTTP: registering, reading, revising, withdrawing, by every status of the contract."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.roles import Role
from tests.api.asking import Register, pointers, problem
from tests.api.signed_in import token_of
from tests.builders import (
    THANH_VINH,
    Json,
    MovedClock,
    a_head,
    a_household,
    a_household_without_boundaries,
    a_least_household,
    a_member,
    a_parcel,
    a_personal_number,
    a_square,
    an_id,
)

UNKNOWN = "0192f0c1-7c1e-7a3b-9d52-3f1f6c0a8e99"


# Registering


def test_a_new_id_registers_and_says_where(register: Register) -> None:
    household = a_household()
    response = register.put(household)
    assert response.status_code == 201
    assert response.headers["Location"] == f"/v1/households/{household['id']}"
    assert response.headers["ETag"] == '"1"'
    record = response.get_json()
    assert (record["status"], record["stage"], record["revision"]) == ("submitted", "digitized", 1)
    assert record["created_at"] == record["updated_at"] == "2026-11-23T02:00:00Z"


def test_the_least_registers_and_the_record_says_what_it_lacks(register: Register) -> None:
    record = register.put(a_least_household()).get_json()
    assert record["stage"] == "registered"
    assert {"pointer": "/village", "for": "standardized"} in record["missing"]


def test_a_record_without_boundaries_is_standardized(register: Register) -> None:
    record = register.put(a_household_without_boundaries()).get_json()
    assert record["stage"] == "standardized"
    assert record["missing"] == [{"pointer": "/parcels/0/geometry", "for": "digitized"}]


def test_what_was_registered_is_read_again(register: Register) -> None:
    household = a_household(head=a_head(full_name="Hoàng Thị Đào", sex="female"))
    register.put(household)
    record = register.household(household["id"])
    assert record["head"] == household["head"]
    assert record["parcels"][0]["geometry"] == household["parcels"][0]["geometry"]


def test_post_registers_under_the_id_in_the_body(register: Register) -> None:
    household = a_household()
    response = register.client.post("/v1/households", json=household)
    assert response.status_code == 201
    assert response.get_json()["id"] == household["id"]
    assert register.client.post("/v1/households", json=household).status_code == 200


def test_post_without_an_id_mints_one(register: Register) -> None:
    response = register.client.post("/v1/households", json=a_household(id=None))
    assert response.status_code == 201
    minted = response.get_json()["id"]
    assert response.headers["Location"].endswith(minted)
    assert register.household(minted)["revision"] == 1


def test_an_id_in_capitals_is_the_same_household(register: Register) -> None:
    household = a_household()
    assert register.put(household | {"id": household["id"].upper()}).status_code == 201
    assert register.put(household).status_code == 200


def test_the_body_may_leave_out_the_id(register: Register) -> None:
    response = register.client.put(f"/v1/households/{an_id()}", json=a_household(id=None))
    assert response.status_code == 201


# The same write again


def test_the_same_content_again_writes_nothing(register: Register) -> None:
    household = a_household()
    first = register.put(household)
    again = register.put(household)
    assert again.status_code == 200
    assert again.get_json() == first.get_json()
    assert len(register.history(household["id"])) == 1


def test_the_same_writing_in_other_words_is_the_same_content(register: Register) -> None:
    household = a_household(head=a_head(phone="0912345678"))
    register.put(household)
    reworded = household | {"head": household["head"] | {"phone": "+84912345678", "full_name": "  Nguyễn Văn An "}}
    assert register.put(reworded).status_code == 200


def test_the_same_writing_the_next_day_is_the_same_content(register: Register, clock: MovedClock) -> None:
    household = a_least_household()
    register.put(household)
    clock.pass_by(days=3)
    assert register.put(household).status_code == 200
    assert len(register.history(household["id"])) == 1


def test_the_first_writing_is_known_again_after_a_revision(register: Register, clock: MovedClock) -> None:
    household = a_least_household()
    register.put(household)
    clock.pass_by(days=1)
    register.put(household | {"captured_at": "2026-11-19T01:00:00Z", "village": "Khối 9"}, if_match=1)
    clock.pass_by(days=1)
    again = register.put(household)
    assert again.status_code == 200
    assert again.get_json()["revision"] == 2


def test_other_content_under_a_known_id_conflicts(register: Register) -> None:
    household = a_household()
    register.put(household)
    body = problem(register.put(household | {"village": "Khối 4"}), 409, "household.id-taken")
    assert pointers(body) == [("/id", "household.id-taken")]


def test_what_get_returned_can_be_put_back(register: Register) -> None:
    record = register.registered()
    assert register.put(record).status_code == 200
    revised = register.put(record | {"village": "Khối 4"}, if_match=1)
    assert revised.get_json()["revision"] == 2
    again = register.put(revised.get_json(), if_match=2)
    assert again.get_json()["revision"] == 2


# Revising


def test_a_revision_names_the_one_that_it_was_made_from(register: Register) -> None:
    record = register.registered()
    response = register.put(record | {"village": "Khối 4"}, if_match=1)
    assert response.status_code == 200
    assert response.headers["ETag"] == '"2"'
    assert register.household(record["id"])["village"] == "Khối 4"


def test_an_unchanged_record_is_sent_once_and_another_representation_again(register: Register) -> None:
    parcels = [a_parcel(geometry=a_square(105.66, 18.68))]
    plain, overlapping = register.registered(), register.registered(parcels=parcels)
    neighbour = register.registered(parcels=parcels)
    address = f"/v1/households/{overlapping['id']}"
    english = {"accept_language": "en"}
    assert register.get(f"/v1/households/{plain['id']}", **english).headers["ETag"] == '"1"'  # nothing is in words
    assert register.get(address).headers["ETag"] == '"2"'
    assert register.get(address, if_none_match='"2"').status_code == 304
    for tag in ('"2"', 'W/"2"', "*"):
        assert register.get(address, **english, if_none_match=tag).status_code == 200
    assert register.get(address, **english).headers["ETag"] == 'W/"2"'
    assert register.get(address, if_none_match='W/"2"').status_code == 200
    token = token_of(register.client.application, Role.SYSTEM, "40", scopes=("records:read", "personal:read"))
    ministry = {"Authorization": f"Bearer {token}"}
    before = register.get(address, **ministry)
    assert before.headers["ETag"] == '"2"'
    request = register.client.post("/v1/requests", json={"kind": "restrict", "household": neighbour["id"]}).get_json()
    assert register.client.post(f"/v1/requests/{request['id']}/carry-out").status_code == 200
    after = register.get(address, **ministry, if_none_match='"2"')
    assert (after.status_code, after.headers["ETag"], after.get_json()["findings"]) == (200, 'W/"2"', [])
    assert register.patch(overlapping["id"], {"village": "Khối 9"}, if_match='W/"2"').status_code == 200


def test_an_address_with_an_empty_part_is_unknown(register: Register) -> None:
    for address in ("/v1//households", "//v1/households", "/v1/households/", "/v1/units//16681"):
        problem(register.get(address), 404, "http.not-found")


@pytest.mark.parametrize("send", ["put", "patch"])
def test_a_revision_sent_again_is_recognized_after_the_revision_of_somebody_else(register: Register, send: str) -> None:
    record = register.registered()
    whole = {"put": record | {"village": "Khối 5"}, "patch": {"village": "Khối 5"}}[send]

    def again(if_match: int = 1, content: Json = whole) -> TestResponse:
        return register.put(content, if_match) if send == "put" else register.patch(record["id"], content, if_match)

    assert again().get_json()["revision"] == 2
    assert register.patch(record["id"], {"poverty": "poor", "village": "Khối 6"}, if_match=2).status_code == 200
    response = again()
    assert (response.status_code, response.get_json()["revision"], response.get_json()["village"]) == (200, 3, "Khối 6")
    problem(again(2), 412, "household.stale")
    problem(again(1, whole | {"village": "Khối 9"}), 412, "household.stale")


def test_a_stale_revision_gets_the_current_record(register: Register) -> None:
    record = register.registered()
    register.put(record | {"village": "Khối 4"}, if_match=1)
    body = problem(register.put(record | {"village": "Khối 5"}, if_match=1), 412, "household.stale")
    assert body["current"]["village"] == "Khối 4"
    assert body["current"]["revision"] == 2


def test_a_revision_whose_response_was_lost_can_be_sent_again(register: Register) -> None:
    record = register.registered()
    revised = record | {"village": "Khối 4"}
    register.put(revised, if_match=1)
    again = register.put(revised, if_match=1)
    assert (again.status_code, again.get_json()["revision"]) == (200, 2)
    assert len(register.history(record["id"])) == 2


def test_a_revision_sent_again_after_the_next_one_is_known_again(register: Register) -> None:
    record = register.registered()
    register.put(record | {"village": "Khối 4"}, if_match=1)
    register.put(record | {"village": "Khối 5"}, if_match=2)
    again = register.put(record | {"village": "Khối 4"}, if_match=1)
    assert (again.status_code, again.get_json()["village"]) == (200, "Khối 5")


def test_a_verified_record_that_is_revised_is_submitted_again(register: Register) -> None:
    record = register.registered()
    register.step(record["id"], "verify")
    response = register.put(record | {"village": "Khối 4"}, if_match=2)
    assert response.get_json()["status"] == "submitted"


def test_a_revision_of_a_household_that_is_not_there(register: Register) -> None:
    problem(register.put(a_household(), if_match=1), 404, "household.not-found")


@pytest.mark.parametrize("text", ["1", '"1", "2"', "*", '"x"', '""', '"-1"'])
def test_an_if_match_that_is_not_one_revision_is_refused(register: Register, text: str) -> None:
    problem(register.put(a_household(), if_match=text), 400, "precondition.invalid")


def test_a_patch_changes_only_what_it_names(register: Register) -> None:
    record = register.registered()
    response = register.patch(record["id"], {"village": "Khối 4", "head": {"phone": "0912345678"}}, if_match=1)
    changed = response.get_json()
    assert changed["village"] == "Khối 4"
    assert changed["head"] == record["head"] | {"phone": "+84912345678"}


def test_a_patch_with_null_removes_an_item(register: Register) -> None:
    record = register.registered()
    patched = register.patch(record["id"], {"poverty": None}, if_match=1).get_json()
    assert "poverty" not in patched
    assert patched["stage"] == "registered"


def test_a_patch_whose_response_was_lost_can_be_sent_again(register: Register) -> None:
    record = register.registered()
    for _ in range(2):
        response = register.patch(record["id"], {"village": "Khối 4"}, if_match=1)
        assert (response.status_code, response.get_json()["revision"]) == (200, 2)


def test_a_patch_must_name_its_revision(register: Register) -> None:
    record = register.registered()
    problem(register.patch(record["id"], {"village": "Khối 4"}), 428, "precondition.required")
    problem(register.patch(record["id"], {"village": "Khối 4"}, if_match=7), 412, "household.stale")


@pytest.mark.parametrize("patch", [[], "x", 5, {"head": None}, {"commune": None}, {"nothing": 1}])
def test_a_patch_that_breaks_the_record_is_refused(register: Register, patch: object) -> None:
    record = register.registered()
    problem(register.patch(record["id"], patch, if_match=1), 422, "household.invalid")
    assert register.household(record["id"])["revision"] == 1


def test_a_patch_cannot_set_what_the_register_gives(register: Register) -> None:
    record = register.registered()
    response = register.patch(record["id"], {"status": "verified", "revision": 9}, if_match=1)
    assert (response.get_json()["status"], response.get_json()["revision"]) == ("submitted", 1)


def test_a_patch_has_a_media_type_of_its_own(register: Register) -> None:
    record = register.registered()
    response = register.client.patch(
        f"/v1/households/{record['id']}",
        data=json.dumps({"village": "Khối 4"}),
        content_type="application/merge-patch+json",
        headers={"If-Match": '"1"'},
    )
    assert response.get_json()["village"] == "Khối 4"


# Reading


def test_a_reader_who_has_the_revision_gets_304(register: Register) -> None:
    record = register.registered()
    address = f"/v1/households/{record['id']}"
    assert register.get(address, if_none_match='"1"').status_code == 304
    assert register.get(address, if_none_match='"2"').status_code == 200


def test_a_household_that_nobody_registered_is_not_found(register: Register) -> None:
    body = problem(register.get(f"/v1/households/{UNKNOWN}"), 404, "household.not-found")
    assert UNKNOWN in body["detail"]


@pytest.mark.parametrize(
    "text", ["zzz", "0192f0c17c1e7a3b9d523f1f6c0a8e99", "%7B0192f0c1-7c1e-7a3b-9d52-3f1f6c0a8e99%7D"]
)
def test_an_id_is_a_uuid(register: Register, text: str) -> None:
    response = register.get(f"/v1/households/{text}")
    assert response.get_json()["code"] == "household.id-invalid"
    assert response.status_code == 422


def test_findings_are_worded_in_the_readers_language(register: Register) -> None:
    record = register.registered(parcels=[a_parcel(certificate_serial="ABC 1")])
    address = f"/v1/households/{record['id']}"
    texts = {
        language: register.get(address, accept_language=language).get_json()["findings"] for language in ("vi", "en")
    }
    assert texts["vi"][0]["code"] == texts["en"][0]["code"] == "certificate-serial.unknown-shape"
    assert texts["vi"][0]["message"] != texts["en"][0]["message"]


# Withdrawing


def test_a_withdrawn_household_stays_with_its_reason(register: Register) -> None:
    record = register.registered()
    response = register.withdraw(record["id"], "gave_up_farming")
    assert response.status_code == 200
    stored = register.household(record["id"])
    assert (stored["status"], stored["status_reason"], stored["revision"]) == ("withdrawn", "gave_up_farming", 2)
    assert [entry["kind"] for entry in register.history(record["id"])] == ["withdrawn", "registered"]


def test_a_withdrawal_whose_response_was_lost_can_be_sent_again(register: Register) -> None:
    record = register.registered()
    for _ in range(2):
        response = register.withdraw(record["id"], if_match=1)
        assert (response.status_code, response.get_json()["revision"]) == (200, 2)


def test_the_reason_may_stand_in_the_address(register: Register) -> None:
    record = register.registered()
    response = register.client.delete(f"/v1/households/{record['id']}?reason=moved_away")
    assert response.get_json()["status_reason"] == "moved_away"


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": 5}, {"reason": None}])
def test_a_withdrawal_without_a_reason_is_refused(register: Register, body: Any) -> None:
    record = register.registered()
    response = register.client.delete(f"/v1/households/{record['id']}", json=body)
    assert pointers(problem(response, 422, "reason.required")) == [("/reason", "reason.required")]


def test_a_reason_that_is_too_long_is_refused_not_cut(register: Register) -> None:
    record = register.registered()
    problem(register.withdraw(record["id"], "x" * 501), 422, "reason.invalid")
    assert register.withdraw(record["id"], "x" * 500).get_json()["status_reason"] == "x" * 500


def test_a_withdrawn_household_is_no_longer_changed(register: Register) -> None:
    record = register.registered()
    register.withdraw(record["id"])
    problem(register.put(record | {"village": "Khối 4"}, if_match=2), 409, "household.withdrawn")
    problem(register.step(record["id"], "verify"), 409, "household.withdrawn")
    problem(register.step(record["id"], "transfer", {"commune": "16690"}), 409, "household.withdrawn")


def test_the_number_of_a_withdrawn_household_is_free_again(register: Register) -> None:
    record = register.registered()
    newcomer = a_household(head=record["head"])
    problem(register.put(newcomer), 409, "national-id.taken")
    register.withdraw(record["id"])
    assert register.put(newcomer).status_code == 201


# Personal numbers


def test_a_personal_number_is_the_head_of_one_household_in_the_province(register: Register) -> None:
    taken = register.registered()
    body = problem(register.put(a_household(head=taken["head"], commune="16690")), 409, "national-id.taken")
    assert pointers(body) == [("/head/national_id", "national-id.taken")]


def test_a_revision_cannot_take_anothers_number(register: Register) -> None:
    one, other = register.registered(), register.registered()
    problem(register.put(one | {"head": other["head"]}, if_match=1), 409, "national-id.taken")
    assert register.household(one["id"]) == one


def test_a_new_head_frees_the_number_of_the_one_before(register: Register) -> None:
    record = register.registered()
    register.put(record | {"head": a_head()}, if_match=1)
    assert register.put(a_household(head=record["head"])).status_code == 201


def test_a_head_without_a_number_says_why_and_several_may(register: Register) -> None:
    for _ in range(2):
        record = register.registered(head=a_head(no_id_reason="lost"))
        assert "national_id" not in record["head"]


# What is refused


def test_every_error_is_reported_at_once_with_its_place(register: Register) -> None:
    broken = a_household(
        head=a_head(sex="man"), members=[a_member(), a_member(birth_date="1980-13")], village="", colour="red"
    )
    body = problem(register.put(broken), 422, "household.invalid")
    assert set(pointers(body)) >= {
        ("/head/sex", "code.unknown"),
        ("/members/1/birth_date", "partial-date.format"),
        ("/village", "text.blank"),
        ("/colour", "item.unknown"),
    }


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ({"sex": "female", "national_id": "040078001234"}, "national-id.sex"),
        ({"sex": "male", "national_id": "040078001234", "birth_date": "1979"}, "national-id.birth-year"),
        ({"sex": "male", "national_id": "04007800123"}, "national-id.format"),
        ({"sex": "male", "national_id": None}, "item.required-or"),
    ],
)
def test_a_personal_number_that_contradicts_has_its_own_code(
    register: Register, head: dict[str, Any], code: str
) -> None:
    body = problem(register.put(a_household(head=a_head(**head))), 422, "household.invalid")
    assert ("/head/national_id", code) in pointers(body)


def test_messages_come_in_vietnamese_and_on_request_in_english(register: Register) -> None:
    household = a_household(legal_basis=None)
    by_default = register.put(household)
    english = register.client.put(
        f"/v1/households/{household['id']}", json=household, headers={"Accept-Language": "en-GB, vi;q=0.5"}
    )
    assert by_default.headers["Content-Language"] == "vi"
    assert by_default.get_json()["errors"][0]["message"] == "Mục bắt buộc còn thiếu."
    assert english.headers["Content-Language"] == "en"
    refused = register.get(f"/v1/households/{UNKNOWN}", accept_language="en;q=0, fr")
    assert refused.headers["Content-Language"] == "vi"
    assert english.get_json()["errors"][0]["message"] == "A mandatory item is missing."


def test_an_unknown_commune_and_one_not_in_force_have_their_own_codes(register: Register) -> None:
    unknown = problem(register.put(a_household(commune="99999")), 422, "commune.unknown")
    assert pointers(unknown) == [("/commune", "commune.unknown")]
    ended = problem(register.put(a_household(commune="16663")), 422, "commune.not-in-force")
    assert pointers(ended) == [("/commune", "commune.not-in-force")]
    problem(register.put(a_household(commune="412")), 422, "household.invalid")


def test_the_id_in_the_body_is_the_one_in_the_address(register: Register) -> None:
    response = register.client.put(f"/v1/households/{an_id()}", json=a_household())
    problem(response, 422, "household.id-mismatch")


@pytest.mark.parametrize(
    "text", ["{", "", '{"a": NaN}', '{"a": 1, "a": 2}', "\xff", '{"a": "\\ud800"}', "[" * 40 + "]" * 40]
)
def test_what_is_not_json_is_refused(register: Register, text: str) -> None:
    response = register.client.put(
        f"/v1/households/{an_id()}", data=text.encode("latin-1"), content_type="application/json"
    )
    assert response.status_code == 400
    assert response.get_json()["code"].startswith("json.")


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data", ""])
def test_a_body_of_another_type_is_refused(register: Register, content_type: str) -> None:
    response = register.client.put(f"/v1/households/{an_id()}", data=b"{}", content_type=content_type)
    problem(response, 415, "body.content-type")


def test_a_record_above_two_megabytes_is_refused(register: Register) -> None:
    household = a_household(note="x" * 2_100_000)
    body = problem(register.put(household), 413, "body.too-large")
    assert "2000000" in body["detail"].replace(".", "").replace(",", "")


@pytest.mark.parametrize("body", [[], "x", 5, None, True])
def test_a_record_is_an_object(register: Register, body: object) -> None:
    response = register.client.put(f"/v1/households/{an_id()}", data=json.dumps(body), content_type="application/json")
    problem(response, 422, "household.invalid")


def test_a_method_that_the_address_does_not_take(register: Register) -> None:
    response = register.client.post(f"/v1/households/{an_id()}", json={})
    problem(response, 405, "http.method-not-allowed")
    assert "PUT" in response.headers["Allow"]
    problem(register.get("/v1/nothing"), 404, "http.not-found")


@pytest.mark.parametrize(
    "geometry",
    [
        {
            "type": "Polygon",
            "coordinates": [[[105.0, 18.0], [105.1, 18.1], [105.1, 18.0], [105.0, 18.1], [105.0, 18.0]]],
        },
        {"type": "Polygon", "coordinates": [[[105.0, 18.0], [105.1, 18.0], [105.1, 18.1]]]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": "here"},
        {"type": "LineString", "coordinates": [[105.0, 18.0], [105.1, 18.0]]},
        {"type": "Polygon", "coordinates": [[[1e300, 18.0], [105.1, 18.0], [105.1, 18.1], [1e300, 18.0]]]},
        "POLYGON ((0 0, 1 0, 1 1, 0 0))",
    ],
)
def test_a_broken_boundary_is_refused_at_its_place(register: Register, geometry: object) -> None:
    household = a_household(parcels=[a_parcel(), a_parcel(geometry=geometry)])
    body = problem(register.put(household), 422, "household.invalid")
    assert all(pointer.startswith("/parcels/1/geometry") for pointer, _ in pointers(body))


@pytest.mark.parametrize(
    "rings",
    [
        # A hole that touches the shell in one point: valid on the plane, doubtful to a spherical index.
        [
            [[105.66, 18.67], [105.67, 18.67], [105.67, 18.68], [105.66, 18.68], [105.66, 18.67]],
            [[105.66, 18.67], [105.663, 18.674], [105.664, 18.672], [105.66, 18.67]],
        ],
        # Half of the world.
        [[[-179.0, -80.0], [179.0, -80.0], [179.0, 80.0], [-179.0, 80.0], [-179.0, -80.0]]],
        # A sliver, a centimetre wide.
        [[[105.66, 18.67], [105.67, 18.67], [105.67, 18.6700001], [105.66, 18.67]]],
        # A ring that visits one point twice.
        [[[105.66, 18.67], [105.67, 18.67], [105.67, 18.67], [105.67, 18.68], [105.66, 18.67]]],
        # A pole.
        [[[0.0, 89.0], [120.0, 89.0], [-120.0, 89.0], [0.0, 89.0]]],
    ],
)
def test_an_odd_boundary_is_stored_or_refused_in_words(register: Register, rings: Any) -> None:
    household = a_household(parcels=[a_parcel(geometry={"type": "Polygon", "coordinates": rings})])
    response = register.put(household)
    assert response.status_code in {201, 422}, response.text
    if response.status_code == 422:
        assert response.get_json()["errors"][0]["pointer"].startswith("/parcels")


def test_a_boundary_in_vn2000_is_stored_or_refused_in_words(register: Register) -> None:
    corners = [[598000.0, 2066300.0], [598030.0, 2066300.0], [598030.0, 2066330.0], [598000.0, 2066300.0]]
    parcel = a_parcel(crs="EPSG:9208", geometry={"type": "Polygon", "coordinates": [corners]})
    assert register.put(a_household(parcels=[parcel])).status_code in {201, 422}


@pytest.mark.parametrize("value", [{"$ne": None}, {"$gt": ""}, {"$where": "sleep(1000)"}, ["$or"]])
@pytest.mark.parametrize("item", ["id", "commune", "village", "captured_at", "poverty"])
def test_no_operator_comes_in_with_a_record(register: Register, item: str, value: object) -> None:
    household = a_household()
    address = f"/v1/households/{household['id']}"
    response = register.client.put(address, json=household | {item: value})
    assert response.status_code == 422
    assert register.get(address).status_code == 404


def test_dollars_and_dots_in_text_are_only_text(register: Register) -> None:
    record = register.registered(village="$set", note='{"$ne": null}', address="a.b.$c")
    assert register.household(record["id"])["village"] == "$set"
    unknown = register.put(a_household() | {"$set": {"status": "verified"}, "a.b": 1})
    assert set(pointers(problem(unknown, 422, "household.invalid"))) == {
        ("/$set", "item.unknown"),
        ("/a.b", "item.unknown"),
    }


# Codes that mean something only with a date


def test_an_old_code_with_its_date_lands_in_the_commune_of_today(register: Register) -> None:
    record = register.registered(commune="16681", commune_as_of="2025-06-01", captured_at=None)
    assert (record["commune"], record["former_commune"]) == ("16681", "16681")
    moved = register.registered(commune="16663", commune_as_of="2024-05-01", captured_at=None)
    assert (moved["commune"], moved["former_commune"]) == (THANH_VINH, "16663")


def test_a_draft_captured_before_the_merger_is_read_in_its_time(register: Register, clock: MovedClock) -> None:
    clock.now = datetime(2026, 6, 30, 2, tzinfo=UTC)
    record = register.registered(commune="16663", captured_at="2025-06-30T16:59:59Z")
    assert (record["commune"], record["former_commune"]) == (THANH_VINH, "16663")
    late = a_household(commune="16663", captured_at="2025-06-30T17:00:00Z")  # July has begun in Vietnam
    problem(register.put(late), 422, "commune.not-in-force")


def test_a_record_with_an_old_code_is_put_back_as_it_was_read(register: Register) -> None:
    household = a_household(commune="16681", commune_as_of="2025-06-01", captured_at=None)
    register.put(household)
    assert register.put(household).status_code == 200
    record = register.household(household["id"])
    assert register.put(record).status_code == 200
    assert register.put(record, if_match=1).get_json()["revision"] == 1


def test_a_former_commune_must_have_become_the_commune(register: Register) -> None:
    body = problem(register.put(a_household(former_commune="16720")), 422, "commune.former-mismatch")
    assert pointers(body) == [("/former_commune", "commune.former-mismatch")]
    assert register.put(a_household(former_commune="16663")).status_code == 201


def test_a_parcel_without_an_id_gets_one_that_stays(register: Register) -> None:
    household = a_household(parcels=[a_parcel(), a_parcel(geometry=a_square())])
    first = register.put(household).get_json()
    again = register.put(household).get_json()
    ids = [parcel["id"] for parcel in first["parcels"]]
    assert len(set(ids)) == 2
    assert [parcel["id"] for parcel in again["parcels"]] == ids


def test_a_number_that_contradicts_the_sex_registers_once_it_is_confirmed_against_the_card(register: Register) -> None:
    head = a_head(sex="female") | {"national_id": a_personal_number("male")}
    refused = problem(register.put(household := a_household(head=head)), 422, "household.invalid")
    assert [(each["code"], each["pointer"]) for each in refused["errors"]] == [("national-id.sex", "/head/national_id")]
    stored = register.put(household | {"head": head | {"national_id_confirmed": True}})
    assert stored.status_code == 201
    (finding,) = stored.get_json()["findings"]
    assert (finding["code"], finding["severity"]) == ("national-id.sex", "warning")
    assert stored.get_json()["stage"] == "digitized"


def test_a_parcels_former_commune_that_never_was_is_refused_where_it_stands(register: Register) -> None:
    parcels = [a_parcel(former_commune="16663"), a_parcel(former_commune="99999")]
    refused = problem(register.put(a_household(parcels=parcels)), 422, "commune.unknown")
    assert pointers(refused) == [("/parcels/1/former_commune", "commune.unknown")]
