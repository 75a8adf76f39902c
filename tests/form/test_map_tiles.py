"""Map tiles from a real server: nothing unasked, counted before, stored on request, drawn without signal."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, expect

from service.settings import Settings
from tests.builders import THANH_VINH, a_household
from tests.form.filling import put, take_along
from tests.form.officer import Officer, Phone
from tests.form.on_the_map import FIELD, area_line, forget_borders, load_borders, notices, to_the_map, type_sheet
from tests.form.serving import ServedForm
from tests.form.tile_server import TileServer

MANY = 60_000
"""Milliseconds for some two hundred pictures on a busy machine."""


@pytest.fixture
def tiles() -> Iterator[TileServer]:
    """A tile server."""
    server = TileServer()
    yield server
    server.close()


@pytest.fixture
def form_settings(register_settings: Settings, form_folder: Path, tiles: TileServer) -> Iterator[Settings]:
    """A service that names the tile server, with borders of communes."""
    load_borders(register_settings)
    yield replace(register_settings, form_folder=str(form_folder), tile_url=tiles.template, tile_attribution="Bản đồ")
    forget_borders(register_settings)


@pytest.fixture
def refusals(officer: Officer) -> list[str]:
    """What the page's policy refused."""
    messages: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            messages.append(message.text)

    officer.page.on("console", listen)
    return messages


def on_the_phone(officer: Officer) -> Officer:
    """Take the commune along, and stay on the page of this phone."""
    take_along(officer).tap("Máy này").on("Máy này")
    expect(officer.page.locator("[data-tiles]")).to_be_visible()
    return officer


def keep_tiles(officer: Officer) -> int:
    """Ask for the tiles, wait until all are stored; returns how many were promised."""
    offer = officer.page.locator("[data-tiles=offered]").inner_text()
    officer.tap("Lưu nền bản đồ")
    expect(officer.page.locator("[data-tiles=stored]")).to_be_visible(timeout=MANY)
    return int(re.search(r"([\d.]+) ô ảnh, khoảng", offer)[1].replace(".", ""))  # type: ignore[index]


def drawn_tiles(officer: Officer) -> list[str]:
    """Addresses of the pictures that the map really shows."""
    script = """() => [...document.querySelectorAll('.leaflet-tile-loaded img')]
        .filter((picture) => picture.complete && picture.naturalWidth === 256).map((picture) => picture.src)"""
    shown: list[str] = officer.page.evaluate(script)
    return shown


def wait_for_tiles(officer: Officer) -> list[str]:
    """Wait until the whole map is covered."""
    officer.page.wait_for_function(
        """() => {const tiles = [...document.querySelectorAll('.leaflet-tile')];
        return tiles.length > 0 && tiles.every((tile) => tile.classList.contains('leaflet-tile-loaded'));}""",
        timeout=MANY,
    )
    return drawn_tiles(officer)


def test_what_was_promised_is_stored_until_it_is_removed(
    officer: Officer, served: ServedForm, tiles: TileServer, refusals: list[str], tmp_path: Path
) -> None:
    put(served, a_household(commune=THANH_VINH))
    on_the_phone(officer)
    assert tiles.requested == []
    officer.page.locator("[data-tiles]").scroll_into_view_if_needed()
    officer.picture(Path(os.environ.get("PICTURES_FOLDER", tmp_path)) / "18-tiles.png")
    promised = keep_tiles(officer)
    assert len(tiles.requested) == len(set(tiles.requested)) == promised <= 1500
    expect(officer.page.get_by_text(f"Đã có đủ {promised} ô ảnh")).to_be_visible()
    assert refusals == []
    officer.tap("Xóa nền bản đồ khỏi máy")
    expect(officer.page.locator("[data-tiles=offered]")).to_be_visible()
    assert officer.page.evaluate("caches.open('tiles').then((tiles) => tiles.keys()).then(({length}) => length)") == 0


