"""Photos of papers over HTTP: stored once, bare, encrypted, on a legal basis, and gone when they must go."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from base64 import b64decode
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from bson import encode
from flask import Flask
from gridfs import GridFSBucket
from pymongo import MongoClient
from werkzeug.test import TestResponse

from service.access.account import Account
from service.roles import Role, Sight
from service.settings import Settings
from service.storage.reencryption import reencrypt
from service.storage.repositories import Repositories
from service.storage.trail.writing import Trail
from service.unit_names import UnitId
from tests.api.asking import Register, problem
from tests.api.signed_in import token_of
from tests.apps import OpenApp
from tests.builders import THANH_VINH, VINH_LOC, Json, MovedClock, a_household, a_parcel, an_id
from tests.pictures import CAMERA, a_bare_photo, a_heavy_photo, a_photo, opened

CONSENT = {"purpose": "document_photos", "granted_at": "2026-11-01T00:00:00Z"}
REGISTRATION = {**CONSENT, "purpose": "registration"}


def address(household: Json, photo: str = "") -> str:
    return f"/v1/households/{household['id']}/photos" + (f"/{photo}" if photo else "")


def send(
    register: Register, household: Json, photo: str, jpeg: bytes, of: str = "of=identity_card", **options: Any
) -> TestResponse:
    return register.client.put(
        f"{address(household, photo)}?{of}", data=jpeg, content_type=options.pop("type", "image/jpeg"), **options
    )


def sent(register: Register, household: Json, jpeg: bytes | None = None, of: str = "of=identity_card") -> Json:
    """A stored photo: what the register says of it."""
    response = send(register, household, an_id(), a_photo() if jpeg is None else jpeg, of)
    assert response.status_code == 201, response.text
    photo: Json = response.get_json()
    return photo


def photos_of(register: Register, household: Json) -> list[Json]:
    photos: list[Json] = register.json(address(household))["items"]
    return photos


def as_role(register: Register, role: Role, *units: str, scopes: tuple[str, ...] = ()) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of(register.client.application, role, *units, scopes=scopes)}"}


def stored(settings: Settings) -> bytes:
    """Every document of the photos' collections, as a dump has it."""
    with MongoClient[dict[str, Any]](settings.mongodb_uri) as client:
        database = client.get_default_database()
        names = [name for name in database.list_collection_names() if name.startswith("photos.")]
        assert len(names) == 3
        return b"".join(encode(document) for name in names for document in database[name].find({}))


# Stored ---------------------------------------------------------------------------------------------------------


def test_a_photo_is_stored_without_metadata_and_shown_as_it_was_taken(register: Register) -> None:
    household = register.registered(parcels=[a_parcel(id=an_id())])
    taken = a_photo(800, 500)
    parcel = household["parcels"][0]["id"]
    photo = sent(
        register, household, taken, f"of=land_certificate&parcel={parcel}&taken_at=2026-11-20T09:11:09%2B07:00"
    )
    assert (photo["of"], photo["parcel"], photo["width"], photo["height"]) == ("land_certificate", parcel, 800, 500)
    assert photo["taken_at"] == "2026-11-20T02:11:09Z"
    shown = register.get(address(household, photo["id"]))
    assert shown.mimetype == "image/jpeg"
    assert hashlib.sha256(shown.data).hexdigest() == photo["sha256"]
    assert len(shown.data) == photo["bytes"]
    assert CAMERA.encode() not in shown.data
    assert opened(shown.data).tobytes() == opened(taken).tobytes()
    assert photos_of(register, household) == [photo]


def test_the_response_with_a_photo_is_cached_nowhere(register: Register) -> None:
    household = register.registered()
    photo = sent(register, household)
    headers = register.get(address(household, photo["id"])).headers
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"] == f'inline; filename="identity_card-{photo["id"]}.jpg"'
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_same_photo_again_is_the_same_write_and_another_is_a_conflict(register: Register) -> None:
    household, photo, jpeg = register.registered(), an_id(), a_photo()
    first = send(register, household, photo, jpeg)
    again = send(register, household, photo.upper(), jpeg)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["Location"] == address(household, photo)
    assert again.get_json() == first.get_json()
    problem(send(register, household, photo, a_photo(300, 200)), 409, "photo.id-taken")
    problem(send(register, household, photo, jpeg, "of=land_certificate"), 409, "photo.id-taken")
    assert len(photos_of(register, household)) == 1
    other = register.registered()
    assert send(register, other, photo, a_photo(300, 200)).status_code == 201


