"""Borders of communes: read from a GeoJSON file, and the current ones cached in this process."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from service.errors import DomainError, StoreUnavailable
from service.fail_fast_lock import FailFastLock
from service.parcels.locating import Borders
from service.parcels.reference_systems import MIDDLE, ReferenceSystem
from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from service.units.ports import BorderStore


class BorderFileInvalid(DomainError):
    """A file of borders that cannot be read; ``feature`` is the number of the feature at fault (0: the file itself)."""

    code: ClassVar[str] = "borders.file-invalid"


class BorderRegister:
    """Returns the current borders; queries storage at most every ``refresh_seconds`` whether they have changed."""

    def __init__(
        self,
        store: BorderStore,
        refresh_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        metric: ReferenceSystem = MIDDLE,
        units: Callable[[], tuple[UnitDirectory, date]] | None = None,
    ) -> None:
        """``metric`` is the projection in which distances to borders are measured. ``units`` are those of today, with
        the day; the stored borders can be older than the list of units (``borders_of_today``).
        """
        self._store = store
        self._refresh_seconds = refresh_seconds
        self._metric = metric
        self._clock = clock
        self._lock = FailFastLock()
        self._units = units
        self._borders: Borders | None = None
        self._version = ""
        self._made_for: tuple[UnitDirectory, date] | None = None
        self._looked_at = float("-inf")

    def borders(self) -> Borders:
        """Returns the current borders, empty before any were loaded.

        Raises StoreUnavailable while the database is unavailable and nothing is cached.
        """
        borders = self._borders
        if borders is not None and self._clock() - self._looked_at < self._refresh_seconds:
            return borders
        with self._lock.held():
            return self._refreshed()

    def _refreshed(self) -> Borders:
        if self._borders is not None and self._clock() - self._looked_at < self._refresh_seconds:
            return self._borders
        try:
            version = self._store.border_version()
            units = None if self._units is None else self._units()
            if self._borders is None or version != self._version or units != self._made_for:
                stored = self._store.border_list()
                self._borders = Borders(stored if units is None else borders_of_today(stored, *units), self._metric)
                self._version, self._made_for = version, units
        except StoreUnavailable:
            if self._borders is None:
                raise
            # Serve the cached borders. A write fails where it is attempted, with an error of its own.
        self._looked_at = self._clock()
        return self._borders


def borders_of_today(
    stored: Mapping[UnitId, BaseGeometry], directory: UnitDirectory, today: date
) -> dict[UnitId, BaseGeometry]:
    """Returns the borders of the communes in force today, made of stored ones that can be older than the list of units.

    A commune that took others over has their land too, as long as their borders are stored; newer borders replace them
    all. A part of a split has no border until one is loaded, so that nothing is held to lie outside of it.
    """
    found: dict[UnitId, BaseGeometry] = {}
    known = {unit.identity for unit in directory}
    for commune in directory.of_level("commune", today):
        border = _border_today(commune.identity, stored, directory)
        if border is not None:
            found[commune.identity] = border
    return found | {identity: border for identity, border in stored.items() if identity not in known}


def _border_today(
    identity: UnitId, stored: Mapping[UnitId, BaseGeometry], directory: UnitDirectory
) -> BaseGeometry | None:
    validities = directory.validities_of(identity)
    arrived = [
        succession
        for validity in validities
        for succession in directory.successions_to(validity)
        if succession.before.identity != identity
    ]
    own = stored.get(identity)
    if own is None and any(each.kind == "split" for each in arrived):
        return None
    parts = [_border_today(each.before.identity, stored, directory) for each in arrived if each.kind != "split"]
    there = [part for part in parts if part is not None]
    if own is None and (not parts or len(there) < len(parts)):
        return None
    return shapely.union_all([*there, *([] if own is None else [own])]) if there else own


def read_features(path: Path) -> list[object]:
    """Returns the features of a GeoJSON FeatureCollection, gzipped or not. Raises BorderFileInvalid."""
    try:
        content = path.read_bytes()
        collection = orjson.loads(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)
    except (OSError, EOFError, zlib.error, orjson.JSONDecodeError) as error:
        raise BorderFileInvalid(feature=0, reason=str(error)[:200]) from error
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(features, list) or not features:
        raise BorderFileInvalid(feature=0, reason="not a FeatureCollection with features")
    return features


def borders_of(features: Iterable[object]) -> Iterator[tuple[str, BaseGeometry]]:
    """Yields code and border of each feature (``properties.code``, a polygon or multipolygon in WGS 84).

    Published borders have small faults, and cannot be redrawn, so they are repaired here.
    Raises BorderFileInvalid with the number of the feature.
    """
    codes: set[str] = set()
    for number, feature in enumerate(features, 1):
        item: Mapping[str, Any] = feature if isinstance(feature, dict) else {}
        properties = item.get("properties")
        code = properties.get("code") if isinstance(properties, dict) else None
        if not isinstance(code, str) or not (code.isascii() and code.isdigit()):
            raise BorderFileInvalid(feature=number, reason="properties.code is not the code of a unit")
        if code in codes:
            raise BorderFileInvalid(feature=number, reason=f"code {code} comes twice")
        codes.add(code)
        yield code, _border(item.get("geometry"), number)


def _border(geometry: object, number: int) -> BaseGeometry:
    if not isinstance(geometry, dict) or geometry.get("type") not in {"Polygon", "MultiPolygon"}:
        raise BorderFileInvalid(feature=number, reason="geometry is not a Polygon or MultiPolygon")
    try:
        border = shapely.force_2d(shapely.from_geojson(orjson.dumps(geometry)))
    except (shapely.errors.GEOSException, orjson.JSONEncodeError) as error:
        raise BorderFileInvalid(feature=number, reason=str(error)[:200]) from error
    west, south, east, north = border.bounds if not border.is_empty else (0.0, 0.0, 0.0, -91.0)
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise BorderFileInvalid(feature=number, reason="not in longitude and latitude")
    if border.is_valid:
        return border
    parts = shapely.get_parts(shapely.make_valid(border, method="structure", keep_collapsed=False))
    return shapely.union_all([part for part in parts if part.geom_type == "Polygon"])
