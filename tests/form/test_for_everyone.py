"""For everyone: axe-core finds nothing serious on any screen, a keyboard is enough, motion can be off."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.builders import THANH_VINH, a_head, a_household, a_member, a_parcel, a_personal_number
from tests.form.filling import fill_in, put, revisit, take_along, to_review
from tests.form.keyboard import Keyboard
from tests.form.looking import Looker
from tests.form.officer import PASSWORD, PIN, Officer, Phone
from tests.form.serving import ServedForm

FIELD = ((105.6640, 18.6760), (105.6645, 18.6760), (105.6645, 18.6764))


@pytest.fixture
def looker(axe: Path) -> Looker:
    """Looks at screens."""
    return Looker(axe)


def test_the_first_screens_are_for_everyone(a_phone: Callable[..., Phone], looker: Looker) -> None:
    officer = Officer(a_phone())
    officer.page.goto(officer.phone.address)
    expect(officer.page.get_by_label("Mã PIN", exact=True)).to_be_visible()
    looker.look(officer.page, "choosing the PIN")
    officer.page.get_by_label("Mã PIN", exact=True).fill("123456")
    officer.page.get_by_label("Nhập lại mã PIN").fill("123456")
    officer.tap("Đặt mã PIN")
    expect(officer.page.get_by_role("alert")).to_be_visible()
    looker.look(officer.page, "a PIN that is refused")
    officer.arrive()
    looker.look(officer.page, "the empty list")
    officer.page.context.clear_cookies()
    officer.reload()
    expect(officer.page.get_by_label("Mã PIN", exact=True)).to_be_focused()
    looker.look(officer.page, "the door")
    officer.unlock()
    looker.look(officer.page, "the list that asks for a sign-in")
    officer.tap("Đăng nhập")
    expect(officer.page.get_by_label("Tên đăng nhập")).to_be_focused()
    looker.look(officer.page, "signing in")
    assert not looker.found, "\n".join(looker.found)


def test_every_question_group_is_for_everyone(officer: Officer, looker: Looker) -> None:
    page = officer.page
    officer.begin()
    page.get_by_role("button", name="Xã, phường Chọn…").click()
    expect(page.get_by_role("searchbox")).to_be_focused()
    looker.look(page, "choosing a commune")
    page.keyboard.press("Escape")
    while page.get_by_role("button", name="Tiếp tục").is_visible():
        title = heading(page)
        open_more(page)
        looker.look(page, title)
        if page.get_by_text("Chỉ mở những phần hộ có").is_visible():
            look_at_groups(officer, looker)
        elif page.get_by_role("button", name="+ Thêm").count():
            look_at_card(officer, looker)
        page.get_by_role("button", name="Tiếp tục").click()
        expect(page.get_by_role("heading", level=1)).not_to_have_text(title)
    page.get_by_role("button", name="Gửi", exact=True).click()
    expect(page.get_by_role("alert").first).to_be_visible()
    looker.look(page, "a review that lacks something")
    page.go_back()
    page.get_by_role("button", name="Còn thiếu").click()
    looker.look(page, "what is missing")
    assert len(looker.seen) > 20, looker.seen
    assert not looker.found, "\n".join(looker.found)


def look_at_groups(officer: Officer, looker: Looker) -> None:
    """Every group of a step that has many, and a card of each list among them."""
    title = heading(officer.page)
    for name in officer.page.locator("main li a > span:first-child").all_inner_texts():
        officer.page.get_by_role("link", name=name).first.click()
        officer.on(name)
        open_more(officer.page)
        looker.look(officer.page, name)
        if officer.page.get_by_role("button", name="+ Thêm").count():
            look_at_card(officer, looker)
        officer.tap("Xong").on(title)


def look_at_card(officer: Officer, looker: Looker) -> None:
    """A new card of the list on this screen; taken away again."""
    title = heading(officer.page)
    officer.page.get_by_role("button", name="+ Thêm").first.click()
    remove = officer.page.get_by_role("button", name=re.compile(r"^Bỏ .+ này$"))
    expect(remove).to_be_visible()
    open_more(officer.page)
    looker.look(officer.page, f"a card of {title}")
    remove.click()
    officer.on(title)


def open_more(page: Page) -> None:
    """Open what stands under "more"."""
    for more in page.locator("details:not([open]) > summary").all():
        more.click()


def heading(page: Page) -> str:
    """The heading of the screen that is shown."""
    return page.get_by_role("heading", level=1).inner_text()


def test_what_is_wrong_or_came_back_is_for_everyone(
    a_phone: Callable[..., Phone], officer: Officer, served: ServedForm, looker: Looker
) -> None:
    page = officer.page
    number = a_personal_number("female", 1978)
    put(served, a_household(head=a_head(full_name="Trần Thị Lý", sex="female", national_id=number), commune=THANH_VINH))
    first = a_household(head=a_head(full_name="Hoàng Văn Đức"), members=[a_member()], commune=THANH_VINH, village="K1")
    put(served, first)
    take_along(officer)
    officer.tap("Máy này").on("Máy này")
    looker.look(page, "this phone, with a commune taken along")
    officer.tap("Danh sách").tap("Xem 2 hộ của xã").on("Hộ của xã")
    looker.look(page, "the commune's households")
    officer.tap("Danh sách")
    fill_in(officer, name="Trần Thị Lý", number=number)
    expect(page.get_by_text("Có thể hộ này đã được đăng ký")).to_be_visible()
    officer.answer("Ngày sinh", "31/2/1978").next()
    expect(page.get_by_role("alert").filter(has_text="chỗ cần sửa trên màn hình này")).to_be_focused()
    looker.look(page, "a screen with wrong values")
    officer.answer("Ngày sinh", "7/3/1978")
    to_review(officer)
    looker.look(page, "the review")
    officer.tap("Gửi")
    expect(page.locator("[data-state=rejected]")).to_be_visible()
    revisit(officer, "hoang duc").answer("Thôn, xóm, bản, khối", "K2").saved()
    put(served, {**first, "village": "K7"}, revision=1)
    to_review(officer)
    officer.tap("Gửi")
    expect(page.locator("[data-state=conflict]")).to_be_visible()
    looker.look(page, "the list with a conflict and a refusal")
    officer.tap("Hoàng Văn Đức").on("Có hai bản của hộ này")
    looker.look(page, "two versions")
    officer.tap("Danh sách").tap("Trần Thị Lý").on("Xem lại và gửi")
    looker.look(page, "a refused household")
    assert not looker.found, "\n".join(looker.found)


def test_the_leaders_and_supervisors_screens_are_for_everyone(
    a_phone: Callable[..., Phone], served: ServedForm, looker: Looker
) -> None:
    put(served, a_household(commune=THANH_VINH, parcels=[a_parcel()], paper_reference="TV-0012"))
    leader = Officer(a_phone()).arrive("leader")
    looker.look(leader.page, "the leader's list")
    leader.tap("Hộ chờ xác minh").on("Hộ chờ xác minh")
    expect(leader.page.get_by_text("TV-0012")).to_be_visible()
    looker.look(leader.page, "households to verify")
    leader.tap("Trả lại")
    expect(leader.page.get_by_label("Lý do trả lại")).to_be_focused()
    looker.look(leader.page, "returning a household")
    leader.page.goto(leader.phone.address + "/dashboard")
    expect(leader.page.get_by_role("row", name="Thành Vinh")).to_be_visible()
    looker.look(leader.page, "the dashboard")
    assert not looker.found, "\n".join(looker.found)


def test_the_map_is_for_everyone(officer: Officer, looker: Looker) -> None:
    fill_in(officer)
    officer.next().next().on("Thửa đất").add("thửa đất").tap("Đo hoặc vẽ ranh giới")
    expect(officer.page.get_by_text("Chọn một cách lấy ranh giới")).to_be_visible()
    looker.look(officer.page, "the map")
    officer.start_walking(*FIELD)
    looker.look(officer.page, "walking")
    officer.tap("Khép kín")
    expect(officer.page.get_by_role("button", name="Giữ ranh giới này")).to_be_visible()
    looker.look(officer.page, "a boundary")
    assert not looker.found, "\n".join(looker.found)


def test_a_household_is_registered_with_the_keyboard_only(
    a_phone: Callable[..., Phone], served: ServedForm, households: Any
) -> None:
    phone = a_phone()
    page = phone.page()
    page.goto(phone.address)
    keys = Keyboard(page)
    keys.to("Mã PIN").type(PIN).to("Nhập lại mã PIN").type(PIN).press("Enter")
    keys.on("Danh sách của tôi").to("Đăng nhập").press("Enter").at("Tên đăng nhập").type("officer")
    keys.to("Mật khẩu").type(PASSWORD).press("Enter").on("Danh sách của tôi")
    keys.to("Đăng ký hộ mới").press("Enter").on("Hộ")
    keys.choose("Xã, phường", "thanh vinh").to("Thôn, xóm, bản, khối").type("Khối 3")
    keys.to("Tiếp tục").press("Enter").on("Chủ hộ")
    keys.to("Họ và tên").type("Nguyễn Thị Hoà").to("Nam").press("ArrowDown")
    keys.to("Ngày").type("7").to("Tháng").type("3").to("Năm").type("1978")
    keys.to("Số định danh cá nhân").type(a_personal_number("female", 1978)).choose("Dân tộc", "kinh")
    for title in ("Nhân khẩu", "Thửa đất", "Sản xuất"):
        keys.to("Tiếp tục").press("Enter").on(title)
    while page.get_by_role("button", name="Tiếp tục").is_visible():
        before = heading(page)
        keys.to("Tiếp tục").press("Enter")
        expect(page.get_by_role("heading", level=1)).not_to_have_text(before)
    keys.on("Xem lại và gửi").to("Gửi").press("Enter").on("Danh sách của tôi")
    expect(page.locator("[data-state=sent]")).to_have_count(1)
    [stored] = households.find()
    assert (stored["head"]["full_name"], stored["head"]["sex"]) == ("Nguyễn Thị Hoà", "female")
    assert (stored["head"]["birth_date"], stored["village"]) == ("1978-03-07", "Khối 3")


def test_nothing_moves_for_people_who_want_no_motion(officer: Officer) -> None:
    officer.begin()
    for reduced in ("reduce", "no-preference"):
        officer.page.emulate_media(reduced_motion=reduced)
        moving = officer.page.evaluate(
            "[...document.querySelectorAll('*')].map(each => getComputedStyle(each))"
            ".filter(({transitionDuration, animationName}) => transitionDuration !== '0s' || animationName !== 'none')"
            ".length"
        )
        assert (moving == 0) == (reduced == "reduce")
