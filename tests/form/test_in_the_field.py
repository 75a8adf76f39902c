"""What people in the field ran into, tried as they did it: one register and one phone serve all tests of this file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Playwright, expect
from pymongo.database import Database

from service.access.accounts import NewAccount
from service.api.http.guard import Guard
from service.app import register_of
from service.principal import register_itself
from service.roles import Role
from service.settings import Settings
from tests.apps import opened_app
from tests.builders import THANH_VINH, Json, a_head, a_household, a_parcel, a_square
from tests.conftest import written_collections
from tests.form.filling import put, revisit
from tests.form.officer import PASSWORD, Officer, Phone
from tests.form.on_the_map import FIELD, forget_borders, load_borders, sheet_of, shown_area, square_metres
from tests.form.serving import ServedForm


@pytest.fixture(scope="module")
def served(
    migrated_settings: Settings, session_database: Database[dict[str, Any]], form_folder: Path
) -> Iterator[ServedForm]:
    """The service with the form, the borders of two communes and one officer, for all tests of this file."""
    for name in written_collections(session_database):
        session_database[name].delete_many({})
    load_borders(migrated_settings)
    with opened_app(replace(migrated_settings, form_folder=str(form_folder))) as app:
        area = (register_of(app).province.code,)
        made = NewAccount("officer", Role.OFFICER, area, password=PASSWORD, must_change_password=False)
        cast(Guard, app.extensions["guard"]).accounts.create(made, register_itself())
        served = ServedForm(app)
        yield served
        served.close()
    forget_borders(migrated_settings)


@pytest.fixture(scope="module")
def arrived(playwright: Playwright, served: ServedForm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Officer]:
    """The one officer, signed in on the one phone."""
    phone = Phone(playwright, tmp_path_factory.mktemp("phone"), served.address, viewport={"width": 360, "height": 740})
    yield Officer(phone).arrive()
    phone.kill()


@pytest.fixture
def officer(arrived: Officer, served: ServedForm) -> Iterator[Officer]:
    """The officer with the list open and the signal there."""
    served.weather.mood = "fair"
    arrived.page.evaluate("location.hash = '#/'")
    arrived.on("Danh sách của tôi")
    yield arrived
    assert arrived.errors == []


@pytest.fixture
def registered(served: ServedForm, session_database: Database[dict[str, Any]]) -> Registered:
    """Puts households into the register, and reads them there."""
    return Registered(served, session_database)


class Registered:
    """A household in the register, by another hand than the phone's."""

    def __init__(self, served: ServedForm, database: Database[dict[str, Any]]) -> None:
        self._served = served
        self._households = database["households"]
        self.household: Json = {}

    def put(self, name: str, **items: Any) -> Json:
        """Register a household whose head has this name."""
        self.household = a_household(commune=THANH_VINH, head=a_head(full_name=name), **items)
        return put(self._served, self.household)

    def revise(self, revision: int, **items: Any) -> None:
        """A colleague changes the household."""
        self.household = {**self.household, **items}
        put(self._served, self.household, revision=revision)

    @property
    def stored(self) -> Json:
        """The household as the database holds it."""
        return cast(Json, self._households.find_one({"_id": self.household["id"]}))


def opened_at(officer: Officer, pointer: str) -> Officer:
    """Go to an item of the household that is open, as a link in the form does."""
    officer.page.evaluate("at => location.hash = location.hash.split('/').slice(0, 3).join('/') + at", pointer)
    return officer


def look(officer: Officer, name: str) -> Officer:
    """Take a picture where PICTURES_FOLDER says where to; nothing may stick out at the side."""
    widths = officer.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1], f"{name} is wider than the phone"
    if os.environ.get("PICTURES_FOLDER"):
        officer.picture(Path(os.environ["PICTURES_FOLDER"]) / f"{name}.png")
    return officer


def sent(officer: Officer, name: str) -> Officer:
    """Send the household that is open, and wait until the register has it."""
    opened_at(officer, "/review").on("Xem lại và gửi")
    officer.tap("Gửi").on("Danh sách của tôi")
    expect(officer.page.locator("[data-state=sent]").filter(has_text=name)).to_be_visible()
    return officer


def test_a_number_that_can_be_read_in_two_ways_is_asked_about(officer: Officer, registered: Registered) -> None:
    registered.put("Hồ Văn Cân", livestock=[{"kind": "pig", "heads": 4}])
    opened_at(revisit(officer, "ho van can"), "/livestock/0").answer("Sản lượng xuất chuồng trong năm", "0.250")
    expect(officer.page.get_by_text("= 0,25 tấn")).to_be_visible()
    officer.answer("Sản lượng xuất chuồng trong năm", "1.250")
    question = officer.page.get_by_role("group", name="Số vừa ghi, 1.250, là:")
    expect(question.get_by_role("button")).to_have_text(["1.250 tấn", "1,25 tấn"])
    look(officer, "two-readings")
    question.get_by_role("button", name="1,25 tấn").click()
    expect(question).to_be_hidden()
    officer.answer("Số con", "1.250").tap("Xong")
    sent(officer, "Hồ Văn Cân")
    [pigs] = registered.stored["livestock"]
    assert (pigs["output_t"], pigs["heads"]) == (1.25, 1250)


