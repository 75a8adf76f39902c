"""Walking a boundary: points by time and distance, pause, undo, a trace that outlives a reload and a dark screen."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest
from playwright.sync_api import expect

from tests.form.filling import to_review
from tests.form.officer import Officer
from tests.form.on_the_map import FIELD, sheet_of, shown_area, square_metres, to_the_map, type_sheet

Place = tuple[float, float]
LONG_ENOUGH = 2.6
"""Seconds after which a step would count, if it were one."""


def stand_at(officer: Officer, place: Place, accuracy: float = 4) -> Officer:
    """The phone reports this place for a while, longer than a step takes to count."""
    end = time.monotonic() + LONG_ENOUGH
    wobble = 0
    while time.monotonic() < end:
        wobble += 1
        longitude = place[0] + wobble * 1e-8
        where = {"longitude": longitude, "latitude": place[1], "accuracy": accuracy}
        officer.phone.context.set_geolocation(cast(Any, where))
        officer.page.wait_for_timeout(300)
    return officer


def test_points_are_taken_by_distance_and_only_from_good_positions(officer: Officer) -> None:
    to_the_map(officer).start_walking(FIELD[0])
    stand_at(officer, (FIELD[0][0] + 0.00001, FIELD[0][1]))  # a metre further
    expect(officer.page.get_by_text("Đang đi: 1 điểm")).to_be_visible()
    stand_at(officer, FIELD[1], accuracy=80)
    expect(officer.page.get_by_text("Tín hiệu yếu (sai số 80 m)")).to_be_visible()
    expect(officer.page.get_by_text("Đang đi: 1 điểm")).to_be_visible()
    officer.go_on_walking(2, FIELD[1])


def test_a_pause_takes_no_points_and_one_taken_back_does_not_come_back(officer: Officer) -> None:
    wrong = (FIELD[1][0] + 0.0002, FIELD[1][1])
    to_the_map(officer).start_walking(FIELD[0], wrong).tap("Bỏ điểm cuối")
    stand_at(officer, wrong)
    expect(officer.page.get_by_text("Đang đi: 1 điểm")).to_be_visible()
    officer.go_on_walking(2, FIELD[1]).tap("Tạm dừng")
    stand_at(officer, (105.6700, 18.6800))
    expect(officer.page.get_by_text("Tạm dừng ở 2 điểm")).to_be_visible()
    officer.tap("Đi tiếp").go_on_walking(3, *FIELD[2:]).tap("Khép kín")
    assert shown_area(officer) == pytest.approx(square_metres(FIELD), abs=2)


def test_the_trace_outlives_a_reload(officer: Officer, households: Any) -> None:
    to_the_map(officer).start_walking(*FIELD[:3])
    officer.reload().unlock()
    expect(officer.page.get_by_text("Đang đi: 3 điểm")).to_be_visible()
    officer.go_on_walking(4, FIELD[3]).tap("Khép kín").tap("Giữ ranh giới này").tap("Xong")
    to_review(officer)
    officer.tap("Gửi").sent()
    [parcel] = households.find_one()["parcels"]
    assert parcel["measured_area_m2"] == pytest.approx(square_metres(FIELD), rel=1e-3)
    assert parcel["boundary_method"] == "walked"
    assert 0 < parcel["boundary_accuracy_m"] <= 4


def test_a_part_walked_with_a_dark_screen_is_not_drawn_straight(officer: Officer) -> None:
    to_the_map(officer).start_walking(*FIELD[:2])
    now = officer.page.evaluate("Date.now()")
    officer.page.clock.set_fixed_time(now / 1000 + 5 * 60)
    stand_at(officer, FIELD[3])
    expect(officer.page.get_by_text("Tạm dừng ở 2 điểm")).to_be_visible()
    expect(officer.page.get_by_role("alert").filter(has_text="Máy không thấy vị trí trong 5 phút")).to_be_visible()
    officer.tap("Đi tiếp").go_on_walking(3, *FIELD[2:])
    expect(officer.page.get_by_text("Máy không thấy vị trí")).to_be_hidden()


def test_the_screen_stays_on_while_walking_and_its_lock_is_requested_again_on_return(officer: Officer) -> None:
    officer.page.evaluate(
        """() => {window.held = 0; navigator.wakeLock.request = async () => {
            window.held += 1; return {release: async () => {window.held -= 1;}};};}"""
    )
    to_the_map(officer).start_walking(FIELD[0])
    officer.page.wait_for_function("window.held === 1")
    # The browser itself lets go of the screen when the page is hidden.
    officer.page.evaluate("window.held = 0; document.dispatchEvent(new Event('visibilitychange'))")
    officer.page.wait_for_function("window.held === 1")
    officer.tap("Tạm dừng")
    officer.page.wait_for_function("window.held === 0")


def test_a_sheet_of_coordinates_is_read_and_wrong_lines_are_named(officer: Officer, households: Any) -> None:
    to_the_map(officer).tap("Nhập tọa độ")
    sheet = officer.page.locator("#sheet")
    lines = sheet_of(FIELD).splitlines()
    sheet.fill("\n".join([lines[0], "12 345", *lines[1:]]))
    expect(officer.page.get_by_text("Không đọc được dòng 2")).to_be_visible()
    expect(officer.page.get_by_role("button", name="Vẽ các góc này")).to_be_disabled()
    # East before north, thousands with points: as it stands on many a paper.
    swapped = [" ".join(reversed(line.split())).replace(".", ",") for line in lines]
    sheet.fill("\n".join(swapped))
    officer.tap("Vẽ các góc này")
    assert shown_area(officer) == pytest.approx(square_metres(FIELD), abs=2)
    officer.tap("Vẽ lại")
    type_sheet(officer, FIELD).tap("Giữ ranh giới này").tap("Xong")
    to_review(officer)
    officer.tap("Gửi").sent()
    [parcel] = households.find_one()["parcels"]
    assert parcel["boundary_method"] == "sheet"
    [ring] = parcel["geometry"]["coordinates"]
    assert {tuple(round(each, 6) for each in corner) for corner in ring} == {*FIELD}


def test_a_corner_is_taken_where_one_stands(officer: Officer) -> None:
    def go_to(place: Place) -> None:
        where = {"longitude": place[0], "latitude": place[1], "accuracy": 4}
        officer.phone.context.set_geolocation(cast(Any, where))

    go_to(FIELD[0])
    to_the_map(officer).tap("Chấm góc")
    for number, following in enumerate([*FIELD[1:], FIELD[0]], 1):
        # The button waits for a position that was measured since the last corner.
        officer.tap("Chấm chỗ tôi đứng")
        expect(officer.page.get_by_text(f"{number} góc")).to_be_visible()
        go_to(following)
    here = officer.page.get_by_role("button", name="Chấm chỗ tôi đứng")
    expect(here).to_be_enabled()
    officer.phone.context.set_geolocation(None)
    expect(officer.page.get_by_text("Máy không cho biết vị trí")).to_be_visible()
    expect(here).to_be_disabled()
    officer.tap("Khép kín")
    assert shown_area(officer) == pytest.approx(square_metres(FIELD), abs=2)
