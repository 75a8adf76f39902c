"""A lost phone reveals nothing: sealed under the PIN, wiped after ten wrong ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.form.filling import fill_in, to_review
from tests.form.officer import Officer, Phone
from tests.form.serving import ServedForm


def written_on(folder: Path, words: str) -> list[str]:
    """Files under the browser's profile that hold the words, as Chromium writes text: one byte or two a letter."""
    ways = (words.encode("utf-8"), words.encode("utf-16-le"), words.encode("latin-1", "ignore"))
    files = [path for path in folder.rglob("*") if path.is_file() and "Cache" not in str(path)]
    return [path.name for path in files if any(way in path.read_bytes() for way in ways)]


def test_nothing_that_was_typed_can_be_read_on_the_disk(officer: Officer, tmp_path: Path) -> None:
    fill_in(officer, name="Quach Hiem Thay")
    officer.saved()
    officer.phone.off()
    profile = tmp_path / "phone0"
    assert written_on(profile, "so-nong-ho"), "the form's database is not where this test looks"
    assert written_on(profile, "Quach Hiem Thay") == []
    officer.phone.start()


def test_ten_wrong_pins_erase_what_the_phone_holds(officer: Officer, served: ServedForm) -> None:
    officer.lose_signal(served)
    fill_in(officer)
    to_review(officer)
    officer.tap("Gửi").on("Danh sách của tôi")
    officer.reload()
    for left in range(9, 0, -1):
        officer.unlock("999998")
        expect(officer.page.get_by_text(f"Còn {left} lần thử")).to_be_visible()
    officer.unlock("999998")
    expect(officer.page.get_by_text("dữ liệu trên máy này đã bị xóa")).to_be_visible()
    served.weather.mood = "fair"
    officer.arrive()
    expect(officer.page.get_by_text("Chưa có hộ nào trên máy này")).to_be_visible()


def test_the_right_pin_forgives_the_wrong_ones(officer: Officer) -> None:
    officer.reload().unlock("999998")
    expect(officer.page.get_by_text("Còn 9 lần thử")).to_be_visible()
    officer.unlock()
    expect(officer.page.get_by_role("button", name="Đăng ký hộ mới")).to_be_visible()
    officer.reload().unlock("999998")
    expect(officer.page.get_by_text(re.compile("Còn 9 lần thử"))).to_be_visible()


def test_a_pin_is_hashed_as_often_as_owasp_wants(a_phone: Callable[..., Phone]) -> None:
    officer = Officer(a_phone(cheap_pin=False)).arrive()
    officer.reload().unlock()
    expect(officer.page.get_by_role("button", name="Đăng ký hộ mới")).to_be_visible()
    assert officer.page.evaluate("window.stretched") == [600_000]


def test_a_pin_that_anybody_guesses_is_refused(a_phone: Callable[..., Phone]) -> None:
    officer = Officer(a_phone())
    officer.page.goto(officer.phone.address)
    for pin in ("123456", "111111", "12345"):
        officer.page.get_by_label("Mã PIN", exact=True).fill(pin)
        officer.page.get_by_label("Nhập lại mã PIN").fill(pin)
        officer.page.get_by_role("button", name="Đặt mã PIN").click()
        expect(officer.page.get_by_role("alert")).to_be_visible()
