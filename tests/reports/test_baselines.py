"""Baselines: validated, read as of their own date, and stored once per date."""

from __future__ import annotations

from typing import Any

import pytest

from service.actor import REGISTER_ITSELF, Actor
from service.api.http.resource import parsed
from service.api.resources.baselines import BaselineSchema
from service.errors import (
    BaselineInvalid,
    BodyNotAnObject,
    BodyUnknownItem,
    CommuneNotInForce,
    CommuneOutsideArea,
    CommuneUnknown,
    CoverageOutsideArea,
    UnitNotFound,
)
from service.reports.baselines import NamedBaseline
from service.reports.ports import Baseline
from service.wiring import Register
from tests.builders import THANH_VINH, TRUONG_VINH


def a_body(**items: Any) -> dict[str, Any]:
    return {"households": 1200, "source": "Tổng điều tra 2025", "date": "2025-07-01", **items}


def put(services: Register, code: str, *, actor: Actor = REGISTER_ITSELF, **items: Any) -> NamedBaseline:
    return services.baselines.put(Baseline(code, **parsed(BaselineSchema, a_body(**items))), actor=actor)


def test_a_baseline_names_the_unit_of_its_date(services: Register) -> None:
    then = put(services, "16681", date="2025-06-30")
    now = put(services, "16681")
    assert (then.name, now.name) == ("Quang Trung", "Thành Vinh")


def test_baselines_are_listed_latest_first_and_replaced_by_date(services: Register) -> None:
    for households, day in ((10, "2025-07-01"), (20, "2026-01-01"), (30, "2026-01-01")):
        put(services, THANH_VINH, households=households, date=day)
    assert [each.households for each in services.baselines.of(THANH_VINH, actor=REGISTER_ITSELF)] == [30, 10]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (a_body(households=-1), "/households"),
        (a_body(households=1.5), "/households"),
        (a_body(households=True), "/households"),
        (a_body(households="12"), "/households"),
        (a_body(households=10**12), "/households"),
        (a_body(source=" "), "/source"),
        (a_body(source="x" * 301), "/source"),
        (a_body(source=None), "/source"),
        (a_body(date="2025-02-30"), "/date"),
        (a_body(date="20250701"), "/date"),
        (a_body(date="2025-W27-2"), "/date"),
        (a_body(date=20250701), "/date"),
        (a_body(date="2026-11-24"), "/date"),
    ],
)
def test_a_baseline_that_is_none_is_refused_at_its_place(services: Register, body: Any, pointer: str) -> None:
    with pytest.raises((BaselineInvalid, BodyNotAnObject, BodyUnknownItem)) as refused:
        services.baselines.put(Baseline(THANH_VINH, **parsed(BaselineSchema, body)), actor=REGISTER_ITSELF)
    assert refused.value.pointer == pointer


def test_a_baseline_is_an_object_of_known_items() -> None:
    with pytest.raises(BodyNotAnObject):
        parsed(BaselineSchema, [])
    with pytest.raises(BodyUnknownItem) as refused:
        parsed(BaselineSchema, a_body(colour="red"))
    assert refused.value.pointer == "/colour"


def test_a_code_is_read_on_the_baselines_own_date(services: Register) -> None:
    with pytest.raises(CommuneUnknown):
        put(services, "99999")
    with pytest.raises(CommuneNotInForce):
        put(services, "16663")
    assert put(services, "16663", date="2025-06-30").name == "Đông Vĩnh"


def test_an_account_sets_baselines_in_its_area_only(services: Register) -> None:
    leader = Actor("leader", frozenset({THANH_VINH}))
    put(services, THANH_VINH, actor=leader)
    put(services, "16663", date="2025-06-30", actor=leader)
    for code, day in ((TRUONG_VINH, "2025-07-01"), ("412", "2025-06-30"), ("40", "2025-07-01")):
        with pytest.raises(CommuneOutsideArea):
            put(services, code, date=day, actor=leader)


def test_a_code_that_nobody_ever_had_has_no_list(services: Register) -> None:
    with pytest.raises(UnitNotFound):
        services.baselines.of("99999", actor=REGISTER_ITSELF)


def test_an_account_reads_baselines_of_its_area_only(services: Register) -> None:
    put(services, "16681", date="2025-06-30")
    put(services, THANH_VINH)
    put(services, "40")
    leader = Actor("leader", frozenset({THANH_VINH}))
    assert [each.name for each in services.baselines.of(THANH_VINH, actor=leader)] == ["Thành Vinh", "Quang Trung"]
    for code in ("40", TRUONG_VINH, "412"):
        with pytest.raises(CoverageOutsideArea):
            services.baselines.of(code, actor=leader)
