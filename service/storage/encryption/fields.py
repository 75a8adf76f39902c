"""Seals and opens the personal items of documents, so that they are encrypted before they reach MongoDB.

A ciphertext is one AEAD value (AES-256-CBC with HMAC-SHA-512). All that a document hides is one random ciphertext, so
that a reader decrypts one value; where the register queries by equality, a deterministic one stands in the item's place
beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from bson.binary import Binary
from pymongo.database import Database

from service.clock import Clock, system_clock
from service.storage.client import Document
from service.storage.encryption.items import (
    CIPHERTEXT_SUBTYPE,
    ENCRYPTED_ITEMS,
    OF,
    RECORD,
    SEALED,
    Manner,
    bare,
    branches_of,
    ciphertexts,
    is_sealed,
    joined,
    key_of,
    mapped,
    searchable,
    separated,
)
from service.storage.encryption.key_ring import CACHED_VALUES, CiphertextDamaged, KeyRing
from service.storage.encryption.master_keys import MasterKeys

_CACHED_CONTENTS: Final = 1_024
"""The contents of a document are some kilobytes each."""
_VALUE: Final = "value"
_DETERMINISTIC_MARK: Final = 1
"""First byte of a deterministic ciphertext; of a random one it is 2 (MongoDB's client-side encryption, subtype 6)."""


class FieldEncryption(KeyRing):
    """Seals and opens the personal items of records, with the data keys of the ring."""

    def __init__(
        self,
        database: Database[Document],
        load_master_keys: Callable[[], MasterKeys],
        *,
        items: Mapping[str, Manner] = ENCRYPTED_ITEMS,
        clock: Clock = system_clock,
        refresh_seconds: float = 20.0,
        key_seconds: float = 60.0,
    ) -> None:
        super().__init__(
            database, load_master_keys, clock=clock, refresh_seconds=refresh_seconds, key_seconds=key_seconds
        )
        self._branches = branches_of(items)
        self._opened = lru_cache(CACHED_VALUES)(self._decrypt)
        self._contents = lru_cache(_CACHED_CONTENTS)(self._decrypt)

    def separated(self, record: Mapping[str, Any]) -> tuple[Document, Document]:
        """A record, or items of one, with ``ELSEWHERE`` for its personal items; and these, in the same shape.

        The given record stays as it is; parts that hide nothing are shared with it.
        """
        return separated(record, self._branches)

    def searchable(self, shown: Mapping[str, Any], hidden: Mapping[str, Any]) -> Document:
        """What ``separated`` returned, with deterministic ciphertexts in the places where equality is searched."""
        return searchable(shown, hidden, self._branches, self._seal_value)

    def seal(self, record: Mapping[str, Any], **beside: Any) -> Document:
        """A record as it is stored: searchable, with what it hides, and what is given ``beside``, under ``sealed``."""
        shown, hidden = self.separated(record)
        return {**self.searchable(shown, hidden), SEALED: self.seal_value({RECORD: hidden, **beside})}

    def contents(self, sealed: Binary) -> Mapping[str, Any]:
        """What a document's ``sealed`` contains. It is cached and shared: do not modify it.

        Raises CiphertextDamaged.
        """
        try:
            opened: Mapping[str, Any] = self._contents(sealed)
        except TypeError as error:  # a list or an object, which no cache takes
            raise CiphertextDamaged() from error
        return opened

    def open(self, document: Mapping[str, Any], *, each: bool = False, partly: bool = False) -> Document:
        """The record of a stored document, of which perhaps only a part was read (``partly``).

        With ``each``, the ciphertexts that stand in their items' places count, though ``sealed`` holds the same: for
        those who check whether it does.
        Raises CiphertextDamaged, and ValueError and the like where an item is not what it should be.
        """
        return self.opened(document, self.contents(document[SEALED]), each=each, partly=partly)

    def opened(
        self, document: Mapping[str, Any], contents: Mapping[str, Any], *, each: bool = False, partly: bool = False
    ) -> Document:
        """As ``open``, of a document whose ``contents`` are at hand."""
        hidden = contents.get(RECORD, {})
        if each:
            record = joined(mapped(document, self._branches, self._open_value), hidden, all_places=False, partly=True)
        else:
            record = self.joined(document, hidden, partly=partly)
        del record[SEALED]
        return record

    def joined(self, shown: Mapping[str, Any], hidden: Mapping[str, Any], *, partly: bool = False) -> Document:
        """What ``separated`` returned, put together again. Raises ValueError where the two do not fit.

        Only where nothing is hidden are the places searched for what is missing: otherwise each of them is visited.
        """
        if not hidden and is_sealed(shown, self._branches):
            raise ValueError("what the document hides is not in its sealed part")
        return joined(shown, hidden, partly=partly)

    def closed(self, document: Mapping[str, Any]) -> Document:
        """A stored document without its personal items, for readers who see none: nothing is decrypted."""
        record = bare(document, self._branches)
        record.pop(SEALED, None)
        return record

    def seal_value(self, value: Any) -> Binary:
        """One value (text, number, bytes) encrypted."""
        return self._seal_value(value, Manner.HIDDEN)

    def open_value(self, value: Any) -> Any:
        """One value decrypted; what is not encrypted is returned as it is."""
        return self._open_value(value)

    def open_sealed(self, value: Any) -> Any:
        """One value decrypted that is always stored encrypted. Raises CiphertextDamaged, also where it is not."""
        if key_of(value) is None:
            raise CiphertextDamaged()
        return self._opened(value)

    def seal_of(self, owner: str, value: Any) -> Binary:
        """One value encrypted together with the id of the document that it belongs to.

        Another document's, put in its place, would open as well, since all are encrypted under the same key.
        """
        return self.seal_value({OF: owner, _VALUE: value})

    def open_of(self, owner: str, value: Any) -> Any:
        """What ``seal_of`` encrypted. Raises CiphertextDamaged, also where it is another document's."""
        contents = self.open_sealed(value)
        if not isinstance(contents, Mapping) or contents.get(OF) != owner:
            raise CiphertextDamaged()
        return contents[_VALUE]

    def equal_to(self, value: str) -> dict[str, list[Binary]]:
        """The condition that a query puts on a searched item: its ciphertexts under every data key in use."""
        return self.among((value,))

    def among(self, values: Iterable[str]) -> dict[str, list[Binary]]:
        """The condition that a searched item is one of ``values``."""
        keys = self._data_keys()
        return {"$in": [self._searched(value, key.key_id) for value in values for key in keys]}

    def stale(self, document: Mapping[str, Any]) -> bool:
        """Whether anything in a stored document is encrypted with an older data key."""
        current = bytes(self._writing_key().key_id)
        return any(key_of(value) != current for value in ciphertexts(document))

    def renewed(self, value: Binary) -> Binary:
        """A ciphertext under the data key that writes now; the same one if it is that key's already."""
        if key_of(value) == bytes(self._writing_key().key_id):
            return value
        manner = Manner.SEARCHED if value[0] == _DETERMINISTIC_MARK else Manner.HIDDEN
        return self._seal_value(self._decrypt(value), manner)

    def _seal_value(self, value: Any, manner: Manner) -> Binary:
        key = self._writing_key().key_id
        if manner is Manner.SEARCHED:
            return self._searched(value, key)
        return self._encrypt(value, Manner.HIDDEN, key)

    def _open_value(self, value: Any, _: Manner | None = None) -> Any:
        if isinstance(value, Binary) and value.subtype == CIPHERTEXT_SUBTYPE:
            return self._opened(value)
        return value
