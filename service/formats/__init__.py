"""File formats: records in, bytes out, and back. No Flask, no pymongo."""
