"""Photos of papers: taken without signal, cut by hand, stored under the PIN, in the register once, bare."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from service.roles import Role
from tests.api.signed_in import token_of
from tests.builders import THANH_VINH, a_head, a_household, a_parcel, an_id
from tests.form.filling import fill_in, put, revisit, to_review
from tests.form.looking import Looker
from tests.form.officer import WAIT, Officer, Phone
from tests.form.serving import ServedForm
from tests.pictures import CAMERA, a_bare_photo, a_photo, opened

CARD, CERTIFICATE = "identity_card", "land_certificate"
RED = (180, 30, 30)


@pytest.fixture
def camera(tmp_path: Path) -> Path:
    """What the camera took: 12 megapixels with position and time, of a phone held upright."""
    file = tmp_path / "IMG_20261120.jpg"
    file.write_bytes(a_photo(4000, 3000, noise=0.12, quality=90, orientation=6))
    return file


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A smaller photo, where it is not the size that matters."""
    file = tmp_path / "card.jpg"
    file.write_bytes(a_photo(1600, 1200))
    return file


def panel(officer: Officer, of: str = CARD) -> Locator:
    """The part of a screen that holds the photos of one paper."""
    return officer.page.locator(f"[data-photos={of}]")


def photograph(officer: Officer, file: Path, of: str = CARD) -> Officer:
    """Take a photo, as far as the screen on which it is cut."""
    panel(officer, of).locator("input[type=file]").set_input_files(file)
    expect(officer.page.get_by_role("button", name="Giữ ảnh này")).to_be_enabled()
    return officer


def keep(officer: Officer, of: str = CARD, count: int = 1) -> Officer:
    """Keep the cut; afterwards the paper has so many photos on the phone."""
    officer.page.get_by_role("button", name="Giữ ảnh này").click()
    expect(officer.page.locator("dialog[aria-labelledby=crop-title]")).to_have_count(0)
    expect(panel(officer, of).locator("[data-photo]")).to_have_count(count)
    return officer


def corner(officer: Officer, name: str) -> Locator:
    """One corner of the cut."""
    return officer.page.get_by_role("button", name=re.compile(f"^Góc {name}"))


def nothing_waits(officer: Officer) -> Officer:
    """On the list: nothing is left to be sent."""
    # The list counts what waits a moment after the store has it, so the store is queried.
    left_on_the_phone(officer, photos=0, pictures=0)
    expect(officer.page.locator("[data-photos-waiting='0'][data-waiting='0']")).to_be_visible(timeout=WAIT)
    return officer


def at_the_register(served: ServedForm, household: str) -> list[dict[str, Any]]:
    """The photos that the register lists."""
    listed: list[dict[str, Any]] = json.loads(call_register(served, f"/v1/households/{household}/photos"))["items"]
    return listed


def picture_at_the_register(served: ServedForm, photo: dict[str, Any]) -> bytes:
    """A photo as the register shows it."""
    return call_register(served, f"/v1/households/{photo['household']}/photos/{photo['id']}")


