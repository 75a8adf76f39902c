"""The form in Hà Tĩnh: its name, its map and the sheets of its own meridian come from the register."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pymongo
import pytest
from playwright.sync_api import expect

from service.parcels.reference_systems import SYSTEMS, from_wgs84
from service.settings import Settings, read_settings
from service.storage.migration import migrate
from tests.builders import a_personal_number
from tests.conftest import named
from tests.form.filling import to_review
from tests.form.officer import Officer

FIELD = ((105.9050, 18.3450), (105.9055, 18.3450), (105.9055, 18.3454), (105.9050, 18.3454))
"""53 by 44 metres in Thành Sen."""

ZONE = "Hệ tọa độ và kinh tuyến trục ghi trên phiếu đo"


@pytest.fixture
def form_settings(
    mongodb_uri: str, database_name: str, tmp_path_factory: pytest.TempPathFactory, form_folder: Path
) -> Settings:
    """A register of Hà Tĩnh."""
    folder = str(tmp_path_factory.mktemp("data"))
    uri = named(mongodb_uri, database_name)
    made = read_settings({"MONGODB_URI": uri, "DATA_FOLDER": folder, "PROVINCE": "42", "FORM_FOLDER": str(form_folder)})
    migrate(made, say=lambda _: None)
    return made


@pytest.fixture
def households(form_settings: Settings) -> Iterator[Any]:
    """What the register really holds."""
    with pymongo.MongoClient[dict[str, Any]](form_settings.mongodb_uri) as client:
        yield client.get_default_database()["households"]


def sheet_in(system: str) -> str:
    """The field's corners as a sheet of this system has them."""
    grid = from_wgs84(np.asarray(FIELD), SYSTEMS[system])
    return "\n".join(f"{north:.3f} {east:.3f}" for east, north in grid)


def tell_of_the_head(officer: Officer) -> Officer:
    officer.answer("Xã, phường", "thanh sen")
    officer.answer("Thôn, xóm, bản, khối", "Tổ dân phố 3").next().on("Chủ hộ")
    officer.answer("Họ và tên", "Nguyễn Thị Hoà").answer("Giới tính", "Nữ").answer("Ngày sinh", "7/3/1978")
    number = a_personal_number("female", 1978, place="042")
    return officer.answer("Số định danh cá nhân", number).answer("Dân tộc", "kinh")


def to_the_map(officer: Officer) -> Officer:
    tell_of_the_head(officer.begin()).next().next().on("Thửa đất").add("thửa đất")
    officer.answer("Diện tích theo giấy tờ hoặc khai báo", "2300").tap("Đo hoặc vẽ ranh giới")
    expect(officer.page.locator(".leaflet-container")).to_be_visible()
    return officer


def test_a_sheet_of_the_provinces_own_meridian_is_read_on_the_phone(officer: Officer, households: Any) -> None:
    expect(officer.page).to_have_title("Danh sách của tôi · Sổ Nông Hộ Hà Tĩnh")
    to_the_map(officer).tap("Nhập tọa độ")
    zone, sheet = officer.page.get_by_label(ZONE), officer.page.locator("#sheet")
    expect(zone.locator("option:checked")).to_have_text("VN-2000 / TM-3 105°30′")
    expect(sheet).to_have_attribute("placeholder", "2028878.620 542681.977")
    sheet.fill(sheet_in("EPSG:9209"))
    officer.tap("Vẽ các góc này").tap("Giữ ranh giới này").tap("Xong")
    to_review(officer)
    officer.tap("Gửi").sent()
    record = households.find_one()
    [ring] = record["parcels"][0]["geometry"]["coordinates"]
    assert {tuple(round(each, 6) for each in corner) for corner in ring} == {*FIELD}
    assert (record["commune"], record["agency"]) == ("18073", "000.00.00.H27")


def test_an_old_sheet_of_another_meridian_is_read_when_that_is_chosen(officer: Officer) -> None:
    to_the_map(officer).tap("Nhập tọa độ")
    officer.page.locator("#sheet").fill(sheet_in("EPSG:5897"))
    officer.tap("Vẽ các góc này")
    expect(officer.page.get_by_text("Hãy kiểm tra lại tọa độ hoặc kinh tuyến trục")).to_be_visible()
    officer.tap("Vẽ lại").tap("Nhập tọa độ")
    officer.page.get_by_label(ZONE).select_option("EPSG:5897")
    officer.page.locator("#sheet").fill(sheet_in("EPSG:5897"))
    officer.tap("Vẽ các góc này")
    expect(officer.page.get_by_text("Giữ ranh giới này")).to_be_visible()
    expect(officer.page.get_by_text("Hãy kiểm tra lại tọa độ hoặc kinh tuyến trục")).to_be_hidden()


def test_without_a_commune_and_a_gps_the_map_opens_at_the_provinces_centre(officer: Officer, households: Any) -> None:
    officer.phone.context.clear_permissions()
    more = officer.begin().page.get_by_text("Thông tin thêm")
    more.click()
    officer.tap("Lấy vị trí")
    canvas = officer.page.locator(".leaflet-container")
    expect(canvas).to_be_visible()
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    officer.tap("Giữ vị trí này")
    more.click()
    tell_of_the_head(officer)
    to_review(officer)
    officer.tap("Gửi").sent()
    assert households.find_one()["location"]["coordinates"] == pytest.approx([105.9057, 18.3428], abs=0.002)


def test_the_dashboard_and_the_icon_on_the_phone_are_the_provinces(officer: Officer) -> None:
    page = officer.page
    manifest = page.evaluate("fetch('/manifest.webmanifest').then((response) => response.json())")
    assert manifest["name"] == "Sổ Nông Hộ Hà Tĩnh"
    assert "<title>Sổ Nông Hộ Hà Tĩnh</title>" in page.evaluate("fetch('/').then((response) => response.text())")
    with page.expect_response(lambda response: "/v1/coverage/trend?unit=42&" in response.url):
        page.goto(officer.phone.address + "/dashboard")
    expect(page).to_have_title("Tiến độ đăng ký nông hộ · Sổ Nông Hộ Hà Tĩnh")


@pytest.mark.parametrize("commune", ["thanh sen", "ha huy tap"])
def test_a_former_commune_that_was_split_is_offered_in_each_of_its_parts(officer: Officer, commune: str) -> None:
    officer.begin().answer("Xã, phường", commune).page.get_by_text("Thông tin thêm").click()
    officer.page.locator("#item-former_commune").click()
    expect(officer.page.get_by_text("Đại Nài (18082)")).to_be_visible()
