"""A lost phone: signed out from another device it is empty at its next contact; a lost sign-in alone loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.builders import THANH_VINH, a_head, a_household
from tests.form.filling import fill_in, put, take_along, to_review
from tests.form.officer import PIN, Officer, Phone
from tests.form.serving import ServedForm

ERASED = "nên mọi dữ liệu trên máy đã được xóa"

STORED = """async () => {
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open('so-nong-ho');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const rows = {};
  for (const name of database.objectStoreNames) {
    rows[name] = await new Promise(resolve => {
      const request = database.transaction(name).objectStore(name).getAll();
      request.onsuccess = () => resolve(request.result);
    });
  }
  database.close();
  return {counts: Object.fromEntries(Object.entries(rows).map(([name, each]) => [name, each.length])),
          public: JSON.stringify(rows.public), caches: await caches.keys()};
}"""


def sign_out_the_other(finder: Officer) -> None:
    """In the settings of this phone, sign the other one out."""
    finder.tap("Máy này").on("Máy này")
    finder.tap("Cho thoát và xóa dữ liệu")
    expect(finder.page.get_by_text("Máy đó sẽ tự xóa dữ liệu khi có sóng")).to_be_visible()


def assert_empty(page: Page) -> None:
    """Nothing of people is in any store of the phone, no key, and no map of where they live."""
    stored = page.evaluate(STORED)
    personal = {name: count for name, count in stored["counts"].items() if name != "public"}
    assert personal, "the form's stores are not where this test looks"
    assert not any(personal.values()), personal
    assert "Hoàng Văn Đức" not in stored["public"]
    assert "Nguyễn Thị Hoà" not in stored["public"]
    assert "tiles" not in stored["caches"]


def test_a_phone_that_is_signed_out_from_another_is_empty_at_its_next_contact(
    a_phone: Callable[..., Phone], officer: Officer, served: ServedForm, households: Any
) -> None:
    put(served, a_household(head=a_head(full_name="Hoàng Văn Đức"), commune=THANH_VINH))
    take_along(officer)
    officer.page.evaluate("caches.open('tiles').then(each => each.put('/14/1/1.png', new Response('x')))")
    officer.page.context.set_offline(True)
    fill_in(officer)
    to_review(officer)
    officer.tap("Gửi").on("Danh sách của tôi")
    expect(officer.page.locator("[data-state=queued]")).to_have_count(1)
    assert officer.page.evaluate(STORED)["counts"]["communes"] == 1
    sign_out_the_other(Officer(a_phone()).arrive())

    officer.page.context.set_offline(False)
    expect(officer.page.get_by_text(ERASED)).to_be_visible()
    expect(officer.page.get_by_role("heading", name="Đặt mã PIN cho máy này")).to_be_visible()
    assert_empty(officer.page)
    assert [household["head"]["full_name"] for household in households.find()] == ["Hoàng Văn Đức"]


def test_a_locked_phone_is_emptied_without_its_pin_and_serves_its_holder_again(
    a_phone: Callable[..., Phone], officer: Officer
) -> None:
    fill_in(officer)
    officer.saved()
    sign_out_the_other(Officer(a_phone()).arrive())
    officer.reload()
    expect(officer.page.get_by_text(ERASED)).to_be_visible()
    assert_empty(officer.page)
    officer.arrive()
    expect(officer.page.get_by_text("Chưa có hộ nào trên máy này")).to_be_visible()
    officer.reload().unlock()
    expect(officer.page.get_by_role("button", name="+ Đăng ký hộ mới")).to_be_visible()
    expect(officer.page.get_by_text(ERASED)).to_be_hidden()


def test_the_dashboard_empties_a_phone_that_was_signed_out_too(a_phone: Callable[..., Phone], officer: Officer) -> None:
    fill_in(officer)
    officer.saved()
    sign_out_the_other(Officer(a_phone()).arrive())
    officer.page.goto(officer.phone.address + "/dashboard")
    expect(officer.page.get_by_text(ERASED)).to_be_visible()
    assert_empty(officer.page)


def test_another_tab_of_an_emptied_phone_forgets_what_it_holds_open(
    a_phone: Callable[..., Phone], officer: Officer
) -> None:
    fill_in(officer)
    officer.saved()
    second = Officer(officer.phone).come_back()
    expect(second.page.get_by_text("Nguyễn Thị Hoà")).to_be_visible()
    sign_out_the_other(Officer(a_phone()).arrive())
    second.reload()
    for tab in (second, officer):
        expect(tab.page.get_by_role("heading", name="Đặt mã PIN cho máy này")).to_be_visible()
        expect(tab.page.get_by_text("Nguyễn Thị Hoà")).to_be_hidden()
    assert_empty(officer.page)


def test_after_a_lost_sign_in_everything_stays_and_is_sent_after_signing_in(officer: Officer, households: Any) -> None:
    fill_in(officer)
    officer.saved()
    officer.page.context.clear_cookies()
    to_review(officer)
    officer.tap("Gửi")
    expect(officer.page.get_by_text("Cần đăng nhập để gửi")).to_be_visible()
    expect(officer.page.locator("[data-state=queued]")).to_have_count(1)
    officer.reload().unlock(PIN).sign_in().sent()
    assert [household["head"]["full_name"] for household in households.find()] == ["Nguyễn Thị Hoà"]
