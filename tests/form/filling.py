"""Filling in the form as an officer does, up to the last screen."""

from __future__ import annotations

from tests.builders import a_personal_number
from tests.form.officer import Officer


def fill_in(officer: Officer, name: str = "Nguyễn Thị Hoà", number: str | None = None) -> None:
    """The least that registers, and a little more."""
    officer.begin()
    officer.answer("Xã, phường", "thanh vinh")
    officer.answer("Thôn, xóm, bản, khối", "Khối 3").next().on("Chủ hộ")
    officer.answer("Họ và tên", name).answer("Giới tính", "Nữ").answer("Ngày sinh", "7/3/1978")
    officer.answer("Số định danh cá nhân", number or a_personal_number("female", 1978))
    officer.answer("Dân tộc", "kinh")


def to_review(officer: Officer) -> None:
    """On to the last screen."""
    while officer.page.get_by_role("button", name="Tiếp tục").is_visible():
        officer.next()
        officer.page.wait_for_timeout(50)
    officer.on("Xem lại và gửi")
