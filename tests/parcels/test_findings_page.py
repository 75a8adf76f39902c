"""docs/findings.md lists every finding there is, and no other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from schemas.rules import RULES
from service.households.times import AHEAD, IMPLAUSIBLE

ROOT = Path(__file__).parents[2]
ABOUT_BOUNDARIES = ("geometry.", "parcel.", "location.", "crs.")
PROBLEMS = frozenset(
    {
        "parcel.not-found",
        "parcel.nothing-to-settle",
        "parcel.id-taken",
        "parcel.of-several",
        "parcel.id-twice",
        "parcel.key-twice",
    }
)
"""Problems of a request, and rules between parcels, which docs/problems.md lists."""


def documented() -> set[str]:
    lines = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8").splitlines()
    rows = (line.split("|")[1] for line in lines if line.startswith("| `"))
    return {code for row in rows for code in re.findall(r"`([a-z-]+\.[a-z-]+)`", row)}


def worded(language: str) -> dict[str, str]:
    words: dict[str, str] = {}
    for room in ("service", "schemas"):
        words |= tomllib.loads((ROOT / room / "messages" / f"{language}.toml").read_text(encoding="utf-8"))
    return words


def test_every_finding_is_on_the_page_and_every_code_of_the_page_is_a_finding() -> None:
    about = {code for code in worded("vi") if code.startswith(ABOUT_BOUNDARIES) and not code.endswith(".title")}
    remarks = {code for rule in RULES if rule.severity == "warning" for code in rule.codes}
    assert documented() == (about - PROBLEMS) | remarks | {AHEAD, IMPLAUSIBLE}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_code_of_the_page_has_a_message(language: str) -> None:
    assert documented() <= set(worded(language))


def test_every_code_in_the_geometry_rules_has_a_message() -> None:
    rooms = [ROOT / "service" / "parcels", ROOT / "service" / "households"]
    sources = [path.read_text(encoding="utf-8") for room in rooms for path in room.glob("*.py")]
    spoken = {
        code for source in sources for code in re.findall(r'"((?:geometry|parcel|location|crs)\.[a-z-]+)"', source)
    }
    assert spoken
    assert spoken <= set(worded("vi"))
