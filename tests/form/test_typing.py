"""Typing and leaving: a reload, a dead battery or the back key takes at most the last moment, at any pace."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.form.officer import Officer, Phone

SENTENCE = "Khối Trung Hoà, ngõ 12, sau nhà văn hoá, cạnh kênh"
LABEL = "Thôn, xóm, bản, khối"
LOST_AT_MOST = 300
"""Milliseconds of typing that leaving may cost."""
ATTEMPTS = 3

WATCH = """() => {
  const typed = [];
  addEventListener('input', () => typed.push(Date.now()));
  addEventListener('pagehide', () => sessionStorage.setItem('typing', JSON.stringify({typed, left: Date.now()})));
}"""


def type_steadily(officer: Officer, pace: int) -> list[float]:
    """Type the sentence, a key every ``pace`` milliseconds without a pause. Returns when each key was pressed."""
    officer.page.get_by_label(LABEL).focus()
    pressed = []
    for key in SENTENCE:
        officer.page.keyboard.press(key) if key.isascii() else officer.page.keyboard.insert_text(key)
        pressed.append(time.monotonic() * 1000)
        officer.page.wait_for_timeout(pace)
    return pressed


def stored_text(officer: Officer) -> str:
    """What the form shows after it was opened again."""
    officer.on("Hộ")
    return officer.page.get_by_label(LABEL).input_value()


def lost(stored: str, pressed: list[float], left: float) -> float:
    """How many milliseconds of typing were not stored."""
    assert SENTENCE.startswith(stored)
    return max((left - each for each in pressed[len(stored) :]), default=0)


def takes_at_most_the_last_moment(officer: Officer, leave: Callable[[Officer], tuple[Officer, float]]) -> None:
    """Type and leave, and repeat if more was lost: a busy machine may store too late."""
    costs = []
    for _ in range(ATTEMPTS):
        officer, cost = leave(officer)
        costs.append(cost)
        if cost <= LOST_AT_MOST:
            return
        officer.page.get_by_label(LABEL).fill("")
        officer.saved()
    raise AssertionError(f"leaving cost {costs} milliseconds of typing")


@pytest.mark.parametrize("pace", [40, 120, 280])
def test_a_reload_while_typing_takes_at_most_the_last_moment(officer: Officer, pace: int) -> None:
    officer.begin()

    def leave(officer: Officer) -> tuple[Officer, float]:
        officer.page.evaluate(WATCH)
        type_steadily(officer, pace)
        officer.page.wait_for_timeout(max(0, 100 - pace))
        officer.reload().unlock()
        stored = stored_text(officer)
        seen = json.loads(officer.page.evaluate("sessionStorage.getItem('typing')"))
        assert len(seen["typed"]) == len(SENTENCE)
        return officer, lost(stored, seen["typed"], seen["left"])

    takes_at_most_the_last_moment(officer, leave)


def test_a_dead_battery_while_typing_takes_at_most_the_last_moment(a_phone: Callable[..., Phone]) -> None:
    phone = a_phone()
    officer = Officer(phone).arrive()
    officer.begin()

    def leave(officer: Officer) -> tuple[Officer, float]:
        pressed = type_steadily(officer, 120)
        killed = time.monotonic() * 1000
        phone.kill()
        phone.start()
        back = Officer(phone).come_back()
        back.page.locator("[data-state=draft]").get_by_role("button").first.click()
        return back, lost(stored_text(back), pressed, killed)

    takes_at_most_the_last_moment(officer, leave)


def test_going_back_while_typing_loses_nothing(officer: Officer) -> None:
    officer.begin()
    type_steadily(officer, 40)
    officer.page.go_back()
    officer.on("Danh sách của tôi")
    officer.page.go_forward()
    officer.on("Hộ")
    expect(officer.page.get_by_label(LABEL)).to_have_value(SENTENCE)
