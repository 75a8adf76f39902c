"""A made-up household for documents that show how a record is written, and for tests."""

from typing import Any, NamedTuple


class ExamplePlace(NamedTuple):
    """Where the example household lives: its commune, the former commune in it, a position, and the head's number."""

    commune: str
    former_commune: str
    position: tuple[float, float]
    national_id: str


def example_household(place: ExamplePlace) -> dict[str, Any]:
    """Return the JSON form of a household that is digitized and has the items that the contract names."""
    return {
        "id": "0192f0c1-7a3b-7c4d-8e5f-0123456789ab",
        "demonstration": True,
        "commune": place.commune,
        "former_commune": place.former_commune,
        "village": "Khối 3",
        "address": "số 12",
        "location": {"type": "Point", "coordinates": list(place.position)},
        "captured_at": "2026-11-20T02:11:09Z",
        "commune_as_of": "2026-11-20",
        "head": {
            "full_name": "Nguyễn Văn An",
            "sex": "male",
            "birth_date": "1978-05-02",
            "national_id": place.national_id,
            "ethnic_group": "01",
            "phone": "+84912345678",
        },
        "members": [
            {
                "full_name": "Trần Thị Bình",
                "sex": "female",
                "birth_date": "1980",
                "farm_work": True,
                "relation": "spouse",
            }
        ],
        "poverty": "none",
        "parcels": [_example_parcel(*place.position)],
        "livestock": [{"kind": "buffalo", "heads": 2}],
        "aquaculture": [{"species": "carp", "water": "freshwater", "method": "pond", "area_m2": 500.0}],
        "machinery": [{"kind": "power_tiller", "count": 1}],
        "products": [
            {
                "name": "Gạo nếp",
                "vsic": "01110",
                "annual_output": 3.5,
                "unit": "t",
                "certifications": [{"scheme": "vietgap"}],
            }
        ],
        "digital": {"smartphone": True, "internet": True, "payment_account": True, "ecommerce": ["postmart"]},
        "legal_basis": "state_function",
        "consents": [{"purpose": "ecommerce", "granted_at": "2026-11-20T02:11:09Z", "evidence": "signed_paper"}],
    }


def _example_parcel(west: float, south: float) -> dict[str, Any]:
    east, north = round(west + 0.0003, 7), round(south + 0.0003, 7)
    return {
        "id": "0192f0c1-7a3b-7c4d-8e5f-0123456789ac",
        "map_sheet": "12",
        "parcel_number": "345",
        "land_use": "LUC",
        "tenure": "owned",
        "certificate_serial": "CH 123456",
        "declared_area_m2": 1050.0,
        "crops": [{"crop": "rice", "year": 2026, "season": "winter_spring", "area_m2": 1050.0}],
        "geometry": {
            "type": "Polygon",
            "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
        },
    }
