"""Where a household is: notes of moves, parcels numbered by an old commune, lists that changed; no database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from service.errors import CommuneNotInForce, CommuneUnknown
from service.households.residence import Residence, Residences, resolve_residence, with_its_old_commune
from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from tests.units.lists import a_directory, a_line

OLD, NEW, TODAY = date(2026, 11, 1), date(2027, 1, 1), date(2027, 6, 1)
ENDED, BEGUN = {"valid_to": "2026-12-31"}, {"valid_from": "2027-01-01"}
LATER = {"valid_from": "2027-03-01"}
UPDATED = datetime(2027, 1, 20, tzinfo=UTC)


def a_record(commune: str, as_of: date = OLD, **items: Any) -> dict[str, Any]:
    return {"commune": commune, "commune_as_of": as_of.isoformat(), **items}


def a_residence(commune: str, former: str | None, as_of: date) -> Residence:
    return Residence(UnitId(commune), former, as_of)


@pytest.fixture
def recoded() -> UnitDirectory:
    """On the first day of 2027 the commune 4 got the code 7."""
    return a_directory(a_line("4", successor="7", **ENDED), a_line("7", **BEGUN))


def test_the_note_of_a_move_shows_codes_and_any_other_note_is_shown_as_it_is(recoded: UnitDirectory) -> None:
    residences = Residences(recoded, TODAY)
    assert residences.shown_note({"from": "4", "to": "9", "reason": "x"}) == {"from": "7", "to": "9", "reason": "x"}
    assert residences.shown_note({"from": "9", "to": "4"}) == {"from": "9", "to": "7"}
    for note in (None, {}, {"reason": "x"}, {"from": "4"}, {"to": "4"}):
        assert residences.shown_note(note) is note


def test_a_parcel_stays_numbered_by_the_commune_that_it_had_from_its_household() -> None:
    before = {"commune": "3", "former_commune": "1"}
    assert with_its_old_commune({"id": "a"}, before) == {"id": "a", "former_commune": "1"}
    assert with_its_old_commune({"id": "a"}, {"commune": "3"}) == {"id": "a", "former_commune_unknown": True}
    for own in ({"former_commune": "2"}, {"former_commune_unknown": True}):
        assert with_its_old_commune(own, before) is own


def test_the_old_code_sent_again_does_not_undo_the_decision_on_a_split() -> None:
    split = a_directory(a_line("6", successor="8;9", **ENDED), a_line("8", **BEGUN), a_line("9", **BEGUN), a_line("3"))
    content = {"commune": "6", "commune_as_of": OLD}
    for part in ("8", "9"):
        known = a_record(part, NEW, former_commune="6")
        assert resolve_residence(content, split, TODAY, known) == a_residence(part, "6", NEW)
    undecided = a_residence("6", None, OLD)
    for elsewhere in (a_record("3"), a_record("6"), None):
        assert resolve_residence(content, split, TODAY, elsewhere)[::2] == undecided[::2]


def test_a_code_without_a_day_is_read_as_of_the_stored_day_unless_another_commune_has_it_now(
    recoded: UnitDirectory,
) -> None:
    assert resolve_residence({"commune": "4"}, recoded, TODAY, a_record("4")) == a_residence("4", None, OLD)
    with pytest.raises(CommuneNotInForce):
        resolve_residence({"commune": "4"}, recoded, TODAY, None)
    reused = a_directory(a_line("4", successor="7", **ENDED), a_line("7", **BEGUN), a_line("4", **BEGUN))
    found = resolve_residence({"commune": "4"}, reused, TODAY, a_record("4"))
    assert found == a_residence("4-2027-01-01", None, TODAY)


def test_a_commune_that_a_list_lacks_is_named_by_the_code_that_was_sent(recoded: UnitDirectory) -> None:
    with pytest.raises(CommuneUnknown) as refused:
        resolve_residence({"commune": "99", "commune_as_of": OLD}, recoded, TODAY, a_record("99"))
    assert (refused.value.pointer, refused.value.params) == ("/commune", {"commune": "99"})


POSTPONED = (a_line("4", valid_to="2027-02-28", successor="7"), a_line("7", **LATER))
"""The commune 4 gets the code 7 two months later than ``recoded`` says."""
GIVEN_AWAY = (*POSTPONED, a_line("7", valid_to="2027-02-28", successor="3"), a_line("3"))
"""Until then another commune has that code."""


@pytest.mark.parametrize("lines", [POSTPONED, GIVEN_AWAY])
def test_what_a_record_showed_by_the_list_of_its_last_write_is_the_residence_that_is_stored(
    recoded: UnitDirectory, lines: tuple[Any, ...]
) -> None:
    asked: list[tuple[datetime, list[str | None]]] = []

    def lists_at(moment: datetime, about: Iterable[str | None]) -> list[UnitDirectory]:
        asked.append((moment, list(about)))
        return [a_directory(*lines), recoded]

    known = a_record("4", updated_at=UPDATED)
    content = {"commune": "7", "commune_as_of": NEW}
    assert resolve_residence(content, a_directory(*lines), TODAY, known, lists_at) == a_residence("4", None, OLD)
    assert asked == [(UPDATED, ["7", "4"])]


def test_a_code_that_a_record_never_showed_is_read_by_the_list_of_today(recoded: UnitDirectory) -> None:
    now = a_directory(*POSTPONED)
    for content in ({"commune": "7", "commune_as_of": OLD}, {"commune": "7", "commune_as_of": date(2027, 1, 2)}):
        with pytest.raises(CommuneNotInForce):
            resolve_residence(content, now, TODAY, a_record("4", NEW, updated_at=UPDATED), lambda *_: [recoded])
    content = {"commune": "7", "commune_as_of": NEW}
    for known in (a_record("4"), a_record("5", updated_at=UPDATED)):
        with pytest.raises(CommuneNotInForce):
            resolve_residence(content, now, TODAY, known, lambda *_: [recoded])
    given_away = resolve_residence(content, a_directory(*GIVEN_AWAY), TODAY, None, lambda *_: [recoded])
    assert given_away.commune == "3"
