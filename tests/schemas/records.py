"""Builders of records for the schema's tests."""

from copy import deepcopy
from datetime import date
from typing import Any

TODAY = date(2026, 11, 23)


def square(x: float = 105.66, y: float = 18.69, side: float = 0.0003) -> dict[str, Any]:
    """A square boundary with its lower left corner at (x, y)."""
    right, top = round(x + side, 7), round(y + side, 7)
    return {"type": "Polygon", "coordinates": [[[x, y], [right, y], [right, top], [x, top], [x, y]]]}


_EXAMPLE: dict[str, Any] = {
    "id": "0192f0c1-7a3b-7c4d-8e5f-0123456789ab",
    "commune": "16681",
    "former_commune": "16663",
    "village": "Khối 3",
    "address": "số 12",
    "captured_at": "2026-11-20T02:11:09Z",
    "commune_as_of": "2026-11-20",
    "head": {
        "full_name": "Nguyễn Văn An",
        "national_id": "040078001234",
        "sex": "male",
        "birth_date": "1978-05-02",
        "ethnic_group": "01",
        "phone": "0912345678",
    },
    "members": [
        {"full_name": "Trần Thị Bình", "relation": "spouse", "sex": "female", "birth_date": "1980", "farm_work": True}
    ],
    "poverty": "none",
    "legal_basis": "state_function",
    "consents": [{"purpose": "ecommerce", "granted_at": "2026-11-20T02:11:09Z"}],
    "location": {"type": "Point", "coordinates": [105.66, 18.69]},
    "parcels": [
        {
            "id": "0192f0c1-7a3b-7c4d-8e5f-0123456789ac",
            "map_sheet": "12",
            "parcel_number": "345",
            "land_use": "LUC",
            "tenure": "owned",
            "certificate_serial": "CH 123456",
            "declared_area_m2": 1250.0,
            "crops": [{"crop": "rice", "area_m2": 1250}],
            "geometry": square(),
            "measured_area_m2": 1249.1,
        }
    ],
    "livestock": [{"kind": "buffalo", "heads": 2}],
    "aquaculture": [{"species": "carp", "area_m2": 500}],
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
    "status": "submitted",
    "stage": "standardized",
    "missing": [{"pointer": "/parcels/1/geometry", "for": "digitized"}],
    "findings": [],
    "revision": 3,
    "created_at": "2026-11-20T02:11:09Z",
    "updated_at": "2026-11-20T02:11:09Z",
}


def example() -> dict[str, Any]:
    """The contract's example, whole, as GET returns it."""
    return deepcopy(_EXAMPLE)


def least() -> dict[str, Any]:
    """The least that registers."""
    return {
        "commune": "16681",
        "head": {"full_name": "Lò Thị Hoa", "sex": "female", "no_id_reason": "lost"},
        "legal_basis": "state_function",
    }
