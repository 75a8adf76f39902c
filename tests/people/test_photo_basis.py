"""Which legal basis covers photos of papers: the register and the phone (form/src/storage/photo.ts) read one table."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.people.photos import covered

TABLE = json.loads((Path(__file__).parents[2] / "form" / "tests" / "photo-basis.json").read_text("utf-8"))


@pytest.mark.parametrize("case", TABLE, ids=range(len(TABLE)))
def test_the_basis_covers_photos_as_the_phone_says(case: dict[str, Any]) -> None:
    assert covered(case["record"]) is case["covered"]
