"""scripts/rotate-keys: create the first keys, and replace keys without stopping the service."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from time import sleep

from service.access.errors import KeysMissing
from service.access.keys import KeyFolder, key_folder
from service.commands.database import command_settings, run
from service.settings import Settings
from service.storage.encryption.fields import FieldEncryption
from service.storage.reencryption import reencrypt
from service.storage.repositories import Repositories


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="scripts/rotate-keys",
        description="Creates keys and replaces them while the register runs. After --master keep the new file as safe "
        "as the old one, and keep the old one as long as backups from its time.",
    )
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--first", metavar="FOLDER", help="create the first keys in FOLDER (for KEYS_FOLDER); uses no database"
    )
    what.add_argument(
        "--signing", action="store_true", help="a new signing key for access tokens; old tokens stay valid"
    )
    what.add_argument("--forget-signing", metavar="KID", help="remove a signing key; its tokens become invalid")
    what.add_argument(
        "--master", action="store_true", help="a new master key; data keys are wrapped by it, no record changes"
    )
    what.add_argument(
        "--rewrap", action="store_true", help="wrap data keys by the master key that the settings name (KMS)"
    )
    what.add_argument("--records", action="store_true", help="a new data key; re-encrypts every record")
    options = parser.parse_args(arguments)
    if options.first:
        return _first(options.first)
    return run(lambda: _rotate(options, command_settings(options.data)))


def _first(folder: str) -> int:
    keys = KeyFolder(folder)
    if keys.exists():
        print(f"{folder}: there are keys already; nothing was changed", file=sys.stderr)
        return 1
    keys.make()
    print(f"keys made in {folder}. Set KEYS_FOLDER={folder}, and keep a copy apart from the database's backups:")
    print("without the master key nobody reads the personal data again.")
    return 0


def _rotate(options: argparse.Namespace, settings: Settings) -> int:
    keys = key_folder(settings)
    if options.signing:
        print(f"signing with {keys.add_signing_key()} from now on; workers follow within half a minute")
        return 0
    if options.forget_signing:
        keys.remove_signing_key(options.forget_signing)
        print(f"{options.forget_signing}: forgotten; workers follow within half a minute")
        return 0
    with closing(Repositories(settings)) as store:
        if options.master:
            if settings.kms_provider:
                raise KeysMissing("the master key is in a key management service: rotate it there, then --rewrap")
            name = keys.add_master_key()
            print(f"{store.database.encryption.rewrap()} data keys are wrapped by master key {name}")
        elif options.rewrap:
            print(f"{store.database.encryption.rewrap()} data keys are wrapped by the master key of the settings")
        else:
            _records(store)
    return 0


def _records(store: Repositories) -> None:
    encryption = store.database.encryption
    old = encryption.data_keys()
    added = encryption.add_data_key()
    seconds = FieldEncryption.HANDOVER.total_seconds()
    print(f"data key {added.name}: made; waiting {seconds:.0f} s until every worker knows it", flush=True)
    sleep(seconds + 1)
    damaged: list[str] = []
    for name, count in reencrypt(store.database, lambda name, key: damaged.append(f"{name} {key}")):
        print(f"{name}: {count:,} re-encrypted", flush=True)
    encryption.reseal_secret()
    if damaged:
        print(f"damaged, and left as they are: {', '.join(damaged)}")
        print("the older data keys stay, since the backup that these are restored from needs them; then run this again")
        return
    for key in old:
        encryption.retire(key)
        print(f"data key {key.name}: forgotten")


if __name__ == "__main__":
    sys.exit(main())
