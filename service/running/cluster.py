"""Sets up the production replica set and the service's database account. Idempotent: a second run changes only what
differs."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from service.running.replica_set import NOT_YET_INITIALIZED, REPLICA_SET

ADMINISTRATOR = "root"
SERVICE_ACCOUNT = "register"
USER_ALREADY_EXISTS = 51003
WAIT_SECONDS = 120.0

Client = MongoClient[dict[str, Any]]


def form_replica_set(members: Sequence[str], password: str) -> None:
    """Make the mongods at ``members`` (``host:port``) one replica set, or add the new ones to it one by one.

    The first must have the administrator's account, the others must be empty; they authenticate to each
    other with a key file. Members are never removed: that is for a person to decide. Raises PyMongoError.
    """
    client: Client = MongoClient(
        members[0], directConnection=True, username=ADMINISTRATOR, password=password, serverSelectionTimeoutMS=2000
    )
    with client:
        try:
            configuration = _run_when_reachable(client, "replSetGetConfig")["config"]
        except OperationFailure as error:
            if error.code != NOT_YET_INITIALIZED:
                raise
            named = [{"_id": number, "host": host} for number, host in enumerate(members)]
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": named})
            return
    known = {member["host"] for member in configuration["members"]}
    with _connected(members, password) as primary:
        for host in members:
            if host not in known:
                _add_member(primary, host)


def give_account(members: Sequence[str], password: str, database: str, service_password: str) -> None:
    """Create or update the service's account, which can read, write and migrate its own database and nothing else."""
    # dbAdmin is for indexes and validators. The service needs no other database.
    roles = [{"role": role, "db": database} for role in ("readWrite", "dbAdmin")]
    with _connected(members, password) as client:
        try:
            client[database].command("createUser", SERVICE_ACCOUNT, pwd=service_password, roles=roles)
        except OperationFailure as error:
            if error.code != USER_ALREADY_EXISTS:
                raise
            client[database].command("updateUser", SERVICE_ACCOUNT, pwd=service_password, roles=roles)


def _connected(members: Sequence[str], password: str) -> Client:
    return MongoClient(
        list(members),
        replicaSet=REPLICA_SET,
        username=ADMINISTRATOR,
        password=password,
        w="majority",
        serverSelectionTimeoutMS=int(WAIT_SECONDS * 1000),
    )


def _run_when_reachable(client: Client, command: str) -> dict[str, Any]:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return client.admin.command(command)
        except ConnectionFailure:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _add_member(primary: Client, host: str) -> None:
    configuration = primary.admin.command("replSetGetConfig")["config"]
    number = max(member["_id"] for member in configuration["members"]) + 1
    configuration["members"].append({"_id": number, "host": host})
    configuration["version"] += 1
    primary.admin.command("replSetReconfig", configuration)


def main() -> None:
    """``python -m service.running.cluster HOST:PORT…``, with the two passwords in the environment."""
    parser = argparse.ArgumentParser(prog="python -m service.running.cluster", description=__doc__)
    parser.add_argument("members", nargs="+", metavar="HOST:PORT")
    parser.add_argument("--database", default="so_nong_ho")
    options = parser.parse_args()
    try:
        root, service = (os.environ[name] for name in ("MONGODB_ROOT_PASSWORD", "MONGODB_SERVICE_PASSWORD"))
    except KeyError as error:
        sys.exit(f"{error.args[0]} is not set.")
    try:
        form_replica_set(options.members, root)
        give_account(options.members, root, options.database, service)
    except PyMongoError as error:
        sys.exit(f"The replica set could not be formed: {error}")
    print(f"Replica set {REPLICA_SET}: {', '.join(options.members)}")


if __name__ == "__main__":
    main()
