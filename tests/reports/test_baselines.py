"""Baselines: parsed whole, read as of their own date, kept apart by it."""

from __future__ import annotations

from typing import Any

import pytest

from service.actor import REGISTER_ITSELF, Actor
from service.errors import BaselineInvalid, CommuneNotInForce, CommuneOutsideArea, CommuneUnknown, UnitNotFound
from service.wiring import Register
from tests.builders import THANH_VINH, TRUONG_VINH


def a_baseline(**items: Any) -> dict[str, Any]:
    return {"households": 1200, "source": "Tổng điều tra 2025", "date": "2025-07-01", **items}


def test_a_baseline_names_the_unit_of_its_date(services: Register) -> None:
    then = services.baselines.put("16681", a_baseline(date="2025-06-30"), actor=REGISTER_ITSELF)
    now = services.baselines.put("16681", a_baseline(), actor=REGISTER_ITSELF)
    assert (then["name"], now["name"]) == ("Quang Trung", "Thành Vinh")


def test_baselines_are_listed_latest_first_and_replaced_by_date(services: Register) -> None:
    for households, day in ((10, "2025-07-01"), (20, "2026-01-01"), (30, "2026-01-01")):
        services.baselines.put(THANH_VINH, a_baseline(households=households, date=day), actor=REGISTER_ITSELF)
    assert [each["households"] for each in services.baselines.of(THANH_VINH)] == [30, 10]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ([], ""),
        (a_baseline(colour="red"), "/colour"),
        (a_baseline(households=-1), "/households"),
        (a_baseline(households=1.5), "/households"),
        (a_baseline(households=True), "/households"),
        (a_baseline(households="12"), "/households"),
        (a_baseline(households=10**12), "/households"),
        (a_baseline(source=" "), "/source"),
        (a_baseline(source="x" * 301), "/source"),
        (a_baseline(source=None), "/source"),
        (a_baseline(date="2025-02-30"), "/date"),
        (a_baseline(date="20250701"), "/date"),
        (a_baseline(date="2025-W27-2"), "/date"),
        (a_baseline(date=20250701), "/date"),
        (a_baseline(date="2026-11-24"), "/date"),
    ],
)
def test_a_baseline_that_is_none_is_refused_at_its_place(services: Register, body: Any, pointer: str) -> None:
    with pytest.raises(BaselineInvalid) as refused:
        services.baselines.put(THANH_VINH, body, actor=REGISTER_ITSELF)
    assert refused.value.pointer == pointer


def test_a_code_is_read_on_the_baselines_own_date(services: Register) -> None:
    with pytest.raises(CommuneUnknown):
        services.baselines.put("99999", a_baseline(), actor=REGISTER_ITSELF)
    with pytest.raises(CommuneNotInForce):
        services.baselines.put("16663", a_baseline(), actor=REGISTER_ITSELF)
    assert services.baselines.put("16663", a_baseline(date="2025-06-30"), actor=REGISTER_ITSELF)["name"] == "Đông Vĩnh"


def test_an_account_sets_baselines_in_its_area_only(services: Register) -> None:
    leader = Actor("leader", frozenset({THANH_VINH}))
    services.baselines.put(THANH_VINH, a_baseline(), actor=leader)
    services.baselines.put("16663", a_baseline(date="2025-06-30"), actor=leader)
    for code, day in ((TRUONG_VINH, "2025-07-01"), ("412", "2025-06-30"), ("40", "2025-07-01")):
        with pytest.raises(CommuneOutsideArea):
            services.baselines.put(code, a_baseline(date=day), actor=leader)


def test_a_code_that_nobody_ever_had_has_no_list(services: Register) -> None:
    with pytest.raises(UnitNotFound):
        services.baselines.of("99999")