def test_without_signal_the_tiles_are_drawn_from_the_phone(
    officer: Officer, served: ServedForm, tiles: TileServer, refusals: list[str]
) -> None:
    on_the_phone(officer)
    keep_tiles(officer)
    tiles.close()
    officer.lose_signal(served)
    officer.come_back()
    type_sheet(to_the_map(officer), FIELD)
    shown = wait_for_tiles(officer)
    assert shown
    assert all(address.startswith(f"{tiles.origin}/17/") for address in shown)
    # The view is closer than the closest that is stored: its pictures are shown larger.
    widths = officer.page.evaluate("[...document.querySelectorAll('.leaflet-tile img')].map(({width}) => width)")
    assert set(widths) <= {512, 1024, 2048}
    assert refusals == []


def test_with_signal_the_map_shows_tiles_that_were_not_stored(
    officer: Officer, tiles: TileServer, refusals: list[str]
) -> None:
    to_the_map(officer)
    assert wait_for_tiles(officer)
    expect(officer.page.locator(".leaflet-control-attribution")).to_contain_text("Bản đồ")
    assert refusals == []


def test_without_tiles_one_draws_all_the_same(officer: Officer, tiles: TileServer) -> None:
    tiles.close()
    type_sheet(to_the_map(officer), FIELD)
    expect(area_line(officer)).to_be_visible()
    expect(officer.page.locator("path.leaflet-interactive")).to_be_visible()
    officer.tap("Giữ ranh giới này").saved()


def test_pictures_come_from_the_tile_server_and_from_nowhere_else(
    officer: Officer, served: ServedForm, tiles: TileServer
) -> None:
    policy = officer.page.request.get(served.address).headers["content-security-policy"]
    images = next(part for part in policy.split("; ") if part.startswith("img-src"))
    assert images == f"img-src 'self' data: blob: {tiles.origin}"
    stranger = TileServer()
    load = """(address) => new Promise((resolve) => {const picture = new Image();
        picture.onload = () => resolve('shown'); picture.onerror = () => resolve('refused'); picture.src = address;})"""
    assert officer.page.evaluate(load, f"{tiles.origin}/1/0/0.png") == "shown"
    with officer.page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        assert officer.page.evaluate(load, f"{stranger.origin}/1/0/0.png") == "refused"
    assert stranger.requested == []
    stranger.close()


def test_a_stopped_download_retains_what_came_and_goes_on_later(officer: Officer, tiles: TileServer) -> None:
    on_the_phone(officer)
    tiles.hold.clear()
    officer.tap("Lưu nền bản đồ")
    expect(officer.page.get_by_role("progressbar")).to_be_visible()
    officer.tap("Dừng")
    tiles.hold.set()
    expect(officer.page.get_by_text("Còn thiếu")).to_be_visible(timeout=MANY)
    before = len(tiles.requested)
    keep_tiles(officer)
    assert len(tiles.requested) == len(set(tiles.requested)) > before


def test_a_lost_network_is_reported_and_what_came_stays(officer: Officer, tiles: TileServer) -> None:
    on_the_phone(officer)
    tiles.close()
    officer.tap("Lưu nền bản đồ")
    expect(officer.page.get_by_role("alert").filter(has_text="Mất sóng giữa chừng")).to_be_visible(timeout=MANY)
    expect(officer.page.get_by_role("button", name="Lưu nền bản đồ")).to_be_visible()


class TestAServerThatLetsNoPageKeepItsTiles:
    @pytest.fixture
    def tiles(self) -> Iterator[TileServer]:
        """Without CORS."""
        server = TileServer(shares=False)
        yield server
        server.close()

    def test_the_form_says_who_can_help(self, a_phone: Callable[..., Phone]) -> None:
        officer = on_the_phone(Officer(a_phone()).arrive())
        officer.tap("Lưu nền bản đồ")
        warning = officer.page.get_by_role("alert").filter(has_text="Access-Control-Allow-Origin")
        expect(warning).to_be_visible(timeout=MANY)
        officer.tap("Danh sách")
        to_the_map(officer)
        assert wait_for_tiles(officer)
        expect(notices(officer)).to_have_count(0)
