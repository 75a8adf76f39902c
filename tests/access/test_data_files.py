"""The files that MongoDB writes show no personal number, phone or serial to a thief of the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bson import encode

from schemas.protection import plain_at_rest
from service.running.mongod import MongodOptions, PrivateMongod
from service.settings import read_settings
from service.storage.migration import migrate
from tests.api.asking import Register
from tests.api.test_one_way_out import MARKS, a_body
from tests.apps import OpenApp
from tests.builders import a_head, a_household, a_member, a_parcel, a_personal_number, an_id
from tests.conftest import private_folder
from tests.pictures import CAMERA, a_photo

VILLAGE = "Xom Kiem Tra Tep Du Lieu"
"""Not a secret: that it is found shows that what is looked for would be found."""

NO_PLACE = "999"
"""How a number begins that is of no province: the finding about it repeats these digits."""


def a_detail(value: str | bytes) -> bytes:
    """A detail of the finding as MongoDB writes it."""
    return encode({"place": value})[4:-1]


@pytest.fixture
def mongod() -> Iterator[PrivateMongod]:
    """A MongoDB whose files are not compressed, so that what they hold can be searched."""
    plain = ("--wiredTigerCollectionBlockCompressor", "none", "--wiredTigerJournalCompressor", "none")
    with private_folder() as folder, PrivateMongod(MongodOptions(folder=Path(folder), arguments=plain)) as running:
        yield running


def files_of(mongod: PrivateMongod) -> bytes:
    """All that MongoDB has written, once it has ended: data, journal, log of operations."""
    mongod.stop()
    return b"".join(file.read_bytes() for file in sorted(mongod.options.folder.rglob("*")) if file.is_file())


@pytest.mark.slow
def test_data_files_and_journal_show_no_personal_item(mongod: PrivateMongod, open_app: OpenApp, tmp_path: Path) -> None:
    settings = read_settings({"MONGODB_URI": mongod.address("register"), "DATA_FOLDER": str(tmp_path)})
    migrate(settings, say=lambda _: None)
    register = Register(open_app(settings).test_client())
    number, child = a_personal_number(place=NO_PLACE), a_personal_number("female", 2010)
    household = a_household(
        village=VILLAGE,
        head=a_head(national_id=number, national_id_confirmed=True, phone="0987600123"),
        members=[a_member(national_id=child, birth_date="2010", relation="child")],
        parcels=[a_parcel(certificate_serial="CH 765432")],
    )
    assert register.put(household).status_code == 201
    changed = {**household, "head": {**household["head"], "phone": "0987600456"}}
    assert register.put(changed, if_match=1).status_code == 200
    marked = a_body(105.7, 18.7)
    assert register.put(marked).status_code == 201
    assert register.patch(marked["id"], {"note": None}, if_match=1).status_code == 200
    photo = f"/v1/households/{household['id']}/photos/{an_id()}"
    sent = register.client.put(f"{photo}?of=identity_card", data=a_photo(), content_type="image/jpeg")
    assert sent.status_code == 201, sent.text
    jpeg = register.get(photo).data
    assert register.get(f"/v1/households?q={number}").get_json()["items"] != []

    written = files_of(mongod)

    assert VILLAGE.encode() in written
    for secret in (number, child, "987600123", "987600456", "765432"):
        assert secret.encode() not in written, secret
    texts = {mark.item: mark.text.strip(b'"') for mark in MARKS if b'":"' not in mark.text}
    in_clear = {item for item, text in texts.items() if text in written}
    assert {item for item in texts if not plain_at_rest(item)} & in_clear == set()
    assert in_clear >= {"village", "head.full_name", "products.name"}
    assert [a_detail(value) in written for value in (NO_PLACE, b"")] == [False, True]
    assert photo.rpartition("/")[2].encode() in written
    for part in (CAMERA.encode(), b"JFIF", jpeg[200:216], jpeg[-200:-184]):
        assert part not in written, part
