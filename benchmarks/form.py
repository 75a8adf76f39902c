"""The phone form in a real browser at a quarter of this machine's speed: opening, typing, searching; and its sizes."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, cast

from benchmarks import records
from benchmarks.figures import Figure, Size, Target
from benchmarks.workplace import Server, Workplace, server
from service.access.accounts import NewAccount
from service.actor import REGISTER_ITSELF
from service.api.http.guard import Guard
from service.app import create_app, register_of
from service.households.bulk import BulkRegistration
from service.principal import register_itself
from service.roles import Role
from service.running.errors import CannotRun
from service.running.form_build import build_form
from service.wiring import wire

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

OPENING_TARGET = Target(1.5, at_least=False)
TASK_TARGET = Target(50, at_least=False)
SEARCH_TARGET = Target(100, at_least=False)
FIRST_LOAD_TARGET = Target(60, at_least=False)
MAP_TARGET = Target(140, at_least=False)

SLOWDOWN = 4
"""How many times slower an old phone is than this machine."""

PIN, USERNAME, PASSWORD = "271846", "officer", "Lúa chín vàng đồng"
LARGE_FAMILY = "Phạm Thị Đông Người"
MEMBERS, PARCELS = 30, 20
WAIT = 300_000
"""Milliseconds after which the benchmark stops waiting for a screen."""

_WORDS = ("nguyen van", "tran thi ho", "040078", "khoi", "hoang", "le thi", "pham", "xom 3", "bui", "dang van")

# When the PIN's field is there and the page has had time to render it, in milliseconds since the navigation began.
_NOTE_OPENING = """
new MutationObserver((_, observer) => {
  if (!document.getElementById('pin')) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => (window.usableAt = performance.now())));
}).observe(document, {childList: true, subtree: true});
"""
_USABLE_AT = """() => new Promise(resolve => {
  const look = () => (window.usableAt === undefined ? setTimeout(look, 20) : resolve(window.usableAt));
  look();
})"""
_NOTE_TASKS = """() => {
  window.tasks = [];
  const keep = list => tasks.push(...list.getEntries().map(each => each.duration));
  new PerformanceObserver(keep).observe({type: 'longtask'});
}"""
_TRACED = "disabled-by-default-devtools.timeline"
"""The category of Chromium's trace that contains every task with its thread's processor time."""
_SEARCH = """words => new Promise(resolve => {
  const field = document.getElementById('search');
  const began = performance.now();
  const look = () => {
    if (document.querySelector('[data-found]')?.dataset.found !== words) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, {childList: true, subtree: true, attributes: true, characterData: true});
  field.value = words;
  field.dispatchEvent(new Event('input', {bubbles: true}));
})"""


def measure(place: Workplace, size: Size) -> list[Figure]:
    """Measure the size of the built form, and its speed on a phone with a large commune and a large household.

    Raises CannotRun where there is no Chromium or no Playwright.
    """
    folder = _built(place)
    households, tries = size.of((5_000, 11), (500, 3), (50, 1))
    with (
        place.database("form"),
        _filled(place, households) as large_family,
        server(place, "form", form=folder) as running,
        _phone(place, running) as phone,
    ):
        _put(running, large_family)
        phone.arrive()
        phone.take_along()
        typing = [phone.longest_task() for _ in range(tries)]
        first, *others = [phone.search(words) for words in _WORDS]
        opening = [phone.opening() for _ in range(tries)]
    return [*_sizes(folder), _opening(opening), _typing(typing), _searching(households, first, others)]


def _opening(opening: Sequence[float]) -> Figure:
    note = f"{len(opening)} times, {min(opening) / 1000:.2f} to {max(opening) / 1000:.2f} s, at {SLOWDOWN}× slowdown"
    name = "the form opens from the phone's own store"
    return Figure(name, median(opening) / 1000, "s to the PIN", OPENING_TARGET, (note,))


def _typing(rounds: Sequence[_Typing]) -> Figure:
    longest, by_clock = [each.longest for each in rounds], _listed([each.by_clock for each in rounds])
    return Figure(
        f"typing in a household of {MEMBERS} members and {PARCELS} parcels",
        median(longest),
        "ms of the processor in the longest task",
        TASK_TARGET,
        (
            f"longest of each round: {_listed(longest)} ms, at {SLOWDOWN}× slowdown",
            f"by the clock, others on the machine too: {by_clock} ms (0: none of 50 or more)",
        ),
    )


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{each:.0f}" for each in values)


def _searching(households: int, first: float, others: Sequence[float]) -> Figure:
    return Figure(
        f"search in {households:,} households taken along",
        median(others),
        "ms until the hits are painted",
        SEARCH_TARGET,
        (
            f"{len(others)} searches, {min(others):.0f} to {max(others):.0f} ms, at {SLOWDOWN}× slowdown",
            f"the very first, which makes the index: {first:.0f} ms",
        ),
    )


def _built(place: Workplace) -> Path:
    """Return the built form: FORM_FOLDER, or else a new build."""
    if os.environ.get("FORM_FOLDER"):
        return Path(os.environ["FORM_FOLDER"])
    built = build_form(place.folder, os.environ)
    if built is None:
        raise CannotRun("This checkout has no form/ to measure.")
    return built


# Sizes ----------------------------------------------------------------------------------------------------------


def _sizes(folder: Path) -> list[Figure]:
    """Return what a phone downloads at its first visit, and what the map adds, gzipped."""
    chunks: dict[str, dict[str, Any]] = json.loads((folder / ".vite" / "manifest.json").read_text(encoding="utf-8"))
    first = {"index.html", "service-worker.js", "manifest.webmanifest"}
    for key in ("index.html", "src/App.svelte", "src/session/start.ts", "src/session/shell.svelte.ts"):
        first |= _reached(chunks, key)
    [map_key] = [key for key in chunks if key.startswith("src/map/") and chunks[key].get("isDynamicEntry")]
    weighed = {file: len(gzip.compress((folder / file).read_bytes(), 9)) / 1000 for file in first}
    map_files = _reached(chunks, map_key) - first
    map_weight = sum(len(gzip.compress((folder / file).read_bytes(), 9)) / 1000 for file in map_files)
    return [
        Figure("first load without the map", sum(weighed.values()), "kB gzipped", FIRST_LOAD_TARGET),
        Figure("the map's part", map_weight, "kB gzipped", MAP_TARGET),
    ]


def _reached(chunks: dict[str, dict[str, Any]], key: str) -> set[str]:
    """Return the files that a chunk needs immediately: its own, its styles, and those of its imports."""
    files: set[str] = set()
    waiting = [key]
    while waiting:
        chunk = chunks.get(waiting.pop())
        if chunk is None or chunk["file"] in files:
            continue
        files |= {chunk["file"], *chunk.get("css", ())}
        waiting += chunk.get("imports", ())
    return files


# The register ---------------------------------------------------------------------------------------------------


@contextmanager
def _filled(place: Workplace, households: int) -> Iterator[dict[str, Any]]:
    """Register households in one commune, and an officer's account; returns a household with a large family."""
    settings = place.settings("form")
    services = wire(settings)
    bodies = records.in_one_commune(records.households(households))
    bulk = BulkRegistration(services.store, services.units.directory, services.clock, services.examiner)
    for outcome in bulk.register(bodies, actor=REGISTER_ITSELF):
        if outcome.result != "registered":
            raise RuntimeError(f"{outcome.household_id}: {outcome.result} {outcome.error}")
    services.store.close()
    app = create_app(settings)
    accounts = cast(Guard, app.extensions["guard"]).accounts
    made = NewAccount(USERNAME, Role.OFFICER, (records.province().code,), password=PASSWORD, must_change_password=False)
    accounts.create(made, register_itself())
    register_of(app).store.close()
    yield _large_family()


