"""No loss and no duplicate: dead batteries, valleys, faults, two tabs, a full phone, a wrong clock."""

from __future__ import annotations

import datetime
import itertools
import json
import re
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from service.roles import Role
from tests.api.signed_in import token_of
from tests.builders import a_personal_number
from tests.form.filling import fill_in, to_review
from tests.form.officer import WAIT, Officer, Phone
from tests.form.serving import ServedForm

FIELD = ((105.6640, 18.6760), (105.6645, 18.6760), (105.6645, 18.6764), (105.6640, 18.6764))


OLD_PHONE = 4
"""How much slower than this machine an old phone is."""


def read_all(served: ServedForm) -> list[dict[str, Any]]:
    """The households as the register returns them, every personal item opened."""
    headers = {"Authorization": f"Bearer {token_of(served.weather.app, Role.OFFICER)}"}
    request = urllib.request.Request(f"{served.address}/v1/households", headers=headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        found: list[dict[str, Any]] = json.load(response)["items"]
        return found


def queue(officer: Officer, **answers: str) -> None:
    """A household of the least items in the queue."""
    fill_in(officer, **answers)
    to_review(officer)
    officer.tap("Gửi").on("Danh sách của tôi")


def test_a_whole_registration_without_signal_survives_two_dead_batteries(
    a_phone: Callable[..., Phone], served: ServedForm, households: Any
) -> None:
    phone = a_phone(slow=OLD_PHONE)
    officer = Officer(phone).arrive()
    officer.lose_signal(served)
    number = a_personal_number("female", 1978)
    fill_in(officer, number=number)
    officer.next().on("Nhân khẩu").answer("Hộ nghèo, cận nghèo", "Hộ nghèo")
    officer.add("thành viên khác").answer("Họ và tên", "Trần Văn Bình").answer("Giới tính", "Nam")
    officer.answer("Ngày sinh", "1975").answer("Quan hệ với chủ hộ", "vợ").saved()
    phone.kill()

    phone.start()
    officer = Officer(phone).come_back()
    officer.tap("Nguyễn Thị Hoà").on("Nhân khẩu")
    expect(officer.page.get_by_text("Trần Văn Bình")).to_be_visible()
    officer.next().on("Thửa đất").add("thửa đất")
    officer.answer("Số tờ bản đồ", "12").answer("Số thửa", "345").answer("Loại đất", "LUC")
    officer.answer("Quyền sử dụng", "Thuê, mượn").answer("Diện tích theo giấy tờ hoặc khai báo", "2.300")
    officer.tap("2.300 m²")
    officer.tap("Đo hoặc vẽ ranh giới").walk(*FIELD).on("Thửa đất")
    expect(officer.page.get_by_text("Đã có ranh giới")).to_be_visible()
    officer.tap("Xong")
    to_review(officer)
    officer.tap("Gửi").on("Danh sách của tôi")
    expect(officer.page.locator("[data-state=queued]")).to_have_count(1)

    served.weather.mood = "slow"
    served.weather.hold.clear()
    officer.send_now().sign_in_again()
    assert served.weather.reached.wait(WAIT / 1000), "the household never reached the service"
    phone.kill()
    served.weather.hold.set()
    served.weather.mood = "fair"

    phone.start()
    Officer(phone).come_back().sign_in_again().sent()
    assert households.count_documents({}) == 1
    [stored] = read_all(served)
    assert stored["revision"] == 1
    items = {name: stored[name] for name in ("commune", "village", "poverty", "legal_basis")}
    assert items == {"commune": "16681", "village": "Khối 3", "poverty": "poor", "legal_basis": "state_function"}
    assert stored["head"] == {
        "full_name": "Nguyễn Thị Hoà",
        "sex": "female",
        "birth_date": "1978-03-07",
        "national_id": number,
        "ethnic_group": "01",
    }
    [member] = stored["members"]
    assert {name: value for name, value in member.items() if name != "id"} == {
        "full_name": "Trần Văn Bình",
        "sex": "male",
        "birth_date": "1975",
        "relation": "spouse",
    }
    [parcel] = stored["parcels"]
    typed = {name: parcel[name] for name in ("map_sheet", "parcel_number", "land_use", "tenure", "declared_area_m2")}
    assert typed == {
        "map_sheet": "12",
        "parcel_number": "345",
        "land_use": "LUC",
        "tenure": "rented",
        "declared_area_m2": 2300,
    }
    assert parcel["boundary_method"] == "walked"
    ring = parcel["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert {(round(lon, 4), round(lat, 4)) for lon, lat in ring} == set(FIELD)


def test_lost_responses_make_one_household(officer: Officer, served: ServedForm, households: Any) -> None:
    served.weather.mood = "responses lost"
    queue(officer)
    assert served.weather.reached.wait(WAIT / 1000)
    expect(officer.page.locator("[data-state=queued]")).to_be_visible()
    served.weather.mood = "fair"
    officer.send_now().sent()
    assert served.weather.writes >= 2
    assert [household["revision"] for household in households.find()] == [1]


def test_a_minute_of_faults_is_waited_out_without_a_tap(officer: Officer, served: ServedForm, households: Any) -> None:
    served.weather.mood = "faults"
    queue(officer)
    # Tries come 2, 4, 8 and 16 seconds after one another, and the next after 32: more than a minute in all.
    expect(officer.page.get_by_text("Đã thử 5 lần")).to_be_visible(timeout=3 * WAIT)
    served.weather.mood = "fair"
    expect(officer.page.locator("[data-state=sent]")).to_have_count(1, timeout=3 * WAIT)
    assert [household["revision"] for household in households.find()] == [1]


def test_a_log_in_page_on_the_way_is_not_taken_for_the_register(
    officer: Officer, served: ServedForm, households: Any
) -> None:
    served.weather.mood = "log-in page"
    queue(officer)
    expect(officer.page.get_by_text("Mạng này đòi đăng nhập riêng")).to_be_visible()
    served.weather.mood = "fair"
    officer.send_now().sent()
    assert households.count_documents({}) == 1


def test_signed_out_everything_stays_and_a_sign_in_is_requested(officer: Officer, served: ServedForm) -> None:
    served.weather.mood = "signed out"
    queue(officer)
    expect(officer.page.get_by_text("Cần đăng nhập để gửi")).to_be_visible()
    expect(officer.page.locator("[data-state=queued]")).to_have_count(1)
    served.weather.mood = "fair"
    officer.send_now().sent()


def test_a_double_tap_sends_once(officer: Officer, served: ServedForm, households: Any) -> None:
    fill_in(officer)
    to_review(officer)
    officer.page.get_by_role("button", name="Gửi").dblclick()
    officer.sent()
    assert households.count_documents({}) == 1
    assert served.weather.writes == 1


def test_two_revisions_of_one_household_arrive_in_order(officer: Officer, served: ServedForm, households: Any) -> None:
    served.weather.mood = "responses lost"
    queue(officer)
    expect(officer.page.get_by_text(re.compile(r"Đã thử \d+ lần"))).to_be_visible()  # the next try is two seconds later
    officer.lose_signal(served)
    officer.tap("Nguyễn Thị Hoà").on("Hộ").answer("Thôn, xóm, bản, khối", "Khối 9")
    to_review(officer)
    officer.tap("Gửi").on("Danh sách của tôi")
    expect(officer.page.locator("[data-state=queued]")).to_have_count(2)
    served.weather.mood = "fair"
    officer.send_now().sent(2)
    [stored] = households.find()
    assert (stored["revision"], stored["village"]) == (2, "Khối 9")


def test_another_tab_takes_over_and_the_first_writes_no_more(officer: Officer, households: Any) -> None:
    fill_in(officer)
    officer.saved()
    second = Officer(officer.phone).come_back("/" + officer.page.url.partition("/#")[2].join(["#", ""]))
    second.on("Chủ hộ").answer("Họ và tên", "Lê Thị Lan").saved()
    expect(officer.page.get_by_text("đang được sửa ở một tab khác")).to_be_visible()
    to_review(second)
    second.tap("Gửi").sent()
    assert [household["head"]["full_name"] for household in households.find()] == ["Lê Thị Lan"]


def type_until_full(officer: Officer) -> None:
    """Type on until the phone is full: Chromium believes its last look at the free space for half a minute."""
    deadline = time.monotonic() + 3 * WAIT / 1000
    full = officer.page.get_by_text("Máy đã hết chỗ")
    for number in itertools.count():
        if full.is_visible():
            return
        assert time.monotonic() < deadline, "the phone never got full"
        officer.answer("Thôn, xóm, bản, khối", f"Khối {number}")
        officer.page.wait_for_timeout(500)


def test_a_full_phone_says_so_and_saves_when_there_is_room(officer: Officer) -> None:
    officer.begin()
    session = officer.phone.session(officer.page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": officer.phone.address, "quotaSize": 1})
    type_until_full(officer)
    officer.answer("Thôn, xóm, bản, khối", "Khối 3")
    expect(officer.page.get_by_text("Máy đã hết chỗ")).to_be_visible()
    expect(officer.page.get_by_text("Có lỗi ngoài dự tính")).to_be_hidden()
    assert not officer.page.locator("[data-saving=saved]").is_visible()
    officer.tap("Danh sách").on("Danh sách của tôi")
    expect(officer.page.get_by_role("alert").filter(has_text="Máy đã hết chỗ")).to_be_visible()
    officer.tap("Chưa có tên chủ hộ").on("Hộ")
    expect(officer.page.get_by_label("Thôn, xóm, bản, khối")).to_have_value("Khối 3")
    session.send("Storage.overrideQuotaForOrigin", {"origin": officer.phone.address})
    officer.saved()
    officer.reload().unlock().on("Hộ")
    expect(officer.page.get_by_label("Thôn, xóm, bản, khối")).to_have_value("Khối 3")


@pytest.mark.parametrize("days", [365, -365])
def test_a_clock_a_year_off_holds_nothing_back(
    a_phone: Callable[..., Phone], served: ServedForm, households: Any, days: int
) -> None:
    officer = Officer(a_phone())
    officer.page.clock.set_system_time(datetime.datetime.now(tz=datetime.UTC) + datetime.timedelta(days=days))
    officer.arrive()
    queue(officer)
    officer.sent()
    [stored] = households.find()
    wrong_by = datetime.datetime.fromisoformat(stored["captured_at"]) - datetime.datetime.now(tz=datetime.UTC)
    assert abs(wrong_by) < datetime.timedelta(hours=1)


def test_a_walk_survives_a_reload(officer: Officer) -> None:
    fill_in(officer)
    officer.next().next().on("Thửa đất").add("thửa đất")
    officer.tap("Đo hoặc vẽ ranh giới").start_walking(*FIELD[:2])
    officer.reload().unlock().go_on_walking(3, *FIELD[2:]).tap("Khép kín")
    expect(officer.page.get_by_text("Diện tích 2.3")).to_be_visible()
