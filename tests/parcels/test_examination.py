"""The examination of a household's parcels: what is added to them, and what is found about areas and places."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from schemas.errors import Finding, ItemError
from schemas.geometry import geometry_json
from service.errors import ReferenceSystemUnknown
from service.parcels.examination import (
    BORDERLESS,
    Examination,
    ParcelExaminer,
    area_findings,
    known_system,
    record_in,
    with_names,
)
from service.parcels.findings import REVEALED
from service.parcels.limits import DeclaredAreaRules
from service.parcels.locating import Borders
from service.parcels.reference_systems import SYSTEMS, geometry_from_wgs84
from tests.parcels.builders import VINH, a_field, a_polygon, examine_shape, on_the_ground

RULES = DeclaredAreaRules()
BORDERS = Borders({"00001": a_field(-1_000, -1_000, 2_000, 2_000), "00002": a_field(1_000, -1_000, 9_000, 2_000)})
EXAMINER = ParcelExaminer(lambda: BORDERS)
SHEET = geometry_from_wgs84(a_field(), SYSTEMS["EPSG:9208"])
AREA = round(examine_shape(a_field(), EXAMINER.rules.shape, "").area_m2 or 0, 1)


def a_household(*parcels: dict[str, Any], **content: Any) -> dict[str, Any]:
    return {"commune": "00001", "parcels": list(parcels), **content}


def examined(
    content: dict[str, Any], known: dict[str, Any] | None = None, examiner: ParcelExaminer = EXAMINER
) -> Examination:
    return examiner.examine([content], [known], lambda commune: (f"code {commune}", f"commune {commune}"))[0]


def a_home(east: float, north: float = 0.0) -> shapely.Point:
    return shapely.Point(shapely.get_coordinates(on_the_ground(shapely.Point(east, north)))[0])


def test_the_measured_area_is_given_and_the_content_as_it_came_stays() -> None:
    content = a_household({"id": "a", "geometry": a_field()}, {"id": "b", "crs": "EPSG:9208"})
    found = examined(content)
    assert found.given == [{"measured_area_m2": AREA}, {}]
    assert found.parcels is not None
    assert found.parcels[1] == {"id": "b"}
    assert content["parcels"][1] == {"id": "b", "crs": "EPSG:9208"}
    assert (found.findings, found.errors) == ([], [])


def test_households_are_examined_together_and_one_without_parcels_has_none() -> None:
    field = {"id": "a", "geometry": a_field(), "declared_area_m2": 5_000}
    contents = [{"commune": "00001"}, a_household(), a_household({"id": "z"}, field), a_household(field)]
    found = EXAMINER.examine(contents, [None] * 4)
    assert [each.parcels is None for each in found] == [True, True, False, False]
    assert [each.given for each in found[2:]] == [[{}, {"measured_area_m2": AREA}], [{"measured_area_m2": AREA}]]
    assert [[finding.pointer for finding in each.findings] for each in found[2:]] == [
        ["/parcels/1/declared_area_m2"],
        ["/parcels/0/declared_area_m2"],
    ]


def test_the_original_coordinates_of_a_sheet_are_given_and_its_system_is_taken_off() -> None:
    found = examined(a_household({"id": "a", "geometry": SHEET, "crs": "9208"}))
    assert found.given[0]["original_crs"] == "EPSG:9208"
    assert found.given[0]["original_geometry"] == geometry_json(SHEET)
    assert found.parcels is not None
    assert set(found.parcels[0]) == {"id", "geometry"}
    assert shapely.area(found.parcels[0]["geometry"] ^ a_field()) < 1e-3 * a_field().area


def test_the_original_coordinates_of_a_boundary_that_did_not_change_are_copied() -> None:
    stored = examined(a_household({"id": "a", "geometry": SHEET, "crs": "EPSG:9208"}))
    assert stored.parcels is not None
    same, original = stored.parcels[0]["geometry"], stored.given[0]
    other, row = {"id": "0", "geometry": {}}, {"id": "a", "geometry": geometry_json(same), **original}
    assert examined(a_household({"id": "a", "geometry": same}), {"parcels": [other, row]}).given == [original]
    unchanged = {"measured_area_m2": original["measured_area_m2"]}
    assert examined(a_household({"id": "b", "geometry": same}), {"parcels": [row]}).given == [unchanged]
    assert examined(a_household({"id": "a", "geometry": same}), {}).given == [unchanged]
    assert examined(a_household({"id": "a", "geometry": a_field(50)}), {"parcels": [row]}).given != [original]
    moved = examined(a_household({"id": "a", "geometry": a_field(50)}), {"parcels": [row]})
    assert set(moved.given[0]) == {"measured_area_m2"}


def test_a_boundary_that_is_wrong_is_an_error_with_a_proposal() -> None:
    bow_tie = a_polygon((0, 0), (100, 100), (100, 0), (0, 100))
    found = examined(a_household({"id": "a"}, {"id": "b", "geometry": shapely.force_3d(bow_tie, 3)}))
    shape = examine_shape(bow_tie, EXAMINER.rules.shape, "")
    assert shape.proposal is not None
    (error,) = found.errors
    assert (error.pointer, error.code) == ("/parcels/1/geometry", "geometry.self-crossing")
    assert error.params == {**shape.findings[0].params, "proposal": geometry_json(shape.proposal)}
    assert (found.findings, found.given) == ([], [{}, {}])


def test_a_boundary_that_cannot_be_repaired_is_an_error_without_a_proposal() -> None:
    found = examined(a_household({"id": "a", "geometry": shapely.Point(VINH)}))
    assert found.errors == [ItemError("/parcels/0/geometry", "geometry.not-a-polygon", {"type": "Point"})]
    both = examined(
        a_household({"id": "a", "geometry": shapely.Point(VINH)}, {"id": "b", "geometry": shapely.Polygon()})
    )
    assert [error.pointer for error in both.errors] == ["/parcels/0/geometry", "/parcels/1/geometry"]


def test_a_parcel_in_another_commune_is_a_finding_with_both_names() -> None:
    (finding,) = examined(a_household({"id": "a", "geometry": a_field(1_500)})).findings
    assert (finding.code, finding.pointer) == ("parcel.outside-commune", "/parcels/0/geometry")
    assert (finding.params["commune_name"], finding.params["lies_in_name"]) == ("commune 00001", "commune 00002")


def test_what_is_found_about_every_parcel_is_reported() -> None:
    far, large = {"id": "a", "geometry": a_field(1_500)}, {"id": "b", "geometry": a_field(), "declared_area_m2": 99.0}
    assert [(finding.code, finding.pointer) for finding in examined(a_household(far, large, far)).findings] == [
        ("parcel.outside-commune", "/parcels/0/geometry"),
        ("parcel.area-differs", "/parcels/1/declared_area_m2"),
        ("parcel.outside-commune", "/parcels/2/geometry"),
    ]


def test_an_unknown_system_is_an_error_at_the_system() -> None:
    (error,) = examined(a_household({"id": "z"}, {"id": "a", "geometry": SHEET, "crs": "EPSG:1"})).errors
    assert (error.pointer, error.code) == ("/parcels/1/crs", "crs.unknown")


def test_a_parcel_outside_the_province_is_refused_unless_it_is_confirmed_or_stored() -> None:
    abroad = {"id": "a", "geometry": a_field(30_000)}
    stored = {"parcels": [{"id": "0"}, {"id": "a", "geometry": geometry_json(canonical(abroad["geometry"]))}]}
    assert [error.code for error in examined(a_household(abroad)).errors] == ["parcel.outside-province"]
    assert examined(a_household({**abroad, "outside_confirmed": True})).findings == []
    assert examined(a_household({**abroad, "outside_confirmed": True})).errors == []
    again = examined(a_household(abroad), stored)
    assert [(finding.code, finding.severity) for finding in again.findings] == [("parcel.outside-province", "warning")]
    assert again.errors == []


def canonical(geometry: Any) -> Any:
    return examine_shape(geometry, EXAMINER.rules.shape, "").geometry


def test_without_borders_no_place_is_examined() -> None:
    content = a_household({"id": "a", "geometry": a_field(30_000)}, location=a_home(30_000))
    found = examined(content, examiner=BORDERLESS)
    assert (found.findings, found.errors, len(found.given)) == ([], [], 1)


def test_a_home_in_its_commune_has_no_finding_and_one_in_another_has_its_distance_and_name() -> None:
    assert examined({"commune": "00001", "location": a_home(0)}).findings == []
    assert examined({"commune": "00001", "location": a_home(1_090)}).findings == []
    assert examined({"commune": "00001", "location": a_home(1_500)}).findings == [
        Finding(
            "location.outside-commune",
            "warning",
            "/location",
            {
                "distance_m": 500,
                "from_province_m": 0,
                "commune": "code 00001",
                "lies_in": "code 00002",
                "commune_name": "commune 00001",
                "lies_in_name": "commune 00002",
            },
        )
    ]


def test_a_home_outside_the_province_is_refused_unless_it_is_confirmed_or_stored() -> None:
    home, details = a_home(10_300), {"distance_m": 9_300, "from_province_m": 300}
    content = {"commune": "00001", "location": home}
    found, again = examined(content), examined(content, {"location": geometry_json(home)})
    assert (found.errors, found.findings) == ([ItemError("/location", "location.outside-province", details)], [])
    assert again.findings == [Finding("location.outside-province", "warning", "/location", details)]
    assert again.errors == []
    assert examined(content, {"location": geometry_json(a_home(0))}).errors == found.errors
    confirmed = examined({**content, "outside_confirmed": True})
    assert (confirmed.errors, confirmed.findings) == ([], [])


def test_homes_of_several_households_are_examined_each_against_its_commune() -> None:
    homes: list[dict[str, Any]] = [{"commune": "00001", "location": a_home(1_500), "outside_confirmed": True}]
    homes += [{"commune": "00002"}, {"commune": "00002", "location": a_home(500)}]
    homes += [{"commune": "00002", "location": a_home(1_500)}, {"commune": "00001", "location": a_home(1_500)}]
    found = EXAMINER.examine(homes, [None] * 5)
    assert [[finding.params["lies_in_name"] for finding in each.findings] for each in found] == [
        [],
        [],
        ["00001"],
        [],
        ["00002"],
    ]


def test_a_declared_area_that_differs_is_a_finding_with_the_difference() -> None:
    assert area_findings({"declared_area_m2": 9_000}, 10_000.34, RULES, "/parcels/3") == [
        Finding(
            "parcel.area-differs",
            "warning",
            "/parcels/3/declared_area_m2",
            {"declared_m2": 9_000, "measured_m2": 10_000.3, "difference_m2": 1_000.3, "difference_percent": 11},
        )
    ]
    (finding,) = area_findings({"declared_area_m2": 9_000}, 5_000.26, RULES, "")
    assert finding.params["difference_m2"] == -3_999.7
    assert finding.params["difference_percent"] == -44


@pytest.mark.parametrize(("declared", "least", "most"), [(500, 400, 600), (1_000, 900, 1_100), (4_000, 3_600, 4_400)])
def test_a_tenth_or_a_hundred_square_metres_are_tolerated(declared: float, least: float, most: float) -> None:
    for area in (least, most):
        assert area_findings({"declared_area_m2": declared}, area, RULES, "") == []
    for area in (least - 0.1, most + 0.1):
        assert len(area_findings({"declared_area_m2": declared}, area, RULES, "")) == 1
    assert area_findings({}, least, RULES, "") == []


def test_crops_of_one_season_that_exceed_the_measured_area_are_a_finding() -> None:
    spring, summer = {"year": 2026, "season": "spring"}, {"year": 2026, "season": "summer"}
    crops = [{**spring, "area_m2": 700.0}, {**summer, "area_m2": 900.0}, {**spring, "area_m2": 400.38}, {**spring}]
    assert area_findings({"crops": crops}, 1_000.26, RULES, "/parcels/0") == [
        Finding(
            "parcel.crops-exceed-measured",
            "warning",
            "/parcels/0/crops",
            {"crops_m2": 1_100.4, "measured_m2": 1_000.3},
        )
    ]
    assert area_findings({"crops": [{**spring, "area_m2": 700}, {**spring, "area_m2": 400}]}, 1_000.0, RULES, "") == []
    assert area_findings({"crops": [{**spring, "area_m2": 4_400}]}, 4_000.0, RULES, "") == []
    apart = [{**spring, "area_m2": 900}, {**spring, "year": 2025, "area_m2": 900}, {"area_m2": None}]
    assert area_findings({"crops": apart}, 900.0, RULES, "") == []


def test_a_record_is_given_in_another_system_with_the_name_of_it() -> None:
    record = {"id": "h", "parcels": [{"id": "a", "geometry": geometry_json(a_field())}, {"id": "b"}]}
    given = record_in(record, "9208")
    first, second = given["parcels"]
    sheet = geometry_from_wgs84(shapely.geometry.shape(record["parcels"][0]["geometry"]), SYSTEMS["EPSG:9208"])  # type: ignore[index]
    assert first == {"id": "a", "geometry": geometry_json(sheet), "crs": "EPSG:9208"}
    assert (second, given["id"]) == ({"id": "b"}, "h")
    assert record_in(record, None) is record
    assert record_in({"id": "h"}, "EPSG:9208") == {"id": "h"}


def test_a_system_that_is_not_supported_is_named_with_those_that_are() -> None:
    assert (known_system(None), known_system("crs84"), known_system("5897")) == ("EPSG:4326", "EPSG:4326", "EPSG:5897")
    with pytest.raises(ReferenceSystemUnknown) as refused:
        known_system("EPSG:" + 70 * "9")
    assert refused.value.params == {"crs": "EPSG:" + 55 * "9", "known": ", ".join(SYSTEMS)}
    assert refused.value.pointer == "/crs"


def _called(commune: str) -> tuple[str, str]:
    return f"code {commune}", commune.lower()


def test_names_are_added_only_where_a_finding_has_communes() -> None:
    without = Finding("parcel.area-differs", "warning", "/x", {"commune": "00001"})
    assert with_names(without, _called) is without
    named = with_names(Finding("c", "warning", "/x", {"commune": "A", "lies_in": None}), _called)
    assert named == Finding(
        "c", "warning", "/x", {"commune": "code A", "lies_in": None, "commune_name": "a", "lies_in_name": ""}
    )


def test_a_place_and_the_number_of_places_reveal_the_boundary_alike() -> None:
    found = {name: detail.items for name, detail in REVEALED["geometry.pinched"].members.items()}
    assert found == dict.fromkeys(("point", "points", "count"), ("parcels.geometry",))
