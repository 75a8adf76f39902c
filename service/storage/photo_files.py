"""Photo files and chunks within a transaction, as the GridFS specification defines them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from service.storage.client import Document

if TYPE_CHECKING:
    pass


BUCKET: Final = "photos"


FILES: Final = "photos.files"


CHUNKS: Final = "photos.chunks"


HOUSEHOLDS: Final = "photos.households"


def remove_photos(collections: Mapping[str, Collection[Document]], session: ClientSession, household_id: str) -> None:
    """Remove all photos of a household within a transaction: for erasing, and when their legal basis has ended.

    A photo that is sent at the same time conflicts: its transaction is retried and then sees what was done here.
    """
    hold_photos(collections, session, household_id)
    files = collections[FILES].find({"metadata.household": household_id}, {"_id": 1}, session=session)
    names = [document["_id"] for document in files]
    if names:
        collections[CHUNKS].delete_many({"files_id": {"$in": names}}, session=session)
        collections[FILES].delete_many({"_id": {"$in": names}}, session=session)


def hold_photos(collections: Mapping[str, Collection[Document]], session: ClientSession, household_id: str) -> None:
    """Lock a household's photos until the commit, by a write that conflicts with every other write to them."""
    collections[HOUSEHOLDS].update_one({"_id": household_id}, {"$inc": {"writes": 1}}, upsert=True, session=session)
