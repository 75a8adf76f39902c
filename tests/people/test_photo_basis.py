"""Which legal basis covers photos of papers: the register and the phone (form/src/storage/photo.ts) read one table."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.catalogue import Catalogue
from schemas.derive.form import form_definition
from schemas.photos import covers_photos
from service.errors import PhotoNoLegalBasis

TABLE = json.loads((Path(__file__).parents[2] / "form" / "tests" / "photo-basis.json").read_text("utf-8"))


@pytest.mark.parametrize("case", TABLE, ids=range(len(TABLE)))
def test_the_basis_covers_photos_as_the_phone_says(case: dict[str, Any]) -> None:
    assert covers_photos(case["record"]) is case["covered"]


def test_the_definition_gives_the_phone_the_rule_and_its_text() -> None:
    definition = form_definition()
    given = definition["photos"]
    by_basis = [{"legal_basis": each["code"]} for each in definition["lists"]["legal_bases"]]
    by_consent = [{"consents": [{"purpose": each["code"]}]} for each in definition["lists"]["consent_purposes"]]
    assert [each["legal_basis"] for each in by_basis if covers_photos(each)] == given["legal_bases"]
    assert [each["consents"][0]["purpose"] for each in by_consent if covers_photos(each)] == given["consents"]
    assert given["not_covered"] == PhotoNoLegalBasis.code
    assert definition["messages"][PhotoNoLegalBasis.code]["vi"] == Catalogue().template(PhotoNoLegalBasis.code, "vi")
