"""What the register responds other than "stored": conflicts, refusals, returns; and the commune taken along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.builders import THANH_VINH, a_head, a_household, a_member, a_parcel, a_personal_number
from tests.form.filling import fill_in, put, revisit, take_along, to_review
from tests.form.officer import Officer, Phone
from tests.form.serving import ServedForm


def test_two_versions_are_shown_side_by_side_and_each_item_is_chosen(
    officer: Officer, served: ServedForm, households: Any
) -> None:
    head = a_head(full_name="Hoàng Văn Đức")
    household = a_household(head=head, commune=THANH_VINH, village="Khối 1", address="số 1")
    put(served, household)
    revisit(officer, "hoang van duc").answer("Thôn, xóm, bản, khối", "Khối 2").answer("Địa chỉ", "số 2").saved()
    put(served, {**household, "village": "Khối 7", "address": "số 7"}, revision=1)
    to_review(officer)
    officer.tap("Gửi")
    expect(officer.page.locator("[data-state=conflict]")).to_be_visible()
    officer.tap("Hoàng Văn Đức").on("Có hai bản của hộ này")
    officer.page.get_by_role("group", name="Địa chỉ").get_by_text("số 7").click()
    officer.tap("Gửi bản đã chọn").sent()
    [stored] = households.find()
    assert (stored["revision"], stored["village"], stored["address"]) == (3, "Khối 2", "số 7")


def test_a_refusal_stands_at_the_item_that_it_is_about(officer: Officer, served: ServedForm, households: Any) -> None:
    number = a_personal_number("female", 1978)
    put(served, a_household(head=a_head(sex="female", national_id=number)))
    fill_in(officer, number=number)
    to_review(officer)
    officer.tap("Gửi")
    expect(officer.page.locator("[data-state=rejected]")).to_be_visible()
    officer.tap("Nguyễn Thị Hoà").on("Xem lại và gửi")
    officer.page.get_by_role("alert").get_by_role("link", name="Số định danh cá nhân").click()
    officer.on("Chủ hộ")
    expect(officer.page.locator(".field.wrong").get_by_label("Số định danh cá nhân")).to_be_focused()
    officer.answer("Số định danh cá nhân", a_personal_number("female", 1978))
    expect(officer.page.locator(".field.wrong")).to_have_count(0)
    to_review(officer)
    officer.tap("Gửi").sent()
    assert households.count_documents({}) == 2


def test_a_commune_taken_along_is_searched_revisited_and_warned_of_without_signal(
    officer: Officer, served: ServedForm, households: Any
) -> None:
    for name in ("Phan Thị Mận", "Đặng Văn Lộc"):
        sex = "female" if "Thị" in name else "male"
        put(served, a_household(head=a_head(full_name=name, sex=sex), members=[a_member()], commune=THANH_VINH))
    take_along(officer)
    officer.lose_signal(served)
    fill_in(officer, name="Phan Thị Mận")
    expect(officer.page.get_by_text("Có thể hộ này đã được đăng ký")).to_be_visible()
    officer.tap("Danh sách")
    revisit(officer, "dang loc").answer("Thôn, xóm, bản, khối", "Khối 5")
    to_review(officer)
    officer.tap("Gửi").on("Danh sách của tôi")
    served.weather.mood = "fair"
    officer.send_now().sent()
    stored = households.find_one({"head.full_name": "Đặng Văn Lộc"})
    assert (stored["revision"], stored["village"]) == (2, "Khối 5")


def test_a_leader_returns_and_the_officer_sees_why(
    a_phone: Callable[..., Phone], officer: Officer, served: ServedForm, households: Any
) -> None:
    head, parcel = a_head(full_name="Phan Thị Mận", sex="female"), a_parcel(map_sheet="12", parcel_number="345")
    put(served, a_household(head=head, commune=THANH_VINH, paper_reference="TV-0012", parcels=[parcel]))
    leader = Officer(a_phone()).arrive("leader")
    leader.tap("Hộ chờ xác minh").on("Hộ chờ xác minh")
    card = leader.page.get_by_role("listitem").filter(has_text="Phiếu giấy số TV-0012")
    expect(card.get_by_role("img", name="12/345")).to_be_visible()
    leader.tap("Trả lại")
    leader.page.get_by_label("Lý do trả lại").fill("Thiếu thửa đất ở Đồng Cát")
    leader.page.get_by_role("button", name="Trả lại").click()
    expect(leader.page.get_by_text("Không còn hộ nào chờ xác minh")).to_be_visible()
    officer.reload().unlock()
    expect(officer.page.get_by_text("Lý do: Thiếu thửa đất ở Đồng Cát")).to_be_visible()
    officer.tap("Phan Thị Mận").on("Hộ").answer("Thôn, xóm, bản, khối", "Khối 5")
    to_review(officer)
    officer.tap("Gửi").sent()
    leader.reload().unlock().tap("Xác minh")
    expect(leader.page.get_by_text("Không còn hộ nào chờ xác minh")).to_be_visible()
    assert households.find_one()["status"] == "verified"
