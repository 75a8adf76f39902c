"""The ring of data keys: encryption with pymongo's explicit client-side encryption, and the keys' rotation.

The data keys lie in the key vault (collection ``encryption_keys``), wrapped by a master key that the database never
sees. What must stay the same through every rotation (the keys of ``identities``) is a keyed digest, whose secret lies
encrypted beside the vault.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from bson import decode, encode
from bson.binary import UUID_SUBTYPE, Binary, UuidRepresentation
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.encryption import ClientEncryption
from pymongo.errors import DuplicateKeyError, EncryptionError, PyMongoError
from pymongo.write_concern import WriteConcern
from pymongocrypt.errors import MongoCryptError
from pymongocrypt.synchronous.state_machine import run_state_machine

from service.access.errors import KeysMissing
from service.clock import Clock, system_clock
from service.errors import StoreDamaged, StoreUnavailable
from service.storage.client import Document
from service.storage.encryption.items import key_of
from service.storage.encryption.master_keys import MasterKeys

KEY_VAULT: Final = "encryption_keys"
SECRETS: Final = "encryption_secrets"
_KEY_ID_BYTES: Final = 16
_KEYS_LISTED: Final = "data-keys"
_DIGEST_SECRET: Final = "digest"  # noqa: S105 - a document's name
_RELOAD_SECONDS: Final = 1.0
"""Master keys are reloaded at most this often, however many ciphertexts cannot be decrypted."""
CACHED_VALUES: Final = 16_384
_CACHED_KEYS: Final = 16
"""A register has one data key, and two while `rotate-keys --records` runs."""

_RANDOM: Final = "AEAD_AES_256_CBC_HMAC_SHA_512-Random"
_DETERMINISTIC: Final = "AEAD_AES_256_CBC_HMAC_SHA_512-Deterministic"
_DIGEST_KEY: Final = b"the key of digests that households are found by"
"""A constant that, encrypted by a data key and hashed, becomes the key of its digests. The ciphertext is not stored."""


class CiphertextDamaged(StoreDamaged):
    """A stored ciphertext that no key opens: it was changed, or is no ciphertext at all."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key of the vault: its name, and from when on it encrypts (before that it only finds and opens)."""

    name: str
    key_id: Binary
    writes_from: datetime


