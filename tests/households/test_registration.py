"""Registering and revising, as rules on plain objects."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from schemas.errors import RecordInvalid
from schemas.household import HouseholdSchema
from schemas.language import section_fields
from schemas.protection import always_stored_items
from service.errors import (
    CommuneNotInForce,
    CommuneUnknown,
    FormerCommuneMismatch,
    HouseholdIdInvalid,
    HouseholdIdMismatch,
)
from service.households.changes import BOOKKEEPING, Change, personal_numbers
from service.households.registration import content_of, household_id_of, parse
from service.households.residence import Residences
from service.units.directory import UnitDirectory
from tests.builders import NOW, THANH_VINH, TODAY, TRUONG_VINH, a_head, a_household, a_least_household, a_parcel, an_id
from tests.households.rules import OFFICER, prepared, registered, revised


def test_a_new_household_is_submitted_at_revision_one(directory: UnitDirectory) -> None:
    record = registered(a_household(), directory).record
    assert (record["status"], record["revision"]) == ("submitted", 1)
    assert record["created_at"] == record["updated_at"] == NOW


def test_what_every_record_has_is_what_the_register_adds_to_the_least_household(directory: UnitDirectory) -> None:
    """An item that the register adds to each record says so (``stored_since``): one without it is then damaged."""
    sent = a_least_household()
    added = {name for name in registered(sent, directory).record if name not in sent}
    sections = section_fields(HouseholdSchema).items()
    sent_always = {name for name, field in sections if name in sent and field.item.stored_since is not None}
    assert always_stored_items() == added | sent_always
    assert sent_always == {"commune", "head"}


def test_what_a_revision_itself_counts_on_is_not_among_what_it_replaced(directory: UnitDirectory) -> None:
    before = registered(a_household(), directory).record
    change = Change.revision(before, before, "revised", at=NOW + timedelta(hours=1), actor=OFFICER, fingerprint="f")
    assert {name for name in before if change.record[name] != before[name]} <= BOOKKEEPING
    assert change.entries[-1].replaced == {}


def test_a_registration_makes_one_entry_in_its_communes_log(directory: UnitDirectory) -> None:
    change = registered(a_household(), directory)
    (entry,) = change.entries
    assert (entry.commune, entry.kind, entry.actor) == (THANH_VINH, "registered", OFFICER)
    assert entry.record == change.record
    assert entry.replaced is None


def test_a_household_claims_the_number_of_its_head(directory: UnitDirectory) -> None:
    household = a_household()
    change = registered(household, directory)
    assert change.takes == {household["head"]["national_id"]}
    assert change.releases == frozenset()


def test_a_head_without_a_number_claims_none(directory: UnitDirectory) -> None:
    assert registered(a_household(head=a_head(no_id_reason="lost")), directory).takes == frozenset()


def test_a_new_head_releases_the_number_of_the_old_one(directory: UnitDirectory) -> None:
    before = registered(a_household(), directory).record
    head = a_head()
    change = revised(before, directory, head=head)
    assert change.releases == {before["head"]["national_id"]}
    assert change.takes == {head["national_id"]}


def test_a_withdrawn_household_holds_no_number(directory: UnitDirectory) -> None:
    record = registered(a_household(), directory).record
    assert personal_numbers({**record, "status": "withdrawn"}) == frozenset()


def test_a_revision_counts_on_and_retains_when_the_record_was_made(directory: UnitDirectory) -> None:
    before = registered(a_household(), directory).record
    change = revised(before, directory, at=NOW + timedelta(hours=1), village="Khối 4")
    assert change.replaces == 1
    assert change.record["revision"] == 2
    assert change.record["created_at"] == NOW
    assert change.record["updated_at"] == NOW + timedelta(hours=1)


def test_a_revised_record_is_submitted_again(directory: UnitDirectory) -> None:
    before = {**registered(a_household(), directory).record, "status": "verified"}
    assert revised(before, directory, village="Khối 4").record["status"] == "submitted"


def test_an_entry_stores_what_it_replaced_and_no_more(directory: UnitDirectory) -> None:
    before = registered(a_household(), directory).record
    (entry,) = revised(before, directory, village="Khối 4", address="số 12").entries
    assert entry.replaced == {"village": "Khối 3", "address": None}


def test_a_revision_into_another_commune_stands_in_both_logs(directory: UnitDirectory) -> None:
    before = registered(a_household(), directory).record
    left, arrived = revised(before, directory, commune=TRUONG_VINH).entries
    assert (left.commune, left.record) == (THANH_VINH, None)
    assert (arrived.commune, arrived.kind) == (TRUONG_VINH, "transferred")
    assert left.note == arrived.note == {"from": THANH_VINH, "to": TRUONG_VINH}


def test_one_writing_has_one_fingerprint(directory: UnitDirectory) -> None:
    household = a_household()
    reordered = dict(reversed(household.items()))
    assert prepared(household, directory).fingerprint == prepared(reordered, directory).fingerprint
    changed = {**household, "village": "Khối 4"}
    assert prepared(household, directory).fingerprint != prepared(changed, directory).fingerprint


def test_what_the_register_gives_is_no_part_of_the_content(directory: UnitDirectory) -> None:
    record = registered(a_household(), directory).record
    given = {**record, "status": "verified", "stage": "registered", "missing": [], "revision": 99}
    assert prepared(given, directory).fingerprint == prepared(record, directory).fingerprint
    assert not {"id", "status", "stage", "revision", "missing", "findings"} & content_of(record).keys()


# The commune and its date


def test_a_code_of_today_is_read_today(directory: UnitDirectory) -> None:
    content = prepared(a_least_household(), directory).content
    assert (content["commune"], content["commune_as_of"]) == (THANH_VINH, "2026-11-23")
    assert "former_commune" not in content


@pytest.mark.parametrize(("code", "as_of"), [("16681", "2025-06-01"), ("16663", "2025-06-30")])
def test_an_old_code_becomes_the_commune_of_today(directory: UnitDirectory, code: str, as_of: str) -> None:
    content = prepared(a_household(commune=code, commune_as_of=as_of), directory).content
    former = directory.in_force(code, date.fromisoformat(as_of)).identity
    assert (content["commune"], content["former_commune"]) == (THANH_VINH, former)
    shown = Residences(directory, TODAY).shown(content)
    assert (shown["commune"], shown["former_commune"]) == ("16681", code)


def test_the_stored_date_gives_the_stored_code_its_stored_meaning(directory: UnitDirectory) -> None:
    content = prepared(a_household(commune="16681", commune_as_of="2025-06-01"), directory).content
    shown = Residences(directory, TODAY).shown(content)
    again = prepared({**a_household(), **shown}, directory).content
    assert (again["commune"], again["former_commune"]) == (content["commune"], content["former_commune"])
    assert content["commune_as_of"] == "2025-07-01"


def test_the_day_of_capture_is_the_day_in_vietnam(directory: UnitDirectory) -> None:
    before_midnight = a_household(commune="16663", captured_at="2025-06-30T16:59:59Z")
    within_a_year = date(2026, 6, 30)
    assert prepared(before_midnight, directory, within_a_year).content["former_commune"] == "16663"
    with pytest.raises(CommuneNotInForce) as refused:
        prepared(a_household(commune="16663", captured_at="2025-06-30T17:00:00Z"), directory, within_a_year)
    assert refused.value.pointer == "/commune"


def test_a_given_date_comes_before_the_day_of_capture(directory: UnitDirectory) -> None:
    household = a_household(commune="16663", captured_at="2026-11-20T02:00:00Z", commune_as_of="2024-05-01")
    assert prepared(household, directory).content["former_commune"] == "16663"


def test_a_commune_with_one_predecessor_knows_its_former_self(directory: UnitDirectory) -> None:
    assert prepared(a_household(commune="16816"), directory).content["former_commune"] == "16816"


def test_a_code_that_nobody_has_is_refused(directory: UnitDirectory) -> None:
    with pytest.raises(CommuneUnknown) as refused:
        prepared(a_household(commune="99999"), directory)
    assert refused.value.pointer == "/commune"


def test_a_former_commune_must_be_a_predecessor(directory: UnitDirectory) -> None:
    with pytest.raises(FormerCommuneMismatch) as refused:
        prepared(a_household(former_commune="17920"), directory)
    assert refused.value.pointer == "/former_commune"


# Ids


@pytest.mark.parametrize(
    "text", ["", "zzz", "{0192f0c1-7c1e-7a3b-9d52-3f1f6c0a8e99}", "0192f0c17c1e7a3b9d523f1f6c0a8e99"]
)
def test_an_id_is_a_uuid_with_hyphens(text: str) -> None:
    with pytest.raises(HouseholdIdInvalid):
        household_id_of(text)


def test_an_id_is_stored_in_lower_case() -> None:
    identity = an_id()
    assert household_id_of(identity.upper()) == identity


def test_another_id_in_the_body_is_refused() -> None:
    with pytest.raises(HouseholdIdMismatch):
        parse(a_household(), an_id(), today=TODAY)


@pytest.mark.parametrize("body", [None, [], "x", 5, {"id": 5}])
def test_what_is_no_record_is_refused_whole(body: Any) -> None:
    with pytest.raises(RecordInvalid):
        parse(body, an_id(), today=TODAY)


def test_parcels_get_ids_that_follow_from_the_household(directory: UnitDirectory) -> None:
    household = a_household(parcels=[a_parcel(), a_parcel()])
    first, again = (prepared(household, directory).content["parcels"] for _ in range(2))
    assert [parcel["id"] for parcel in first] == [parcel["id"] for parcel in again]
    assert len({parcel["id"] for parcel in first}) == 2


def test_a_parcel_keeps_the_id_that_it_has(directory: UnitDirectory) -> None:
    named = a_parcel(id=an_id())
    parcels = prepared(a_household(parcels=[a_parcel(), named]), directory).content["parcels"]
    assert parcels[1]["id"] == named["id"] != parcels[0]["id"]


def test_an_id_that_would_be_minted_and_is_taken_is_not_minted_twice(directory: UnitDirectory) -> None:
    household = a_household(parcels=[a_parcel()])
    minted = prepared(household, directory).content["parcels"][0]["id"]
    parcels = [a_parcel(), a_parcel(id=minted)]
    ids = [parcel["id"] for parcel in prepared({**household, "parcels": parcels}, directory).content["parcels"]]
    assert len(set(ids)) == 2


def test_no_item_that_the_register_sets_is_content_whatever_the_schema_adds() -> None:
    given = {name for name, field in section_fields(HouseholdSchema).items() if field.register_given}
    assert {"commune_since", "status", "revision"} <= given
    assert content_of({**dict.fromkeys(given, "x"), "id": an_id(), "village": "Khối 3"}) == {"village": "Khối 3"}
