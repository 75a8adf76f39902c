"""The form among the phone's apps: what a browser asks for before it installs it, and its offer when it is wanted."""

from __future__ import annotations

import json
import struct
import urllib.request
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.form.officer import CHROMIUM, Officer, Phone
from tests.form.serving import ServedForm

OFFER = """() => {
  const offer = new Event('beforeinstallprompt', {cancelable: true});
  offer.prompt = async () => { window.asked = true; return {outcome: 'accepted'}; };
  dispatchEvent(offer);
  return offer.defaultPrevented;
}"""


@pytest.fixture
def program() -> str:
    """The whole Chromium: without windows it has nothing to install an app with, and finds nothing that hinders it."""
    return CHROMIUM


def test_the_browser_finds_nothing_that_hinders_installing(officer: Officer) -> None:
    session = officer.phone.session(officer.page)
    session.send("Page.enable")
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A profile without history is one in which Chromium installs nothing; what the page is asked for comes before that.
    assert [error for error in errors if error["errorId"] != "in-incognito"] == []
    manifest = session.send("Page.getAppManifest")
    assert manifest["url"].endswith("/manifest.webmanifest")
    assert manifest["errors"] == []


def test_every_icon_of_the_manifest_is_there_and_as_large_as_it_says(served: ServedForm) -> None:
    with urllib.request.urlopen(served.address + "/manifest.webmanifest", timeout=60) as response:
        manifest = json.load(response)
    purposes = {icon["purpose"] for icon in manifest["icons"]}
    assert purposes == {"any", "maskable"}
    for icon in manifest["icons"]:
        with urllib.request.urlopen(served.address + icon["src"], timeout=60) as response:
            assert response.headers["Content-Type"].startswith(icon["type"])
            picture = response.read()
        if icon["type"] == "image/png":
            width, height = struct.unpack(">II", picture[16:24])
            assert icon["sizes"] == f"{width}x{height}"


def test_the_offer_to_install_waits_in_the_settings(officer: Officer) -> None:
    assert officer.page.evaluate(OFFER), "the browser's own bar would come at a bad moment"
    officer.tap("Máy này").on("Máy này").tap("Cài lên màn hình chính")
    expect(officer.page.get_by_role("button", name="Cài lên màn hình chính")).to_be_hidden()
    assert officer.page.evaluate("asked")


def test_where_the_browser_may_clear_the_phone_it_says_so_and_counts_what_is_unsent(
    a_phone: Callable[..., Phone],
) -> None:
    phone = a_phone(viewport={"width": 360, "height": 740})
    phone.context.add_init_script("StorageManager.prototype.persist = async () => localStorage.promised === 'yes'")
    officer = Officer(phone).arrive()
    expect(officer.page.get_by_text("Trình duyệt không hứa giữ dữ liệu")).to_be_hidden()
    officer.begin().answer("Thôn, xóm, bản, khối", "Khối 3").saved().page.evaluate("location.hash = '#/'")
    warning = officer.page.locator("[data-unsent]")
    expect(warning).to_contain_text("Trên máy còn 1 hộ và 0 ảnh chưa gửi")
    expect(warning).to_contain_text("Hãy cài ứng dụng lên màn hình chính")
    officer.look("storage").page.evaluate(OFFER)
    expect(warning.get_by_role("button", name="Cài lên màn hình chính")).to_be_visible()
    officer.look("storage-offer").tap("Máy này").on("Máy này")
    expect(warning).to_contain_text("Trên máy còn 1 hộ và 0 ảnh chưa gửi")
    officer.look("storage-settings").page.evaluate("localStorage.promised = 'yes'")
    officer.reload().unlock().on("Máy này")
    expect(officer.page.get_by_text("Đồng hồ của máy đúng với sổ")).to_be_visible()
    expect(warning).to_be_hidden()
    assert officer.errors == []
