"""The real borders of the communes, where this machine has them: test data that the project never carries."""

from __future__ import annotations

import gzip
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import shapely

from service.parcels.locating import Borders


def borders_file() -> Path | None:
    """The file that COMMUNE_BORDERS names, else one in a folder beside the project; None without either."""
    if named := os.environ.get("COMMUNE_BORDERS"):
        return Path(named)
    beside = Path(__file__).parents[3] / "shared" / "data" / "commune_boundaries_2025.geojson.gz"
    return beside if beside.is_file() else None


def feature_collection(path: Path) -> dict[str, Any]:
    """The file's FeatureCollection, zipped or not."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    collection: dict[str, Any] = json.loads(content)
    return collection


@cache
def real_borders() -> Borders | None:
    """The borders of all communes, or None where this machine has no file."""
    path = borders_file()
    if path is None:
        return None
    features = feature_collection(path)["features"]
    return Borders({f["properties"]["code"]: shapely.geometry.shape(f["geometry"]) for f in features})
