"""Photos in GridFS, each encrypted under a key of its own, which is sealed as the personal items of records are.

Files and chunks are written as the GridFS specification defines them, in one transaction with the read of their
household: a photo is there whole or not at all, and never without its household. (pymongo's GridFS writer does not
take part in transactions; its reader reads what is written here.)
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

from bson.binary import Binary
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from gridfs import GridFSBucket
from gridfs.errors import CorruptGridFile, NoFile

from service.area import Communes
from service.errors import HouseholdErased, HouseholdNotFound, StoreDamaged
from service.people.ports import Accept, Photo, PhotoOf, StoredPhotos
from service.storage.client import Document, translated
from service.storage.database import Database
from service.storage.documents import DAMAGE, to_record
from service.storage.encryption.fields import FieldEncryption
from service.storage.photo_files import BUCKET, CHUNKS, FILES, hold_photos
from service.storage.transaction import MongoTransaction, Transactions

_CHUNK_BYTES: Final = 255 * 1024
_KEY_BITS: Final = 256
_NONCE_BYTES: Final = 12
_OLDEST_FIRST: Final = [("uploadDate", 1), ("_id", 1)]


class MongoPhotos:
    """Implements service.people.ports.PhotoStore."""

    def __init__(self, database: Database, transactions: Transactions) -> None:
        self._database = database
        self._transactions = transactions

    def add_photo(self, photo: Photo, jpeg: bytes, accept: Accept, area: Communes) -> Photo | None:
        """Call ``accept`` and store the photo, in one transaction; returns what ``accept`` returned.

        Raises HouseholdNotFound, HouseholdErased.
        """
        encryption = self._database.encryption
        file, data = _sealed(photo, jpeg, encryption)

        def work(transaction: MongoTransaction) -> Photo | None:
            collections, session = transaction.collections, transaction.session
            record = _household(transaction, photo.household, area)
            # Of two transactions about one household's photos the second is retried, and then sees the first.
            hold_photos(collections, session, photo.household)
            found = collections[FILES].find({"metadata.household": photo.household}, session=session)
            known = accept(record, _photos(found.sort(_OLDEST_FIRST), encryption))
            if known is None:
                collections[FILES].insert_one(file, session=session)
                collections[CHUNKS].insert_many(_chunks(file["_id"], data), session=session)
            return known

        return self._transactions.run(work)

    def photos(self, household_id: str) -> StoredPhotos:
        """All photos of a household, oldest first."""
        with translated(self._database.client):
            found = self._database[FILES].find({"metadata.household": household_id}).sort(_OLDEST_FIRST)
            return _photos(found, self._database.encryption)

    def photo(self, household_id: str, photo_id: str) -> tuple[Photo, bytes] | None:
        """A photo with its JPEG. Raises StoreDamaged when what is stored is damaged."""
        name = _name(household_id, photo_id)
        with translated(self._database.client):
            file = self._database[FILES].find_one({"_id": name})
            if file is None:
                return None
            try:
                data = GridFSBucket(self._database.mongo, BUCKET).open_download_stream(name).read()
            except (NoFile, CorruptGridFile):
                if self._database[FILES].find_one({"_id": name}, {"_id": 1}) is None:
                    return None  # removed while it was read
                raise StoreDamaged(reason="photo incomplete") from None
        try:
            key = self._database.encryption.open_sealed(file["metadata"]["key"])
            jpeg = AESGCM(key).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], name.encode())
            return _photo(file, self._database.encryption), jpeg
        except (InvalidTag, *DAMAGE) as error:
            raise StoreDamaged(reason="photo changed") from error

    def remove_photo(self, household_id: str, photo_id: str) -> bool:
        """Remove a photo irrecoverably; returns whether it was there."""
        name = _name(household_id, photo_id)

        def work(transaction: MongoTransaction) -> bool:
            collections, session = transaction.collections, transaction.session
            hold_photos(collections, session, household_id)
            removed = collections[FILES].delete_one({"_id": name}, session=session).deleted_count
            collections[CHUNKS].delete_many({"files_id": name}, session=session)
            return removed > 0

        return self._transactions.run(work)


def _household(transaction: MongoTransaction, household_id: str, area: Communes) -> Document:
    """The household's record as the transaction sees it. Raises HouseholdNotFound, HouseholdErased."""
    inside: Document = {} if area is None else {"commune": {"$in": sorted(area)}}
    collections, session = transaction.collections, transaction.session
    document = collections["households"].find_one({"_id": household_id, **inside}, {"index": 0}, session=session)
    if document is not None:
        return to_record(document, transaction.encryption)
    erased = {"household": household_id, "kind": "erased", **inside}
    if collections["log"].find_one(erased, {"_id": 1}, session=session) is not None:
        raise HouseholdErased(id=household_id)
    raise HouseholdNotFound(id=household_id)


def _name(household_id: str, photo_id: str) -> str:
    """A file's key in GridFS: an id of one household's photo says nothing of another's."""
    return f"{household_id}/{photo_id}"


def _sealed(photo: Photo, jpeg: bytes, encryption: FieldEncryption) -> tuple[Document, bytes]:
    """The file's document and its bytes: nonce, then the JPEG by AES-256-GCM, bound to household and photo."""
    name = _name(photo.household, photo.id)
    key = AESGCM.generate_key(_KEY_BITS)
    nonce = os.urandom(_NONCE_BYTES)
    data = nonce + AESGCM(key).encrypt(nonce, jpeg, name.encode())
    metadata: Document = {
        "household": photo.household,
        "photo": photo.id,
        "of": str(photo.of),
        "bytes": photo.size,
        "width": photo.width,
        "height": photo.height,
        "actor": photo.actor,
        "key": encryption.seal_value(key),
        "sha256": encryption.seal_of(name, photo.sha256),
    }
    if photo.parcel is not None:
        metadata["parcel"] = photo.parcel
    if photo.taken_at is not None:
        metadata["taken_at"] = photo.taken_at
    if photo.taken_at_sent is not None:
        metadata["taken_at_sent"] = photo.taken_at_sent
    file: Document = {
        "_id": name,
        "length": len(data),
        "chunkSize": _CHUNK_BYTES,
        "uploadDate": photo.created_at,
        "filename": name,
        "metadata": metadata,
    }
    return file, data


def _chunks(name: str, data: bytes) -> list[Document]:
    return [
        {"files_id": name, "n": number, "data": Binary(data[start : start + _CHUNK_BYTES])}
        for number, start in enumerate(range(0, len(data), _CHUNK_BYTES))
    ]


def _photos(files: Iterable[Document], encryption: FieldEncryption) -> StoredPhotos:
    """The photos of documents; a damaged one is named and skipped."""
    photos: list[Photo] = []
    damaged: list[str] = []
    for file in files:
        try:
            photos.append(_photo(file, encryption))
        except DAMAGE:
            damaged.append(file["_id"].rpartition("/")[2])
    return StoredPhotos(photos, damaged)


def _photo(file: Document, encryption: FieldEncryption) -> Photo:
    metadata = file["metadata"]
    return Photo(
        id=metadata["photo"],
        household=metadata["household"],
        of=PhotoOf(metadata["of"]),
        parcel=metadata.get("parcel"),
        size=metadata["bytes"],
        sha256=encryption.open_of(file["_id"], metadata["sha256"]),
        width=metadata["width"],
        height=metadata["height"],
        taken_at=metadata.get("taken_at"),
        created_at=file["uploadDate"],
        actor=metadata["actor"],
        taken_at_sent=metadata.get("taken_at_sent"),
    )
