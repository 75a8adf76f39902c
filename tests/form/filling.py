"""What tests do again and again: fill in the form up to the last screen, take a commune along, write past the form."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from playwright.sync_api import expect

from service.roles import Role
from tests.api.signed_in import token_of
from tests.builders import a_personal_number
from tests.form.officer import Officer
from tests.form.serving import ServedForm


def fill_in(officer: Officer, name: str = "Nguyễn Thị Hoà", number: str | None = None) -> None:
    """The least that registers, and a little more."""
    officer.begin()
    officer.answer("Xã, phường", "thanh vinh")
    officer.answer("Thôn, xóm, bản, khối", "Khối 3").next().on("Chủ hộ")
    officer.answer("Họ và tên", name).answer("Giới tính", "Nữ").answer("Ngày sinh", "7/3/1978")
    officer.answer("Số định danh cá nhân", number or a_personal_number("female", 1978))
    officer.answer("Dân tộc", "kinh")


def to_review(officer: Officer) -> None:
    """On to the last screen."""
    title = officer.page.get_by_role("heading", level=1)
    expect(officer.page.get_by_role("button", name="Tiếp tục")).to_be_visible()
    while (before := title.inner_text()) != "Xem lại và gửi":
        officer.next()
        expect(title).not_to_have_text(before)


def put(served: ServedForm, household: dict[str, Any], revision: int | None = None) -> dict[str, Any]:
    """Somebody else writes to the register."""
    token = token_of(served.weather.app, Role.OFFICER)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    if revision is not None:
        headers["If-Match"] = f'"{revision}"'
    request = urllib.request.Request(
        f"{served.address}/v1/households/{household['id']}", json.dumps(household).encode(), headers, method="PUT"
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        stored: dict[str, Any] = json.load(response)
        return stored


def revisit(officer: Officer, name: str) -> Officer:
    """Find a household by a part of its name, without diacritics, and open it."""
    officer.page.get_by_role("searchbox").fill(name)
    officer.page.locator(f'[data-found="{name}"] ~ ul button.card').first.click()
    return officer.on("Hộ")


def take_along(officer: Officer) -> Officer:
    """Take Thành Vinh along."""
    officer.tap("Máy này").on("Máy này").answer("Xã, phường", "thanh vinh").tap("Tải về")
    expect(officer.page.get_by_text("Thành Vinh: ")).to_be_visible()
    return officer.tap("Danh sách")
