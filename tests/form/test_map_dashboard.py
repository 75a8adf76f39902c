"""The supervisor's map of coverage: drawn where boundaries are loaded, by finger, keyboard and screen reader alike."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import expect

from service.settings import Settings
from service.storage.repositories import Repositories
from service.units.directory import UnitDirectory
from tests.builders import THANH_VINH, TODAY, TRUONG_VINH, a_household
from tests.form.filling import put
from tests.form.looking import Looker
from tests.form.officer import PASSWORD, Officer, Phone
from tests.form.on_the_map import forget_borders, load_borders
from tests.form.serving import ServedForm

DESK = {"width": 1280, "height": 800}


def supervisor(a_phone: Callable[..., Phone], **options: object) -> Officer:
    """Somebody at the supervisor's page, whose table is there."""
    person = Officer(a_phone(**options))
    person.page.goto(person.phone.address + "/dashboard")
    person.page.get_by_label("Tên đăng nhập").fill("supervisor")
    person.page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
    person.page.get_by_role("button", name="Đăng nhập").click()
    expect(person.page.get_by_role("row", name="Thành Vinh")).to_be_visible()
    return person


def baseline(served: ServedForm, households: int) -> None:
    """So many farm households are expected in Thành Vinh."""
    from tests.api.signed_in import SignedInClient

    client = SignedInClient(served.weather.app)
    body = {"households": households, "source": "Cục Thống kê", "date": "2026-07-01"}
    assert client.put(f"/v1/baselines/{THANH_VINH}", json=body).status_code == 200


def test_what_is_chosen_on_the_map_is_described_and_marked_in_the_table(
    register_settings: Settings, a_phone: Callable[..., Phone], served: ServedForm, axe: Path
) -> None:
    load_borders(register_settings)
    baseline(served, 4)
    for _ in range(3):
        put(served, a_household(commune=THANH_VINH))
    person = supervisor(a_phone)
    page = person.page
    details = page.locator(".card.unit")
    expect(details).to_have_text("Chọn một đơn vị trên bản đồ hoặc trong bảng.")
    expect(page.locator("svg path.class-3")).to_have_count(1)
    expect(page.locator(".legend li").filter(has_text="60% đến dưới 80%")).to_contain_text("1 đơn vị")
    expect(page.locator(".legend li").filter(has_text="Chưa có số hộ")).to_contain_text("1 đơn vị")
    page.locator(f"path[data-unit='{THANH_VINH}']").click()
    expect(details).to_contain_text("phường Thành Vinh")
    expect(details).to_contain_text("3 (75%)")
    expect(page.get_by_role("button", name="Thành Vinh", pressed=True)).to_be_visible()
    # By keyboard: one stop, the arrows lead on; Escape lets go.
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowRight")
    expect(details).to_contain_text("phường Trường Vinh")
    page.keyboard.press("ArrowLeft")
    expect(details).to_contain_text("phường Thành Vinh")
    page.keyboard.press("Escape")
    expect(details).to_have_text("Chọn một đơn vị trên bản đồ hoặc trong bảng.")
    # From the table, which holds every number in words.
    page.get_by_role("button", name="Trường Vinh", exact=True).click()
    expect(details).to_contain_text("phường Trường Vinh")
    looker = Looker(axe)
    looker.look(page, "the dashboard with its map")
    assert looker.found == []
    forget_borders(register_settings)


def test_without_boundaries_there_is_the_table_and_no_map(a_phone: Callable[..., Phone], served: ServedForm) -> None:
    page = supervisor(a_phone).page
    page.get_by_role("button", name="Toàn tỉnh").click()
    expect(page.get_by_role("row", name="Nghệ An")).to_be_visible()
    expect(page.get_by_role("application")).to_have_count(0)
    expect(page.get_by_role("heading", name="Bản đồ tiến độ")).to_have_count(0)


def test_a_page_whose_files_do_not_come_says_so_and_opens_when_they_do(a_phone: Callable[..., Phone]) -> None:
    person = Officer(a_phone())
    person.page.route("**/assets/Dashboard-*.js", lambda route: route.abort())
    person.page.goto(person.phone.address + "/dashboard")
    expect(person.page.get_by_role("alert")).to_contain_text("Chưa mở được phần này của ứng dụng")
    person.look("page-that-did-not-come").page.unroute("**/assets/Dashboard-*.js")
    person.tap("Tải lại trang")
    expect(person.page.get_by_label("Tên đăng nhập")).to_be_visible()


@pytest.mark.parametrize("level", ["Huyện cũ", "Toàn tỉnh"])
def test_levels_whose_communes_are_not_all_loaded_have_no_map(
    register_settings: Settings, a_phone: Callable[..., Phone], served: ServedForm, level: str
) -> None:
    load_borders(register_settings)
    page = supervisor(a_phone).page
    expect(page.get_by_role("application")).to_be_visible()
    page.get_by_role("button", name=level).click()
    expect(page.get_by_role("application")).to_have_count(0)
    forget_borders(register_settings)


def test_who_has_a_part_of_the_province_reads_that_and_why_there_is_no_more(
    register_settings: Settings, a_phone: Callable[..., Phone], served: ServedForm, directory: UnitDirectory
) -> None:
    put(served, a_household(commune=THANH_VINH))
    put(served, a_household(commune=TRUONG_VINH))
    with closing(Repositories(register_settings)) as store:
        account = store.accounts.account_named("supervisor")
        assert account is not None
        store.accounts.change_account(account.id, {"area": (directory.in_force(THANH_VINH, TODAY).identity,)})
    page = supervisor(a_phone).page
    expect(page.get_by_role("row", name="Tổng")).to_contain_text("1")
    expect(page.get_by_role("button", name="Tất cả các tỉnh")).to_have_count(0)
    page.get_by_role("button", name="Toàn tỉnh").click()
    expect(page.get_by_role("status").filter(has_text="nằm trọn trong địa bàn")).to_be_visible()
    page.get_by_role("button", name="Xã, phường").click()
    expect(page.get_by_role("row", name="Thành Vinh")).to_be_visible()
