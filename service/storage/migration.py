"""Migrating a database to what this version of the register needs: collections, indexes, validators, units."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Set
from typing import Any

from pymongo.database import Database
from pymongo.errors import OperationFailure

from service.access.errors import KeysMissing
from service.access.keys import key_folder
from service.clock import system_clock, vietnam_day
from service.province import Province
from service.settings import Settings, provinces_of
from service.settings_invalid import SettingsInvalid
from service.storage.client import Document, translated
from service.storage.collections import COLLECTIONS, Collection
from service.storage.repositories import Repositories
from service.units.directory import UnitDirectory
from service.units.editions import planned, shipped_lines
from service.units.ports import NewEdition
from service.units.unit_list import UnitListInvalid, read_lines

_NAMESPACE_EXISTS = 48
_INDEX_DIFFERS = frozenset({85, 86})  # IndexOptionsConflict, IndexKeySpecsConflict


def migrate(settings: Settings, say: Callable[[str], None] = print) -> None:
    """Create what is missing and update what differs; run again, it changes nothing. Raises StoreUnavailable."""
    provinces = provinces_of(settings)
    store = Repositories(settings)
    try:
        require_province(store, provinces[0])
        with translated():
            existing = frozenset(store.database.mongo.list_collection_names())
            for collection in COLLECTIONS:
                prepare_collection(store.database.mongo, collection, existing, say)
            prepare_keys(settings, store, say)
        for province in provinces:
            load_shipped_units(store, province, say)
        today = vietnam_day(system_clock())
        directory = UnitDirectory(store.units.unit_list())
        store.states.make(unit.identity for unit in directory.of_level("commune", today))
    finally:
        store.close()


def prepare_collection(
    database: Database[Document], collection: Collection, existing: Set[str], say: Callable[[str], None]
) -> None:
    """Create a collection with its validator and indexes, or bring those of an ``existing`` one up to date."""
    # Moderate: a record that an earlier version left, and that cannot be migrated yet, can still be verified or
    # withdrawn.
    options: dict[str, Any] = {
        "validator": {"$jsonSchema": collection.validator()} if collection.validator else {},
        "validationAction": "error",
        "validationLevel": "moderate",
    }
    if collection.name in existing or not create_collection(database, collection.name, options, say):
        database.command("collMod", collection.name, **options)
    prepare_indexes(database, collection, say)


def create_collection(
    database: Database[Document], name: str, options: Mapping[str, Any], say: Callable[[str], None]
) -> bool:
    """Create a collection with its options; returns whether somebody else had not created it meanwhile."""
    try:
        database.create_collection(name, check_exists=False, **options)
    except OperationFailure as error:
        if error.code != _NAMESPACE_EXISTS:
            raise
        say(f"collection {name}: made by somebody else meanwhile")
        return False
    say(f"collection {name}: made")
    return True


def prepare_indexes(database: Database[Document], collection: Collection, say: Callable[[str], None]) -> None:
    """Create the missing indexes, in one command, and recreate those whose definition changed."""
    if not collection.indexes:
        return
    try:
        database[collection.name].create_indexes(list(collection.indexes))
        return
    except OperationFailure as error:
        if error.code not in _INDEX_DIFFERS:
            raise
    for index in collection.indexes:
        name = index.document["name"]
        try:
            database[collection.name].create_indexes([index])
        except OperationFailure as error:
            if error.code not in _INDEX_DIFFERS:
                raise
            database[collection.name].drop_index(name)
            database[collection.name].create_indexes([index])
            say(f"index {collection.name}.{name}: recreated, its definition changed")


def prepare_keys(settings: Settings, store: Repositories, say: Callable[[str], None]) -> None:
    """Make the key files and the first data key, where the database has none yet.

    Raises KeysMissing when it has: then the folder is not the one whose master key wrapped them, and new keys would
    only hide that.
    """
    keys = key_folder(settings)
    if not keys.exists():
        if store.database.encryption.data_keys():
            raise KeysMissing(
                f"the database holds encrypted records, and their keys are not in {keys.folder}: put the folder of "
                "keys back in its place, or name it with KEYS_FOLDER"
            )
        keys.make()
        say(f"keys: made in {keys.folder}, readable by this user alone; a backup without them cannot be read")
    store.database.encryption.prepare()


def require_province(store: Repositories, province: Province) -> None:
    """Raise SettingsInvalid when the database holds units, and none of them is the province that is to be served."""
    there = sorted(unit.code for unit in store.units.unit_list() if unit.level == "province")
    if there and province.code not in there:
        raise SettingsInvalid(
            f"this database is the register of province {', '.join(there)}, and PROVINCE says {province.code} "
            f"(its value, or the default): set PROVINCE={there[0]}, or give {province.name.en} a database of its own "
            "(./scripts/run --data DIR)"
        )


def load_shipped_units(store: Repositories, province: Province, say: Callable[[str], None]) -> None:
    """Load what is new in the province's list of units that comes with this version.

    It never undoes what an operator loaded, corrected, put off or took back; where the rest would contradict that, the
    list is left alone, and the register goes on with the operator's.
    """
    state = store.database["state"]
    key = f"shipped units {province.code}"
    shipped = hashlib.sha256(province.units.read_bytes()).hexdigest()
    with translated():
        loaded = state.find_one({"_id": key})
    if loaded is not None and loaded["version"] == shipped and store.units.unit_version():
        return
    existing, editions = store.units.unit_list(), store.units.editions()
    there = any(unit.level == "province" and unit.code == province.code for unit in existing)
    lines = read_lines(province.units)
    left = 0
    if there:
        lines, left = shipped_lines(lines, existing, editions, province.code)
    if lines:
        try:
            plan = planned(lines, existing)
        except UnitListInvalid as error:
            say(
                f"units: the list of {province.name.en} that comes with this version contradicts what was loaded here, "
                f"which stays as it is: {error.faults[0]}"
            )
        else:
            now = system_clock()
            edition = NewEdition(province.units.name, vietnam_day(now), "register", now, shipped=province.code)
            changed = store.units.replace_units(plan.put, plan.withdrawn, edition)
            say(f"units: {changed} new or changed of {len(lines)} in {province.units.name}")
    if left:
        say(f"units: {left} lines of {province.units.name} are left out, since other ones were loaded here")
    with translated():
        state.replace_one({"_id": key}, {"_id": key, "version": shipped}, upsert=True)
