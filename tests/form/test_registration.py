"""Registering a household by phone, from the first screen to the register."""

from __future__ import annotations

from typing import Any

from tests.form.filling import fill_in, to_review
from tests.form.officer import Officer
from tests.form.serving import ServedForm


def test_a_household_arrives_with_what_was_typed(officer: Officer, served: ServedForm, households: Any) -> None:
    fill_in(officer)
    to_review(officer)
    officer.tap("Gửi").sent()
    [stored] = households.find()
    assert stored["head"]["full_name"] == "Nguyễn Thị Hoà"
    assert stored["head"]["birth_date"] == "1978-03-07"
    assert stored["commune"] == "16681"
    assert stored["village"] == "Khối 3"