def call_register(served: ServedForm, address: str, method: str = "GET", body: bytes | None = None) -> bytes:
    """Send a request to the register past the form."""
    token = token_of(served.weather.app, Role.OFFICER)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "image/jpeg"}
    request = urllib.request.Request(f"{served.address}{address}", body, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        read: bytes = response.read()
        return read


def on_the_phone(officer: Officer) -> dict[str, int]:
    """How many rows the phone's stores of photos hold."""
    found: dict[str, int] = officer.page.evaluate(
        """async () => {
            const open = indexedDB.open('so-nong-ho');
            const database = await new Promise((done) => (open.onsuccess = () => done(open.result)));
            const count = (name) => new Promise((done) => {
                const counting = database.transaction(name).objectStore(name).count();
                counting.onsuccess = () => done(counting.result);
            });
            const counts = { photos: await count('photos'), pictures: await count('pictures') };
            database.close();
            return counts;
        }"""
    )
    return found


def until(officer: Officer, expression: str) -> None:
    """Wait for something on the page that has no words; evaluated by the debugger, since the page evaluates no text."""
    deadline = time.monotonic() + WAIT / 1000
    while not officer.page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        officer.page.wait_for_timeout(200)


def left_on_the_phone(officer: Officer, **counts: int) -> None:
    """Wait until the phone's stores of photos hold just so many."""
    deadline = time.monotonic() + WAIT / 1000
    while on_the_phone(officer) != counts:
        assert time.monotonic() < deadline, on_the_phone(officer)
        officer.page.wait_for_timeout(200)


def a_registered_household(served: ServedForm, **items: Any) -> dict[str, Any]:
    """A household that the register has, with a parcel that has a name of its own."""
    parcels = [a_parcel(id=an_id(), land_use="LUC")]
    head = a_head(full_name="Hoàng Văn Đức")
    return put(served, a_household(**{"head": head, "commune": THANH_VINH, "parcels": parcels, **items}))


def is_red(colour: Any) -> bool:
    return all(abs(one - other) < 60 for one, other in zip(colour, RED, strict=True))


def test_a_photo_taken_without_signal_survives_a_dead_battery_and_arrives_once(
    a_phone: Callable[..., Phone], served: ServedForm, households: Any, camera: Path
) -> None:
    phone = a_phone()
    officer = Officer(phone).arrive()
    fill_in(officer)
    officer.lose_signal(served)
    photograph(officer, camera)
    keep(officer).saved()
    phone.kill()

    phone.start()
    officer = Officer(phone).come_back().tap("Nguyễn Thị Hoà").on("Chủ hộ")
    expect(panel(officer).get_by_text("Trên máy", exact=True)).to_be_visible()
    to_review(officer)
    officer.tap("Gửi").on("Danh sách của tôi")
    served.weather.mood = "responses lost"
    officer.send_now().sign_in_again()
    assert served.weather.reached.wait(WAIT / 1000), "the household never reached the service"
    phone.kill()

    phone.start()
    served.weather.mood = "fair"
    officer = Officer(phone).come_back().sign_in_again().sent()
    nothing_waits(officer)
    [household] = households.find()
    [photo] = at_the_register(served, household["_id"])
    jpeg = picture_at_the_register(served, photo)
    assert len(jpeg) == photo["bytes"] <= 300_000
    assert (photo["of"], photo["household"]) == (CARD, household["_id"])
    for secret in (b"Exif", CAMERA.encode(), b"2026:11:20"):
        assert secret not in jpeg
    stored = opened(jpeg)
    assert stored.height > stored.width, "the camera was held upright"
    assert max(stored.size) >= 1400, "its text must stay readable"
    assert on_the_phone(officer) == {"photos": 0, "pictures": 0}


def test_lost_responses_make_one_photo(officer: Officer, served: ServedForm, card: Path) -> None:
    household = a_registered_household(served)
    revisit(officer, "hoang van duc").next().on("Chủ hộ")
    keep(photograph(officer, card))
    writes = served.weather.writes
    served.weather.reached.clear()
    served.weather.mood = "responses lost"
    officer.tap("Danh sách")
    assert served.weather.reached.wait(WAIT / 1000), "the photo never reached the service"
    expect(officer.page.locator("[data-photos-waiting='1']")).to_be_visible()
    assert on_the_phone(officer) == {"photos": 1, "pictures": 1}
    served.weather.mood = "fair"
    officer.send_now()
    nothing_waits(officer)
    assert served.weather.writes >= writes + 2
    assert len(at_the_register(served, household["id"])) == 1


def test_a_photo_thrown_away_on_its_way_is_on_the_register_no_more(
    officer: Officer, served: ServedForm, card: Path
) -> None:
    household = a_registered_household(served)
    revisit(officer, "hoang van duc").next().on("Chủ hộ")
    keep(photograph(officer, card))
    served.weather.reached.clear()
    served.weather.mood = "slow"
    served.weather.hold.clear()
    officer.tap("Danh sách")
    assert served.weather.reached.wait(WAIT / 1000), "the photo never reached the service"
    assert len(at_the_register(served, household["id"])) == 1
    revisit(officer, "hoang van duc").next().on("Chủ hộ")
    panel(officer).locator("[data-photo=waiting]").get_by_role("button", name="Xóa ảnh").click()
    expect(panel(officer).locator("[data-photo]")).to_have_count(0)
    served.weather.mood = "fair"
    served.weather.hold.set()
    left_on_the_phone(officer, photos=0, pictures=0)
    assert at_the_register(served, household["id"]) == []


def test_the_paper_is_cut_out_by_keyboard_and_turned(
    officer: Officer, served: ServedForm, households: Any, tmp_path: Path
) -> None:
    fill_in(officer)
    file = tmp_path / "card.jpg"
    file.write_bytes(a_bare_photo(2000, 1000))
    photograph(officer, file)
    for name, keys in (("trên bên trái", ("ArrowRight", "ArrowDown")), ("dưới bên phải", ("ArrowLeft", "ArrowUp"))):
        corner(officer, name).focus()
        for key in keys:
            officer.page.keyboard.press(key)
            officer.page.keyboard.press(f"Shift+{key}")
            officer.page.keyboard.press(f"Shift+{key}")
    expect(corner(officer, "trên bên trái")).to_have_accessible_name("Góc trên bên trái: 17% từ trái, 17% từ trên")
    officer.tap("Xoay")
    expect(corner(officer, "trên bên trái")).to_have_accessible_name("Góc trên bên trái: 17% từ trái, 17% từ trên")
    keep(officer)
    to_review(officer)
    officer.tap("Gửi").sent()
    nothing_waits(officer)
    [household] = households.find()
    [photo] = at_the_register(served, household["_id"])
    stored = opened(picture_at_the_register(served, photo))
    assert (stored.width, stored.height) == (660, 1320)
    # The head's picture stands left on the card; turned clockwise, it is above.
    assert is_red(stored.getpixel((stored.width // 2, round(stored.height * 0.13))))


def test_a_corner_follows_the_thumb(officer: Officer, served: ServedForm, tmp_path: Path) -> None:
    fill_in(officer)
    file = tmp_path / "card.jpg"
    file.write_bytes(a_bare_photo(1200, 900))
    photograph(officer, file)
    image = officer.page.locator("dialog canvas").bounding_box()
    at = corner(officer, "dưới bên phải").bounding_box()
    assert image is not None
    assert at is not None
    officer.page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    officer.page.mouse.down()
    officer.page.mouse.move(image["x"] + image["width"] / 2, image["y"] + image["height"] / 2, steps=5)
    officer.page.mouse.up()
    expect(corner(officer, "dưới bên phải")).to_have_accessible_name(
        re.compile("(49|5[01])% từ trái, (49|5[01])% từ trên")
    )
    officer.page.mouse.move(image["x"] + image["width"] / 4, image["y"] + image["height"] / 4)
    officer.page.mouse.down()
    officer.page.mouse.move(image["x"] + image["width"] * 2, image["y"] + image["height"] * 2, steps=5)
    officer.page.mouse.up()
    expect(corner(officer, "dưới bên phải")).to_have_accessible_name(re.compile("100% từ trái, 100% từ trên"))


def test_a_file_that_is_no_picture_is_refused(officer: Officer, tmp_path: Path) -> None:
    fill_in(officer)
    file = tmp_path / "card.jpg"
    file.write_bytes(b"%PDF-1.7 not a picture")
    panel(officer).locator("input[type=file]").set_input_files(file)
    expect(officer.page.get_by_text("không mở được tệp này như một ảnh")).to_be_visible()
    officer.tap("Đóng")
    assert on_the_phone(officer) == {"photos": 0, "pictures": 0}


def test_a_photo_is_taken_again_and_removed(officer: Officer, card: Path, tmp_path: Path) -> None:
    fill_in(officer)
    keep(photograph(officer, card))
    other = tmp_path / "other.jpg"
    other.write_bytes(a_bare_photo(900, 600))
    with officer.page.expect_file_chooser() as chooser:
        panel(officer).get_by_role("button", name="Chụp lại").click()
    chooser.value.set_files(other)
    keep(officer)
    keep(photograph(officer, card), count=2)
    assert on_the_phone(officer) == {"photos": 2, "pictures": 2}
    panel(officer).get_by_role("button", name="Xóa ảnh").first.click()
    expect(panel(officer).locator("[data-photo]")).to_have_count(1)
    officer.saved().page.goto(officer.phone.address + "/#/")
    officer.on("Danh sách của tôi").tap("Xóa bản của Nguyễn Thị Hoà")
    expect(officer.page.get_by_text("Chưa có hộ nào trên máy này")).to_be_visible()
    left_on_the_phone(officer, photos=0, pictures=0)


def test_the_phones_store_shows_no_picture(officer: Officer, tmp_path: Path, card: Path) -> None:
    fill_in(officer)
    keep(photograph(officer, card)).saved()
    assert on_the_phone(officer) == {"photos": 1, "pictures": 1}
    officer.phone.off()
    files = [file for file in (tmp_path / "phone0").rglob("*") if file.is_file() and "IndexedDB" in str(file)]
    written = b"".join(file.read_bytes() for file in files)
    assert b"pictures" in written or "pictures".encode("utf-16-be") in written
    assert b"JFIF" not in written


def test_a_certificate_belongs_to_its_parcel_and_is_seen_again_from_the_register(
    officer: Officer, served: ServedForm, card: Path
) -> None:
    household = a_registered_household(served)
    parcel = household["parcels"][0]["id"]
    revisit(officer, "hoang van duc").next().on("Chủ hộ").next().on("Nhân khẩu").next().on("Thửa đất")
    officer.page.locator("a.opener").first.click()
    keep(photograph(officer, card, CERTIFICATE), CERTIFICATE)
    officer.tap("Danh sách")
    # Nothing of the record was changed: the photo goes alone, and no draft stays behind.
    nothing_waits(officer)
    expect(officer.page.locator("[data-state]")).to_have_count(0)
    [photo] = at_the_register(served, household["id"])
    assert (photo["of"], photo["parcel"]) == (CERTIFICATE, parcel)

    revisit(officer, "hoang van duc").next().on("Chủ hộ")
    expect(panel(officer).get_by_role("button", name="Chụp ảnh giấy")).to_be_visible()
    officer.next().next().on("Thửa đất").page.locator("a.opener").first.click()
    panel(officer, CERTIFICATE).get_by_role("button", name="Xem").click()
    expect(officer.page.get_by_role("img", name="Ảnh giấy chứng nhận")).to_be_visible()
    until(officer, "document.querySelector('dialog img').naturalWidth > 1000")
    officer.tap("Đóng")
    panel(officer, CERTIFICATE).get_by_role("button", name="Xóa ảnh").click()
    expect(panel(officer, CERTIFICATE).get_by_text("Đã có trên sổ")).to_be_hidden()
    officer.tap("Danh sách")
    left_on_the_phone(officer, photos=0, pictures=0)
    assert at_the_register(served, household["id"]) == []


def test_a_photo_that_the_register_does_not_take_says_why(officer: Officer, served: ServedForm, card: Path) -> None:
    household = a_registered_household(served)
    revisit(officer, "hoang van duc").next().on("Chủ hộ")
    keep(photograph(officer, card))
    put(served, {**household, "legal_basis": "contract"}, revision=1)
    officer.tap("Danh sách")
    rejected = officer.page.locator("[data-photo=rejected]")
    expect(rejected).to_contain_text("chưa cho phép giữ ảnh giấy tờ")
    assert at_the_register(served, household["id"]) == []
    rejected.get_by_role("button", name="Xóa ảnh").click()
    expect(rejected).to_be_hidden()
    assert on_the_phone(officer) == {"photos": 0, "pictures": 0}


def test_without_a_legal_basis_none_is_taken(officer: Officer, served: ServedForm) -> None:
    a_registered_household(served, legal_basis="contract")
    revisit(officer, "hoang van duc").next().on("Chủ hộ")
    expect(panel(officer).get_by_text("chưa cho phép giữ ảnh giấy tờ")).to_be_visible()
    expect(panel(officer).get_by_role("button", name="Chụp ảnh giấy")).to_be_hidden()


def test_a_full_phone_says_so_and_stores_the_photo_when_there_is_room(officer: Officer, card: Path) -> None:
    fill_in(officer)
    officer.saved()
    session = officer.phone.session(officer.page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": officer.phone.address, "quotaSize": 1})
    # Chromium believes its last look at the free space for half a minute.
    officer.page.wait_for_timeout(31_000)
    photograph(officer, card)
    officer.page.get_by_role("button", name="Giữ ảnh này").click()
    expect(officer.page.get_by_text("Máy đã hết chỗ nên chưa lưu được ảnh")).to_be_visible()
    assert on_the_phone(officer) == {"photos": 0, "pictures": 0}
    session.send("Storage.overrideQuotaForOrigin", {"origin": officer.phone.address})
    keep(officer)
    assert on_the_phone(officer) == {"photos": 1, "pictures": 1}


def test_signed_out_the_photo_stays(officer: Officer, served: ServedForm, card: Path) -> None:
    household = a_registered_household(served)
    revisit(officer, "hoang van duc").next().on("Chủ hộ")
    keep(photograph(officer, card))
    served.weather.mood = "signed out"
    officer.tap("Danh sách")
    expect(officer.page.get_by_text("Cần đăng nhập để gửi")).to_be_visible()
    assert on_the_phone(officer) == {"photos": 1, "pictures": 1}
    served.weather.mood = "fair"
    officer.send_now()
    nothing_waits(officer)
    assert len(at_the_register(served, household["id"])) == 1


def test_the_screens_of_photos_are_for_everyone(
    officer: Officer, served: ServedForm, axe: Path, tmp_path: Path
) -> None:
    looker = Looker(axe)
    household = a_registered_household(served)
    file = tmp_path / "card.jpg"
    file.write_bytes(a_bare_photo(1600, 1200))
    call_register(served, f"/v1/households/{household['id']}/photos/{an_id()}?of={CARD}", "PUT", a_bare_photo(800, 600))
    revisit(officer, "hoang van duc").next().on("Chủ hộ")
    looker.look(officer.page, "photo of the register")
    panel(officer).get_by_role("button", name="Xem").click()
    until(officer, "document.querySelector('dialog img').naturalWidth > 100")
    looker.look(officer.page, "photo seen")
    officer.tap("Đóng")
    photograph(officer, file)
    looker.look(officer.page, "cut")
    keep(officer)
    looker.look(officer.page, "photo on the phone")
    assert looker.found == []
