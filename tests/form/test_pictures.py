"""Every screen as a picture at 360×640, for people to look at; with PICTURES_FOLDER the guide's pictures are taken anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import a_personal_number
from tests.form.filling import fill_in, to_review
from tests.form.officer import Officer, Phone


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the pictures go."""
    return Path(os.environ.get("PICTURES_FOLDER", tmp_path))


def picture(officer: Officer, path: Path) -> None:
    """Take the picture, and hold the screen to its width: nothing may be cut off at the side."""
    officer.page.wait_for_timeout(350)
    width = officer.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width[0] <= width[1], f"{path.name} is wider than the phone"
    officer.picture(path)


def test_the_way_of_a_registration(a_phone: Callable[..., Phone], folder: Path) -> None:
    officer = Officer(a_phone(device_scale_factor=1.5))
    officer.page.goto(officer.phone.address)
    picture(officer, folder / "01-pin.png")
    officer.arrive()
    picture(officer, folder / "02-list-empty.png")
    officer.begin()
    picture(officer, folder / "03-household.png")
    officer.tap("Xã, phường Chọn…")
    officer.page.get_by_role("searchbox").fill("vinh")
    picture(officer, folder / "04-choose-commune.png")
    officer.page.locator("button.option").first.click()
    officer.answer("Thôn, xóm, bản, khối", "Khối 3").next().on("Chủ hộ")
    officer.answer("Họ và tên", "Nguyễn Thị Hoà").answer("Giới tính", "Nữ").answer("Ngày sinh", "7/3/1978")
    officer.answer("Số định danh cá nhân", a_personal_number("male", 1978))
    officer.page.get_by_label("Họ và tên").focus()
    picture(officer, folder / "05-head.png")
    officer.page.get_by_text("Chữ số thứ tư").scroll_into_view_if_needed()
    picture(officer, folder / "06-head-error.png")
    officer.answer("Số định danh cá nhân", a_personal_number("female", 1978)).answer("Dân tộc", "kinh")
    officer.next().on("Nhân khẩu")
    picture(officer, folder / "07-people.png")
    officer.page.get_by_role("button", name="Thêm thành viên khác").click()
    officer.on("Thành viên khác").answer("Họ và tên", "Trần Văn Bình").answer("Giới tính", "Nam")
    picture(officer, folder / "08-member.png")
    officer.tap("Xong").on("Nhân khẩu").answer("Hộ nghèo, cận nghèo", "Không thuộc hộ nghèo, cận nghèo")
    picture(officer, folder / "09-people-done.png")
    officer.next().on("Thửa đất")
    officer.page.get_by_role("button", name="Thêm thửa đất").click()
    officer.answer("Số tờ bản đồ", "12").answer("Số thửa", "345").answer("Loại đất", "LUC")
    officer.answer("Diện tích theo giấy tờ hoặc khai báo", "1.250")
    picture(officer, folder / "10-parcel.png")
    officer.tap("Xong").on("Thửa đất")
    picture(officer, folder / "11-parcels.png")
    officer.next().on("Sản xuất")
    picture(officer, folder / "12-production.png")
    officer.page.get_by_role("button", name="Còn thiếu").click()
    picture(officer, folder / "13-missing.png")
    officer.page.get_by_role("button", name="Còn thiếu").click()
    to_review(officer)
    picture(officer, folder / "14-review.png")
    officer.page.evaluate("scrollTo(0, 400)")
    picture(officer, folder / "15-review-below.png")
    officer.page.goto(officer.phone.address + "/#/")
    officer.page.wait_for_timeout(200)
    picture(officer, folder / "16-list-draft.png")
    officer.page.goto(officer.phone.address + "/#/settings")
    officer.on("Máy này")
    picture(officer, folder / "17-settings.png")


def test_the_dark(a_phone: Callable[..., Phone], folder: Path) -> None:
    officer = Officer(a_phone(device_scale_factor=1.5, color_scheme="dark")).arrive()
    fill_in(officer)
    picture(officer, folder / "20-dark-head.png")
    to_review(officer)
    officer.tap("Gửi").sent()
    picture(officer, folder / "21-dark-list.png")


def test_the_supervisors_page(a_phone: Callable[..., Phone], folder: Path) -> None:
    officer = Officer(a_phone(device_scale_factor=1.5))
    officer.page.goto(officer.phone.address + "/dashboard")
    officer.on("Tiến độ")
    picture(officer, folder / "30-dashboard.png")
