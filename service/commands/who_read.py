"""scripts/who-read: list who saw or changed whose record, as JSON lines; for reporting a breach within 72 hours."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime

import orjson

from service.api.http.resource import written
from service.api.resources.trail import TrailEntrySchema
from service.clock import VIETNAM
from service.commands.database import command_settings, run
from service.storage.repositories import Repositories
from service.storage.trail.reading import TrailReader

_PERSONAL_NUMBER = re.compile(r"\d{12}")


def main(arguments: Sequence[str] | None = None) -> int:
    """List audit entries in order of time, or verify the trail. Exit status 1 when --verify finds it broken."""
    parser = argparse.ArgumentParser(prog="scripts/who-read", description=__doc__)
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    parser.add_argument("--person", metavar="NUMBER", help="a personal number or a household's id: who saw it?")
    parser.add_argument("--account", metavar="NAME", help="an account's name or id: whom did it see?")
    parser.add_argument("--address", help="an address that requests came from")
    parser.add_argument("--token", metavar="ID", help="the id of a token or of a session")
    parser.add_argument(
        "--from", dest="since", type=_moment, metavar="TIME", help="2026-11-20 or 2026-11-20T08:00+07:00"
    )
    parser.add_argument("--to", dest="until", type=_end, metavar="TIME", help="a day includes all its hours")
    parser.add_argument("--households", action="store_true", help="only the ids of the households that were seen")
    parser.add_argument("--verify", action="store_true", help="verify the trail's hash chain instead")
    options = parser.parse_args(arguments)
    return run(lambda: _verify(options) if options.verify else _list(options))


def _moment(text: str) -> datetime:
    """Read a moment; without an offset it is Vietnamese time."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=VIETNAM)).astimezone(UTC)


def _end(text: str) -> datetime:
    return _moment(f"{text}T23:59:59.999" if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else text)


def _list(options: argparse.Namespace) -> int:
    with closing(Repositories(command_settings(options.data))) as store:
        households = None
        if options.person is not None:
            households = _households_of(store, options.person)
            if not households:
                print("no household has this person; is the number right?", file=sys.stderr)
                return 1
        entries = TrailReader(store.database.mongo).entries(
            since=options.since,
            until=options.until,
            households=households,
            account=options.account,
            address=options.address,
            token=options.token,
        )
        seen: set[str] = set()
        count = 0
        for entry in entries:
            count += 1
            seen.update(entry.households)
            if not options.households:
                print(orjson.dumps(written(TrailEntrySchema, entry), option=orjson.OPT_UTC_Z).decode())
        if options.households:
            print("\n".join(sorted(seen)))
        print(f"{count} entries, {len(seen)} households", file=sys.stderr)
    return 0


def _households_of(store: Repositories, person: str) -> list[str]:
    """Return the ids of the households with a person of this number, or the given id (also of an erased household)."""
    number = re.sub(r"[\s.-]", "", person)
    if not _PERSONAL_NUMBER.fullmatch(number):
        return [person]
    return store.households.of_person(number)


def _verify(options: argparse.Namespace) -> int:
    with closing(Repositories(command_settings(options.data))) as store:
        faults = list(TrailReader(store.database.mongo).verify())
    for fault in faults:
        print(f"BROKEN  lane {fault.lane}, batch {fault.number}: {fault.reason}")
    if not faults:
        print("the trail holds: no batch is missing or changed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
