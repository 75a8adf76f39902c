"""What findings reveal is declared beside their codes; what is declared nowhere is shown to no reader who sees less."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import FREE_TEXT, NUMBER, THE_ITEM, Detail, Reveals, details, shapes_of
from schemas.household import HouseholdSchema
from schemas.language import section_fields, section_of
from service.households import masking
from service.households.masking import seen, seen_findings_of_a_check, seen_note, sees
from service.households.revealed import FINDINGS, NOTES
from service.roles import Sight
from tests.parcels.test_findings_page import documented, worded

REFUSING = {
    *(f"geometry.{word}" for word in ("type", "feature", "bbox", "crs", "coordinates", "not-closed", "range")),
    "geometry.unplaceable",
    "location.swapped",
    "crs.format",
}
"""Codes of the page that only refuse a record, whose sender knows what it holds; they are among no findings."""

ROOT = Path(__file__).parents[2]

LESS = (Sight.MASKED, Sight.NOBODY)


def test_every_finding_says_what_it_reveals() -> None:
    assert FINDINGS.keys() == documented() - REFUSING


@pytest.mark.parametrize("code", sorted(FINDINGS))
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_detail_that_a_text_needs_is_declared(code: str, language: str) -> None:
    common = {"province", "home_system", "centre"}
    needed = set(re.findall(r"{(\w+)}", worded(language)[code])) - common
    assert needed - FINDINGS[code].members.keys() == set()


def test_every_item_that_is_revealed_is_in_the_schema() -> None:
    revealed = {item for each in FINDINGS.values() for one in each.members.values() for item in one.items}
    revealed |= {item for each in FINDINGS.values() for item in each.of_others}
    revealed |= {item for items in NOTES.values() for item in items}
    for path in revealed - {THE_ITEM, FREE_TEXT}:
        section: Any = HouseholdSchema
        for name in path.split("."):
            section = section_of(section_fields(section)[name])


NOBODYS = {"redacted", "damaged"}
"""Members for the register itself (the digests that an erasure stores), and one that the Reader adds for everybody."""


def members_of_notes(code: str) -> Iterator[str]:
    """The members of every note that a module makes: of what it passes, assigns or returns as a note."""
    for node in ast.walk(ast.parse(code)):
        notes: list[ast.AST] = []
        match node:
            case ast.keyword(arg="note", value=value):
                notes = [value]
            case ast.Assign(targets=targets, value=value):
                pairs = [pair for target in targets for pair in _bound(target, value)]
                notes = [given for name, given in pairs if name == "note"]
            case ast.FunctionDef(name="_note_of", body=body):
                notes = [each for each in body if isinstance(each, ast.Return)]
        for note in notes:
            yield from _members(note)


def _bound(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    match target, value:
        case ast.Name(id=name), _:
            yield name, value
        case ast.Tuple(elts=targets), ast.Tuple(elts=values):
            for one, other in zip(targets, values, strict=True):
                yield from _bound(one, other)


def _members(node: ast.AST) -> Iterator[str]:
    """The members of the objects in an expression, without those inside them."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                yield from _members(value)
            elif isinstance(key, ast.Constant):
                yield str(key.value)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _members(child)


def test_every_member_of_a_note_says_what_it_reveals() -> None:
    """One that is not declared is shown to nobody, not even in the history of the household."""
    made = {member for file in (ROOT / "service").rglob("*.py") for member in members_of_notes(file.read_text("utf-8"))}
    assert made - NOBODYS == NOTES.keys()


def test_the_shape_of_a_detail_is_declared_once_beside_what_it_reveals() -> None:
    found = shapes_of(
        [
            Reveals({**details(("age", "first"), (THE_ITEM,), NUMBER), "settled.by": Detail(())}),
            Reveals({**details(("first",), ()), "settled.at": Detail((), NUMBER)}),
        ]
    )
    assert found == {
        "age": {"type": "number"},
        "first": {"type": ["number", "string"]},
        "settled": {"type": "object", "properties": {"by": {"type": "string"}, "at": {"type": "number"}}},
    }


@pytest.mark.parametrize("sight", LESS)
def test_free_text_is_no_item_that_anybody_could_open(sight: Sight) -> None:
    assert FREE_TEXT not in section_fields(HouseholdSchema)
    assert not sees(FREE_TEXT, sight)
    assert seen_note({"reason": "x", "settled": "p", "comment": "y"}, sight) == (
        {"settled": "p"} if sight is Sight.MASKED else None
    )


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A finding that reveals the item, a boundary, and members inside others."""
    items = {"value": (THE_ITEM,), "area_m2": ("parcels.geometry",), "a.x": (), "a.y": (FREE_TEXT,), "b.z": ()}
    members = {name: Detail(revealed) for name, revealed in items.items()}
    monkeypatch.setattr(masking, "FINDINGS", {"made.up": Reveals(members)})
    masking._details_shown.cache_clear()
    yield
    masking._details_shown.cache_clear()


DETAILS = {"value": 1, "area_m2": 2, "a": {"x": 3, "y": 4, "z": 5}, "b": {"x": 6, "y": 7, "z": 8}}


@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize("sight", LESS)
def test_the_details_of_a_finding_follow_what_the_reader_sees_of_their_items(sight: Sight) -> None:
    record = {"findings": [{"code": "made.up", "pointer": "/commune", "details": DETAILS}]}
    boundary = {"area_m2": 2} if sight is Sight.MASKED else {}
    (shown,) = seen(record, sight)["findings"]
    assert shown["details"] == {"value": 1, **boundary, "a": {"x": 3}, "b": {"z": 8}}


@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize("sight", LESS)
def test_a_check_shows_all_that_is_about_the_boundary_that_was_sent(sight: Sight) -> None:
    finding = {"code": "made.up", "pointer": "/geometry", "details": DETAILS}
    (shown,) = seen_findings_of_a_check([finding], sight)
    assert shown["details"] == {"value": 1, "area_m2": 2, "a": {"x": 3}, "b": {"z": 8}}
    (bare,) = seen_findings_of_a_check([{"code": "made.up", "pointer": "/geometry"}], sight)
    assert bare["details"] == {}


@pytest.mark.parametrize(("sight", "shown"), [(Sight.MASKED, {"size": 1}), (Sight.NOBODY, {})])
def test_a_fact_is_hidden_from_whom_an_item_that_it_is_computed_from_is(sight: Sight, shown: dict[str, int]) -> None:
    sources = {"size": ("commune", "parcels.geometry"), "age": ("commune", "head.birth_date")}
    assert masking._computed_from_visible_items(sight, sources)({"size": 1, "age": 2}) == shown


@pytest.mark.parametrize("sight", LESS)
def test_a_check_reveals_what_the_reader_has_sent_and_of_others_what_may_be_seen(sight: Sight) -> None:
    own = {"code": "geometry.self-crossing", "pointer": "/geometry", "details": {"point": [105.0, 18.0], "owner": "An"}}
    other = {"code": "parcel.overlap", "pointer": "/geometry", "details": {"parcel": "p", "reason": "An"}}
    careless = {"code": "careless.code", "pointer": "/geometry", "details": {}}
    shown = [{**own, "details": {"point": [105.0, 18.0]}}]
    if sight is Sight.MASKED:
        shown.append({**other, "details": {"parcel": "p"}})
    assert [*seen_findings_of_a_check([own, other, careless], sight)] == shown
    assert [*seen_findings_of_a_check([own, other, careless], Sight.PERSONAL)] == [own, other, careless]
