"""A parcel's boundary: read, measured, placed, mended, and compared with its neighbours."""