def test_what_a_colleague_changed_meanwhile_stays_and_only_the_same_item_is_asked_about(
    officer: Officer, registered: Registered
) -> None:
    registered.put("Hồ Văn Đôi", village="Khối 1", address="số 1")
    revisit(officer, "ho van doi").answer("Thôn, xóm, bản, khối", "Khối 2").saved()
    registered.revise(1, address="số 7", livestock=[{"kind": "buffalo", "heads": 5}])
    sent(officer, "Hồ Văn Đôi")
    stored = registered.stored
    assert (stored["revision"], stored["village"], stored["address"]) == (3, "Khối 2", "số 7")
    assert stored["livestock"][0]["heads"] == 5
    revisit(officer, "ho van doi").answer("Thôn, xóm, bản, khối", "Khối 4").answer("Địa chỉ", "số 4").saved()
    registered.revise(3, village="Khối 2", address="số 8", livestock=[{"kind": "buffalo", "heads": 6}])
    opened_at(officer, "/review").tap("Gửi").tap("Hồ Văn Đôi").on("Có hai bản của hộ này")
    expect(officer.page.get_by_role("group")).to_have_count(1)
    look(officer, "two-versions").page.get_by_role("group", name="Địa chỉ").get_by_text("số 8").click()
    officer.tap("Gửi bản đã chọn")
    expect(officer.page.locator("[data-state=sent]").filter(has_text="Hồ Văn Đôi")).to_have_count(2)
    stored = registered.stored
    assert (stored["village"], stored["address"], stored["livestock"][0]["heads"]) == ("Khối 4", "số 8", 6)


def accepted(officer: Officer) -> Officer:
    """Keep what the map shows, and wait until the map is closed."""
    officer.tap("Giữ")
    expect(officer.page.locator(".leaflet-container")).to_be_hidden()
    return officer


def at(officer: Officer, longitude: float, latitude: float, accuracy: float) -> Officer:
    """The phone reports this place."""
    where = {"longitude": longitude, "latitude": latitude, "accuracy": accuracy}
    officer.phone.context.set_geolocation(cast(Any, where))
    return officer


def test_a_sheet_is_read_as_surveyors_paste_it_and_goes_to_the_register_as_it_stands(
    officer: Officer, registered: Registered
) -> None:
    registered.put("Hồ Văn Giấy", parcels=[a_parcel(geometry=None, boundary_accuracy_m=9, declared_area_m2=2300)])
    opened_at(revisit(officer, "ho van giay"), "/parcels/0/geometry").tap("Nhập tọa độ")
    officer.page.locator("#zone").select_option(label="VN-2000 / TM-3 105°30′")
    corners = [line.split() for line in sheet_of(FIELD).splitlines()]
    marked = [f"{104756 + mark},{north},{east},0" for mark, (north, east) in enumerate(corners)]
    officer.page.locator("#sheet").fill("\n".join(["Mốc,X,Y,H", *marked, marked[0]]))
    look(officer, "sheet").tap("VN-2000 / TM-3 104°45′").tap("Vẽ các góc này (4)")
    expect(officer.page.get_by_text("Sổ đã kiểm tra")).to_be_visible()
    sent(accepted(officer), "Hồ Văn Giấy")
    [parcel] = registered.stored["parcels"]
    [ring] = parcel["original_geometry"]["coordinates"]
    assert {(f"{north:.3f}", f"{east:.3f}") for east, north in ring} == {tuple(corner) for corner in corners}
    assert (parcel["original_crs"], parcel["boundary_method"]) == ("EPSG:9208", "sheet")
    assert "boundary_accuracy_m" not in parcel


def test_a_boundary_that_is_looked_at_stays_as_it_was_taken_with_holes_and_parts(
    officer: Officer, registered: Registered
) -> None:
    [field] = a_square(105.6700, 18.6700, 0.001)["coordinates"]
    [pond] = a_square(105.6704, 18.6704, 0.0002)["coordinates"]
    [meadow] = a_square(105.6715, 18.6700, 0.0003)["coordinates"]
    land = {"type": "MultiPolygon", "coordinates": [[field, pond[::-1]], [meadow]]}
    taken = {"geometry": land, "boundary_method": "surveyed", "boundary_accuracy_m": 0.3}
    registered.put("Hồ Văn Ao", parcels=[a_parcel(**taken, declared_area_m2=12000, map_sheet="9", parcel_number="1")])
    opened_at(revisit(officer, "ho van ao"), "/parcels/0/geometry").tap("Sửa góc").tap("Xong sửa góc")
    wanted = square_metres(field) - square_metres(pond) + square_metres(meadow)
    expect(officer.page.get_by_text("Sổ đã kiểm tra")).to_be_visible()
    assert shown_area(officer) == pytest.approx(wanted, abs=2)
    outlines = officer.page.locator("path[d^=M]").evaluate_all("paths => paths.map(each => each.getAttribute('d'))")
    assert max(len(re.findall("M", each)) for each in outlines) == 3
    accepted(look(officer, "holes-and-parts"))
    sent(opened_at(officer, "/village").answer("Thôn, xóm, bản, khối", "Khối 9"), "Hồ Văn Ao")
    [parcel] = registered.stored["parcels"]
    assert {name: parcel[name] for name in taken} == taken
    registered.put("Hồ Văn Đảo", parcels=[a_parcel(geometry=a_square(105.67042, 18.67042, 0.00015))])
    opened_at(revisit(officer, "ho van dao"), "/parcels/0/geometry")
    expect(officer.page.get_by_text("thửa xung quanh")).to_be_visible()
    expect(officer.page.locator(".panel [role=alert]")).to_have_count(0)


