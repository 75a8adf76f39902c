"""People's rights: their requests, copies of their data, photos of papers."""
