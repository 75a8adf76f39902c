"""Seals and opens the personal items of documents, so that they are encrypted before they reach MongoDB.

A ciphertext is one AEAD value (AES-256-CBC with HMAC-SHA-512). All that a document hides is one random ciphertext, so
that a reader decrypts one value. Items by which the register finds households have keyed digests beside it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from bson.binary import Binary
from pymongo.database import Database

from service.clock import Clock, system_clock
from service.storage.client import Document
from service.storage.encryption.items import (
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
    searched,
    separated,
)
from service.storage.encryption.key_ring import CACHED_VALUES, CiphertextDamaged, KeyRing
from service.storage.encryption.master_keys import MasterKeys
from service.storage.encryption.recent import Recent

_CACHED_CONTENTS: Final = 1_024
"""The contents of a document are some kilobytes each."""
_OPENED_TOGETHER: Final = 256
_VALUE: Final = "value"
_TAG_BYTES: Final = 4
"""The number of characters of a data key's id that a digest begins with, to recognize digests of older keys."""
_DIGEST_BYTES: Final = 16
"""How much of an HMAC-SHA-256 a digest keeps: two values that are not equal never share 128 bits by chance."""


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
        self._recent = Recent(_CACHED_CONTENTS)

    def separated(self, record: Mapping[str, Any]) -> tuple[Document, Document]:
        """A record, or items of one, with ``ELSEWHERE`` for its personal items; and these, in the same shape.

        The given record stays as it is; parts that hide nothing are shared with it.
        """
        return separated(record, self._branches)

    def digests(self, hidden: Mapping[str, Any]) -> list[bytes]:
        """The keyed digests of the searched items among those that ``separated`` hid, in order, each once.

        They are digests of an item's own name and value, so that equal values of different items are not confused, and
        the head of a household is found as a member is.
        """
        return self._digests(searched(hidden, self._branches), self._writing_key().key_id)

    def are_digests_of(self, digests: Any, hidden: Mapping[str, Any]) -> bool:
        """Whether stored digests are those of the hidden items, by one of the data keys in use."""
        items = list(searched(hidden, self._branches))
        return any(digests == self._digests(items, key.key_id) for key in self._data_keys())

    def any_of(self, items: Iterable[tuple[str, str]]) -> dict[str, list[bytes]]:
        """The condition that one of these items (name and value) is among the stored digests, by any key in use."""
        wanted = list(items)
        return {"$in": [digest for key in self._data_keys() for digest in self._digests(wanted, key.key_id)]}

    def _digests(self, items: Iterable[tuple[str, str]], key: Binary) -> list[bytes]:
        secret, tag = self._digest_key(key), _tag_of(key)
        names = {f"{name}:{value}" for name, value in items}
        return sorted(tag + hmac.digest(secret, each.encode(), "sha256")[:_DIGEST_BYTES] for each in names)

    def contents(self, sealed: Binary) -> Mapping[str, Any]:
        """What a document's ``sealed`` contains. It is cached and shared: do not modify it.

        Raises CiphertextDamaged.
        """
        if key_of(sealed) is None:
            raise CiphertextDamaged()
        ciphertext = bytes(sealed)
        opened: Mapping[str, Any] | None = self._recent.get(ciphertext)
        if opened is None:
            opened = self._decrypt(sealed)
            self._recent.put({ciphertext: opened})
        return opened

    def open_together(self, sealed: Iterable[Any]) -> None:
        """Open what several documents hide at once, so that ``contents`` has it at hand.

        Nothing is raised: what is damaged is found where the document is opened.
        """
        missing = {bytes(each): each for each in sealed if key_of(each) is not None and bytes(each) not in self._recent}
        while missing:
            part = dict(islice(missing.items(), _OPENED_TOGETHER))
            opened = self._decrypt_together(list(part.values())) if len(part) > 1 else None
            if opened is not None:
                self._recent.put(dict(zip(part, opened, strict=True)))
            missing = {each: value for each, value in missing.items() if each not in part}

    def open(self, document: Mapping[str, Any], *, partly: bool = False) -> Document:
        """The record of a stored document, of which perhaps only a part was read (``partly``).

        Raises CiphertextDamaged, and ValueError and the like where an item is not what it should be.
        """
        return self.opened(document, self.contents(document[SEALED]), partly=partly)

    def opened(self, document: Mapping[str, Any], contents: Mapping[str, Any], *, partly: bool = False) -> Document:
        """As ``open``, for a document whose ``contents`` were decrypted already."""
        record = self.joined(document, contents.get(RECORD, {}), partly=partly)
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
        return self._encrypt(value, self._writing_key().key_id)

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

    def stale(self, document: Mapping[str, Any]) -> bool:
        """Whether anything in a stored document is encrypted with an older data key."""
        current = bytes(self._writing_key().key_id)
        return any(key_of(value) != current for value in ciphertexts(document))

    def renewed(self, value: Binary) -> Binary:
        """A ciphertext under the data key that writes now; the same one if it is that key's already."""
        if key_of(value) == bytes(self._writing_key().key_id):
            return value
        return self.seal_value(self._decrypt(value))


def _tag_of(key: Binary) -> bytes:
    return bytes(key[:_TAG_BYTES])
