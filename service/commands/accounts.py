"""scripts/accounts: create, list, reset, suspend and resume accounts; this creates the first administrator."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from service.access.accounts import Accounts, IssuedSecret, NewAccount
from service.access.errors import AccountNotFound
from service.access.passwords import Passwords
from service.area import WHOLE_REGISTER
from service.clock import system_clock, vietnam_day
from service.commands.database import command_settings, run
from service.principal import register_itself
from service.province import Province
from service.roles import SCOPES, Role, Sight
from service.settings import Settings, provinces_of
from service.storage.accounts import MongoAccounts
from service.storage.repositories import Repositories
from service.units.areas import area_of_units, unit_meant
from service.units.directory import UnitDirectory
from service.units.unit_register import UnitRegister

DEMONSTRATION_FILE = "demo-accounts.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _parser().parse_args(arguments)
    return run(lambda: _work(options, command_settings(options.data)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/accounts", description=__doc__)
    parser.add_argument("--data", metavar="DIR", help="folder of the running register (default: .run)")
    steps = parser.add_subparsers(dest="step", required=True)
    create = steps.add_parser("create", help="make an account; its password or secret is shown once")
    create.add_argument("username")
    create.add_argument("--role", required=True, choices=[str(role) for role in Role])
    where = create.add_mutually_exclusive_group(required=True)
    where.add_argument("--area", action="append", metavar="CODE", help="code of a unit; can be repeated")
    where.add_argument(
        "--whole-register",
        dest="area",
        action="store_const",
        const=[WHOLE_REGISTER],
        help="every province of the register, those to come too",
    )
    create.add_argument(
        "--area-as-of", type=date.fromisoformat, metavar="DAY", help="the day as of which to read the codes"
    )
    create.add_argument("--name", help="full name")
    create.add_argument("--sight", choices=[str(sight) for sight in Sight], help="the most that it may see of people")
    create.add_argument(
        "--scope", action="append", default=[], choices=list(SCOPES), help="scope of a system; can be repeated"
    )
    create.add_argument("--external", nargs=2, metavar=("ISSUER", "SUBJECT"), help="signs in at an OpenID provider")
    create.add_argument("--password-from", metavar="FILE", help="take the password from FILE (- for the terminal)")
    for name, words in (
        ("reset", "give an account a new password or secret; ends all its sessions"),
        ("suspend", "suspend an account; ends all its sessions within seconds"),
        ("resume", "reactivate a suspended account"),
    ):
        steps.add_parser(name, help=words).add_argument("username")
    listed = steps.add_parser("list", help="list accounts")
    listed.add_argument("--json", action="store_true", help="as JSON lines")
    demonstrate = steps.add_parser(
        "demonstrate", help=f"one account of each role, stored in {DEMONSTRATION_FILE} (0600)"
    )
    demonstrate.add_argument("--if-none", action="store_true", help="do nothing when there is any account")
    return parser


def _work(options: argparse.Namespace, settings: Settings) -> int:
    with closing(Repositories(settings)) as store:
        directory = UnitRegister(store.units, settings.units_refresh_seconds).directory
        stored = store.accounts
        accounts = Accounts(stored, Passwords(), directory, system_clock)
        if options.step == "create":
            _show(accounts, accounts.create(_new_account(options), register_itself("scripts/accounts")))
        elif options.step == "list":
            _list(accounts, as_json=options.json)
        elif options.step == "demonstrate":
            if options.if_none and stored.accounts(after=None, limit=1):
                return 0
            today = vietnam_day(system_clock())
            areas = [(province, _officers_area(province, directory(), today)) for province in provinces_of(settings)]
            _demonstrate(accounts, areas, Path(settings.data_folder) / DEMONSTRATION_FILE)
        else:
            _change(accounts, stored, options)
    return 0


def _new_account(options: argparse.Namespace) -> NewAccount:
    password: str | None = None
    named = options.password_from
    if named is not None:
        source = sys.stdin if named == "-" else open(named, encoding="utf-8")  # noqa: SIM115
        with source:
            password = source.readline().rstrip("\r\n")
    return NewAccount(
        username=options.username,
        role=Role(options.role),
        area=tuple(options.area),
        area_as_of=options.area_as_of,
        full_name=options.name,
        sight=None if options.sight is None else Sight(options.sight),
        scopes=tuple(options.scope),
        password=password,
        external=None if options.external is None else (options.external[0], options.external[1]),
        must_change_password=password is None,
    )


def _change(accounts: Accounts, stored: MongoAccounts, options: argparse.Namespace) -> None:
    account = stored.account_named(options.username)
    if account is None:
        raise AccountNotFound(account=options.username)
    who = register_itself("scripts/accounts")
    if options.step == "reset":
        _show(accounts, accounts.reset(account.id, who))
    elif options.step == "suspend":
        print(f"{accounts.suspend(account.id, who).username}: suspended")
    else:
        print(f"{accounts.resume(account.id, who).username}: active")


def _show(accounts: Accounts, issued: IssuedSecret) -> None:
    account = issued.account
    print(f"{account.username}: {account.role} in {', '.join(code for code, _ in accounts.named_area(account))}")
    if issued.password is not None:
        print(f"password (shown only now, to be changed at the first sign-in): {issued.password}")
    if issued.client_secret is not None:
        print(f"client_id: {account.username}\nclient_secret (shown only now): {issued.client_secret}")


def _list(accounts: Accounts, *, as_json: bool) -> None:
    for damaged in accounts.damaged(register_itself()):
        print(f"account {damaged} is stored damaged; restore it from a backup", file=sys.stderr)
    after: str | None = None
    while True:
        found, after = accounts.page(register_itself(), after=after, limit=200)
        for account in found:
            codes = [code for code, _ in accounts.named_area(account)]
            row: dict[str, Any] = {
                "username": account.username,
                "role": str(account.role),
                "state": account.state,
                "area": codes,
                "area_ended": accounts.ended_codes(account),
                "scopes": list(account.scopes),
                "id": account.id,
            }
            if as_json:
                print(orjson.dumps(row).decode())
            else:
                ended = accounts.ended_units(account)
                units = zip(codes, account.area, strict=True)
                named = " ".join(f"{code} (ended)" if unit in ended else code for code, unit in units)
                print(f"{account.username:24} {account.role:14} {account.state:10} {named}")
        if after is None:
            return


def _officers_area(province: Province, directory: UnitDirectory, today: date) -> tuple[str, ...]:
    """Return the codes of the communes of the demonstration's officer."""
    demonstration = province.demonstration
    unit = unit_meant(demonstration.officers_unit, demonstration.officers_unit_on, directory, today)
    communes = area_of_units([unit], directory, today).communes() or frozenset()
    return tuple(each.code for each in directory.of_level("commune", today) if each.identity in communes)


