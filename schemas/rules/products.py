"""Rules about certificates and products."""

from collections.abc import Iterator
from datetime import date

from schemas.errors import Path
from schemas.rules.rule import Content, Trouble, elements


def certificates_in_order(content: Content, _: date) -> Iterator[Trouble]:
    """A certificate expires after it was issued."""
    for path, holder in _certified(content):
        for index, certificate in enumerate(elements(holder, "certifications")):
            issued, expires = certificate.get("issued_on"), certificate.get("expires_on")
            if issued is not None and expires is not None and expires < issued:
                yield (*path, "certifications", index, "expires_on"), "certificate.expires-before-issued", {}


def _certified(content: Content) -> Iterator[tuple[Path, Content]]:
    for name in ("livestock", "aquaculture", "forestry", "products"):
        for index, holder in enumerate(elements(content, name)):
            yield (name, index), holder
    for index, parcel in enumerate(elements(content, "parcels")):
        for number, crop in enumerate(elements(parcel, "crops")):
            yield ("parcels", index, "crops", number), crop


def unit_of_output(content: Content, _: date) -> Iterator[Trouble]:
    """A product's yearly output has a unit."""
    for index, product in enumerate(elements(content, "products")):
        if product.get("annual_output") is not None and product.get("unit") is None:
            yield ("products", index, "unit"), "product.unit-missing", {}
