"""Versions of the schema: the one in force, and how a stored record of an earlier one becomes one of it."""

#: The version that new records are checked by.
SCHEMA_VERSION = "1.1"
