"""Makes a single mongod a replica set of one member, which transactions require."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

NOT_YET_INITIALIZED = 94
"""MongoDB's error code for a member that has no replica set configuration."""

LARGE_SECTIONS = ("metrics", "wiredTiger", "tcmalloc", "locks", "repl")

REPLICA_SET = "register"


def become_primary(port: int, process_id: int, *, seconds: float, still_alive: Callable[[], None]) -> bool:
    """Initiate the replica set on 127.0.0.1:``port`` if necessary and wait until its only member is primary.

    A member that starts on another port than before gets its new address. A server on that port whose process id is
    not ``process_id`` is left alone. ``still_alive`` is called between attempts and raises when waiting has become
    pointless. Returns whether the member is primary within ``seconds``.
    """
    deadline = time.monotonic() + seconds
    member = f"127.0.0.1:{port}"
    client: MongoClient[dict[str, Any]] = MongoClient(
        "127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=500, connectTimeoutMS=500
    )
    configured = False
    with client:
        while time.monotonic() < deadline:
            still_alive()
            try:
                if not configured:
                    if _process_id(client) != process_id:
                        continue  # our mongod found the port taken; still_alive will raise
                    _configure(client, member)
                    configured = True
                if client.admin.command("hello").get("isWritablePrimary"):
                    return True
            except ConnectionFailure:
                pass  # not listening yet
            except PyMongoError:
                if time.monotonic() + 1 > deadline:
                    raise  # before the deadline: it may still be recovering after an unclean stop
            finally:
                time.sleep(0.02)
    return False


def _process_id(client: MongoClient[dict[str, Any]]) -> int:
    status = client.admin.command({"serverStatus": 1} | dict.fromkeys(LARGE_SECTIONS, 0))
    return int(status["pid"])


def _configure(client: MongoClient[dict[str, Any]], member: str) -> None:
    try:
        configuration = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code != NOT_YET_INITIALIZED:
            raise
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [{"_id": 0, "host": member}]})
        return
    if [known["host"] for known in configuration["members"]] != [member]:
        configuration["members"] = [{**configuration["members"][0], "host": member}]
        configuration["version"] += 1
        client.admin.command("replSetReconfig", configuration, force=True)
