"""A commune officer with a phone: the verbs by which tests drive the form as a person does."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from playwright.sync_api import BrowserContext, CDPSession, Locator, Page, Playwright, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

if TYPE_CHECKING:
    from tests.form.serving import ServedForm

CHROMIUM = "/usr/bin/chromium"
BROWSER = os.environ.get("TEST_BROWSER") or shutil.which("chromium-headless-shell") or CHROMIUM
"""Where it is installed, the same Chromium without its windows: a test takes a third less of a processor with it."""

PIN = "271846"
PASSWORD = "Lúa chín vàng đồng"
PHONE = {"width": 360, "height": 640}
WAIT = 60_000
"""Milliseconds until a test gives up; generous, since the machine that tests is often busy."""

CHEAP_ITERATIONS = 1_000
STRETCHING = """
window.stretched = [];
if (window.SubtleCrypto) {
  const derive = SubtleCrypto.prototype.deriveKey;
  SubtleCrypto.prototype.deriveKey = function (algorithm, ...more) {
    window.stretched.push(algorithm.iterations);
    return derive.call(this, { ...algorithm, iterations: Math.min(algorithm.iterations, MOST) }, ...more);
  };
}
"""
"""Notes how often a PIN is hashed, and hashes it less often: each time costs a fifth of a second of a processor."""

expect.set_options(timeout=WAIT)


class Phone:
    """One phone: a browser with a profile on the disk, which can be killed and started again."""

    def __init__(
        self,
        playwright: Playwright,
        folder: Path,
        address: str,
        slow: float = 1,
        program: str = BROWSER,
        **options: Any,
    ) -> None:
        self._playwright = playwright
        self._folder = folder
        self._program = program
        self._slow = slow
        self._options = options
        self.address = address
        self.context: BrowserContext
        self.start()

    def start(self) -> None:
        """Turn the phone on."""
        self.context = self._playwright.chromium.launch_persistent_context(
            str(self._folder),
            executable_path=self._program,
            headless=True,
            timeout=2 * WAIT,
            args=["--no-sandbox", "--enable-unsafe-swiftshader"],
            viewport=self._options.get("viewport", PHONE),
            device_scale_factor=self._options.get("device_scale_factor", 1),
            has_touch=True,
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            color_scheme=self._options.get("color_scheme", "light"),
            reduced_motion="reduce",
            permissions=["geolocation"],
            geolocation={"longitude": 105.6622, "latitude": 18.6743, "accuracy": 5},
        )
        self.context.set_default_timeout(WAIT)
        most = CHEAP_ITERATIONS if self._options.get("cheap_pin", True) else 10_000_000
        self.context.add_init_script(STRETCHING.replace("MOST", str(most)))

    def page(self) -> Page:
        """A tab: the first one, or a new one where that is in use."""
        blank = next((page for page in self.context.pages if page.url == "about:blank"), None)
        page = blank or self.context.new_page()
        if self._slow > 1:
            self.session(page).send("Emulation.setCPUThrottlingRate", {"rate": self._slow})
        return page

    def session(self, page: Page) -> CDPSession:
        """The tab's own debugging session."""
        return self.context.new_cdp_session(page)

    def clear_http_cache(self, page: Page) -> None:
        """Empty the browser's HTTP cache: what opens without signal comes from the service worker alone."""
        self.session(page).send("Network.clearBrowserCache")

    def kill(self) -> None:
        """Take the battery out: kill -9 to every process of this phone's browser."""
        for number in _processes_of(self._folder):
            os.kill(number, signal.SIGKILL)
        # The browser is gone, which is the point; Playwright says so in many ways.
        with contextlib.suppress(Exception):
            self.context.close()
        for name in ("SingletonLock", "SingletonCookie", "SingletonSocket"):
            (self._folder / name).unlink(missing_ok=True)

    def off(self) -> None:
        """Turn the phone off in order."""
        self.context.close()


