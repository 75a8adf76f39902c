"""Every collection with its indexes, validator and shard key: what migration creates and readiness looks for.

Shard keys. One replica set holds a province, so nothing shards a collection yet; the keys are declared,
and every write of a registration or revision names them, so that a second shard is a matter of operations and not of
code; an erasure is sent to every shard. MongoDB keeps a unique
index, ``_id`` included, within each shard only, unless it begins with the shard key. Therefore:

- ``households`` and ``identities`` are sharded by ``_id``: an id and a personal number are then unique in the whole
  cluster, whatever their commune. With (commune, _id) two shards could each accept the same id, and a personal number
  has no commune. The keys are hashed, because ids are made in order of time and would all go to the last shard.
- ``log``, ``commune_states`` and ``days`` begin with the commune's identity in their ``_id``. In ranges, a commune's
  log, state and days lie on one shard, and a zone of identities keeps a province's on the shards of that province.
- Everything else is small, or is looked up by other things than its ``_id``, and stays unsharded on one shard.

The price is that a registration is a transaction over up to three shards, which MongoDB commits in two phases, and that
a list of one commune queries every shard. No mongos was available when this was written, so none of it has been tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pymongo import ASCENDING, DESCENDING, GEOSPHERE, IndexModel

from schemas.derive.mongodb import household_validator
from schemas.protection import always_stored_items, plain_at_rest, require_open


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection's name, what it holds, its indexes, and where there are any its validator and its shard key."""

    name: str
    holds: str
    indexes: tuple[IndexModel, ...] = ()
    validator: Callable[[], Mapping[str, Any]] | None = field(default=None)
    shard_key: Mapping[str, int | str] | None = None


def stored_household_validator() -> Mapping[str, Any]:
    """The schema's validator, which also requires what the register adds to every household that it stores.

    So another program cannot insert a record that the register could not read or revise.
    """
    validator = household_validator()
    validator["required"] = list(dict.fromkeys([*validator["required"], *always_stored_items(), "index"]))
    properties = validator["properties"]
    properties["index"] = {"bsonType": "object", "required": ["names", "searched"]}
    # A stored household names communes by their identities, which need not be codes.
    for section, name in (
        (properties, "commune"),
        (properties, "former_commune"),
        (properties["parcels"]["items"]["properties"], "former_commune"),
    ):
        section[name] = {**section[name], "pattern": r"^[0-9A-Za-z-]{5,80}\z"}
    return validator


INDEXED_GEOMETRIES = tuple(item for item in ("parcels.geometry", "location") if plain_at_rest(item))
"""The items by which an area finds households. A sealed one is not indexed and cannot be searched."""


def _spatial_indexes() -> Iterator[IndexModel]:
    """An index of each geometry that is stored in clear; MongoDB would refuse a ciphertext in one."""
    for item in INDEXED_GEOMETRIES:
        name = "parcels_place" if item == "parcels.geometry" else "location_place"
        yield IndexModel([(item, GEOSPHERE)], name=name, sparse=True)


WORKED_BY = ("id", "commune", "former_commune", "status", "stage", "revision", "updated_at", "schema_version")
"""The items by which the register itself selects, sorts, counts and locks households, for readers of every sight.

A schema that does not declare them open is refused when the service starts, before anything is stored by it.
"""
require_open(WORKED_BY)

_BY_HASH: Mapping[str, int | str] = {"_id": "hashed"}
_BY_RANGE: Mapping[str, int | str] = {"_id": ASCENDING}

