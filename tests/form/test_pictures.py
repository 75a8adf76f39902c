"""Every screen as a picture at 360×640, to be looked at; PICTURES_FOLDER takes the guide's pictures again.

With DARK_PICTURES_FOLDER every screen is taken in the dark too.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from service.demonstration.command import main as demonstrate
from service.settings import Settings
from service.storage.repositories import Repositories
from service.units.directory import UnitDirectory
from tests.builders import THANH_VINH, a_head, a_household, a_parcel, a_personal_number, a_square
from tests.form.filling import fill_in, put, revisit, take_along, to_review
from tests.form.officer import PASSWORD, Officer, Phone
from tests.form.on_the_map import FIELD_OF_OTHERS, forget_borders, load_borders, type_sheet
from tests.form.serving import ServedForm
from tests.parcels.cells import cells_of
from tests.pictures import a_photo

FIELD = ((105.6640, 18.6760), (105.6645, 18.6760), (105.6645, 18.6764), (105.6640, 18.6764))


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
    if os.environ.get("DARK_PICTURES_FOLDER"):
        officer.page.emulate_media(color_scheme="dark")
        officer.picture(Path(os.environ["DARK_PICTURES_FOLDER"]) / path.name)
        officer.page.emulate_media(color_scheme="light")


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
    officer.next()
    expect(officer.page.get_by_text("chỗ cần sửa trên màn hình này")).to_be_visible()
    picture(officer, folder / "06-wrong-at-top.png")
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
    officer.answer("Diện tích theo giấy tờ hoặc khai báo", "1.250").tap("1.250 m²")
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


def test_the_map(register_settings: Settings, a_phone: Callable[..., Phone], served: ServedForm, folder: Path) -> None:
    load_borders(register_settings)
    neighbour = a_square(105.6646, 18.6760, 0.0004)
    put(served, a_household(commune=THANH_VINH, parcels=[a_parcel(geometry=neighbour)]))
    officer = take_along(Officer(a_phone(device_scale_factor=1.5)).arrive())
    officer.tap("Máy này")
    picture(officer, folder / "17-phone.png")
    officer.tap("Danh sách")
    fill_in(officer)
    officer.next().next().on("Thửa đất").add("thửa đất").answer("Diện tích theo giấy tờ hoặc khai báo", "2300")
    officer.tap("Đo hoặc vẽ ranh giới")
    picture(officer, folder / "40-map.png")
    officer.start_walking(*FIELD[:3])
    picture(officer, folder / "41-map-walk.png")
    officer.go_on_walking(4, FIELD[3]).tap("Khép kín")
    checked = officer.page.get_by_text("Sổ đã kiểm tra").or_(officer.page.locator(".panel .notice"))
    expect(checked.first).to_be_visible()
    picture(officer, folder / "42-map-ready.png")
    officer.tap("Sửa góc")
    picture(officer, folder / "43-map-edit.png")
    officer.tap("Xong sửa góc").tap("Vẽ lại").tap("Nhập tọa độ")
    sheet = "2066361.038 598041.942\n2066361.038 598091.942\n2066311.038 598091.942\n2066311.038 598041.942"
    officer.page.locator("#sheet").fill(sheet)
    picture(officer, folder / "44-map-sheet.png")
    officer.tap("Vẽ các góc này")
    expect(officer.page.get_by_text("Diện tích 2.500 m²")).to_be_visible()
    type_sheet(officer.tap("Vẽ lại"), FIELD_OF_OTHERS)
    expect(officer.page.get_by_text("Thửa nằm ở")).to_be_visible()
    picture(officer, folder / "46-map-outside.png")
    officer.tap("Vẽ lại").tap("Chấm góc")
    for x, y in ((120, 150), (240, 150), (120, 300), (240, 300)):
        officer.page.mouse.click(x, y)
    officer.tap("Khép kín")
    expect(officer.page.get_by_text("Ranh giới tự cắt nhau")).to_be_visible()
    picture(officer, folder / "45-map-crossing.png")
    forget_borders(register_settings)


def test_photos_of_papers(a_phone: Callable[..., Phone], served: ServedForm, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "card.jpg"
    file.write_bytes(a_photo(2400, 1800))
    officer = Officer(a_phone(device_scale_factor=1.5)).arrive()
    fill_in(officer)
    paper = officer.page.locator("[data-photos]")
    paper.get_by_role("button", name="Chụp ảnh giấy").scroll_into_view_if_needed()
    picture(officer, folder / "70-photo.png")
    paper.locator("input[type=file]").set_input_files(file)
    expect(officer.page.get_by_role("button", name="Giữ ảnh này")).to_be_enabled()
    picture(officer, folder / "71-photo-cut.png")
    officer.tap("Giữ ảnh này")
    expect(paper.locator("[data-photo]")).to_be_visible()
    paper.locator("[data-photo]").scroll_into_view_if_needed()
    expect(paper.locator("canvas")).to_have_js_property("width", 320)
    picture(officer, folder / "72-photo-stored.png")
    to_review(officer)
    officer.tap("Gửi").sent()
    expect(officer.page.locator("[data-photos-waiting='0']")).to_be_visible()
    leader = Officer(a_phone(device_scale_factor=1.5)).arrive("leader")
    leader.tap("Hộ chờ xác minh").on("Hộ chờ xác minh").tap("Ảnh giấy tờ")
    expect(leader.page.get_by_text("Đã có trên sổ")).to_be_visible()
    picture(leader, folder / "73-photo-listed.png")
    leader.tap("Xem")
    expect(leader.page.get_by_role("img", name="Ảnh căn cước")).to_have_js_property("complete", True)
    picture(leader, folder / "74-photo-seen.png")


def test_the_leader_and_two_versions(a_phone: Callable[..., Phone], served: ServedForm, folder: Path) -> None:
    household = a_household(
        head=a_head(full_name="Hoàng Văn Đức"),
        commune=THANH_VINH,
        village="Khối 1",
        address="số 1",
        paper_reference="TV-0012",
        parcels=[a_parcel(), a_parcel()],
    )
    put(served, household)
    officer = take_along(Officer(a_phone(device_scale_factor=1.5)).arrive())
    revisit(officer, "hoang duc").answer("Thôn, xóm, bản, khối", "Khối 2").answer("Địa chỉ", "số 2").saved()
    put(served, {**household, "village": "Khối 7", "address": "số 7"}, revision=1)
    to_review(officer)
    officer.tap("Gửi")
    expect(officer.page.locator("[data-state=conflict]")).to_be_visible()
    picture(officer, folder / "50-list-conflict.png")
    officer.tap("Hoàng Văn Đức").on("Có hai bản của hộ này")
    picture(officer, folder / "51-conflict.png")
    officer.tap("Danh sách").tap("Xem 1 hộ của xã").on("Hộ của xã")
    expect(officer.page.get_by_role("button", name="Hoàng Văn Đức")).to_be_visible()
    picture(officer, folder / "53-commune.png")
    leader = Officer(a_phone(device_scale_factor=1.5)).arrive("leader")
    leader.tap("Hộ chờ xác minh").on("Hộ chờ xác minh")
    expect(leader.page.get_by_text("Hoàng Văn Đức")).to_be_visible()
    picture(leader, folder / "52-verify.png")
    leader.tap("Trả lại")
    leader.page.get_by_label("Lý do trả lại").fill("Thiếu thửa đất ở Đồng Cát")
    picture(leader, folder / "54-return.png")
    leader.page.get_by_role("button", name="Trả lại").click()
    expect(leader.page.get_by_text("Không còn hộ nào chờ xác minh")).to_be_visible()
    officer.tap("Danh sách")
    officer.reload().unlock()
    expect(officer.page.get_by_text("Lý do: Thiếu thửa đất ở Đồng Cát")).to_be_visible()
    picture(officer, folder / "55-returned.png")


def test_a_phone_that_was_lost(a_phone: Callable[..., Phone], folder: Path) -> None:
    officer = Officer(a_phone(device_scale_factor=1.5)).arrive()
    fill_in(officer)
    officer.saved()
    finder = Officer(a_phone(device_scale_factor=1.5)).arrive()
    finder.tap("Máy này").on("Máy này")
    finder.page.get_by_role("heading", name="Máy khác đang đăng nhập").scroll_into_view_if_needed()
    picture(finder, folder / "18-devices.png")
    finder.tap("Cho thoát và xóa dữ liệu")
    officer.reload()
    expect(officer.page.get_by_text("nên mọi dữ liệu trên máy đã được xóa")).to_be_visible()
    picture(officer, folder / "19-erased.png")


def test_the_supervisors_page(
    register_settings: Settings,
    a_phone: Callable[..., Phone],
    served: ServedForm,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MONGODB_URI", register_settings.mongodb_uri)
    monkeypatch.setenv("DATA_FOLDER", register_settings.data_folder)
    store = Repositories(register_settings)
    store.borders.replace_borders(cells_of(UnitDirectory(store.units.unit_list())))
    assert demonstrate(["--households", "400"]) == 0
    officer = Officer(a_phone(device_scale_factor=1.5))
    officer.page.goto(officer.phone.address + "/dashboard")
    officer.page.get_by_label("Tên đăng nhập").fill("supervisor")
    officer.page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
    officer.page.get_by_role("button", name="Đăng nhập").click()
    expect(officer.page.get_by_role("row", name="Thành Vinh")).to_be_visible()
    expect(officer.page.get_by_role("application")).to_be_visible()
    picture(officer, folder / "60-dashboard.png")
    officer.page.locator("path[data-unit='16681']").click()
    officer.page.locator(".coverage").evaluate("(map) => map.scrollIntoView()")
    picture(officer, folder / "62-dashboard-map.png")
    officer.page.get_by_role("row", name="Thành Vinh").scroll_into_view_if_needed()
    picture(officer, folder / "61-dashboard-table.png")
    officer.page.set_viewport_size({"width": 1280, "height": 800})
    officer.page.locator(".coverage").evaluate("(map) => map.scrollIntoView()")
    picture(officer, folder / "63-dashboard-desk.png")
    store.borders.replace_borders({})
    store.close()
