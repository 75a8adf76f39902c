"""The check of one record of five members and three parcels: its time on one core, in total and by part."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from datetime import date
from statistics import median
from time import perf_counter
from typing import Any

import orjson

from benchmarks import records
from benchmarks.figures import Figure, Size, Target
from benchmarks.workplace import Workplace
from schemas import rules
from schemas.compiled import read_household
from schemas.geometry import parse_geometry
from schemas.parsing import parse_household
from service.clock import system_clock, vietnam_day
from service.households.registration import prepare
from service.households.times import end_of

TARGET = Target(0.5, at_least=False)
_MEMBERS, _PARCELS = 5, 3


def measure(place: Workplace, size: Size) -> list[Figure]:  # noqa: ARG001 - needs no database
    """Measure the check of a record in bulk: parsing, items, geometry, rules; and what the register adds to it."""
    made = (body for body in records.households(size.of(40_000, 6_000, 600)) if _fits(body))
    bodies = [orjson.dumps(body) for body in itertools.islice(made, size.of(200, 40, 2))]
    today = vietnam_day(system_clock())
    directory = records.directory()
    loaded = [orjson.loads(body) for body in bodies]
    contents = [parse_household(body, today=today) for body in loaded]
    times = size.of(15, 5, 1)

    def prepared(content: dict[str, Any]) -> object:
        return prepare(content, "0192f0c1-7a3b-7c4d-8e5f-0123456789ab", directory=directory, now=end_of(today))

    whole = _milliseconds(lambda body: _check(body, today), bodies, times)
    text = _milliseconds(orjson.loads, bodies, times)
    items = _milliseconds(read_household, loaded, times)
    geometry = _milliseconds(_geometries, loaded, times)
    by_rules = _milliseconds(lambda content: rules.errors(content, today=today), contents, times)
    added = _milliseconds(prepared, contents, times)
    length = sum(map(len, bodies)) / len(bodies)
    split = (
        f"parse (JSON text) {text:.3f} ms, schema (items) {items - geometry:.3f} ms, geometry {geometry:.3f} ms, "
        f"rules {by_rules:.3f} ms; sum {text + items + by_rules:.3f} ms"
    )
    details = (
        split,
        f"beside the check, registering adds {added:.3f} ms of place, findings, stage, derived facts and fingerprint",
        f"medians over {len(bodies)} records of {length:,.0f} bytes, {times} times each",
    )
    return [Figure("check of a record with 5 members and 3 parcels", whole, "ms", TARGET, details)]


def _fits(body: dict[str, Any]) -> bool:
    parcels = body.get("parcels", ())
    return (
        len(body.get("members", ())) == _MEMBERS
        and len(parcels) == _PARCELS
        and all("geometry" in parcel for parcel in parcels)
    )


def _check(body: bytes, today: date) -> object:
    return parse_household(orjson.loads(body), today=today)


def _geometries(body: dict[str, Any]) -> object:
    parcels = [parse_geometry(parcel["geometry"], ("Polygon", "MultiPolygon")) for parcel in body["parcels"]]
    return parcels, parse_geometry(body["location"], ("Point",))


def _milliseconds(work: Callable[[Any], object], values: Sequence[Any], times: int) -> float:
    """Return the median duration of one call, in milliseconds."""
    spent = []
    for _ in range(times):
        for value in values:
            began = perf_counter()
            work(value)
            spent.append(perf_counter() - began)
    return median(spent) * 1000
