"""Registering a household by phone, from the first screen to the register."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.form.filling import fill_in, to_review
from tests.form.officer import Officer, Phone
from tests.form.serving import ServedForm

LIST_OF_DAY = """day => new Promise(done => {
  const opening = indexedDB.open('so-nong-ho');
  opening.onsuccess = () => {
    const store = opening.result.transaction('public', 'readwrite').objectStore('public');
    store.get('units').onsuccess = ({ target: { result } }) => {
      store.put({ ...result, value: { ...result.value, on: day } }).onsuccess = () => done(opening.result.close());
    };
  };
})"""
"""Lets the phone's list of communes be that of another day."""


def test_a_household_arrives_with_what_was_typed(officer: Officer, served: ServedForm, households: Any) -> None:
    officer.page.evaluate(LIST_OF_DAY, "2026-02-03")
    officer.reload().unlock()
    fill_in(officer)
    to_review(officer)
    officer.tap("Gửi").sent()
    [stored] = households.find()
    assert stored["head"]["full_name"] == "Nguyễn Thị Hoà"
    assert stored["head"]["birth_date"] == "1978-03-07"
    assert (stored["commune"], stored["commune_as_of"]) == ("16681", "2026-02-03")
    assert stored["village"] == "Khối 3"


def test_a_password_that_somebody_else_made_is_changed_first(a_phone: Callable[..., Phone], households: Any) -> None:
    officer = Officer(a_phone()).enter("newcomer")
    expect(officer.page.get_by_text("Mật khẩu này do người khác đặt")).to_be_visible()
    officer.page.get_by_label("Mật khẩu mới").fill("ngắn")
    officer.tap("Đổi mật khẩu")
    expect(officer.page.get_by_role("alert").filter(has_text="ít nhất")).to_be_visible()
    officer.page.get_by_label("Mật khẩu mới").fill("Một câu dài dễ nhớ của tôi")
    officer.tap("Đổi mật khẩu")
    expect(officer.page.get_by_label("Mật khẩu mới")).to_be_hidden()
    fill_in(officer)
    to_review(officer)
    officer.tap("Gửi").sent()
    assert households.count_documents({}) == 1


def test_earlier_answers_are_offered_for_the_next_household(officer: Officer) -> None:
    fill_in(officer)
    to_review(officer)
    officer.tap("Gửi").sent()
    officer.begin().tap("Điền như hộ trước")
    expect(officer.page.get_by_label("Thôn, xóm, bản, khối")).to_have_value("Khối 3")
    officer.next().on("Chủ hộ")
    expect(officer.page.get_by_label("Họ và tên")).to_have_value("")


def test_what_is_missing_leads_to_its_question(officer: Officer) -> None:
    officer.begin()
    officer.page.get_by_role("button", name="Còn thiếu").click()
    officer.page.get_by_role("link", name="Họ và tên").click()
    officer.on("Chủ hộ")
    expect(officer.page.get_by_label("Họ và tên")).to_be_focused()


def test_the_form_speaks_english_too(officer: Officer) -> None:
    officer.tap("Máy này").tap("English")
    expect(officer.page.get_by_role("heading", name="This phone")).to_be_visible()
    officer.tap("List").tap("+ Register a household")
    expect(officer.page.get_by_role("heading", level=1, name="Household")).to_be_visible()


def test_a_look_at_a_household_leaves_no_draft_behind(officer: Officer) -> None:
    officer.begin().next().on("Chủ hộ").tap("Danh sách")
    expect(officer.page.get_by_text("Chưa có hộ nào trên máy này")).to_be_visible()


def test_long_lists_are_searched_without_diacritics(officer: Officer) -> None:
    officer.begin().answer("Xã, phường", "truong vinh")
    expect(officer.page.get_by_role("button", name="Xã, phường Phường Trường Vinh")).to_be_visible()
    title = officer.page.get_by_role("heading", level=1)
    while (before := title.inner_text()) != "Sản phẩm bán ra":
        officer.next()
        expect(title).not_to_have_text(before)
    officer.page.get_by_role("button", name="+ Thêm").click()
    officer.answer("Ngành kinh tế (VSIC)", "trong lua")
    expect(officer.page.get_by_role("button", name="Ngành kinh tế (VSIC) Trồng lúa")).to_be_visible()


def test_a_second_parcel_is_begun_as_a_copy_of_the_first_without_its_number(officer: Officer) -> None:
    fill_in(officer)
    officer.next().next().on("Thửa đất").add("thửa đất")
    officer.answer("Số tờ bản đồ", "12").answer("Số thửa", "345").answer("Quyền sử dụng", "Thuê, mượn")
    officer.tap("Xong").on("Thửa đất").add("thửa đất").tap("Chép từ thửa đất liền trước")
    expect(officer.page.get_by_label("Số tờ bản đồ", exact=True)).to_have_value("12")
    expect(officer.page.get_by_label("Số thửa", exact=True)).to_have_value("")
    expect(officer.page.get_by_label("Thuê, mượn")).to_be_checked()


def test_what_is_missing_for_the_next_stage_is_in_view_on_every_screen(officer: Officer) -> None:
    officer.begin()
    title = officer.page.get_by_role("heading", level=1)
    while (before := title.inner_text()) != "Xem lại và gửi":
        expect(officer.page.get_by_role("button", name="Còn thiếu 4 mục để đăng ký")).to_be_in_viewport()
        officer.next()
        expect(title).not_to_have_text(before)
    expect(officer.page.get_by_text("Còn thiếu 4 mục")).to_be_visible()


def test_a_wrong_answer_is_reported_at_the_top_with_a_link_and_does_not_block(officer: Officer) -> None:
    fill_in(officer)
    officer.answer("Ngày sinh", "31/2/1978").next()
    summary = officer.page.get_by_role("alert").filter(has_text="chỗ cần sửa trên màn hình này")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Ngày sinh").click()
    expect(officer.page.get_by_role("group", name="Ngày sinh")).to_be_focused()
    officer.next()
    expect(summary).to_be_focused()
    officer.next().on("Nhân khẩu")
