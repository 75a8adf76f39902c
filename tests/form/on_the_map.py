"""What tests of the map need again and again: two communes with borders, the way to the map, a sheet of coordinates."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import numpy as np
import pymongo
import shapely
from playwright.sync_api import Locator, expect
from pyproj import Geod

from service.parcels.reference_systems import SYSTEMS, from_wgs84
from service.settings import Settings
from service.storage.repositories import Repositories
from tests.builders import THANH_VINH, TRUONG_VINH
from tests.form.filling import fill_in
from tests.form.officer import Officer

Corners = Sequence[tuple[float, float]]

WEST, SOUTH, EAST, NORTH = 105.655, 18.665, 105.690, 18.690
"""Thành Vinh in tests: some 3.7 by 2.8 kilometres. Trường Vinh lies east of it."""

FIELD = ((105.6640, 18.6760), (105.6645, 18.6760), (105.6645, 18.6764), (105.6640, 18.6764))
"""53 by 44 metres in Thành Vinh."""

FIELD_OF_OTHERS = ((105.6940, 18.6760), (105.6945, 18.6760), (105.6945, 18.6764), (105.6940, 18.6764))
"""As large, in Trường Vinh, some 450 metres beyond the border."""


def load_borders(settings: Settings) -> None:
    """What scripts/units --borders does."""
    store = Repositories(settings)
    store.borders.replace_borders(
        {
            THANH_VINH: shapely.segmentize(shapely.box(WEST, SOUTH, EAST, NORTH), 0.001),
            TRUONG_VINH: shapely.box(EAST, SOUTH, EAST + 0.05, NORTH),
        }
    )
    store.close()


def forget_borders(settings: Settings) -> None:
    """No borders, as before they are loaded."""
    with pymongo.MongoClient[dict[str, object]](settings.mongodb_uri) as client:
        client.get_default_database()["borders"].delete_many({})


def to_the_map(officer: Officer, declared: str = "2300") -> Officer:
    """A new household in Thành Vinh, its first parcel, the parcel's map."""
    fill_in(officer)
    officer.next().next().on("Thửa đất").add("thửa đất")
    officer.answer("Diện tích theo giấy tờ hoặc khai báo", declared)
    officer.tap("Đo hoặc vẽ ranh giới")
    expect(officer.page.locator(".leaflet-container")).to_be_visible()
    return officer


def sheet_of(corners: Corners) -> str:
    """The corners as a field sheet has them: X (north) and Y (east) in VN-2000, a line each."""
    grid = from_wgs84(np.asarray(corners), SYSTEMS["EPSG:9208"])
    return "\n".join(f"{north:.3f} {east:.3f}" for east, north in grid)


def type_sheet(officer: Officer, corners: Corners) -> Officer:
    """Type the corners from a sheet and draw them."""
    officer.tap("Nhập tọa độ")
    officer.page.locator("#sheet").fill(sheet_of(corners))
    return officer.tap("Vẽ các góc này")


def notices(officer: Officer) -> Locator:
    """What the map warns of."""
    return officer.page.locator(".panel [role=alert]")


def area_line(officer: Officer) -> Locator:
    """The map's line with the area; other screens name the area too, but without square metres behind it."""
    return officer.page.get_by_text(re.compile(r"^Diện tích [\d.]+ m²"))


def shown_area(officer: Officer) -> float:
    """The area that the map shows, in m²."""
    line = area_line(officer)
    expect(line).to_be_visible()
    [shown] = re.findall(r"Diện tích ([\d.]+) m²", line.inner_text())
    return float(shown.replace(".", ""))


def square_metres(corners: Corners) -> float:
    """Area on the ellipsoid, as the register measures it."""
    area, _ = Geod(ellps="WGS84").geometry_area_perimeter(shapely.Polygon(corners))
    return abs(float(area))


def polygon(corners: Corners) -> dict[str, object]:
    """GeoJSON of the corners."""
    drawn: dict[str, object] = json.loads(shapely.to_geojson(shapely.Polygon(corners)))
    return drawn