def test_photos_are_listed_oldest_first(register: Register, clock: MovedClock) -> None:
    household = register.registered()
    for photo in ("ffffffff-0000-4000-8000-000000000000", "00000000-0000-4000-8000-000000000000"):
        assert send(register, household, photo, a_photo()).status_code == 201
        clock.pass_by(seconds=1)
    assert [photo["id"][0] for photo in photos_of(register, household)] == ["f", "0"]


def test_a_photo_that_is_yet_to_be_taken_is_refused(register: Register) -> None:
    household = register.registered()
    ahead = send(register, household, an_id(), a_photo(), "of=identity_card&taken_at=2026-11-24T03:00:00Z")
    assert [each["pointer"] for each in problem(ahead, 422, "query.invalid")["errors"]] == ["/taken_at"]
    assert "2026-11-24T02:00:00Z" in problem(ahead, 422, "query.invalid")["detail"]
    sent(register, household, of="of=identity_card&taken_at=2026-11-24T01:59:59Z")  # a phone's clock that is ahead


def test_a_photo_is_deleted_for_good(register: Register, register_settings: Settings) -> None:
    household = register.registered()
    photo, other = sent(register, household), sent(register, household, a_photo(300, 200))
    assert register.client.delete(address(household, photo["id"])).status_code == 204
    problem(register.get(address(household, photo["id"])), 404, "photo.not-found")
    problem(register.client.delete(address(household, photo["id"])), 404, "photo.not-found")
    assert photos_of(register, household) == [other]
    assert photo["id"].encode() not in stored(register_settings)


# Refused --------------------------------------------------------------------------------------------------------


def test_what_is_no_photo_of_a_paper_is_refused_with_the_way_out(register: Register) -> None:
    household, photo = register.registered(), an_id()
    large = problem(send(register, household, photo, b"\xff\xd8" + bytes(300_000)), 413, "photo.too-large")
    assert "300000" in large["detail"]
    problem(send(register, household, photo, a_photo(), type="image/png"), 415, "body.content-type")
    unreadable = problem(send(register, household, photo, b"%PDF-1.7"), 422, "photo.unreadable")
    assert [error["pointer"] for error in unreadable["errors"]] == [""]
    problem(send(register, household, photo, b""), 422, "photo.unreadable")
    problem(send(register, household, photo, a_bare_photo()[:-700]), 422, "photo.unreadable")
    misnamed = problem(send(register, household, "1", a_photo()), 422, "photo.id-invalid")
    assert [error["pointer"] for error in misnamed["errors"]] == ["/photo_id"]
    refused = problem(send(register, household, photo, a_photo(), "of=house"), 422, "query.invalid")
    assert "identity_card | land_certificate" in refused["detail"]
    problem(send(register, household, photo, a_photo(), ""), 422, "query.missing")
    problem(send(register, household, photo, a_photo(), "of=identity_card&parcel=1"), 422, "query.invalid")
    problem(send(register, household, photo, a_photo(), "of=land_certificate&parcel=1"), 422, "photo.parcel-unknown")
    problem(send(register, a_household(), photo, a_photo()), 404, "household.not-found")
    assert photos_of(register, household) == []


def test_a_small_file_that_unpacks_to_a_huge_picture_is_refused(register: Register) -> None:
    jpeg = bytearray(a_bare_photo(64, 40))
    frame = jpeg.index(b"\xff\xc0") + 5
    jpeg[frame : frame + 4] = b"\xff\xff\xff\xff"
    household = register.registered()
    problem(send(register, household, an_id(), bytes(jpeg)), 422, "photo.too-many-pixels")


