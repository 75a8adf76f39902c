"""Boundaries of communes: read from a GeoJSON file, and those in force in this process."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from service.errors import DomainError, StoreUnavailable
from service.parcels.place import Boundaries
from service.turn import Turn


class BoundaryFileInvalid(DomainError):
    """A file of boundaries that cannot be read; ``feature`` is the number of the one at fault (0: the file)."""

    code: ClassVar[str] = "boundaries.file-invalid"


class BoundaryStore(Protocol):
    """Where boundaries are kept."""

    def boundary_list(self) -> dict[str, BaseGeometry]:
        """Every boundary by the code of its unit."""

    def boundary_version(self) -> str:
        """Changes whenever the boundaries change."""


class BoundaryRegister:
    """Answers the current Boundaries; asks storage at most every ``refresh_seconds`` whether they have changed."""

    def __init__(
        self, store: BoundaryStore, refresh_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._refresh_seconds = refresh_seconds
        self._clock = clock
        self._turn = Turn()
        self._boundaries: Boundaries | None = None
        self._version = ""
        self._looked_at = float("-inf")

    def boundaries(self) -> Boundaries:
        """The boundaries as of now; none before any were loaded. Raises StoreUnavailable while the database is away."""
        boundaries = self._boundaries
        if boundaries is not None and self._clock() - self._looked_at < self._refresh_seconds:
            return boundaries
        with self._turn.taken():
            return self._refreshed()

    def _refreshed(self) -> Boundaries:
        if self._boundaries is not None and self._clock() - self._looked_at < self._refresh_seconds:
            return self._boundaries
        try:
            version = self._store.boundary_version()
            if self._boundaries is None or version != self._version:
                self._boundaries = Boundaries(self._store.boundary_list())
                self._version = version
        except StoreUnavailable:
            if self._boundaries is None:
                raise
            # What is known serves on; who cannot write will be told so where the write is tried.
        self._looked_at = self._clock()
        return self._boundaries


def read_features(path: Path) -> list[object]:
    """The features of a GeoJSON FeatureCollection, gzipped or not. Raises BoundaryFileInvalid."""
    try:
        content = path.read_bytes()
        collection = orjson.loads(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)
    except (OSError, EOFError, zlib.error, orjson.JSONDecodeError) as error:
        raise BoundaryFileInvalid(feature=0, reason=str(error)[:200]) from error
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(features, list) or not features:
        raise BoundaryFileInvalid(feature=0, reason="not a FeatureCollection with features")
    return features


def boundaries_of(features: Iterable[object]) -> Iterator[tuple[str, BaseGeometry]]:
    """Code and boundary of each feature (``properties.code``, a polygon or multipolygon in WGS 84).

    Boundaries of communes are published with small faults; those are mended here, since they are drawn by nobody whom
    one could ask. Raises BoundaryFileInvalid with the number of the feature.
    """
    codes: set[str] = set()
    for number, feature in enumerate(features, 1):
        item: Mapping[str, Any] = feature if isinstance(feature, dict) else {}
        properties = item.get("properties")
        code = properties.get("code") if isinstance(properties, dict) else None
        if not isinstance(code, str) or not (code.isascii() and code.isdigit()):
            raise BoundaryFileInvalid(feature=number, reason="properties.code is not the code of a unit")
        if code in codes:
            raise BoundaryFileInvalid(feature=number, reason=f"code {code} comes twice")
        codes.add(code)
        yield code, _boundary(item.get("geometry"), number)


def _boundary(geometry: object, number: int) -> BaseGeometry:
    if not isinstance(geometry, dict) or geometry.get("type") not in {"Polygon", "MultiPolygon"}:
        raise BoundaryFileInvalid(feature=number, reason="geometry is not a Polygon or MultiPolygon")
    try:
        boundary = shapely.force_2d(shapely.from_geojson(orjson.dumps(geometry)))
    except (shapely.errors.GEOSException, orjson.JSONEncodeError) as error:
        raise BoundaryFileInvalid(feature=number, reason=str(error)[:200]) from error
    west, south, east, north = boundary.bounds if not boundary.is_empty else (0.0, 0.0, 0.0, -91.0)
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise BoundaryFileInvalid(feature=number, reason="not in longitude and latitude")
    if boundary.is_valid:
        return boundary
    parts = shapely.get_parts(shapely.make_valid(boundary, method="structure", keep_collapsed=False))
    return shapely.union_all([part for part in parts if part.geom_type == "Polygon"])
