"""Removing metadata from a JPEG: every pixel is preserved, and everything that reveals place or time removed."""

from __future__ import annotations

import io
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import ImageChops

from service.errors import PhotoNotUpright, PhotoUnreadable
from service.people.jpeg import bare_picture
from tests.examples import examples
from tests.pictures import CAMERA, COMMENT, TRAILER, a_bare_photo, a_photo, opened

KINDS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_rows": 1},
    "optimized": {"optimize": True, "subsampling": "4:4:4"},
}


@pytest.mark.parametrize("options", KINDS.values(), ids=list(KINDS))
def test_every_pixel_is_preserved_and_everything_else_is_removed(options: dict[str, Any]) -> None:
    taken = a_photo(320, 200, noise=0.3, icc_profile=b"profile", **options)
    assert opened(taken).getexif().get_ifd(0x8825)[2]
    picture = bare_picture(taken)
    bare = opened(picture.jpeg)
    assert (picture.width, picture.height) == bare.size == (320, 200)
    assert ImageChops.difference(bare, opened(taken)).getbbox() is None
    assert dict(bare.getexif()) == {}
    assert not {"exif", "comment", "icc_profile"} & bare.info.keys()
    for secret in (CAMERA.encode(), COMMENT, TRAILER, b"Exif", b"profile", b"2026:11"):
        assert secret not in picture.jpeg


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_picture_that_only_its_metadata_turn_upright_is_refused(orientation: int) -> None:
    with pytest.raises(PhotoNotUpright) as refused:
        bare_picture(a_photo(orientation=orientation))
    assert refused.value.params["orientation"] == orientation


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize(("number", "kind", "refused"), [(6, 3, True), (1, 3, False), (0, 3, False), (6, 4, False)])
def test_the_orientation_is_read_in_both_orders_of_bytes(
    order: Literal["little", "big"], number: int, kind: int, refused: bool
) -> None:
    words = ((8, 4), (1, 2), (0x0112, 2), (kind, 2), (1, 4), (number, 2), (0, 2), (0, 4))
    tiff = (b"II*\0" if order == "little" else b"MM\0*") + b"".join(each.to_bytes(size, order) for each, size in words)
    segment = b"Exif\0\0" + tiff
    jpeg = a_bare_photo()
    taken = jpeg[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + jpeg[2:]
    if not refused:
        assert bare_picture(taken).jpeg == bare_picture(jpeg).jpeg
        return
    with pytest.raises(PhotoNotUpright):
        bare_picture(taken)


@pytest.mark.parametrize("cut", [0, 4, 7, 9, 11, 20, 22])
def test_metadata_that_are_cut_off_say_nothing_of_the_orientation(cut: int) -> None:
    segment = (b"Exif\0\0II*\0" + bytes([8, 0, 0, 0, 255, 255, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]))[: cut + 1]
    jpeg = a_bare_photo()
    taken = jpeg[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + jpeg[2:]
    assert bare_picture(taken).jpeg == bare_picture(jpeg).jpeg


def test_a_grey_picture_is_one_too() -> None:
    jpeg = a_bare_photo()
    grey = opened(jpeg).convert("L")
    file = io.BytesIO()
    grey.save(file, "JPEG")
    assert bare_picture(file.getvalue()).width == grey.width


def test_cleaning_again_changes_nothing() -> None:
    once = bare_picture(a_photo()).jpeg
    assert bare_picture(once).jpeg == once


def test_a_thumbnail_in_the_header_is_removed() -> None:
    jpeg = a_bare_photo()
    assert jpeg[2:4] == b"\xff\xe0"
    header = jpeg[6:18] + b"\x02\x01" + b"SECRET"
    hidden = jpeg[:2] + b"\xff\xe0" + (len(header) + 2).to_bytes(2, "big") + header + jpeg[20:]
    assert opened(hidden).size == (640, 400)
    assert bare_picture(hidden).jpeg == bare_picture(jpeg).jpeg


def test_a_picture_that_is_cut_off_anywhere_is_refused() -> None:
    whole = bare_picture(a_bare_photo(64, 40)).jpeg
    for length in range(len(whole)):
        with pytest.raises(PhotoUnreadable):
            bare_picture(whole[:length])


@pytest.mark.parametrize(
    "given_bytes", [b"", b"\xff\xd8", b"\xff\xd8\xff\xd9", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"%PDF-1.7"]
)
def test_what_is_no_jpeg_is_refused(given_bytes: bytes) -> None:
    with pytest.raises(PhotoUnreadable):
        bare_picture(given_bytes)


@given(some.integers(0, 2_000), some.binary(min_size=1, max_size=8))
@settings(max_examples=examples(300), deadline=None)
def test_damage_is_refused_or_leaves_a_picture_without_metadata(place: int, damage: bytes) -> None:
    taken = a_photo(64, 40)
    at = place % len(taken)
    try:
        bare = bare_picture(taken[:at] + damage + taken[at + len(damage) :])
    except PhotoUnreadable:
        return
    assert bare_picture(bare.jpeg) == bare
    assert TRAILER not in bare.jpeg
