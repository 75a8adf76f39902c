"""Key files: the service's secret, the keys that sign tokens, the master keys; each readable by its owner alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from service.access.errors import KeysMissing
from service.settings import Settings

SECRET_FILE = "service.key"  # noqa: S105 - a file's name
SIGNING_FOLDER = "signing"
MASTER_FOLDER = "master"
MASTER_BYTES = 96
"""Length of a local master key of MongoDB's client-side encryption."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair that signs access tokens (ES256); `kid` is its name in the tokens' headers."""

    kid: str
    key: ECKey


class KeyFolder:
    """The folder of the service's key files. `make` fills an empty folder.

    A file is written under another name and then linked into place, so that several workers that start at once end up
    with the same keys. A file that other users can read is refused.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)

    @property
    def folder(self) -> Path:
        """The path of the folder."""
        return self._folder

    def exists(self) -> bool:
        """Whether the service's secret and at least one signing key are there."""
        return (self._folder / SECRET_FILE).is_file() and any((self._folder / SIGNING_FOLDER).glob("*.json"))

    def make(self) -> None:
        """Create what is missing: the secret, one signing key, one master key. Existing files stay as they are."""
        for folder in (self._folder, self._folder / SIGNING_FOLDER, self._folder / MASTER_FOLDER):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(self._folder / SECRET_FILE, base64.b64encode(secrets.token_bytes(32)))
        if not any((self._folder / SIGNING_FOLDER).glob("*.json")):
            self._write_signing_key("0001")
        if not any((self._folder / MASTER_FOLDER).glob("*.key")):
            _write_new(self._folder / MASTER_FOLDER / "0001.key", base64.b64encode(secrets.token_bytes(MASTER_BYTES)))

    def add_signing_key(self) -> str:
        """Create another signing key, which signs from now on. Returns its kid. Older keys still verify."""
        return self._write_signing_key(self._next(SIGNING_FOLDER, ".json"))

    def add_master_key(self) -> str:
        """Create another master key for rewrapping. Returns its name."""
        name = self._next(MASTER_FOLDER, ".key")
        _write_new(self._folder / MASTER_FOLDER / f"{name}.key", base64.b64encode(secrets.token_bytes(MASTER_BYTES)))
        return name

    def remove_signing_key(self, kid: str) -> None:
        """Delete a signing key: tokens that it signed are no longer accepted. The last key is never deleted."""
        paths = self._signing_paths()
        if len(paths) > 1:
            for path in paths:
                if path.stem == kid:
                    path.unlink()

    def secret(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose, derived from the service's secret; they do not reveal another purpose's."""
        root = base64.b64decode(read_private(self._folder / SECRET_FILE))
        return hmac.new(root, purpose.encode(), hashlib.sha256).digest()

    def signing_keys(self) -> tuple[SigningKey, ...]:
        """Return all signing keys, oldest first; the last one signs. Raises KeysMissing if there is none."""
        found = tuple(
            SigningKey(path.stem, ECKey.import_key(json.loads(read_private(path)))) for path in self._signing_paths()
        )
        if not found:
            raise KeysMissing(f"there is no signing key in {self._folder / SIGNING_FOLDER}")
        return found

    def master_keys(self) -> dict[str, bytes]:
        """Return the local master keys by name, oldest first; the last one wraps."""
        paths = sorted((self._folder / MASTER_FOLDER).glob("*.key"))
        return {path.stem: base64.b64decode(read_private(path)) for path in paths}

    def _signing_paths(self) -> list[Path]:
        return sorted((self._folder / SIGNING_FOLDER).glob("*.json"))

    def _next(self, folder: str, ending: str) -> str:
        taken = [path.stem for path in (self._folder / folder).glob(f"*{ending}")]
        numbers = [int(stem.split("-")[0]) for stem in taken if stem.split("-")[0].isdigit()]
        return f"{max(numbers, default=0) + 1:04d}"

    def _write_signing_key(self, number: str) -> str:
        key = ECKey.generate_key("P-256", private=True)
        kid = f"{number}-{key.thumbprint()[:8]}" if number != "0001" else number
        content: dict[str, Any] = {
            **key.as_dict(private=True),
            "kid": kid,
            "use": "sig",
            "alg": "ES256",
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        _write_new(self._folder / SIGNING_FOLDER / f"{kid}.json", json.dumps(content).encode())
        return kid


def key_folder(settings: Settings) -> KeyFolder:
    """Return the folder of the setting KEYS_FOLDER, by default ``keys`` in the data folder."""
    return KeyFolder(settings.keys_folder or Path(settings.data_folder) / "keys")


def require_own_keys(address: str, keys_folder_named: bool, keys: KeyFolder) -> None:
    """Raise KeysMissing if the service would listen beyond this machine with keys that it made itself.

    On loopback the keys created at the first start are enough. A service that others can reach needs a folder named by
    KEYS_FOLDER, which the operator backs up: without its master key the personal data can never be read again.
    """
    if _is_loopback(address):
        return
    if not keys_folder_named:
        raise KeysMissing(
            f"to listen on {address or 'every address'} the register needs keys of its own: make them with "
            "`scripts/rotate-keys --first /a/safe/folder` and set KEYS_FOLDER to that folder"
        )
    if not keys.exists():
        raise KeysMissing(
            f"KEYS_FOLDER names {keys.folder}, and there are no keys: scripts/rotate-keys --first makes them"
        )


def _is_loopback(address: str) -> bool:
    if address in {"localhost", ""} or address.startswith(("unix:", "/")):
        return address != ""
    try:
        return ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def _write_new(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 unless it exists; of several writers at once the first one wins."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def read_private(path: Path) -> bytes:
    """Return the content of a file that only its owner may read.

    Raises KeysMissing if it does not exist or other users can read it.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise KeysMissing(f"{path} can be read by others (mode {mode:04o}): chmod 600 {path}")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise KeysMissing(f"{path} is not there: scripts/rotate-keys --first makes the keys") from error