def test_a_household_has_no_more_photos_than_the_setting_allows(
    open_app: OpenApp, register_settings: Settings, register: Register
) -> None:
    few = Register(open_app(dataclasses.replace(register_settings, photos_per_household=2)).test_client())
    household = few.registered()
    sent(few, household)
    last = an_id()
    assert send(few, household, last, a_photo(300, 200)).status_code == 201
    problem(send(few, household, an_id(), a_photo(200, 200)), 409, "photo.too-many")
    assert send(few, household, last, a_photo(300, 200)).status_code == 200


def test_a_withdrawn_household_gets_no_new_photos(register: Register) -> None:
    household = register.registered()
    photo = sent(register, household)
    register.withdraw(household["id"])
    problem(send(register, household, an_id(), a_photo()), 409, "household.withdrawn")
    assert register.get(address(household, photo["id"])).status_code == 200


# The legal basis ------------------------------------------------------------------------------------------------


def test_without_a_legal_basis_no_photo_is_stored(register: Register) -> None:
    household = register.registered(legal_basis="contract")
    problem(send(register, household, an_id(), a_photo()), 409, "photo.no-legal-basis")
    withdrawn = {**CONSENT, "withdrawn_at": "2026-11-02T00:00:00Z"}
    other = register.registered(legal_basis="consent", consents=[REGISTRATION, withdrawn])
    problem(send(register, other, an_id(), a_photo()), 409, "photo.no-legal-basis")
    agreed = register.registered(legal_basis="consent", consents=[REGISTRATION, CONSENT])
    assert send(register, agreed, an_id(), a_photo()).status_code == 201


def test_with_the_consent_its_photos_go(register: Register, register_settings: Settings) -> None:
    household = register.registered(legal_basis="consent", consents=[REGISTRATION, CONSENT])
    photo = sent(register, household)
    body = {"kind": "withdraw-consent", "household": household["id"], "purpose": "document_photos"}
    request = register.client.post("/v1/requests", json=body).get_json()
    assert register.client.post(f"/v1/requests/{request['id']}/carry-out").status_code == 200
    assert photos_of(register, household) == []
    problem(register.get(address(household, photo["id"])), 409, "photo.no-legal-basis")
    assert photo["id"].encode() not in stored(register_settings)


def test_a_revision_that_retains_the_basis_retains_the_photos(register: Register) -> None:
    household = register.registered(legal_basis="consent", consents=[REGISTRATION, CONSENT])
    photo = sent(register, household)
    register.patch(household["id"], {"village": "Khối 9"}, if_match=1)
    assert photos_of(register, household) == [photo]
    register.patch(household["id"], {"legal_basis": "contract", "consents": []}, if_match=2)
    assert photos_of(register, household) == []


# Who may --------------------------------------------------------------------------------------------------------


def test_photos_outside_the_area_are_not_there(register: Register) -> None:
    theirs = register.registered(commune=VINH_LOC, parcels=None)
    photo = sent(register, theirs)
    officer = as_role(register, Role.OFFICER, THANH_VINH)
    for path in (address(theirs), address(theirs, photo["id"])):
        problem(register.client.get(path, headers=officer), 404, "household.not-found")
    problem(register.client.delete(address(theirs, photo["id"]), headers=officer), 404, "household.not-found")
    refused = send(register, theirs, an_id(), a_photo(), headers=officer)
    problem(refused, 404, "household.not-found")
    assert photos_of(register, theirs) == [photo]


def test_only_who_sees_persons_sees_photos(register: Register, app: Flask) -> None:
    household = register.registered()
    photo = sent(register, household)
    guard = app.extensions["guard"]
    account = Account(
        "account-masked-photos",
        "masked.photos",
        Role.SUPERVISOR,
        (UnitId("40"),),
        created_at=guard.clock(),
        created_by="tests",
        sight=Sight.MASKED,
    )
    guard.principals.store.add_account(account)
    masked = {"Authorization": f"Bearer {guard.tokens.issue(account.id)[0]}"}
    statistics = as_role(register, Role.SYSTEM, "40", scopes=("records:read", "changes:read"))
    administrator = as_role(register, Role.ADMINISTRATOR, "40")
    for path in (address(household), address(household, photo["id"])):
        for headers in (masked, statistics, administrator):
            problem(register.client.get(path, headers=headers), 403, "access.permission-missing")
        for role in (Role.LEADER, Role.SUPERVISOR):
            assert register.client.get(path, headers=as_role(register, role, "40")).status_code == 200
    leader = as_role(register, Role.LEADER, "40")
    problem(send(register, household, an_id(), a_photo(), headers=leader), 403, "access.permission-missing")


