"""Pure rules about positions and boundaries: shape, reference system, area, place, overlap. No Flask, no pymongo."""