COLLECTIONS: tuple[Collection, ...] = (
    Collection(
        "households",
        "The households as they are now.",
        (
            IndexModel([("commune", ASCENDING), ("_id", ASCENDING)], name="commune"),
            IndexModel([("updated_at", ASCENDING), ("_id", ASCENDING)], name="updated"),
            IndexModel([("index.names", ASCENDING)], name="names"),
            IndexModel([("index.searched", ASCENDING)], name="searched"),
            IndexModel([("index.village", ASCENDING), ("commune", ASCENDING)], name="village", sparse=True),
            IndexModel([("index.cells", ASCENDING)], name="cells", sparse=True),
            IndexModel([("parcels.id", ASCENDING)], name="parcel", sparse=True),
            *_spatial_indexes(),
        ),
        stored_household_validator,
        shard_key=_BY_HASH,
    ),
    Collection(
        "log",
        "One entry for each accepted write; _id is commune:offset, so that a commune's log lies together.",
        (IndexModel([("household", ASCENDING), ("revision", DESCENDING)], name="household"),),
        shard_key=_BY_RANGE,
    ),
    Collection(
        "commune_states",
        "One document a commune: offset and hash of its last log entry, and its tallies now.",
        shard_key=_BY_RANGE,
    ),
    Collection(
        "days",
        "A commune's closing tallies of a day on which it was written to; the current day's are in commune_states.",
        (IndexModel([("commune", ASCENDING), ("day", DESCENDING)], name="commune_day"),),
        shard_key=_BY_RANGE,
    ),
    Collection(
        "identities",
        "Personal numbers that a household of the province holds; _id is a keyed digest of one.",
        shard_key=_BY_HASH,
    ),
    Collection("grid_cells", "Cells of the overlap grid, which a write to boundaries locks; _id is the cell."),
    Collection("borders", "Borders of administrative units as well-known binary; _id is the unit's identity."),
    Collection("units", "Administrative units with validity and successor; _id is level:code@first day."),
    Collection("open_data", "The publication of open data that is in force, and who makes the next."),
    Collection("baselines", "How many farm households a unit had; _id is identity@date."),
    Collection("villages", "The villages of a commune, with the households expected in each; _id is its identity."),
    Collection(
        "accounts",
        "Who may sign in, with hashes of their secrets; name is the folded user name.",
        (
            IndexModel([("name", ASCENDING)], name="name", unique=True),
            IndexModel(
                [("external.issuer", ASCENDING), ("external.subject", ASCENDING)],
                name="external",
                unique=True,
                partialFilterExpression={"external": {"$type": "object"}},
            ),
        ),
    ),
    Collection(
        "sessions",
        "Sign-ins on devices: families of refresh tokens, as hashes; they go when they have expired.",
        (
            IndexModel([("account", ASCENDING), ("used_at", DESCENDING)], name="account"),
            IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0),
        ),
    ),
    Collection(
        "rates",
        "Requests counted in windows of time, over all workers.",
        (IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0),),
    ),
    Collection(
        "attempts",
        "Wrong secrets, by account and address or device.",
        (IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0),),
    ),
    Collection(
        "requests",
        "People's requests about their own data; what names people is encrypted.",
        (
            IndexModel([("commune", ASCENDING), ("reply_by", ASCENDING), ("_id", ASCENDING)], name="commune"),
            IndexModel([("reply_by", ASCENDING), ("_id", ASCENDING)], name="due"),
            IndexModel([("household", ASCENDING)], name="household"),
            IndexModel(
                [("state", ASCENDING), ("kind", ASCENDING), ("lifted_on", ASCENDING), ("household", ASCENDING)],
                name="restricting",
            ),
        ),
    ),
    Collection(
        "trail",
        "Who saw or changed whose record: chained batches, retained for twelve months at least.",
        (
            IndexModel([("entries.households", ASCENDING)], name="household"),
            IndexModel([("entries.account", ASCENDING), ("entries.at", ASCENDING)], name="account"),
            IndexModel([("entries.name", ASCENDING), ("entries.at", ASCENDING)], name="name"),
            IndexModel([("entries.address", ASCENDING), ("entries.at", ASCENDING)], name="address"),
            IndexModel([("entries.at", ASCENDING)], name="moment"),
            IndexModel([("entries.instead_of", ASCENDING)], name="instead_of", sparse=True),
            IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0),
        ),
    ),
    Collection("trail_lanes", "The opening of each process's part of the trail, one chain."),
    Collection(
        "encryption_keys",
        "The key vault: data keys, wrapped by a master key that the database never sees.",
        (
            IndexModel(
                [("keyAltNames", ASCENDING)],
                name="names",
                unique=True,
                partialFilterExpression={"keyAltNames": {"$exists": True}},
            ),
        ),
    ),
    Collection("encryption_secrets", "Which data keys are in use, and the digest's secret, encrypted."),
    Collection(
        "photos.files",
        "Photos of papers in GridFS: whose, of what, and the photo's own key, encrypted; _id is household/photo.",
        (
            IndexModel([("filename", ASCENDING), ("uploadDate", ASCENDING)], name="filename"),
            IndexModel([("metadata.household", ASCENDING), ("_id", ASCENDING)], name="household"),
        ),
    ),
    Collection(
        "photos.chunks",
        "The photos' bytes in GridFS, encrypted.",
        (IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], name="file", unique=True),),
    ),
    Collection("photos.households", "Households whose photos were written to; a write to photos locks one."),
    Collection("unit_editions", "The lists of units as they were loaded: source, day, author, and what each changed."),
    Collection("state", "What the database was last migrated to, and the version of the list of units."),
)
