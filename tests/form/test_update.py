"""A new version of the form while a draft is open, and what the pages are served with."""

from __future__ import annotations

import shutil
import urllib.request
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import expect

from service.settings import Settings
from tests.apps import OpenApp
from tests.form.filling import fill_in
from tests.form.officer import Officer
from tests.form.serving import ServedForm


def a_newer_form(form_folder: Path, folder: Path) -> Path:
    """The same form with a file under another name, as a new build has, and so another service worker."""
    newer = folder / "newer"
    shutil.copytree(form_folder, newer)
    worker = newer / "service-worker.js"
    [style] = (newer / "assets").glob("index-*.css")
    style.rename(style.with_name("index-newer.css"))
    for path in (worker, newer / "index.html"):
        path.write_text(path.read_text().replace(style.name, "index-newer.css"))
    worker.write_text(worker.read_text().replace("`shell-`", "`shell-newer-`").replace('"shell-"', '"shell-newer-"'))
    assert "newer" in worker.read_text()
    return newer


def test_an_update_waits_for_the_person_and_the_draft_is_there_after_it(
    officer: Officer,
    served: ServedForm,
    open_app: OpenApp,
    register_settings: Settings,
    form_folder: Path,
    tmp_path: Path,
) -> None:
    fill_in(officer)
    newer = a_newer_form(form_folder, tmp_path)
    served.weather.app = open_app(replace(register_settings, form_folder=str(newer)))
    officer.page.evaluate("navigator.serviceWorker.getRegistration().then(each => each.update()).then(() => true)")
    expect(officer.page.get_by_text("Đã có phiên bản mới")).to_be_visible()
    expect(officer.page.get_by_label("Họ và tên")).to_have_value("Nguyễn Thị Hoà")
    officer.tap("Cập nhật")
    officer.unlock().on("Chủ hộ")
    expect(officer.page.get_by_label("Họ và tên")).to_have_value("Nguyễn Thị Hoà")
    expect(officer.page.locator("link[href*=newer]")).to_have_count(1)
    officer.lose_signal(served)
    officer.reload().unlock().on("Chủ hộ")


def test_pages_are_strict_and_files_are_cached_as_long_as_their_names_say(served: ServedForm) -> None:
    with urllib.request.urlopen(served.address + "/", timeout=60) as page:
        policy = page.headers["Content-Security-Policy"]
        html = page.read().decode()
        assert page.headers["Cache-Control"] == "no-cache"
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    asset = html.split('src="')[1].split('"')[0]
    request = urllib.request.Request(served.address + asset, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=60) as file:
        assert "immutable" in file.headers["Cache-Control"]
        assert file.headers["Content-Encoding"] == "gzip"
    with urllib.request.urlopen(served.address + "/service-worker.js", timeout=60) as worker:
        assert worker.headers["Cache-Control"] == "no-cache"
        assert worker.headers["Content-Type"].startswith("text/javascript")
