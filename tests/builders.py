"""Builders of valid records in JSON form, for every test that needs a household: each call gives a new one.

Any item can be given; one given as None is left out: ``a_household(parcels=[a_parcel(geometry=None)])``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import uuid_utils

from service.unit_names import UnitId

Json = dict[str, Any]

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Nine in the morning of TODAY in Vietnam."""

THANH_VINH = UnitId("16681")
"""Its identity, and its code today: until 30 June 2025 the code of Quang Trung, which then became part of it."""
TRUONG_VINH = UnitId("16690")
VINH_LOC = UnitId("16708")
COMMUNES = (THANH_VINH, TRUONG_VINH, VINH_LOC)

SOUTH_WEST = (105.664, 18.676)
"""From here on parcels are laid out in Thành Vinh, side by side."""
STEP = 0.0005
PARCELS_IN_A_ROW = 20
PARCEL_ROWS = 20

# Processes that write to one register side by side must not give one number to two people.
_people: Iterator[int] = count(os.getpid() % 1000 * 1000)
_parcels: Iterator[int] = count()


class MovedClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **duration: float) -> None:
        """Let time pass: ``clock.pass_by(hours=3)``."""
        self.now += timedelta(**duration)


def an_id() -> str:
    """A household's id, as a client mints it."""
    return str(uuid_utils.uuid7())


def a_personal_number(sex: str = "male", year: int = 1978, place: str = "040") -> str:
    """A personal number that nobody else has, true to sex and year of birth (Circular 07/2016/TT-BCA)."""
    digit = (year // 100 - 19) * 2 + (sex == "female")
    return f"{place}{digit}{year % 100:02d}{next(_people) % 1_000_000:06d}"


def a_head(**items: Any) -> Json:
    """The head of a household with all that standardizing asks for; its number agrees with sex and birth date."""
    sex = items.get("sex", "male")
    birth = items.get("birth_date") or "1978-05-02"
    head = {"full_name": "Nguyễn Văn An", "sex": sex, "birth_date": birth, "ethnic_group": "01"}
    if items.get("no_id_reason") is None:
        head["national_id"] = a_personal_number(sex, int(birth[:4]))
    return _with(head, items)


def a_member(**items: Any) -> Json:
    """Somebody else of the household."""
    member = {"full_name": "Trần Thị Bình", "relation": "spouse", "sex": "female", "birth_date": "1980"}
    return _with(member, items)


def a_square(west: float | None = None, south: float | None = None, side: float = 0.0003) -> Json:
    """A boundary; without a place it lies in Thành Vinh beside those built before, apart from them."""
    if west is None or south is None:
        row, column = divmod(next(_parcels) % (PARCELS_IN_A_ROW * PARCEL_ROWS), PARCELS_IN_A_ROW)
        west, south = SOUTH_WEST[0] + column * STEP, SOUTH_WEST[1] + row * STEP
    west, south, east, north = (round(each, 7) for each in (west, south, west + side, south + side))
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [corners]}


def a_parcel(**items: Any) -> Json:
    """A rice field with its boundary, which is all that digitizing asks for."""
    parcel = {
        "map_sheet": "12",
        "parcel_number": str(next(_parcels)),
        "land_use": "LUC",
        "tenure": "owned",
        "declared_area_m2": 1050.0,
        "crops": [{"crop": "rice", "area_m2": 1000}],
    }
    if "geometry" not in items:
        parcel["geometry"] = a_square()
    return _with(parcel, items)


def a_household(**items: Any) -> Json:
    """A household whose record reaches the last stage, digitized."""
    household = {
        "id": an_id(),
        "commune": THANH_VINH,
        "village": "Khối 3",
        "captured_at": "2026-11-20T02:11:09Z",
        "head": a_head(),
        "members": [a_member()],
        "poverty": "none",
        "parcels": [a_parcel()],
        "livestock": [{"kind": "buffalo", "heads": 2}],
        "products": [{"name": "Gạo nếp", "vsic": "01110", "annual_output": 3.5, "unit": "t"}],
        "legal_basis": "state_function",
    }
    return _with(household, items)


def a_household_without_boundaries(**items: Any) -> Json:
    """A household whose record is standardized, but not digitized."""
    return a_household(**{"parcels": [a_parcel(geometry=None)], **items})


def a_least_household(**items: Any) -> Json:
    """The least that registers, as from a paper list; its head has a personal number."""
    household = {
        "id": an_id(),
        "commune": THANH_VINH,
        "head": {"full_name": "Lò Thị Hoa", "sex": "female", "national_id": a_personal_number("female")},
        "legal_basis": "state_function",
    }
    return _with(household, items)


def _with(record: Json, items: Json) -> Json:
    return {name: value for name, value in {**record, **items}.items() if value is not None}
