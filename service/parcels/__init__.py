"""A parcel's boundary: read, measured, located, mended, and compared with its neighbours."""
