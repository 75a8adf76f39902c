"""The map without signal: the commune's border, neighbours, and what the phone can say of a boundary by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from service.settings import Settings
from tests.builders import THANH_VINH, a_household, a_parcel, a_square
from tests.form.filling import put, take_along, to_review
from tests.form.officer import Officer
from tests.form.on_the_map import (
    FIELD,
    FIELD_OF_OTHERS,
    area_line,
    forget_borders,
    load_borders,
    notices,
    polygon,
    square_metres,
    to_the_map,
    type_sheet,
)
from tests.form.serving import ServedForm


@pytest.fixture
def borders(register_settings: Settings) -> Iterator[None]:
    """Borders of Thành Vinh and Trường Vinh in the register."""
    load_borders(register_settings)
    yield
    forget_borders(register_settings)


def the_registers_word(officer: Officer, corners: Any) -> dict[str, Any]:
    """What POST /v1/parcels/check finds, called by the phone."""
    body = json.dumps({"geometry": polygon(corners), "commune": THANH_VINH})
    script = """async (body) => (await fetch('/v1/parcels/check', {method: 'POST', body, headers: {
        'Content-Type': 'application/json', 'X-Requested-With': 'so-nong-ho-form'}})).json()"""
    response: dict[str, Any] = officer.page.evaluate(script, body)
    return response


def test_the_map_opens_on_the_commune_that_was_taken_along(borders: None, officer: Officer, served: ServedForm) -> None:
    officer.phone.context.set_geolocation({"longitude": 104.9, "latitude": 19.3, "accuracy": 5})
    take_along(officer)
    officer.lose_signal(served)
    to_the_map(officer)
    line = officer.page.locator("path.border").last
    expect(line).to_be_visible()
    expect(officer.page.get_by_text("Đường xám nét đứt là địa giới")).to_be_hidden()

    def fits() -> None:
        box, screen = line.bounding_box(), officer.page.locator(".leaflet-container").bounding_box()
        assert box is not None
        assert screen is not None
        assert screen["x"] <= box["x"]
        assert box["x"] + box["width"] <= screen["x"] + screen["width"] + 1
        assert box["width"] > screen["width"] / 3

    officer.until(fits)  # the map may still be on its way there


def test_a_border_that_was_seen_once_with_signal_stays_on_the_phone(
    borders: None, officer: Officer, served: ServedForm
) -> None:
    line = to_the_map(officer).page.locator("path.border").last
    expect(line).to_be_visible()
    officer.tap("Bỏ, quay lại")
    expect(line).to_be_hidden()
    officer.lose_signal(served)
    officer.tap("Đo hoặc vẽ ranh giới")
    expect(line).to_be_visible()


def test_a_parcel_outside_the_commune_is_reported_as_the_register_does(
    borders: None, officer: Officer, served: ServedForm, households: Any
) -> None:
    take_along(officer)
    officer.lose_signal(served)
    type_sheet(to_the_map(officer), FIELD_OF_OTHERS)
    warning = notices(officer).filter(has_text="Thửa nằm ngoài phường Thành Vinh")
    expect(warning).to_be_visible()
    expect(officer.page.get_by_text("Đường xám nét đứt là địa giới phường Thành Vinh")).to_be_visible()
    words = warning.inner_text()
    metres = int(re.search(r"cách phường Thành Vinh ([\d.]+) m", words)[1].replace(".", ""))  # type: ignore[index]
    served.weather.mood = "fair"
    [finding] = the_registers_word(officer, FIELD_OF_OTHERS)["findings"]
    assert finding["code"] == "parcel.outside-commune"
    assert metres == pytest.approx(finding["details"]["distance_m"], abs=10)
    assert words.split("Kiểm tra")[1].split(", đánh dấu")[0] in finding["message"]
    # It keeps nobody from going on.
    officer.tap("Giữ ranh giới này").tap("Xong")
    to_review(officer)
    officer.tap("Gửi").send_now().sent()
    assert [each["code"] for each in households.find_one()["findings"]] == ["parcel.outside-commune"]


def test_a_field_confirmed_to_lie_elsewhere_is_not_reported_again(
    borders: None, officer: Officer, served: ServedForm
) -> None:
    take_along(officer)
    officer.lose_signal(served)
    type_sheet(to_the_map(officer), FIELD_OF_OTHERS)
    expect(notices(officer).filter(has_text="Thửa nằm ngoài")).to_be_visible()
    officer.tap("Giữ ranh giới này").answer("Đã xác nhận thửa nằm ngoài xã", "Có").tap("Đã có ranh giới")
    expect(area_line(officer)).to_be_visible()
    expect(notices(officer)).to_have_count(0)


def test_a_field_inside_is_not_spoken_of(borders: None, officer: Officer, served: ServedForm) -> None:
    take_along(officer)
    officer.lose_signal(served)
    type_sheet(to_the_map(officer), FIELD)
    expect(officer.page.get_by_text("Chưa hỏi được sổ")).to_be_visible()
    expect(notices(officer)).to_have_count(0)


def test_a_home_outside_the_commune_is_reported(borders: None, officer: Officer, served: ServedForm) -> None:
    officer.phone.context.set_geolocation({"longitude": 105.7, "latitude": 18.676, "accuracy": 5})
    take_along(officer)
    officer.lose_signal(served)
    officer.begin().answer("Xã, phường", "thanh vinh")
    officer.page.locator("details:not([open]) > summary").first.click()
    officer.page.get_by_role("link", name="Lấy vị trí").click()
    expect(notices(officer).filter(has_text="Nhà nằm ngoài phường Thành Vinh")).to_be_visible()
    expect(officer.page.get_by_role("button", name="Giữ vị trí này")).to_be_enabled()


def test_an_overlap_with_a_neighbour_taken_along_is_measured(officer: Officer, served: ServedForm) -> None:
    other = a_parcel(geometry=a_square(105.6643, 18.6760, 0.0004), map_sheet="7", parcel_number="21")
    put(served, a_household(commune=THANH_VINH, parcels=[other]))
    take_along(officer)
    officer.lose_signal(served)
    type_sheet(to_the_map(officer), FIELD)
    warning = notices(officer).filter(has_text="Chồng lên thửa bên cạnh")
    expect(warning).to_be_visible()
    common = square_metres([(105.6643, 18.676), (105.6645, 18.676), (105.6645, 18.6764), (105.6643, 18.6764)])
    metres = int(re.search(r"khoảng ([\d.]+) m²", warning.inner_text())[1].replace(".", ""))  # type: ignore[index]
    assert metres == pytest.approx(common, abs=2)
    expect(officer.page.locator(".parcel-name")).to_have_text("7/21")
    served.weather.mood = "fair"
    [finding] = [each for each in the_registers_word(officer, FIELD)["findings"] if each["code"] == "parcel.overlap"]
    assert metres == pytest.approx(finding["details"]["area_m2"], abs=2)
    officer.tap("Giữ ranh giới này").saved()


def test_boundaries_that_were_measured_twice_are_no_overlap(officer: Officer, served: ServedForm) -> None:
    put(served, a_household(commune=THANH_VINH, parcels=[a_parcel(geometry=a_square(105.66449, 18.6760, 0.0004))]))
    take_along(officer)
    officer.lose_signal(served)
    type_sheet(to_the_map(officer), FIELD)
    expect(officer.page.get_by_text("Có 1 thửa xung quanh")).to_be_visible()
    expect(notices(officer)).to_have_count(0)


def test_a_boundary_that_crosses_itself_cannot_be_stored(officer: Officer, served: ServedForm) -> None:
    officer.lose_signal(served)
    to_the_map(officer).tap("Chấm góc")
    for x, y in ((120, 150), (240, 150), (120, 300), (240, 300)):
        officer.page.locator(".leaflet-container").click(position={"x": x, "y": y - 60})
    officer.tap("Khép kín")
    expect(notices(officer).filter(has_text="Ranh giới tự cắt nhau")).to_be_visible()
    expect(officer.page.get_by_role("button", name="Giữ ranh giới này")).to_be_disabled()
    officer.tap("Vẽ lại").tap("Chấm góc")
    for x, y in ((120, 150), (240, 150), (240, 300), (120, 300)):
        officer.page.locator(".leaflet-container").click(position={"x": x, "y": y - 60})
    officer.tap("Khép kín")
    expect(notices(officer)).to_have_count(0)
    officer.tap("Giữ ranh giới này").saved()