def test_a_home_is_not_taken_from_a_position_that_may_be_anywhere(officer: Officer, registered: Registered) -> None:
    registered.put("Hồ Văn Nhà")
    opened_at(at(revisit(officer, "ho van nha"), 105.6650, 18.6760, 1500), "/location")
    expect(officer.page.get_by_text("Tín hiệu yếu (sai số 1.500 m)")).to_be_visible()
    expect(officer.page.get_by_role("button", name="Giữ vị trí này")).to_be_disabled()
    at(look(officer, "home"), 105.6651, 18.6760, 8)
    expect(officer.page.get_by_text("Sai số khoảng 8 m")).to_be_visible()
    at(officer, 105.6652, 18.6760, 900)
    weak_since = "Tín hiệu vừa yếu đi (sai số 900 m): vẫn lấy vị trí đo được trước đó"
    expect(officer.page.get_by_text(weak_since)).to_be_visible()
    accepted(look(officer, "home-weak-since"))
    sent(officer, "Hồ Văn Nhà")
    stored = registered.stored
    assert stored["location"]["coordinates"] == [105.6651, 18.676]
    assert 0 < stored["location_accuracy_m"] <= 8


def test_a_walk_believes_no_leap_and_what_goes_past_the_beginning_is_cut_off(
    officer: Officer, registered: Registered
) -> None:
    registered.put("Hồ Văn Đi", parcels=[a_parcel(geometry=None)])
    opened_at(revisit(officer, "ho van di"), "/parcels/0/geometry").start_walking(*FIELD[:2])
    at(officer, 105.6840, 18.6760, 4)
    expect(officer.page.get_by_text("Vị trí vừa nhảy ra xa")).to_be_visible()
    look(officer, "leap").go_on_walking(3, *FIELD[2:], (105.6640, 18.6759), (105.66412, 18.67607))
    at(officer, 105.66412, 18.67607, 25).tap("Khép kín")
    expect(officer.page.get_by_text("Ranh giới tự cắt nhau")).to_be_visible()
    expect(officer.page.get_by_role("button", name="Dùng hình sổ đề nghị")).to_be_visible()
    look(officer, "past-the-beginning").tap("Cắt phần thừa")
    expect(officer.page.get_by_text("Ranh giới tự cắt nhau")).to_be_hidden()
    sent(accepted(officer), "Hồ Văn Đi")
    [parcel] = registered.stored["parcels"]
    assert parcel["measured_area_m2"] == pytest.approx(square_metres(FIELD), rel=0.02)
    assert (parcel["boundary_method"], parcel["boundary_accuracy_m"]) == ("walked", 4)


def test_house_and_garden_on_one_certificate_are_one_parcel(officer: Officer, registered: Registered) -> None:
    on_paper = {"map_sheet": "12", "parcel_number": "345", "declared_area_m2": 1012.5}
    registered.put("Hồ Văn Vườn", parcels=[a_parcel(**on_paper, land_use="ONT", crops=None, geometry=None)])
    opened_at(revisit(officer, "ho van vuon"), "/parcels/0").add("loại đất")
    house, garden = (officer.page.get_by_role("group", name=f"Loại đất {each}", exact=True) for each in (1, 2))
    expect(house.get_by_role("button", name="Đất ở tại nông thôn (ONT)")).to_be_visible()
    house.get_by_label("Diện tích").fill("200")
    garden.get_by_role("button", name="Chọn…").click()
    officer.page.get_by_role("searchbox").fill("CLN")
    officer.page.get_by_role("dialog").locator("button.option").first.click()
    look(officer, "land-uses-rest").tap("Lấy phần còn lại: 812,5 m²")
    expect(officer.page.get_by_text("Cộng lại: 1.012,5 m²")).to_be_visible()
    sent(look(officer, "land-uses"), "Hồ Văn Vườn")
    [parcel] = registered.stored["parcels"]
    assert [(use["land_use"], use["area_m2"]) for use in parcel["land_uses"]] == [("ONT", 200), ("CLN", 812.5)]
    assert (parcel["land_use"], parcel["declared_area_m2"]) == ("CLN", 1012.5)
