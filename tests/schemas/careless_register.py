"""A migrated database on a mongod of its own, whose files show in clear what is not encrypted."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.running.mongod import MongodOptions, PrivateMongod
from service.settings import Settings, read_settings
from service.storage.migration import migrate

UNCOMPRESSED = ("--wiredTigerCollectionBlockCompressor", "none", "--wiredTigerJournalCompressor", "none")


@contextmanager
def database_of_its_own() -> Iterator[tuple[PrivateMongod, Settings]]:
    """The mongod, whose folder can be read once it has ended, and the settings of a register on it."""
    with tempfile.TemporaryDirectory() as folder:
        options = MongodOptions(folder=Path(folder) / "database", arguments=UNCOMPRESSED)
        options.folder.mkdir()
        with PrivateMongod(options) as mongod:
            settings = read_settings({"MONGODB_URI": mongod.address("register"), "DATA_FOLDER": folder})
            migrate(settings, say=lambda _: None)
            yield mongod, settings
