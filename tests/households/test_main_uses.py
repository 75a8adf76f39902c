"""The main use of a parcel that lists its uses comes back with the record, and must not contradict a changed list."""

from __future__ import annotations

from typing import Any, cast

import pytest

from schemas.errors import ItemError, RecordInvalid
from service.area import Communes
from service.errors import StoreDamaged
from service.households.main_uses import parsed_without_derived_uses, without_derived_uses
from service.households.ports import Log, Stored
from service.households.registration import parse
from service.unit_names import UnitId
from tests.builders import THANH_VINH, TODAY, Json, a_least_household, an_id

RICE, TREES = {"land_use": "LUC", "area_m2": 900.0}, {"land_use": "CLN", "area_m2": 600.0}
MAIN = {"land_use": "LUC", "land_use_scheme": "land_2024"}
FIELD, GARDEN = an_id(), an_id()
KNOWN = {
    "commune": THANH_VINH,
    "parcels": [{"id": FIELD, "land_uses": [RICE, TREES], **MAIN}, {"id": GARDEN, "land_use": "CLN"}],
}


class OneRevision:
    """A log that knows one household's revision 3; reading any other means that its entry is damaged."""

    def __init__(self, household: str, record: Json | None) -> None:
        self._household, self._record = household, record

    def at_revision(self, household_id: str, revision: int) -> Stored | None:
        if (household_id, revision) != (self._household, 3):
            raise StoreDamaged
        return None if self._record is None else Stored(self._record, "")


def again(
    body: Json, refused: RecordInvalid, record: Json | None = KNOWN, if_match: int | None = 3, area: Communes = None
) -> dict[str, Any]:
    """What a refused write is parsed to, made from the third revision of its household."""
    log = cast(Log, OneRevision(body["id"], record))
    return parsed_without_derived_uses(body, body["id"], refused, log, if_match, area, today=TODAY)


def refusal_of(body: Json) -> RecordInvalid:
    """Why a record is refused."""
    with pytest.raises(RecordInvalid) as refused:
        parse(body, body["id"], today=TODAY)
    return refused.value


def test_the_main_use_that_was_derived_goes_and_one_that_was_stated_stays() -> None:
    listed = {"id": FIELD, "land_uses": [TREES], "map_sheet": "5"}
    garden = {"id": GARDEN, "land_uses": [RICE], "land_use": "CLN"}
    new = {"id": an_id(), "land_uses": [TREES], **MAIN}
    stated = [garden, new, listed | MAIN | {"land_use": "CLN"}, listed | MAIN | {"land_use_scheme": "land_2013"}]
    stated += [{"id": FIELD, "land_uses": [], **MAIN}, {"id": FIELD, **MAIN}, {"land_uses": [TREES], **MAIN}]
    sent = {"village": "Khối 3", "parcels": [listed | MAIN, listed | MAIN | {"id": FIELD.upper()}, *stated]}
    taken = without_derived_uses(sent, KNOWN)
    assert taken == {"village": "Khối 3", "parcels": [listed, listed | {"id": FIELD.upper()}, *stated]}
    assert sent["parcels"][0] == listed | MAIN


@pytest.mark.parametrize("sent", [None, 7, "parcels", [], {}, {"parcels": None}, {"parcels": {"id": FIELD}}])
def test_what_is_no_list_of_parcels_is_left_as_it_was_sent(sent: object) -> None:
    assert without_derived_uses(sent, KNOWN) is sent
    odd = {"parcels": [None, "x", {"id": 7, "land_uses": [TREES], **MAIN}, [FIELD]]}
    assert without_derived_uses(odd, KNOWN) == odd
    for known in ({}, {"parcels": None}, {"parcels": KNOWN["parcels"][1:]}):
        back = {"parcels": [{"id": FIELD, "land_uses": [TREES], **MAIN}]}
        assert without_derived_uses(back, known) is back


def test_a_changed_list_is_taken_with_the_main_use_that_came_back() -> None:
    parcel = {"id": FIELD, "land_uses": [TREES], **MAIN}
    body = a_least_household(parcels=[parcel])
    refused = refusal_of(body)
    for area in (None, frozenset({UnitId(THANH_VINH)})):
        (taken,) = again(body, refused, area=area)["parcels"]
        assert (taken["land_use"], taken["land_uses"][0]["land_use"]) == ("CLN", "CLN")
    other_scheme = RecordInvalid([ItemError("", "text.empty"), ItemError("", "code.not-in-scheme")])
    assert again(body, other_scheme)["parcels"] == again(body, refused)["parcels"]
    with pytest.raises(RecordInvalid, match="commune"):
        again(body | {"commune": 7}, refused)
    with pytest.raises(RecordInvalid, match="captured_at"):
        again(body | {"captured_at": "2026-12-24T00:00:00Z"}, refused)


def test_a_write_that_was_refused_for_something_else_stays_refused() -> None:
    body = a_least_household(parcels=[{"id": FIELD, "land_uses": [TREES], **MAIN}])
    refused, other = refusal_of(body), RecordInvalid([ItemError("/commune", "commune.shape")])
    elsewhere = frozenset({UnitId("17170")})
    made = [
        (other, {}), (refused, {"if_match": None}), (refused, {"if_match": 2}),
        (refused, {"record": None}), (refused, {"area": elsewhere}),
    ]  # fmt: skip
    for error, how in made:
        with pytest.raises(RecordInvalid) as still:
            again(body, error, **cast(dict[str, Any], how))
        assert still.value is error