def test_a_restricted_household_shows_no_photo_to_another_system(register: Register) -> None:
    household = register.registered()
    photo = sent(register, household)
    ministry = as_role(register, Role.SYSTEM, "40", scopes=("records:read", "personal:read"))
    assert register.client.get(address(household, photo["id"]), headers=ministry).status_code == 200
    body = {"kind": "restrict", "household": household["id"]}
    request = register.client.post("/v1/requests", json=body).get_json()
    register.client.post(f"/v1/requests/{request['id']}/carry-out")
    for path in (address(household), address(household, photo["id"])):
        problem(register.client.get(path, headers=ministry), 404, "household.not-found")


def test_the_trail_says_who_stored_saw_and_removed_a_photo(register: Register, app: Flask) -> None:
    household = register.registered()
    photo = sent(register, household)
    register.get(address(household, photo["id"]))
    register.client.delete(address(household, photo["id"]))
    trail: Trail = app.extensions["guard"].trail
    entries = [entry for entry in trail.entries(households=[household["id"]]) if entry.action.startswith("photos")]
    assert [entry.action for entry in entries] == ["photos.write", "photos.read", "photos.write"]
    assert {entry.about for entry in entries} == {photo["id"]}


# Where they lie -------------------------------------------------------------------------------------------------


def test_a_dump_shows_nothing_of_a_photo(register: Register, register_settings: Settings) -> None:
    household = register.registered()
    photo = sent(register, household, a_photo(900, 600, noise=0.2, quality=60))
    jpeg = register.get(address(household, photo["id"])).data
    dump = stored(register_settings)
    assert photo["id"].encode() in dump
    for secret in (b"JFIF", photo["sha256"].encode(), *(jpeg[at : at + 12] for at in range(0, len(jpeg) - 12, 4000))):
        assert secret not in dump


@pytest.mark.slow
def test_photos_are_files_of_gridfs_in_chunks(register: Register, register_settings: Settings) -> None:
    household = register.registered()
    photo = sent(register, household, a_heavy_photo())
    assert photo["bytes"] > 255 * 1024
    with MongoClient[dict[str, Any]](register_settings.mongodb_uri) as client:
        database = client.get_default_database()
        (file,) = GridFSBucket(database, "photos").find({})
        assert len(file.read()) == file.length == photo["bytes"] + 28
        assert database["photos.chunks"].count_documents({"files_id": file._id}) == 2
        database["photos.chunks"].delete_one({"files_id": file._id, "n": 1})
    assert problem(register.get(address(household, photo["id"])), 500, "store.damaged")


def test_a_photo_moved_to_another_household_in_the_database_opens_nowhere(
    register: Register, register_settings: Settings
) -> None:
    mine, theirs = register.registered(), register.registered()
    photo = sent(register, mine)
    with MongoClient[dict[str, Any]](register_settings.mongodb_uri) as client:
        database = client.get_default_database()
        (file,) = database["photos.files"].find({})
        name = f"{theirs['id']}/{photo['id']}"
        moved = {**file, "_id": name, "metadata": {**file["metadata"], "household": theirs["id"]}}
        database["photos.files"].insert_one(moved)
        database["photos.chunks"].update_many({}, {"$set": {"files_id": name}})
    problem(register.get(address(theirs, photo["id"])), 500, "store.damaged")


def test_photos_are_read_after_their_keys_were_renewed(open_app: OpenApp, own_settings: Settings) -> None:
    settings = own_settings
    register = Register(open_app(settings).test_client())
    household = register.registered()
    photo = sent(register, household)
    with closing(Repositories(settings)) as store:
        old = store.database.encryption.data_keys()
        added = store.database.encryption.add_data_key()
        store.database.encryption._clock = lambda: added.writes_from  # the handover is over
        assert dict(reencrypt(store.database))["photos.files"] == 1
        store.database.encryption.reseal_secret()
        for key in old:
            store.database.encryption.retire(key)
    with closing(Repositories(settings)) as fresh:
        found = fresh.photos.photo(household["id"], photo["id"])
        assert found is not None
        assert found[0].sha256 == hashlib.sha256(found[1]).hexdigest() == photo["sha256"]


