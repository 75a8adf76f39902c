"""Versions of the schema, and the migration of stored records from earlier versions to the one in force."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from schemas.versions import from_1_0_to_1_1, from_1_1_to_1_2

#: The version that new records are checked against.
SCHEMA_VERSION = "1.2"
#: The version of a record that names none; the first version did not write it.
FIRST_VERSION = "1.0"

JsonForm = dict[str, Any]


class Migration(NamedTuple):
    """One step: the version that it leads to, and a pure function from JSON form to JSON form."""

    version: str
    migrate: Callable[[Mapping[str, Any]], JsonForm]


#: For each earlier version, the step to the next version.
MIGRATIONS: dict[str, Migration] = {
    "1.0": Migration("1.1", from_1_0_to_1_1.migrate),
    "1.1": Migration("1.2", from_1_1_to_1_2.migrate),
}


class VersionUnknown(Exception):
    """A record names a schema version that this register does not know, for example a later one."""

    code = "version.unknown"

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self.version = version


def migrate(record: Mapping[str, Any]) -> JsonForm:
    """Return the record (JSON form) in the version in force; a record of that version is returned equal.

    The given record is not changed. Raises VersionUnknown.
    """
    migrated: JsonForm = dict(record)
    version = str(record.get("schema_version", FIRST_VERSION))
    while version != SCHEMA_VERSION:
        if version not in MIGRATIONS:
            raise VersionUnknown(version)
        version, step = MIGRATIONS[version]
        migrated = step(migrated) | {"schema_version": version}
    return migrated
