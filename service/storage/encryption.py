"""Personal items are encrypted here before they reach MongoDB, with pymongo's explicit client-side encryption.

A ciphertext is one AEAD value (AES-256-CBC with HMAC-SHA-512). All that a document hides is one random ciphertext, so
that who reads it opens one value; where the register asks for equality, a deterministic one stands in the item's place
beside. The data keys lie in the key vault (collection ``encryption_keys``), wrapped by a master key that the database
never sees: a key file, or a key management service by settings. What must stay the same through every rotation
(the keys of ``identities``) is a keyed digest, whose secret lies encrypted beside the vault.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from bson.binary import UUID_SUBTYPE, Binary, UuidRepresentation
from bson.codec_options import CodecOptions
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.encryption import ClientEncryption
from pymongo.errors import DuplicateKeyError, EncryptionError
from pymongo.write_concern import WriteConcern

from schemas.language import AtRest
from schemas.protection import sealed_items
from service.access.errors import KeysMissing
from service.access.keys import KeyFolder, key_folder, read_private
from service.clock import Clock, system_clock
from service.errors import StoreRefused, StoreUnavailable
from service.settings import Settings
from service.storage.client import Document

KEY_VAULT: Final = "encryption_keys"
SECRETS: Final = "encryption_secrets"
CIPHERTEXT_SUBTYPE: Final = 6
_KEY_ID_BYTES: Final = 16
_KEYS_LISTED: Final = "data-keys"
_DIGEST_SECRET: Final = "digest"  # noqa: S105 - a document's name
_RELOAD_SECONDS: Final = 1.0
"""Master keys are read anew at most this often, however many ciphertexts do not open."""
_CACHED_VALUES: Final = 16_384
_CACHED_CONTENTS: Final = 1_024
"""The contents of a document are some kilobytes each."""
_DETERMINISTIC_MARK: Final = 1
"""First byte of a deterministic ciphertext; of a random one it is 2 (MongoDB's client-side encryption, subtype 6)."""


class Manner(StrEnum):
    """How an item is encrypted."""

    SEARCHED = "searched"
    """Deterministic: equal values have equal ciphertexts, so that equality can be asked."""
    HIDDEN = "hidden"
    """Random: two ciphertexts of one value have nothing in common."""


_MANNERS: Final[Mapping[AtRest, Manner]] = {"sealed_searchable": Manner.SEARCHED, "sealed": Manner.HIDDEN}

ENCRYPTED_ITEMS: Final[Mapping[str, Manner]] = {path: _MANNERS[at_rest] for path, at_rest in sealed_items().items()}
"""The items of a household (paths in its JSON form) that are ciphertext at rest, as the schema says of each."""

SEALED: Final = "sealed"
"""The item of a document that holds, in one ciphertext, all that the document hides."""
ELSEWHERE: Final = b""
"""Stands in the place of a hidden item, whose value lies in ``sealed``. In the earlier form its ciphertext does."""
_RECORD: Final = "record"
"""What of a household's record is hidden, among the contents of ``sealed``."""

_ALGORITHMS: Final = {
    Manner.SEARCHED: "AEAD_AES_256_CBC_HMAC_SHA_512-Deterministic",
    Manner.HIDDEN: "AEAD_AES_256_CBC_HMAC_SHA_512-Random",
}


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """Where master keys come from: ``providers`` and ``master_key`` as pymongo's ClientEncryption takes them."""

    provider: str
    providers: Mapping[str, Any]
    master_key: Mapping[str, Any] | None = None
    tls: Mapping[str, Any] | None = None
    """How to connect to a service, as pymongo's kms_tls_options takes it: a CA of its own, a client's certificate."""


def master_keys_of_files(keys: KeyFolder) -> MasterKeys:
    """Local master keys from key files; the newest wraps. Raises KeysMissing when there are none."""
    found = keys.master_keys()
    if not found:
        raise KeysMissing(f"there is no master key in {keys.folder}: scripts/rotate-keys --first makes one")
    providers = {f"local:{name}": {"key": key} for name, key in found.items()}
    return MasterKeys(next(reversed(providers)), providers)


def master_keys(settings: Settings) -> MasterKeys:
    """Master keys as the settings say: from a key management service, else from key files. Raises KeysMissing.

    With a service, key files that are there still open what they wrapped, until `rotate-keys --rewrap` was run.
    """
    if not settings.kms_provider:
        return master_keys_of_files(key_folder(settings))
    if not settings.kms_credentials_file:
        raise KeysMissing("KMS_PROVIDER is set: name its credentials with KMS_CREDENTIALS_FILE")
    try:
        credentials = json.loads(read_private(Path(settings.kms_credentials_file)))
        named = json.loads(settings.kms_master_key) if settings.kms_master_key else None
    except ValueError as error:
        raise KeysMissing(f"KMS_CREDENTIALS_FILE or KMS_MASTER_KEY is not JSON: {error}") from error
    tls = credentials.pop("tls", None)
    of_files = {f"local:{name}": {"key": key} for name, key in key_folder(settings).master_keys().items()}
    return MasterKeys(
        settings.kms_provider,
        {settings.kms_provider: credentials, **of_files},
        named,
        None if tls is None else {settings.kms_provider: tls},
    )


class CiphertextDamaged(StoreRefused):
    """A stored ciphertext that no key opens: it was changed, or is no ciphertext at all."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key of the vault: its name, and from when on it encrypts (before that it only finds and opens)."""

    name: str
    key_id: Binary
    writes_from: datetime


class FieldEncryption:
    """Seals and opens the personal items of records. One for each process and client, made after the fork.

    A new data key is known to every worker (for search and opening) ``refresh_seconds`` after it was made and written
    with only after ``HANDOVER``: no worker meets a ciphertext, or searches past one, of a key that it does not know.
    """

    HANDOVER: Final = timedelta(seconds=60)

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
        self._options: CodecOptions[Document] = CodecOptions(
            tz_aware=True, uuid_representation=UuidRepresentation.STANDARD
        )
        self._database: Database[Document] = database.with_options(codec_options=self._options)
        self._load_master_keys = load_master_keys
        self._clock = clock
        self._refresh_seconds = refresh_seconds
        self._key_seconds = key_seconds
        self._branches = _branches_of(items)
        self._lock = threading.RLock()
        self._explicit: ClientEncryption[Document] | None = None
        self._keys: tuple[DataKey, ...] = ()
        self._looked_at = float("-inf")
        self._reloaded_at = float("-inf")
        self._secret: bytes | None = None
        self._searched = lru_cache(_CACHED_VALUES)(self._encrypt_searched)
        self._opened = lru_cache(_CACHED_VALUES)(self._decrypt)
        self._contents = lru_cache(_CACHED_CONTENTS)(self._decrypt)

    # Records ---------------------------------------------------------------------------------------------------

    def parted(self, record: Mapping[str, Any]) -> tuple[Document, Document]:
        """A record, or items of one, with ``ELSEWHERE`` for its personal items; and these, in the same shape.

        The given record stays as it is; parts that hide nothing are shared with it.
        """
        return _parted(record, self._branches)

    def searchable(self, shown: Mapping[str, Any], hidden: Mapping[str, Any]) -> Document:
        """What ``parted`` answered, put together again as far as equality is asked of it: by ciphertext."""
        return _searchable(shown, hidden, self._branches, self._seal_value)

    def seal(self, record: Mapping[str, Any], **beside: Any) -> Document:
        """A record as it is stored: searchable, and what it hides, with what is said ``beside``, under ``sealed``."""
        shown, hidden = self.parted(record)
        return {**self.searchable(shown, hidden), SEALED: self.seal_value({_RECORD: hidden, **beside})}

    def contents(self, sealed: Binary) -> Mapping[str, Any]:
        """What a document's ``sealed`` holds. The next who asks may get the same object: not to be changed."""
        opened: Mapping[str, Any] = self._contents(sealed)
        return opened

    def open(self, document: Mapping[str, Any], *, each: bool = False) -> Document:
        """The record of a stored document.

        With ``each``, the ciphertexts that stand in their items' places count, though ``sealed`` says the same: for
        those who look whether it does. A document without ``sealed`` is of the earlier form, and opened item by item.
        """
        sealed = document.get(SEALED)
        if sealed is not None and not each:
            record = joined(document, self.contents(sealed).get(_RECORD, {}))
        else:
            record = _mapped(document, self._branches, self._open_value)
            if sealed is not None:
                record = joined(record, self.contents(sealed).get(_RECORD, {}), all_places=False)
        record.pop(SEALED, None)
        return record

    def closed(self, document: Mapping[str, Any]) -> Document:
        """A stored document without its personal items, for readers who are shown none: nothing is decrypted."""
        record = _bare(document, self._branches)
        record.pop(SEALED, None)
        return record

    def seal_value(self, value: Any, manner: Manner = Manner.HIDDEN) -> Binary:
        """One value (text, number, bytes) encrypted."""
        return self._seal_value(value, manner)

    def open_value(self, value: Any) -> Any:
        """One value readable again; what is not encrypted is answered as it is."""
        return self._open_value(value)

    def equal_to(self, value: str) -> dict[str, list[Binary]]:
        """The condition that a query puts on a searched item: its ciphertexts under every data key in use."""
        return self.among((value,))

    def among(self, values: Iterable[str]) -> dict[str, list[Binary]]:
        """The condition that a searched item is one of ``values``."""
        keys = self._data_keys()
        return {"$in": [self._searched(value, key.key_id) for value in values for key in keys]}

    def digest(self, value: str) -> str:
        """A keyed digest (HMAC-SHA-256, hex) that stays the same through every rotation: the key of ``identities``."""
        if self._secret is None:
            self._secret = self._load_secret()
        return hmac.new(self._secret, value.encode(), hashlib.sha256).hexdigest()

    # Keys ------------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make what is missing in the database: the first data key, the digest's secret.

        The vault's index must be there (service/storage/collections.py): it lets one of several workers make a key.
        """
        if not self._data_keys(look_again=True):
            self._create_data_key("0001", writes_from=self._clock())
        self._load_secret()

    def add_data_key(self) -> DataKey:
        """Make another data key; it is written with after ``HANDOVER``."""
        name = f"{max(int(key.name) for key in self._data_keys(look_again=True)) + 1:04d}"
        return self._create_data_key(name, writes_from=self._clock() + self.HANDOVER)

    def rewrap(self) -> int:
        """Wrap every data key by the newest master key; answers how many. No record changes."""
        masters = self._load_master_keys()
        with self._lock:
            self._forget()
        result = self._encryption().rewrap_many_data_key(
            {}, provider=masters.provider, master_key=None if masters.master_key is None else dict(masters.master_key)
        )
        return 0 if result.bulk_write_result is None else result.bulk_write_result.modified_count

    def data_keys(self) -> tuple[DataKey, ...]:
        """All data keys in use, oldest first."""
        return self._data_keys(look_again=True)

    def stale(self, document: Mapping[str, Any]) -> bool:
        """Whether anything in a stored document is encrypted with an older data key."""
        current = bytes(self._writing_key().key_id)
        return any(key_of(value) != current for value in _ciphertexts(document))

    def renewed(self, value: Binary) -> Binary:
        """A ciphertext under the data key that writes now; the same one if it is that key's already."""
        if key_of(value) == bytes(self._writing_key().key_id):
            return value
        manner = Manner.SEARCHED if value[0] == _DETERMINISTIC_MARK else Manner.HIDDEN
        return self._seal_value(self._decrypt(value), manner)

    def retire(self, key: DataKey) -> None:
        """Forget a data key. What it alone encrypted cannot be read again by anybody."""
        self._database[SECRETS].update_one({"_id": _KEYS_LISTED}, {"$pull": {"keys": {"name": key.name}}})
        self._encryption().delete_key(key.key_id)
        with self._lock:
            self._forget()

    # Inside ----------------------------------------------------------------------------------------------------

    def _seal_value(self, value: Any, manner: Manner) -> Binary:
        key = self._writing_key().key_id
        if manner is Manner.SEARCHED:
            return self._searched(value, key)
        return self._encrypt(value, Manner.HIDDEN, key)

    def _open_value(self, value: Any, _: Manner | None = None) -> Any:
        if isinstance(value, Binary) and value.subtype == CIPHERTEXT_SUBTYPE:
            return self._opened(value)
        return value

    def _encrypt_searched(self, value: str, key: Binary) -> Binary:
        return self._encrypt(value, Manner.SEARCHED, key)

    def _encrypt(self, value: Any, manner: Manner, key: Binary) -> Binary:
        sealed: Binary = self._attempt(lambda encryption: encryption.encrypt(value, _ALGORITHMS[manner], key_id=key))
        return sealed

    def _decrypt(self, value: Binary) -> Any:
        """Open a ciphertext. Raises CiphertextDamaged, or StoreUnavailable where its data key is not to be had."""

        def work(encryption: ClientEncryption[Document]) -> Any:
            try:
                return encryption.decrypt(value)
            except EncryptionError as error:
                if _is_usable(encryption, key_of(value)):
                    raise CiphertextDamaged(reason="ciphertext damaged") from error
                raise

        return self._attempt(work)

    def _attempt(self, work: Callable[[ClientEncryption[Document]], Any]) -> Any:
        """Do the work, once more with master keys read anew: another process may have rotated them meanwhile."""
        used = self._encryption()
        try:
            return work(used)
        except EncryptionError:
            self._reload(used)
            try:
                return work(self._encryption())
            except EncryptionError as error:
                raise StoreUnavailable(reason="encryption") from error

    def _reload(self, used: ClientEncryption[Document]) -> None:
        """Have the master keys read anew, unless another thread has just done so."""
        with self._lock:
            now = time.monotonic()
            if self._explicit is used and now - self._reloaded_at >= _RELOAD_SECONDS:
                self._reloaded_at = now
                self._forget()

    def _encryption(self) -> ClientEncryption[Document]:
        with self._lock:
            if self._explicit is None:
                masters = self._load_master_keys()
                client: MongoClient[Document] = self._database.client
                self._explicit = ClientEncryption(
                    dict(masters.providers),
                    f"{self._database.name}.{KEY_VAULT}",
                    client,
                    self._options,
                    kms_tls_options=masters.tls,
                    key_expiration_ms=int(self._key_seconds * 1000),
                )
            return self._explicit

    def _forget(self) -> None:
        # Not closed: other threads may be using it. Its memory is freed with the last reference to it.
        self._explicit = None
        self._looked_at = float("-inf")

    def _writing_key(self) -> DataKey:
        keys = self._data_keys()
        if not keys:
            raise KeysMissing(f"the key vault ({KEY_VAULT}) is empty: the database was not prepared")
        if len(keys) == 1:
            return keys[0]
        now = self._clock()
        ready = [key for key in keys if key.writes_from <= now]
        return ready[-1] if ready else keys[0]

    def _data_keys(self, *, look_again: bool = False) -> tuple[DataKey, ...]:
        if not look_again and time.monotonic() - self._looked_at < self._refresh_seconds:
            return self._keys
        with self._lock:
            listed = self._database[SECRETS].find_one({"_id": _KEYS_LISTED}) or {"keys": []}
            self._keys = tuple(
                sorted(
                    (
                        DataKey(one["name"], Binary.from_uuid(UUID(one["key"])), one["writes_from"])
                        for one in listed["keys"]
                    ),
                    key=lambda key: key.name,
                )
            )
            self._looked_at = time.monotonic()
            return self._keys

    def _create_data_key(self, name: str, *, writes_from: datetime) -> DataKey:
        """Make a data key under its name; when another process was first, theirs is taken."""
        masters = self._load_master_keys()
        try:
            key_id = self._encryption().create_data_key(
                masters.provider,
                master_key=None if masters.master_key is None else dict(masters.master_key),
                key_alt_names=[f"personal-{name}"],
            )
        except EncryptionError as error:
            if not isinstance(error.cause, DuplicateKeyError):
                raise
            found = self._encryption().get_key_by_alt_name(f"personal-{name}")
            if found is None:
                raise
            key_id = Binary.from_uuid(found["_id"]) if isinstance(found["_id"], UUID) else found["_id"]
        key = DataKey(name, key_id, writes_from)
        listed = {"name": name, "key": str(key_id.as_uuid()), "writes_from": writes_from}
        majority = self._database.get_collection(SECRETS, write_concern=WriteConcern("majority"))
        # When another process listed it first, the filter no longer matches and the upsert meets its document.
        with suppress(DuplicateKeyError):
            majority.update_one(
                {"_id": _KEYS_LISTED, "keys.name": {"$ne": name}}, {"$push": {"keys": listed}}, upsert=True
            )
        self._data_keys(look_again=True)
        return key

    def _load_secret(self) -> bytes:
        found = self._database[SECRETS].find_one({"_id": _DIGEST_SECRET})
        if found is None:
            sealed = self._encrypt(secrets.token_bytes(32), Manner.HIDDEN, self._writing_key().key_id)
            with suppress(DuplicateKeyError):  # another process made it first; theirs is read below
                self._database[SECRETS].insert_one({"_id": _DIGEST_SECRET, "value": sealed})
            found = self._database[SECRETS].find_one({"_id": _DIGEST_SECRET})
        assert found is not None  # noqa: S101 - inserted above, by us or by another
        return bytes(self._decrypt(found["value"]))

    def reseal_secret(self) -> None:
        """Encrypt the digest's secret with the data key that writes now; the secret stays the same."""
        secret = self._load_secret()
        sealed = self._encrypt(secret, Manner.HIDDEN, self._writing_key().key_id)
        self._database[SECRETS].update_one({"_id": _DIGEST_SECRET}, {"$set": {"value": sealed}})


def key_of(value: Any) -> bytes | None:
    """The id of the data key that a ciphertext was made with (bytes 1 to 16 of it); None for anything plain."""
    if isinstance(value, Binary) and value.subtype == CIPHERTEXT_SUBTYPE:
        return bytes(value[1:17])
    return None


def _is_usable(encryption: ClientEncryption[Document], key: bytes | None) -> bool:
    """Whether a data key encrypts: then a ciphertext of its that does not open is damaged, as is one of no key.

    libmongocrypt reports a damaged ciphertext and a data key that the wrong master key wrapped in the same words.
    """
    if key is None or len(key) < _KEY_ID_BYTES:
        return True
    try:
        encryption.encrypt(0, _ALGORITHMS[Manner.HIDDEN], key_id=Binary(key, UUID_SUBTYPE))
    except EncryptionError:
        return False
    return True


class _Each(dict[str, Any]):
    """The branches below every element of a list."""

    @property
    def searched(self) -> bool:
        """Whether equality is asked of any of them."""
        return Manner.SEARCHED in self.values()


Branches = dict[str, Any]


def _branches_of(items: Mapping[str, Manner]) -> Branches:
    """The declared paths as a tree: a name leads to a manner, to further branches, or to those of each element."""
    tree: Branches = {}
    for path, manner in items.items():
        at = tree
        *way, last = path.split(".")
        for step in way:
            at = at.setdefault(step.removesuffix("[]"), _Each() if step.endswith("[]") else {})
        at[last] = manner
    return tree


def _parted(record: Mapping[str, Any], branches: Branches) -> tuple[Document, Document]:
    """A copy with ``ELSEWHERE`` at the branches' ends, and what stood there; None and missing items stay."""
    shown, hidden = dict(record), dict[str, Any]()
    for name, branch in branches.items():
        value = record.get(name)
        if value is None:
            continue
        if isinstance(branch, Manner):
            if isinstance(value, bytes):
                raise ValueError(f"{name} is sealed already: what it hides would be lost")
            shown[name], hidden[name] = ELSEWHERE, value
        elif isinstance(branch, _Each):
            parts = [_parted(each, branch) if isinstance(each, Mapping) else (each, {}) for each in value]
            if any(part for _, part in parts):
                shown[name] = [each for each, _ in parts]
                hidden[name] = [part for _, part in parts]
        elif isinstance(value, Mapping):
            part, inner = _parted(value, branch)
            if inner:
                shown[name], hidden[name] = part, inner
    return shown, hidden


def joined(shown: Mapping[str, Any], hidden: Mapping[str, Any], *, all_places: bool = True) -> Document:
    """What was parted, as it was; where an item is not in ``shown`` (it was not read), it stays away.

    Without ``all_places`` only those places are filled where ``ELSEWHERE`` stands.
    """
    whole = dict(shown)
    for name, part in hidden.items():
        place = whole.get(name)
        if place is None:
            continue
        if isinstance(part, dict) and isinstance(place, Mapping):
            whole[name] = joined(place, part, all_places=all_places)
        elif isinstance(part, list) and isinstance(place, list):
            filled = [
                joined(each, inner, all_places=all_places) if inner and isinstance(each, Mapping) else each
                for each, inner in zip(place, part, strict=False)
            ]
            whole[name] = [*filled, *place[len(part) :]]
        elif all_places or place == ELSEWHERE:
            # An item can be an object or a list as a whole; what was opened is shared with the next reader.
            whole[name] = deepcopy(part) if isinstance(part, (dict, list)) else part
    return whole


def _searchable(
    shown: Mapping[str, Any],
    hidden: Mapping[str, Any],
    branches: Branches,
    seal: Callable[[Any, Manner], Any],
) -> Document:
    document = dict(shown)
    for name, part in hidden.items():
        branch = branches[name]
        if branch is Manner.SEARCHED:
            document[name] = seal(part, branch)
        elif isinstance(branch, _Each):
            if branch.searched:
                document[name] = [
                    _searchable(each, inner, branch, seal) if inner else each
                    for each, inner in zip(document[name], part, strict=True)
                ]
        elif isinstance(branch, dict):
            document[name] = _searchable(document[name], part, branch, seal)
    return document


def _bare(document: Mapping[str, Any], branches: Branches) -> Document:
    """A copy without the items at the branches' ends."""
    bare = dict(document)
    for name, branch in branches.items():
        value = bare.get(name)
        if isinstance(branch, Manner):
            bare.pop(name, None)
        elif isinstance(value, list):
            bare[name] = [_bare(each, branch) if isinstance(each, Mapping) else each for each in value]
        elif isinstance(value, Mapping):
            bare[name] = _bare(value, branch)
    return bare


def _ciphertexts(value: Any) -> Iterator[Binary]:
    """All ciphertexts in a document, wherever they stand."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _ciphertexts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _ciphertexts(each)
    elif key_of(value) is not None:
        yield value


def _mapped(document: Mapping[str, Any], branches: Branches, change: Callable[[Any, Manner], Any]) -> Document:
    """A copy of the document with the values at the branches' ends changed; None and missing items stay."""
    changed = dict(document)
    for name, branch in branches.items():
        value = changed.get(name)
        if value is None:
            continue
        if isinstance(branch, Manner):
            changed[name] = change(value, branch)
        elif isinstance(branch, _Each):
            changed[name] = [_mapped(each, branch, change) if isinstance(each, Mapping) else each for each in value]
        elif isinstance(value, Mapping):
            changed[name] = _mapped(value, branch, change)
    return changed
