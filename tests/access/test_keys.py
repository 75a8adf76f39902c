"""Key files: made once, for their owner only, and the service does not show itself without keys of its own."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.access.errors import KeysMissing
from service.access.keys import MASTER_BYTES, KeyFolder, require_own_keys


def test_keys_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    keys.make()
    files = [path for path in (tmp_path / "keys").rglob("*") if path.is_file()]
    assert len(files) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").rglob("*") if path.is_dir()} == {0o700}


def test_workers_that_start_at_once_get_the_same_keys(tmp_path: Path) -> None:
    def start(_: int) -> tuple[bytes, str, dict[str, bytes]]:
        keys = KeyFolder(tmp_path / "keys")
        keys.make()
        return keys.secret("test"), keys.signing_keys()[-1].key.thumbprint(), keys.master_keys()

    with ThreadPoolExecutor(8) as workers:
        first, *others = workers.map(start, range(8))
    assert all(other == first for other in others)


def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    keys.make()
    secret = keys.secret("test")
    keys.make()
    assert keys.secret("test") == secret
    assert keys.secret("other") != secret


@pytest.mark.parametrize("name", ["service.key", "signing/0001.json", "master/0001.key"])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, name: str) -> None:
    keys = KeyFolder(tmp_path)
    keys.make()
    (tmp_path / name).chmod(0o644)
    with pytest.raises(KeysMissing, match="chmod 600"):
        (keys.secret("test"), keys.signing_keys(), keys.master_keys())


def test_a_master_key_is_long_enough_and_a_new_one_comes_last(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    keys.make()
    name = keys.add_master_key()
    assert list(keys.master_keys()) == ["0001", name]
    assert {len(key) for key in keys.master_keys().values()} == {MASTER_BYTES}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "[::1]", "localhost", "unix:/run/register.socket"])
def test_on_loopback_the_keys_of_the_first_start_will_do(tmp_path: Path, address: str) -> None:
    require_own_keys(address, False, KeyFolder(tmp_path))


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.10", "", "register.example"])  # noqa: S104
def test_beyond_loopback_the_service_wants_keys_of_its_own(tmp_path: Path, address: str) -> None:
    keys = KeyFolder(tmp_path)
    with pytest.raises(KeysMissing, match="KEYS_FOLDER"):
        require_own_keys(address, False, keys)
    with pytest.raises(KeysMissing, match="there are no keys"):
        require_own_keys(address, True, keys)
    keys.make()
    require_own_keys(address, True, keys)
