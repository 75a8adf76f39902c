"""A phone whose clock is wrong: it shows by how much, and records the register's time, without signal too."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.form.filling import fill_in, to_review
from tests.form.officer import Officer, Phone
from tests.form.serving import ServedForm

AN_HOUR = datetime.timedelta(hours=1)


def now() -> datetime.datetime:
    """What time it really is."""
    return datetime.datetime.now(tz=datetime.UTC)


def off_by(moment: str) -> datetime.timedelta:
    """How far a recorded time is from now."""
    return abs(datetime.datetime.fromisoformat(moment) - now())


@pytest.mark.parametrize(("days", "words"), [(-400, "chậm 400 ngày"), (3, "nhanh 3 ngày")])
def test_the_phone_shows_how_far_its_clock_is_off_and_consents_have_the_right_time(
    a_phone: Callable[..., Phone], households: Any, days: int, words: str
) -> None:
    officer = Officer(a_phone(viewport={"width": 360, "height": 740}))
    officer.page.clock.set_system_time(now() + datetime.timedelta(days=days))
    officer.arrive()
    expect(officer.page.get_by_text(f"Đồng hồ của máy {words} so với sổ")).to_be_visible()
    officer.look(f"clock-{abs(days)}")
    fill_in(officer)
    officer.page.evaluate("location.hash = location.hash.split('/').slice(0, 3).join('/') + '/consents'")
    officer.add("sự đồng ý").answer("Mục đích", "sàn thương mại").answer("Hình thức chứng minh", "Ghi âm")
    officer.tap("Ghi thời điểm này").tap("Xong")
    to_review(officer)
    officer.tap("Gửi").sent()
    [stored] = households.find()
    assert off_by(stored["captured_at"]) < AN_HOUR
    assert off_by(stored["consents"][0]["granted_at"]) < AN_HOUR


def test_a_clock_known_to_be_wrong_is_corrected_without_signal_after_a_reload(
    a_phone: Callable[..., Phone], served: ServedForm, households: Any
) -> None:
    officer = Officer(a_phone())
    officer.page.clock.set_system_time(now() + datetime.timedelta(days=40))
    officer.arrive().lose_signal(served).reload().unlock().on("Danh sách của tôi")
    expect(officer.page.get_by_text("Đồng hồ của máy nhanh 40 ngày so với sổ")).to_be_visible()
    register(officer, served)
    assert off_by(households.find_one()["captured_at"]) < AN_HOUR


def test_a_clock_that_fell_back_without_signal_is_not_before_the_last_time_that_the_register_sent(
    officer: Officer, served: ServedForm, households: Any
) -> None:
    expect(officer.page.get_by_text("Đồng hồ của máy")).to_be_hidden()
    officer.lose_signal(served).page.clock.set_system_time(datetime.datetime(2015, 1, 1, tzinfo=datetime.UTC))
    officer.reload().unlock().on("Danh sách của tôi")
    expect(officer.page.get_by_text("Đồng hồ của máy chậm")).to_be_visible()
    register(officer, served)
    assert off_by(households.find_one()["captured_at"]) < AN_HOUR


def test_a_clock_that_is_right_is_shown_as_right_in_the_settings_alone(officer: Officer) -> None:
    expect(officer.page.get_by_text("Đồng hồ của máy")).to_be_hidden()
    officer.tap("Máy này").on("Máy này")
    expect(officer.page.get_by_text("Đồng hồ của máy đúng với sổ (lệch ")).to_be_visible()


def register(officer: Officer, served: ServedForm) -> None:
    """Register a household without signal, then walk to where there is some."""
    fill_in(officer)
    to_review(officer)
    officer.tap("Gửi").on("Danh sách của tôi")
    served.weather.mood = "fair"
    officer.send_now().sent()