def _processes_of(folder: Path) -> list[int]:
    marker = f"--user-data-dir={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if marker in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


class Officer:
    """Drives one tab. Labels are those that a person reads, in Vietnamese."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self.page = phone.page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: dialog.accept())

    def arrive(self, username: str = "officer") -> Officer:
        """Open the form for the first time, choose a PIN, sign in and wait until no signal is needed any more."""
        self.enter(username)
        expect(self.page.get_by_text("Máy này chưa có danh sách xã, phường")).to_be_hidden()
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        return self

    def enter(self, username: str) -> Officer:
        """Open the form for the first time, choose a PIN and sign in."""
        self.page.goto(self.phone.address)
        self.page.get_by_label("Mã PIN", exact=True).fill(PIN)
        self.page.get_by_label("Nhập lại mã PIN").fill(PIN)
        self.page.get_by_role("button", name="Đặt mã PIN").click()
        expect(self.page.get_by_role("button", name="+ Đăng ký hộ mới")).to_be_visible(timeout=WAIT)
        return self.sign_in(username)

    def sign_in(self, username: str = "officer", password: str = PASSWORD) -> Officer:
        """Sign in when the form asks for it."""
        self.tap("Đăng nhập")
        self.page.get_by_label("Tên đăng nhập").fill(username)
        self.page.get_by_label("Mật khẩu", exact=True).fill(password)
        self.page.locator("form").get_by_role("button", name="Đăng nhập").click()
        expect(self.page.get_by_label("Mật khẩu", exact=True)).to_be_hidden()
        return self

    def sign_in_again(self) -> Officer:
        """Sign in if the form asks for it: a dead battery can take the newest cookies of a browser along."""
        must_sign_in = self.page.evaluate("fetch('/v1/session').then(response => response.status === 401)")
        return self.sign_in() if must_sign_in else self

    def come_back(self, path: str = "/") -> Officer:
        """Open the form again with the PIN."""
        self.phone.clear_http_cache(self.page)
        self.page.goto(self.phone.address + path)
        return self.unlock()

    def reload(self) -> Officer:
        """Load the page again."""
        self.phone.clear_http_cache(self.page)
        self.page.reload()
        return self

    def lose_signal(self, served: ServedForm) -> Officer:
        """Walk into a valley without any response."""
        self.phone.clear_http_cache(self.page)
        served.weather.mood = "no signal"
        return self

    def unlock(self, pin: str = PIN) -> Officer:
        """Give the PIN at the door."""
        self.page.get_by_label("Mã PIN", exact=True).fill(pin)
        self.page.get_by_role("button", name="Mở", exact=True).click()
        return self

    def begin(self) -> Officer:
        """Begin a new household."""
        self.page.get_by_role("button", name="+ Đăng ký hộ mới").click()
        self.on("Hộ")
        return self

    def on(self, heading: str) -> Officer:
        """Be on the screen with this heading."""
        expect(self.page.get_by_role("heading", level=1, name=re.compile(f"^{re.escape(heading)}"))).to_be_visible()
        return self

    def next(self) -> Officer:
        """Go on to the next screen."""
        self.page.get_by_role("button", name="Tiếp tục").click()
        return self

    def answer(self, label: str, text: str) -> Officer:
        """Type an answer, or choose it."""
        group = self.page.get_by_role("group", name=label, exact=True)
        opener = self.page.get_by_role("button", name=re.compile(f"^{re.escape(label)} "))
        field = self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}(\s*\(.*\))?\s*$"))
        self._find(group.or_(opener).or_(field).first)
        if group.count() and group.get_by_label("Năm").count():
            parts = text.split("/")
            for name, part in zip(["Ngày", "Tháng", "Năm"][-len(parts) :], parts, strict=True):
                group.get_by_label(name).fill(part)
        elif group.count():
            group.get_by_text(text, exact=True).click()
        elif opener.count():
            opener.click()
            dialog = self.page.get_by_role("dialog")
            dialog.get_by_role("searchbox").fill(text)
            dialog.locator("button.option").first.click()
            if dialog.is_visible():
                dialog.get_by_role("button", name="Xong").click()
        else:
            field.first.fill(text)
        return self

    def _find(self, target: Locator) -> None:
        target.wait_for(state="attached")  # the screen may still be on its way
        if not target.is_visible():
            for more in self.page.locator("details:not([open]) > summary").all():
                more.click()
        expect(target).to_be_visible()

    def tap(self, name: str) -> Officer:
        """Tap a button or a link by its words."""
        button = self.page.get_by_role("button", name=name).or_(self.page.get_by_role("link", name=name)).first
        button.click()
        return self

    def add(self, what: str) -> Officer:
        """Add a card to a list."""
        self.page.get_by_role("button", name=f"+ Thêm {what}").click()
        return self

    def walk(self, *corners: tuple[float, float]) -> Officer:
        """Walk around a parcel, one corner after the other, and close the boundary."""
        self.start_walking(*corners)
        return self.tap("Khép kín").tap("Giữ ranh giới này")

    def start_walking(self, *corners: tuple[float, float]) -> Officer:
        """Walk along the corners, and stay at the last."""
        self.tap("Đi quanh thửa")
        return self.go_on_walking(1, *corners)

    def go_on_walking(self, first: int, *corners: tuple[float, float]) -> Officer:
        """Walk on; the point at ``corners[0]`` is number ``first`` of the boundary."""
        for number, (longitude, latitude) in enumerate(corners, first):
            self._walk_for(seconds=60)
            # A step counts after two seconds; the phone reports its position only when it changes.
            deadline = time.monotonic() + WAIT / 1000
            wanted = self.page.get_by_text(f"Đang đi: {number} điểm")
            wobble = 0
            while not wanted.is_visible():
                assert time.monotonic() < deadline, f"corner {number} was not taken"
                wobble += 1
                place = {"longitude": longitude + wobble * 1e-8, "latitude": latitude, "accuracy": 4}
                self.phone.context.set_geolocation(cast(Any, place))
                self.page.wait_for_timeout(400)
        return self

    def _walk_for(self, seconds: int) -> None:
        """Let this time pass on the clock that walks are timed by: nobody is believed to be there at once."""
        self.page.evaluate(
            """seconds => {
                window.walkedFor = (window.walkedFor ?? 0) + 1000 * seconds;
                // Playwright's clock may have put its own in the place of ours.
                if (performance.now.walks) return;
                const now = performance.now.bind(performance);
                performance.now = Object.assign(() => now() + window.walkedFor, {walks: true});
            }""",
            seconds,
        )

    def saved(self) -> Officer:
        """Wait until the screen says that all is saved."""
        expect(self.page.locator("[data-saving=saved]")).to_be_visible()
        return self

    def send_now(self) -> Officer:
        """Tap "send now", if the form has not begun by itself."""
        button = self.page.get_by_role("button", name="Gửi ngay")
        with contextlib.suppress(PlaywrightTimeout):
            button.click(timeout=1500)
        return self

    def sent(self, count: int = 1) -> Officer:
        """Wait until so many entries are sent."""
        expect(self.page.locator("[data-state=sent]")).to_have_count(count, timeout=WAIT)
        return self

    def until(self, holds: Callable[[], None]) -> Officer:
        """Retry until no assertion fails, for what Playwright's own expectations cannot express."""
        deadline = time.monotonic() + WAIT / 1000
        while True:
            try:
                holds()
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
                self.page.wait_for_timeout(200)
            else:
                return self

    def picture(self, path: Path) -> None:
        """Take a picture of the screen as it is."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(path))

    def look(self, name: str) -> Officer:
        """Take a picture where PICTURES_FOLDER says where to."""
        if os.environ.get("PICTURES_FOLDER"):
            self.picture(Path(os.environ["PICTURES_FOLDER"]) / f"{name}.png")
        return self
