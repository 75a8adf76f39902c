"""Builders for the tests of accounts: a store in a real database, cheap passwords, a clock that a test moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pymongo.database import Database

from service.access.accounts import Accounts, IssuedSecret, NewAccount
from service.access.keys import KeyFolder
from service.access.passwords import Passwords
from service.access.ports import Directory
from service.access.principals import Principals
from service.access.sign_in import Caller, SignIn
from service.access.tokens import AccessTokens
from service.area import Area
from service.principal import Principal, principal, register_itself
from service.roles import Role
from service.storage.accounts import MongoAccounts
from service.storage.collections import COLLECTIONS
from service.storage.migration import prepare_collection
from service.storage.rate_limits import Attempts
from service.unit_names import UnitId
from service.units.directory import UnitDirectory
from service.units.unit_list import read_units
from tests.provinces import NGHE_AN

PASSWORD = "Lúa chín vàng đồng"
CHEAP = Passwords(passes=1, memory_kib=1024)
OFFICE = Caller("10.0.0.1")


class Moment:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@lru_cache
def directory() -> UnitDirectory:
    """The official units."""
    return UnitDirectory(read_units(NGHE_AN.units))


@dataclass
class Office:
    """Everything about accounts, over one database."""

    store: MongoAccounts
    accounts: Accounts
    sign_in: SignIn
    tokens: AccessTokens
    principals: Principals
    moment: Moment

    def person(
        self, username: str = "an", role: Role = Role.OFFICER, area: tuple[str, ...] = ("16681",)
    ) -> IssuedSecret:
        """Make an account with the test's password, as the register itself."""
        new = NewAccount(username, role, area, password=PASSWORD, must_change_password=False)
        return self.accounts.create(new, register_itself())

    def system(self, *scopes: str, name: str = "bo-nong-nghiep") -> IssuedSecret:
        """Make a machine client."""
        return self.accounts.create(NewAccount(name, Role.SYSTEM, ("40",), scopes=scopes), register_itself())


def prepare(database: Database[dict[str, Any]], *names: str) -> None:
    """Make collections with their indexes, as migration does."""
    existing = frozenset(database.list_collection_names())
    for name in names:
        declared = next(each for each in COLLECTIONS if each.name == name)
        prepare_collection(database, declared, existing, lambda _: None)


def office(database: Database[dict[str, Any]], folder: Path, units: Directory = directory) -> Office:
    """An office over an empty database, with keys in ``folder``; ``units`` returns the list of units in force."""
    prepare(database, "accounts", "sessions", "rates", "attempts")
    keys = KeyFolder(folder / "keys")
    keys.make()
    moment = Moment()
    store = MongoAccounts(database)
    tokens = AccessTokens(keys.signing_keys, issuer="test", audience="test", clock=lambda: moment().timestamp())
    return Office(
        store,
        Accounts(store, CHEAP, units, moment),
        SignIn(store, CHEAP, tokens, Attempts(database, moment), moment),
        tokens,
        Principals(store, tokens, units, moment),
        moment,
    )


def administrator(*communes: str) -> Principal:
    """An administrator of some communes, or of everything."""
    area = Area.of(map(UnitId, communes)) if communes else Area.whole()
    return principal("administrator-1", "quan.tri", Role.ADMINISTRATOR, area)