# What becomes of them -------------------------------------------------------------------------------------------


def erase(register: Register, household: Json) -> None:
    body = {"kind": "erase", "household": household["id"]}
    request = register.client.post("/v1/requests", json=body).get_json()
    assert register.client.post(f"/v1/requests/{request['id']}/carry-out").status_code == 200


def test_a_transfer_carries_photos_along(register: Register) -> None:
    household = register.registered(parcels=None)
    photo = sent(register, household)
    assert register.step(household["id"], "transfer", {"commune": VINH_LOC}).status_code == 200
    there = as_role(register, Role.OFFICER, VINH_LOC)
    assert register.client.get(address(household, photo["id"]), headers=there).status_code == 200
    left = as_role(register, Role.OFFICER, THANH_VINH)
    assert register.client.get(address(household, photo["id"]), headers=left).status_code == 404


def test_a_copy_of_a_persons_data_holds_the_photos(register: Register) -> None:
    household = register.registered()
    photo = sent(register, household)
    body = {"kind": "copy", "household": household["id"]}
    request = register.client.post("/v1/requests", json=body).get_json()
    (copied,) = register.json(f"/v1/requests/{request['id']}/copy")["photos"]
    assert hashlib.sha256(b64decode(copied["jpeg"])).hexdigest() == photo["sha256"]


def test_erasing_leaves_no_photo(register: Register, register_settings: Settings) -> None:
    household, neighbour = register.registered(), register.registered()
    photo, other = sent(register, household), sent(register, neighbour)
    erase(register, household)
    assert photo["id"].encode() not in stored(register_settings)
    problem(register.get(address(household, photo["id"])), 410, "household.erased")
    assert photos_of(register, neighbour) == [other]
    problem(send(register, household, photo["id"], a_photo()), 410, "household.erased")


def at_once(*works: Callable[[], object]) -> None:
    """Do all works at the same time; the first error of any is raised."""
    start, errors = threading.Barrier(len(works)), list[BaseException]()

    def run(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.mark.parametrize("attempt", range(5))
def test_of_two_that_send_one_photo_both_succeed_and_it_is_stored_once(register: Register, attempt: int) -> None:
    household, photo, jpeg = register.registered(), an_id(), a_photo()
    responses: list[int] = []
    send_it = lambda: responses.append(send(register, household, photo, jpeg).status_code)  # noqa: E731
    at_once(*[send_it] * 4)
    assert sorted(responses) == [200, 200, 200, 201]
    assert len(photos_of(register, household)) == 1


@pytest.mark.parametrize("attempt", range(5))
def test_a_photo_sent_while_its_household_is_erased_stays_nowhere(
    register: Register, register_settings: Settings, attempt: int
) -> None:
    household = register.registered()
    responses: list[int] = []

    def send_photo() -> None:
        responses.append(send(register, household, an_id(), a_photo()).status_code)

    at_once(send_photo, lambda: erase(register, household), send_photo)
    assert set(responses) <= {201, 404, 410}
    with MongoClient[dict[str, Any]](register_settings.mongodb_uri) as client:
        database = client.get_default_database()
        assert database["photos.files"].count_documents({}) == 0
        assert database["photos.chunks"].count_documents({}) == 0


def test_a_photo_by_a_clock_that_is_ahead_has_the_time_of_receipt_and_what_was_sent(register: Register) -> None:
    household = register.registered()
    photo = sent(register, household, of="of=identity_card&taken_at=2026-11-23T20:00:00Z")
    assert (photo["taken_at"], photo["taken_at_sent"]) == ("2026-11-23T02:00:00Z", "2026-11-23T20:00:00Z")
    refused = send(
        register, household, an_id(), a_bare_photo(320, 200), of="of=identity_card&taken_at=2026-11-24T02:00:01Z"
    )
    assert [each["pointer"] for each in problem(refused, 422, "query.invalid")["errors"]] == ["/taken_at"]
