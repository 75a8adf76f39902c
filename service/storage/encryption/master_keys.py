"""Master keys, which wrap the data keys: from key files, or from a key management service by settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.access.errors import KeysMissing
from service.access.keys import KeyFolder, key_folder, read_private
from service.settings import Settings


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