def _demonstrate(accounts: Accounts, areas: Sequence[tuple[Province, tuple[str, ...]]], file: Path) -> None:
    """Create an account of each role, print them once and store them in a file that only its owner can read.

    ``areas`` are the provinces, the register's own first, each with the communes of its officer and leader; those of
    the others have the province's code in their names.
    """
    whole_register: tuple[str, ...] = (WHOLE_REGISTER,)
    people: list[tuple[str, Role, tuple[str, ...]]] = []
    for number, (province, communes) in enumerate(areas):
        suffix = f"-{province.code}" if number else ""
        people += [
            (f"can-bo{suffix}", Role.OFFICER, communes),
            (f"chu-tich-xa{suffix}", Role.LEADER, communes),
            (f"giam-sat{suffix}", Role.SUPERVISOR, (province.code,)),
        ]
    people += [("quan-tri", Role.ADMINISTRATOR, whole_register), ("kiem-toan", Role.AUDITOR, whole_register)]
    rows: list[dict[str, Any]] = []
    who = register_itself("demonstration")
    for username, role, area in people:
        issued = accounts.create(NewAccount(username, role, area, must_change_password=False), who)
        rows.append({"role": str(role), "area": list(area), "username": username, "password": issued.password})
    systems = [
        ("bo-nong-nghiep", ("coverage:read", "records:read", "personal:read", "changes:read")),
        ("thong-ke", ("coverage:read", "records:read", "changes:read", "metrics:read")),
    ]
    for username, scopes in systems:
        issued = accounts.create(NewAccount(username, Role.SYSTEM, whole_register, scopes=scopes), who)
        rows.append(
            {
                "role": str(Role.SYSTEM),
                "area": list(whole_register),
                "scopes": list(scopes),
                "client_id": username,
                "client_secret": issued.client_secret,
            }
        )
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    with open(draft, "wb", opener=lambda name, flags: os.open(name, flags | os.O_EXCL, 0o600)) as target:
        target.write(orjson.dumps(rows, option=orjson.OPT_INDENT_2) + b"\n")
    draft.replace(file)
    print(f"Demonstration accounts (shown only now, stored in {file}):")
    for row in rows:
        name, secret = row.get("username") or row["client_id"], row.get("password") or row["client_secret"]
        print(f"  {row['role']:14} {name:16} {secret}")


if __name__ == "__main__":
    sys.exit(main())
