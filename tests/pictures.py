"""Builders of real JPEGs, as a phone's camera takes them: with position, time, camera, thumbnail and comments."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageDraw
from PIL.ExifTags import GPS, IFD, Base

CAMERA = "Nokia 3.1 cua can bo Quang"
COMMENT = b"chup tai nha ba Hoa"
TRAILER = b"MOTION-PHOTO-VIDEO-AFTER-THE-END"


def a_picture(width: int = 640, height: int = 400, *, noise: float = 0.0) -> Image.Image:
    """A card on a table, in its own colours, so that corners can be distinguished; noise makes a JPEG of it large."""
    picture = Image.new("RGB", (width, height), (92, 60, 40))
    draw = ImageDraw.Draw(picture)
    left, top, right, bottom = width // 5, height // 5, width * 4 // 5, height * 4 // 5
    draw.rectangle((left, top, right, bottom), fill=(200, 225, 245), outline=(20, 60, 120), width=max(1, width // 200))
    draw.rectangle(
        (left + width // 40, top + height // 10, left + width // 6, bottom - height // 10), fill=(180, 30, 30)
    )
    for line in range(6):
        at = top + height // 10 + line * height // 12
        draw.rectangle((left + width // 5, at, right - width // 20, at + height // 60), fill=(30, 30, 60))
    if noise:
        grain = Image.effect_noise((width, height), 100).convert("RGB")
        picture = Image.blend(picture, grain, noise)
    return picture


def a_photo(
    width: int = 640,
    height: int = 400,
    *,
    noise: float = 0.0,
    quality: int = 85,
    orientation: int = 1,
    **options: Any,
) -> bytes:
    """A JPEG as a camera leaves it: EXIF with a position near Vinh, a comment, and something behind its end.

    With orientation 6 the camera was held upright: who shows it must turn it by 90° clockwise.
    """
    metadata = {"exif": _exif(orientation), "comment": COMMENT, **options}
    return a_bare_photo(width, height, noise=noise, quality=quality, **metadata) + TRAILER


def a_bare_photo(
    width: int = 640, height: int = 400, *, noise: float = 0.0, quality: int = 85, **options: Any
) -> bytes:
    """A JPEG without metadata, or with those that are passed to Pillow's ``save``."""
    file = io.BytesIO()
    a_picture(width, height, noise=noise).save(file, "JPEG", quality=quality, **options)
    return file.getvalue()


def a_heavy_photo(most: int = 298_000) -> bytes:
    """A photo of nearly as many bytes as a photo may have."""
    return next(
        jpeg for quality in range(90, 5, -1) if len(jpeg := a_photo(1500, 1000, noise=0.2, quality=quality)) <= most
    )


def opened(jpeg: bytes) -> Image.Image:
    """The picture of a JPEG, unpacked whole. Raises when any of it is missing."""
    picture = Image.open(io.BytesIO(jpeg))
    picture.load()
    return picture


def _exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    exif[Base.Make] = CAMERA
    exif[Base.DateTime] = "2026:11:20 09:11:09"
    exif.get_ifd(IFD.GPSInfo).update(
        {
            GPS.GPSLatitudeRef: "N",
            GPS.GPSLatitude: (18.0, 40.0, 33.6),
            GPS.GPSLongitudeRef: "E",
            GPS.GPSLongitude: (105.0, 40.0, 51.2),
        }
    )
    return exif.tobytes()