class KeyRing:
    """The data keys in use, and encryption with them. One for each process and client, made after the fork.

    Every worker knows a new data key (for search and decryption) ``refresh_seconds`` after it was made, and encrypts
    with it only after ``HANDOVER``: no worker meets a ciphertext, or searches past one, of a key that it does not know.
    """

    HANDOVER: Final = timedelta(seconds=60)

    def __init__(
        self,
        database: Database[Document],
        load_master_keys: Callable[[], MasterKeys],
        *,
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
        self._lock = threading.RLock()
        self._explicit: ClientEncryption[Document] | None = None
        self._keys: tuple[DataKey, ...] = ()
        self._looked_at = float("-inf")
        self._reloaded_at = float("-inf")
        self._secret: bytes | None = None
        self._digest_key = lru_cache(_CACHED_KEYS)(self._derive_digest_key)

    def digest(self, value: str) -> str:
        """A keyed digest (HMAC-SHA-256, hex) that stays the same through every rotation: the key of ``identities``."""
        if self._secret is None:
            self._secret = self._load_secret()
        return hmac.new(self._secret, value.encode(), hashlib.sha256).hexdigest()

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
        """Wrap every data key with the newest master key; returns how many. No record changes."""
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

    def retire(self, key: DataKey) -> None:
        """Delete a data key. What only it encrypted can never be read again."""
        self._database[SECRETS].update_one({"_id": _KEYS_LISTED}, {"$pull": {"keys": {"name": key.name}}})
        self._encryption().delete_key(key.key_id)
        with self._lock:
            self._forget()

    def _derive_digest_key(self, key: Binary) -> bytes:
        """The key of the digests that belong to a data key; it can be derived only with the data key.

        So digests become useless when their data key is deleted, and no other secret has to be stored for them.
        """
        return hashlib.sha256(self._encrypt(_DIGEST_KEY, key, _DETERMINISTIC)).digest()

    def _encrypt(self, value: Any, key: Binary, algorithm: str = _RANDOM) -> Binary:
        sealed: Binary = self._attempt(lambda encryption: encryption.encrypt(value, algorithm, key_id=key))
        return sealed

    def _decrypt(self, value: Binary) -> Any:
        """Open a ciphertext. Raises CiphertextDamaged, or StoreUnavailable where its data key cannot be read."""
        key = key_of(value)
        if key is None:
            raise CiphertextDamaged()

        def work(encryption: ClientEncryption[Document]) -> Any:
            try:
                return encryption.decrypt(value)
            except EncryptionError as error:
                if self._names_no_key(key) or _is_usable(encryption, key):
                    raise CiphertextDamaged() from error
                raise

        return self._attempt(work)

    def _decrypt_together(self, values: Sequence[Binary]) -> list[Any] | None:
        """Open several ciphertexts in half the time that one after the other takes: libmongocrypt is called once.

        None unless all of them open: ``_decrypt`` says of each what is wrong with it.
        """
        # pymongo's own ``decrypt`` takes one value. What reads whole replies of the database is public in pymongocrypt,
        # but not in pymongo, which holds it.
        explicit = self._encryption()._encryption
        try:
            with explicit.mongocrypt.decryption_context(encode({"v": values})) as context:
                opened = decode(run_state_machine(context, explicit.callback), self._options)["v"]
        except (MongoCryptError, PyMongoError, BSONError):
            return None
        # What does not even begin as a ciphertext is left as it is.
        return None if any(key_of(value) is not None for value in opened) else list(opened)

    def _names_no_key(self, key: bytes) -> bool:
        """Whether a ciphertext's key id was never in use here, so that the ciphertext must have been altered.

        The vault itself is asked, where another process can have made a key just now. A key that is listed as in use
        and not in the vault was lost there, and so is everything if nothing is listed: neither is the fault of the
        one document. Where the vault cannot be asked, nobody knows.
        """
        try:
            if self._database[KEY_VAULT].find_one({"_id": Binary(key, UUID_SUBTYPE)}, {"_id": 1}) is not None:
                return False
            listed = self._data_keys(look_again=True)
        except PyMongoError:
            return False
        return bool(listed) and all(bytes(each.key_id) != key for each in listed)

    def _attempt(self, work: Callable[[ClientEncryption[Document]], Any]) -> Any:
        """Run ``work``, and once more with reloaded master keys: another process may have rotated them meanwhile."""
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
        """Reload the master keys, unless another thread has just done so."""
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
            sealed = self._encrypt(secrets.token_bytes(32), self._writing_key().key_id)
            with suppress(DuplicateKeyError):  # another process made it first; theirs is read below
                self._database[SECRETS].insert_one({"_id": _DIGEST_SECRET, "value": sealed})
            found = self._database[SECRETS].find_one({"_id": _DIGEST_SECRET})
        assert found is not None  # noqa: S101 - inserted above, by us or by another
        return bytes(self._decrypt(found["value"]))

    def reseal_secret(self) -> None:
        """Encrypt the digest's secret with the data key that writes now; the secret stays the same."""
        secret = self._load_secret()
        sealed = self._encrypt(secret, self._writing_key().key_id)
        self._database[SECRETS].update_one({"_id": _DIGEST_SECRET}, {"$set": {"value": sealed}})


def _is_usable(encryption: ClientEncryption[Document], key: bytes) -> bool:
    """Whether a data key encrypts: then a ciphertext of its that does not open is damaged, as is one of no key.

    libmongocrypt reports a damaged ciphertext and a data key that the wrong master key wrapped in the same words.
    """
    if len(key) < _KEY_ID_BYTES:
        return True
    try:
        encryption.encrypt(0, _RANDOM, key_id=Binary(key, UUID_SUBTYPE))
    except EncryptionError:
        return False
    return True
