"""People's rights: consents, requests, photos of papers."""
