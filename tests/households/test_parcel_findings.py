"""How findings between two households are read."""

from __future__ import annotations

from typing import Any

import pytest

from service.households.parcel_findings import CLAIMED, OVERLAP, is_open, open_findings, parcel_pointer, theirs_of


def a_finding(code: str = OVERLAP, severity: str = "warning", pointer: str = "/parcels/3/geometry") -> dict[str, Any]:
    return {"code": code, "severity": severity, "pointer": pointer, "details": {"household": "b", "parcel": "p"}}


@pytest.mark.parametrize("code", [OVERLAP, CLAIMED])
def test_it_is_open_until_somebody_settles_it(code: str) -> None:
    assert is_open(a_finding(code))
    assert is_open(a_finding(code, "information"))
    assert not is_open(a_finding(code, "settled"))


def test_no_other_finding_is_one_between_households() -> None:
    other = a_finding("parcel.area-differs")
    assert not is_open(other)
    assert open_findings({"findings": [other, a_finding(), a_finding(severity="settled")]}) == [a_finding()]
    assert open_findings({}) == []


def test_it_is_about_a_parcel_of_one_and_names_that_of_the_other() -> None:
    assert parcel_pointer(a_finding()) == "/parcels/3"
    assert parcel_pointer(a_finding(CLAIMED, pointer="/parcels/12/parcel_number")) == "/parcels/12"
    assert theirs_of(a_finding()) == ("b", "p")
