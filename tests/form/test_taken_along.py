"""A commune on the phone: how much comes, what is masked, and the warning of a household that is there already."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.builders import THANH_VINH, a_head, a_household, a_personal_number
from tests.form.filling import fill_in, put, take_along
from tests.form.officer import Officer, Phone
from tests.form.serving import ServedForm

WARNING = "Có thể hộ này đã được đăng ký"

WATCH_STATUS = """() => {
  window.shown = [];
  new MutationObserver(() => shown.push(...[...document.querySelectorAll('[role=status]')].map(each => each.innerText)))
    .observe(document.body, {childList: true, subtree: true, characterData: true});
}"""


def test_a_commune_comes_with_its_progress_and_its_size(officer: Officer, served: ServedForm) -> None:
    for _ in range(3):
        put(served, a_household(commune=THANH_VINH))
    officer.page.evaluate(WATCH_STATUS)
    take_along(officer)
    reports = [text for text in officer.page.evaluate("shown") if text.startswith("Đã tải 3/3 hộ, ")]
    assert reports
    assert reports[0].endswith("kB")
    officer.tap("Máy này")
    expect(officer.page.get_by_text("Thành Vinh: 3 hộ, ")).to_be_visible()


def test_the_same_personal_number_warns_without_signal(officer: Officer, served: ServedForm) -> None:
    number = a_personal_number("female", 1978)
    put(served, a_household(head=a_head(full_name="Phan Thị Mận", sex="female", national_id=number)))
    take_along(officer)
    officer.lose_signal(served)
    fill_in(officer, name="Lê Thị Khác", number=number)
    expect(officer.page.get_by_text(WARNING)).to_be_visible()
    expect(officer.page.get_by_role("button", name="Mở hộ Phan Thị Mận")).to_be_visible()
    officer.answer("Số định danh cá nhân", a_personal_number("female", 1978))
    expect(officer.page.get_by_text(WARNING)).to_be_hidden()


def test_the_same_name_and_year_warn_without_signal_however_they_are_typed(
    officer: Officer, served: ServedForm
) -> None:
    put(served, a_household(head=a_head(full_name="Phan Thị Mận", sex="female", birth_date="1978-05-02")))
    take_along(officer)
    officer.lose_signal(served)
    fill_in(officer, name="phan thi man")
    expect(officer.page.get_by_text(WARNING)).to_be_visible()
    officer.answer("Ngày sinh", "7/3/1979")
    expect(officer.page.get_by_text(WARNING)).to_be_hidden()
    officer.answer("Ngày sinh", "7/3/1978").tap("Mở hộ Phan Thị Mận").on("Hộ")
    expect(officer.page.get_by_text("Phan Thị Mận")).to_be_visible()


def test_who_sees_persons_masked_takes_a_masked_list_along_and_writes_nothing(
    a_phone: Callable[..., Phone], served: ServedForm
) -> None:
    number = a_personal_number("female", 1978)
    put(served, a_household(head=a_head(full_name="Phan Thị Mận", sex="female", national_id=number)))
    helper = take_along(Officer(a_phone()).arrive("helper"))
    helper.lose_signal(served)
    helper.tap("Xem 1 hộ của xã").on("Hộ của xã")
    card = helper.page.get_by_role("button", name="P. T. Mận")
    expect(card).to_contain_text(f"•••{number[-3:]}")
    expect(card).to_be_disabled()
    expect(helper.page.get_by_text("Phan Thị Mận")).to_be_hidden()
    helper.tap("Danh sách").on("Danh sách của tôi")
    expect(helper.page.get_by_role("button", name="+ Đăng ký hộ mới")).to_be_hidden()
    assert helper.errors == []


def test_a_household_of_the_commune_is_opened_again_in_two_taps(officer: Officer, served: ServedForm) -> None:
    for name, village in (("Phan Thị Mận", "Xóm 1"), ("Đặng Văn Lộc", "Xóm 2")):
        head = a_head(full_name=name, sex="female" if "Thị" in name else "male")
        put(served, a_household(head=head, commune=THANH_VINH, village=village))
    take_along(officer)
    officer.lose_signal(served)
    officer.tap("Xem 2 hộ của xã").tap("Đặng Văn Lộc").on("Hộ")
    expect(officer.page.get_by_label("Thôn, xóm, bản, khối")).to_have_value("Xóm 2")
    officer.tap("Danh sách").tap("Xem 2 hộ của xã").on("Hộ của xã")
    officer.page.get_by_label("Thôn, xóm, bản, khối").select_option("Xóm 1")
    expect(officer.page.get_by_role("button", name="Phan Thị Mận")).to_be_visible()
    expect(officer.page.get_by_role("button", name="Đặng Văn Lộc")).to_be_hidden()