def _large_family() -> dict[str, Any]:
    body = dict(records.in_one_commune(records.households(1, seed=7))[0])
    body["head"] = {"full_name": LARGE_FAMILY, "sex": "female", "birth_date": "1961", "no_id_reason": "not_issued"}
    body["members"] = [
        {"full_name": f"Phạm Văn {number}", "sex": "male", "birth_date": "1990", "relation": "child"}
        for number in range(MEMBERS)
    ]
    body["parcels"] = [
        {
            "map_sheet": "977",
            "parcel_number": str(number),
            "land_use": "LUC",
            "declared_area_m2": 1000,
            "tenure": "owned",
        }
        for number in range(1, PARCELS + 1)
    ]
    return body


def _put(running: Server, body: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {running.token}"}
    address = f"http://127.0.0.1:{running.port}/v1/households/{body['id']}"
    request = urllib.request.Request(address, json.dumps(body).encode(), headers, method="PUT")
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
        response.read()


# The phone ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Typing:
    """One round: the longest task of the page's main thread, in milliseconds."""

    longest: float
    """By the thread's processor time, which excludes other load of the machine."""
    by_clock: float
    """By wall-clock time, as the browser reports tasks of 50 ms and more."""


@contextmanager
def _phone(place: Workplace, running: Server) -> Iterator[_Phone]:
    """A browser with a phone's screen, its own profile and a quarter of this machine's speed."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise CannotRun("Chromium is needed to measure the form: type: sudo apt-get install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise CannotRun("Playwright is needed to measure the form; scripts/bench has it.") from None
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(place.folder / "phone"),
            executable_path=program,
            args=["--no-sandbox"],
            viewport={"width": 360, "height": 640},
            has_touch=True,
            locale="vi-VN",
        )
        try:
            yield _Phone(context, f"http://127.0.0.1:{running.port}")
        finally:
            context.close()


class _Phone:
    def __init__(self, context: BrowserContext, address: str) -> None:
        self._context = context
        self._address = address
        context.set_default_timeout(WAIT)
        context.add_init_script(_NOTE_OPENING)
        self._page: Page = context.pages[0]
        self._page.on("dialog", lambda dialog: dialog.accept())
        context.new_cdp_session(self._page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})

    def arrive(self) -> None:
        """First visit: PIN and sign-in; the form is stored on the phone afterwards."""
        self._page.goto(self._address)
        self._page.get_by_label("Mã PIN", exact=True).fill(PIN)
        self._page.get_by_label("Nhập lại mã PIN").fill(PIN)
        self._page.get_by_role("button", name="Đặt mã PIN").click()
        self._page.get_by_role("button", name="Đăng nhập").click()
        self._page.get_by_label("Tên đăng nhập").fill(USERNAME)
        self._page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
        self._page.locator("form").get_by_role("button", name="Đăng nhập").click()
        self._page.get_by_label("Mật khẩu", exact=True).wait_for(state="hidden")
        self._page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    def take_along(self) -> None:
        """Download the commune, and unlock the phone again, so that nothing is decrypted in memory."""
        self._page.goto(f"{self._address}/#/settings")
        self._page.get_by_role("button", name="Xã, phường").click()
        self._page.get_by_role("searchbox").fill(records.commune())
        self._page.locator("button.option").first.click()
        self._page.get_by_role("button", name="Tải về").click()
        self._page.locator("li.card").first.wait_for()
        self._context.set_offline(True)
        self._unlock()

    def _unlock(self) -> None:
        self._page.goto(f"{self._address}/#/")
        self._page.reload()
        self._page.get_by_label("Mã PIN", exact=True).fill(PIN)
        self._page.get_by_role("button", name="Mở", exact=True).click()
        self._page.locator("#search").wait_for()

    def longest_task(self) -> _Typing:
        """Type in the large household, letter by letter, with pauses in which it is saved."""
        page = self._page
        if not page.get_by_label("Thôn, xóm, bản, khối").is_visible():
            page.locator("#search").fill(LARGE_FAMILY)
            page.locator("button.card").first.click()
            page.get_by_label("Thôn, xóm, bản, khối").click()
            page.keyboard.type("Xóm")
            page.locator("[data-saving=saved]").wait_for()
            page.evaluate(_NOTE_TASKS)
        page.evaluate("tasks.length = 0")
        with self._trace() as tasks:
            page.keyboard.type(" Đông Sơn", delay=120)
            page.wait_for_timeout(1500)
            page.locator("[data-saving=saved]").wait_for()
        return _Typing(max(tasks), max(page.evaluate("tasks"), default=0.0))

    @contextmanager
    def _trace(self) -> Iterator[list[float]]:
        """Collect the processor time of each task of the page's main thread meanwhile, in milliseconds."""
        events: list[dict[str, Any]] = []
        tasks: list[float] = []
        done: list[bool] = []
        session = self._context.new_cdp_session(self._page)
        session.on("Tracing.dataCollected", lambda batch: events.extend(batch["value"]))
        session.on("Tracing.tracingComplete", lambda _: done.append(True))
        session.send(
            "Tracing.start", {"transferMode": "ReportEvents", "traceConfig": {"includedCategories": [_TRACED]}}
        )
        yield tasks
        session.send("Tracing.end")
        while not done:
            self._page.wait_for_timeout(50)
        session.detach()
        threads = {
            (event["pid"], event["tid"])
            for event in events
            if event["name"] == "thread_name" and event["args"].get("name") == "CrRendererMain"
        }
        tasks += [
            event["tdur"] / 1000
            for event in events
            if event["name"] == "RunTask" and (event["pid"], event["tid"]) in threads and "tdur" in event
        ]

    def search(self, words: str) -> float:
        """Return the milliseconds from the words in the field until the hits are rendered."""
        if not self._page.locator("#search").is_visible():
            self._unlock()
        return float(self._page.evaluate(_SEARCH, words))

    def opening(self) -> float:
        """Return the milliseconds from the navigation until the PIN can be typed, offline."""
        self._page.goto("about:blank")
        self._page.goto(self._address)
        return float(self._page.evaluate(_USABLE_AT))
