"""Where a household is: codes that come in become identities, identities that leave become codes; no database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from service.errors import CommuneNotInForce, CommuneUnknown, FormerCommuneMismatch
from service.households.residence import (
    Residence,
    Residences,
    current_residence,
    decides_on_a_split,
    resolve_parcels,
    resolve_residence,
    unmoved,
)
from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from tests.units.lists import a_directory, a_line

OLD, NEW, TODAY = date(2026, 11, 1), date(2027, 1, 1), date(2027, 6, 1)
ENDED, BEGUN = {"valid_to": "2026-12-31"}, {"valid_from": "2027-01-01"}
NEW_ONE = "1-2027-01-01"
"""The commune that got the code 1 when the old one had ended."""


@pytest.fixture
def directory() -> UnitDirectory:
    """On the first day of 2027 1 and 2 became 3, 4 got the code 7, 6 was split into 8 and 9, 0 ended; a new 1 began."""
    return a_directory(
        a_line("0", **ENDED),
        a_line("1", successor="3", **ENDED),
        a_line("2", successor="3", **ENDED),
        a_line("3", name_vi="Mới", **BEGUN),
        a_line("4", successor="7", **ENDED),
        a_line("7", **BEGUN),
        a_line("6", successor="8;9", **ENDED),
        a_line("8", **BEGUN),
        a_line("9", **BEGUN),
        a_line("1", **BEGUN),
    )


def a_residence(commune: str, former: str | None, as_of: date) -> Residence:
    return Residence(UnitId(commune), former, as_of)


def a_record(commune: str, as_of: date = OLD, **items: Any) -> dict[str, Any]:
    return {"commune": commune, "commune_as_of": as_of.isoformat(), **items}


def resolved(
    directory: UnitDirectory, commune: str, known: dict[str, Any] | None = None, today: date = TODAY, **items: Any
) -> Residence:
    return resolve_residence({"commune": commune, **items}, directory, today, known)


# What leaves --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        (a_record("4"), a_record("7", NEW)),
        (a_record("4", date(2027, 3, 1)), a_record("7", date(2027, 3, 1))),
        (a_record("1", date(2027, 3, 1)), a_record("1", date(2026, 12, 31))),
        (a_record(NEW_ONE), a_record("1", NEW, commune_since="2027-01-01")),
        (a_record("3", NEW, former_commune="4"), a_record("3", NEW, former_commune="7")),
        ({"commune": "4"}, {"commune": "7"}),
    ],
)
def test_a_record_shows_the_code_of_today_with_a_day_on_which_it_means_the_commune(
    directory: UnitDirectory, record: dict[str, Any], shown: dict[str, Any]
) -> None:
    residences = Residences(directory, TODAY)
    for _ in range(2):
        assert residences.shown(record) == shown
    assert residences.code_of(record["commune"]) == shown["commune"]


def test_a_record_that_says_the_same_in_codes_is_shown_as_it_is(directory: UnitDirectory) -> None:
    residences = Residences(directory, TODAY)
    for record in (a_record("1"), a_record("3", NEW, former_commune="1"), a_record("99"), {"commune": "3"}):
        assert residences.shown(record) is record


def test_the_former_communes_of_parcels_are_shown_as_codes_too(directory: UnitDirectory) -> None:
    parcels = [{"id": "a", "former_commune": "4"}, {"id": "b"}, {"id": "c", "former_commune": "1"}]
    shown = Residences(directory, TODAY).shown(a_record("3", NEW, parcels=parcels))
    assert shown["parcels"] == [{"id": "a", "former_commune": "7"}, {"id": "b"}, {"id": "c", "former_commune": "1"}]
    without = a_record("3", NEW, parcels=[{"id": "b"}])
    assert Residences(directory, TODAY).shown(without) is without


def test_an_entry_of_the_log_shows_what_stood_there_before_in_codes(directory: UnitDirectory) -> None:
    residences, record = Residences(directory, TODAY), a_record("3", NEW, former_commune="1", village="Khối 3")
    replaced = {"commune": "4", "former_commune": None, "village": "Khối 1"}
    assert residences.shown_before(record, replaced) == {"commune": "7", "former_commune": None, "village": "Khối 1"}
    assert residences.shown_before(record, {"commune_as_of": "2026-11-01"}) == {"commune_as_of": "2027-01-01"}
    parcels = {"parcels": [{"id": "a", "former_commune": "4"}]}
    assert residences.shown_before(record, parcels) == {"parcels": [{"id": "a", "former_commune": "7"}]}
    for same in ({"village": "Khối 1"}, {}, None):
        assert residences.shown_before(record, same) is same
    assert residences.shown_before(None, replaced) is replaced
    assert residences.shown_before({"village": "Khối 3"}, {"former_commune": "4"}) == {"former_commune": "4"}


# What comes in ------------------------------------------------------------------------------------------------------


def test_a_code_is_read_as_of_its_day_or_the_day_of_capture_or_today(directory: UnitDirectory) -> None:
    assert resolved(directory, "1", commune_as_of=OLD) == a_residence("3", "1", NEW)
    assert resolved(directory, "1", commune_as_of=date(2027, 2, 1)) == a_residence(NEW_ONE, None, date(2027, 2, 1))
    assert resolved(directory, "1", captured_at=datetime(2026, 12, 31, 16, tzinfo=UTC)) == a_residence("3", "1", NEW)
    assert resolved(directory, "1", captured_at=datetime(2026, 12, 31, 17, tzinfo=UTC)).commune == NEW_ONE
    captured = datetime(2027, 3, 1, tzinfo=UTC)
    assert resolved(directory, "1", commune_as_of=OLD, captured_at=captured).commune == "3"
    assert resolved(directory, "1") == a_residence(NEW_ONE, None, TODAY)
    assert resolved(directory, "4", commune_as_of=OLD) == a_residence("4", "4", NEW)


def test_a_former_commune_is_one_from_which_the_commune_came(directory: UnitDirectory) -> None:
    assert resolved(directory, "3", former_commune="2") == a_residence("3", "2", TODAY)
    assert resolved(directory, "1", commune_as_of=OLD, former_commune="2") == a_residence("3", "2", NEW)
    with pytest.raises(FormerCommuneMismatch) as refused:
        resolved(directory, "3", former_commune="6")
    assert refused.value.pointer == "/former_commune"
    assert refused.value.params == {"former": "6", "commune": "3", "name": "Mới"}


@pytest.mark.parametrize(
    ("known", "content"),
    [
        (a_record("3", NEW, former_commune="1"), {"commune": "3", "commune_as_of": NEW, "former_commune": "1"}),
        (a_record("3", NEW, former_commune="1"), {"commune": "3", "commune_as_of": NEW}),
        (a_record("3", NEW, former_commune="1"), {"commune": "3"}),
        (a_record(NEW_ONE, NEW), {"commune": "1", "commune_as_of": NEW}),
        (a_record(NEW_ONE, NEW), {"commune": "1"}),
        (a_record("4"), {"commune": "7", "commune_as_of": NEW}),
        (a_record("4"), {"commune": "4", "commune_as_of": OLD}),
        (a_record("4", former_commune="4"), {"commune": "7"}),
    ],
)
def test_what_a_record_shows_or_showed_sent_again_is_the_place_that_is_stored(
    directory: UnitDirectory, known: dict[str, Any], content: dict[str, Any]
) -> None:
    stored = a_residence(known["commune"], known.get("former_commune"), date.fromisoformat(known["commune_as_of"]))
    assert resolve_residence(content, directory, TODAY, known) == stored


@pytest.mark.parametrize(
    ("content", "residence"),
    [
        ({"commune": "1", "commune_as_of": OLD}, a_residence("3", "1", NEW)),
        ({"commune": "1", "commune_as_of": OLD, "former_commune": "2"}, a_residence("3", "2", NEW)),
        ({"commune": "7"}, a_residence("4", None, TODAY)),
    ],
)
def test_a_household_whose_commune_was_merged_moves_with_its_next_revision(
    directory: UnitDirectory, content: dict[str, Any], residence: Residence
) -> None:
    found = resolve_residence(content, directory, TODAY, a_record("1"))
    assert (found.commune, found.as_of) == (residence.commune, residence.as_of)
    assert residence.former is None or found.former == residence.former


def test_another_commune_than_the_stored_one_is_read_as_a_new_one(directory: UnitDirectory) -> None:
    known = a_record("3", NEW, former_commune="1")
    assert resolved(directory, "1", known) == a_residence(NEW_ONE, None, TODAY)
    assert resolved(directory, "2", known, commune_as_of=OLD) == a_residence("3", "2", NEW)
    assert resolved(directory, "3", known, former_commune="2") == a_residence("3", "2", NEW)
    assert resolved(directory, "3", known, commune_as_of=date(2027, 3, 1)).as_of == date(2027, 3, 1)


# What became of it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "current"),
    [
        (a_record("1"), a_residence("3", "1", NEW)),
        (a_record("1", former_commune="1"), a_residence("3", "1", NEW)),
        (a_record("3", date(2027, 2, 1), former_commune="2"), a_residence("3", "2", date(2027, 2, 1))),
        (a_record("4"), a_residence("4", None, OLD)),
        (a_record("6"), a_residence("6", None, OLD)),
        (a_record("0"), a_residence("0", None, OLD)),
        (a_record("99"), a_residence("99", None, OLD)),
    ],
)
def test_home_is_the_merged_commune_and_stays_where_a_commune_ended_or_was_split(
    directory: UnitDirectory, record: dict[str, Any], current: Residence
) -> None:
    assert current_residence(record, directory, TODAY) == current
    assert current_residence(record, directory, OLD).commune == record["commune"]


def test_content_that_differs_only_by_what_became_of_its_commune_is_unmoved(directory: UnitDirectory) -> None:
    known, current = a_record("1"), {"commune": "3", "former_commune": "1"}
    assert unmoved(current, known, directory, TODAY) == {"commune": "1", "commune_as_of": OLD}
    with_former = {**known, "former_commune": "1"}
    assert unmoved(current, with_former, directory, TODAY) == {
        "commune": "1",
        "commune_as_of": OLD,
        "former_commune": "1",
    }
    for other in ({"commune": "3"}, {"commune": "3", "former_commune": "2"}, {"commune": "4", "former_commune": "1"}):
        assert unmoved(other, known, directory, TODAY) is None
    assert unmoved({"commune": "4"}, a_record("4"), directory, TODAY) is None


# Parcels ------------------------------------------------------------------------------------------------------------


def test_a_parcels_former_commune_is_read_near_its_household_first(directory: UnitDirectory) -> None:
    parcels = [{"id": str(number), "former_commune": code} for number, code in enumerate(("1", "4", "7", "0"))]
    found = resolve_parcels([*parcels, {"id": "x"}], "3", directory, None)
    assert [each.get("former_commune") for each in found] == ["1", "4", "4", "0", None]
    without = [{"id": "x"}]
    assert resolve_parcels(without, "3", directory, None) is without
    with pytest.raises(CommuneUnknown) as refused:
        resolve_parcels([{"id": "x"}, {"id": "y", "former_commune": "77"}], "3", directory, None)
    assert (refused.value.pointer, refused.value.params) == ("/parcels/1/former_commune", {"commune": "77"})


def test_a_parcels_former_commune_that_is_sent_again_is_the_stored_one(directory: UnitDirectory) -> None:
    parcels = [{"id": "a", "former_commune": "1"}, {"id": "b", "former_commune": "1"}]
    known = {"commune": NEW_ONE, "parcels": [{"id": "a", "former_commune": NEW_ONE}, {"id": "b"}]}
    found = resolve_parcels(parcels, NEW_ONE, directory, known)
    assert [each["former_commune"] for each in found] == [NEW_ONE, "1"]


def a_code_of_three_communes() -> UnitDirectory:
    """The code 1 was given again in 2027 and in 2028; 1 and 2 became 3, and 5 with the second 1."""
    until_2027 = {"valid_from": "2027-01-01", "valid_to": "2027-12-31", "successor": "5"}
    return a_directory(
        a_line("1", successor="3", **ENDED),
        a_line("2", successor="3", **ENDED),
        a_line("3", **until_2027),
        a_line("1", **until_2027),
        a_line("5", valid_from="2028-01-01"),
        a_line("1", valid_from="2028-01-01"),
    )


def test_a_parcels_former_commune_is_the_nearest_that_had_the_code_else_the_last_that_ended() -> None:
    directory = a_code_of_three_communes()
    parcels = [{"id": "x", "former_commune": "1"}]
    for commune, former in (("5", NEW_ONE), ("3", "1"), ("1-2028-01-01", NEW_ONE)):
        assert resolve_parcels(parcels, commune, directory, None)[0]["former_commune"] == former


def test_a_parcel_that_names_a_commune_which_never_ended_is_stored_with_its_identity() -> None:
    recoded = a_directory(a_line("1", successor="9", **ENDED), a_line("9", **BEGUN), a_line("3"), a_line("4"))
    assert recoded.called("1", TODAY)[0] == "9"
    parcels = [{"id": code, "former_commune": code} for code in ("9", "4")]
    assert [each["former_commune"] for each in resolve_parcels(parcels, "3", recoded, None)] == ["1", "4"]
    with pytest.raises(CommuneUnknown):
        resolve_parcels([{"id": "x", "former_commune": "40"}], "3", recoded, None)


def test_a_former_commune_that_is_sent_again_is_the_stored_one_though_a_nearer_one_had_its_code() -> None:
    directory, today = a_code_of_three_communes(), date(2028, 6, 1)
    assert resolved(directory, "5", None, today, former_commune="1").former == NEW_ONE
    for stored in ("1", NEW_ONE):
        known = a_record("5", date(2028, 1, 1), former_commune=stored)
        assert resolved(directory, "5", known, today, former_commune="1").former == stored
    known = a_record("5", date(2028, 1, 1), former_commune="3")
    assert resolved(directory, "5", known, today, former_commune="1").former == NEW_ONE


def test_a_later_day_changes_the_day_alone_where_a_commune_is_its_own_former_one(directory: UnitDirectory) -> None:
    day = date(2027, 3, 1)
    for former in (None, "4"):
        known = a_record("4", NEW) if former is None else a_record("4", NEW, former_commune=former)
        assert resolved(directory, "7", known, commune_as_of=day) == a_residence("4", former, day)


def test_a_first_write_sent_again_after_its_commune_got_another_name_has_the_day_that_was_stored() -> None:
    directory = a_directory(
        a_line("1", successor="3", **ENDED),
        a_line("2", successor="3", **ENDED),
        a_line("3", valid_from="2027-01-01", valid_to="2027-12-31", successor="3"),
        a_line("3", name_vi="Mới", valid_from="2028-01-01"),
    )
    known = a_record("3", NEW, former_commune="1", updated_at=datetime(2027, 6, 1, tzinfo=UTC))
    today = date(2028, 6, 1)
    assert resolved(directory, "1", known, today, commune_as_of=OLD) == a_residence("3", "1", NEW)
    assert resolved(directory, "1", None, today, commune_as_of=OLD) == a_residence("3", "1", date(2028, 1, 1))


def test_a_move_to_a_part_of_the_split_commune_decides_on_the_split_and_no_other_move_does(
    directory: UnitDirectory,
) -> None:
    for part in ("8", "9"):
        assert decides_on_a_split(a_record("6"), part, directory, TODAY)
        assert not decides_on_a_split(a_record("6"), part, directory, OLD)
    for before, commune in (("6", "3"), ("6", "6"), ("1", "3"), ("3", "8"), ("99", "8"), ("0", "8")):
        assert not decides_on_a_split(a_record(before), commune, directory, TODAY)


def test_a_household_captured_before_a_split_is_moved_to_a_part_by_the_code_alone(directory: UnitDirectory) -> None:
    for known in (a_record("6"), a_record("6", captured_at="2026-11-01T02:00:00Z")):
        for day in ({}, {"commune_as_of": OLD}):
            captured = datetime(2026, 11, 1, 2, tzinfo=UTC)
            found = resolved(directory, "9", known, captured_at=captured, **day)
            assert found == a_residence("9", "6", NEW)
    with pytest.raises(CommuneNotInForce):
        resolved(directory, "9", a_record("6"), commune_as_of=date(2026, 10, 1))
    with pytest.raises(CommuneNotInForce):
        resolved(directory, "9", a_record("1"), commune_as_of=OLD)
    with pytest.raises(CommuneNotInForce):
        resolved(directory, "9", a_record("99"), commune_as_of=OLD)
    with pytest.raises(CommuneUnknown):
        resolved(directory, "77", a_record("6"))
    assert resolved(directory, "4", a_record("6"), commune_as_of=OLD) == a_residence("4", "4", NEW)
