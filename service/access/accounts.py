"""Administration of accounts: create, list, change, suspend, reset; and changing one's own password."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from service.about import note_about
from service.access.account import ACTIVE, SUSPENDED, Account, Session, SessionEnd
from service.access.errors import AccountInvalid, AccountNotFound, OwnAccount, SessionNotFound, SignInFailed
from service.access.passwords import Passwords, new_password, require_strong
from service.access.ports import AccountStore, Directory
from service.access.tokens import hashed_secret, new_secret
from service.area import WHOLE_REGISTER
from service.clock import Clock, vietnam_day
from service.errors import CommuneNotInForce, CommuneUnknown, OutsideArea
from service.principal import Principal, sights_for
from service.roles import SCOPES, Role, Sight
from service.unit_names import UnitId
from service.units.areas import NamedUnit, administered_area, area_of_units, communes_of, named_unit
from service.units.directory import Unit, UnitDirectory


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A new account as it is requested, from the API or scripts/accounts."""

    username: str
    role: Role
    area: tuple[str, ...]
    """Codes of units, or WHOLE_REGISTER alone."""
    area_as_of: date | None = None
    full_name: str | None = None
    sight: Sight | None = None
    scopes: tuple[str, ...] = ()
    password: str | None = None
    external: tuple[str, str] | None = None
    must_change_password: bool = True


@dataclass(frozen=True, slots=True)
class IssuedSecret:
    """An account with its new secret, shown once: a password for people, a client secret for systems."""

    account: Account
    password: str | None = None
    client_secret: str | None = None


class Accounts:
    """Administrators manage accounts; everybody manages their own password and sessions."""

    def __init__(self, store: AccountStore, passwords: Passwords, directory: Directory, clock: Clock) -> None:
        self._store = store
        self._passwords = passwords
        self._directory = directory
        self._clock = clock

    def create(self, new: NewAccount, by: Principal) -> IssuedSecret:
        """Create an account within the area of ``by``.

        Without a password one is generated, which must be changed at the first sign-in. Raises UsernameTaken,
        AccountInvalid, OutsideArea, PasswordWeak, CommuneUnknown, CommuneNotInForce.
        """
        now = self._clock()
        area = self._read_area(new.area, new.area_as_of, vietnam_day(now))
        self._require_within(area, new.area, by)
        if new.role is Role.SYSTEM:
            unknown = sorted(set(new.scopes) - set(SCOPES))
            if unknown or not new.scopes:
                raise AccountInvalid(pointer="/scopes", reason="scopes", known=", ".join(SCOPES))
        elif new.scopes:
            raise AccountInvalid(pointer="/scopes", reason="scopes-of-systems", known=", ".join(SCOPES))
        _require_sight(new.sight, new.role)
        account = Account(
            id=str(uuid.uuid4()),
            username=new.username,
            role=new.role,
            area=area,
            created_at=now,
            created_by=by.name,
            full_name=new.full_name,
            sight=new.sight,
            scopes=tuple(new.scopes),
            external=new.external,
        )
        note_about(account.id)
        issued = self._with_secret(account, new)
        self._store.add_account(issued.account)
        return issued

    def _with_secret(self, account: Account, new: NewAccount) -> IssuedSecret:
        if new.role is Role.SYSTEM:
            secret = new_secret()
            return IssuedSecret(replace(account, secret_hash=hashed_secret(secret)), client_secret=secret)
        if new.password is not None:
            require_strong(new.password, new.username)
            hashed = self._passwords.hashed(new.password)
            return IssuedSecret(replace(account, password_hash=hashed, must_change_password=new.must_change_password))
        if new.external is not None:
            return IssuedSecret(account)
        password = new_password()
        hashed = self._passwords.hashed(password)
        return IssuedSecret(
            replace(account, password_hash=hashed, must_change_password=new.must_change_password), password=password
        )

    def get(self, account_id: str, by: Principal) -> Account:
        """Return an account of the administrator's area. Raises AccountNotFound."""
        note_about(account_id)
        return self._get(account_id, by)

    def _get(self, account_id: str, by: Principal) -> Account:
        account = self._store.account(account_id)
        if account is None or not self._within(account.area, by):
            raise AccountNotFound(account=account_id[:80])
        return account

    def page(self, by: Principal, *, after: str | None, limit: int) -> tuple[list[Account], str | None]:
        """Return accounts of the administrator's area by name, and the name after which the next page starts."""
        found: list[Account] = []
        while True:
            batch = self._store.accounts(after=after, limit=limit + 1)
            for account in batch:
                if self._within(account.area, by):
                    found.append(account)
                after = account.username
                if len(found) > limit:
                    return found[:limit], found[limit - 1].username
            if len(batch) <= limit:
                return found, None

    def damaged(self, by: Principal) -> list[str]:
        """Return the ids of the accounts of the administrator's area that are stored damaged.

        One whose area cannot be read is named to administrators of the whole register.
        """
        whole = (UnitId(WHOLE_REGISTER),)
        return [each.id for each in self._store.damaged_accounts() if self._within(each.area or whole, by)]

    def named_area(self, account: Account) -> tuple[NamedUnit, ...]:
        """Return the account's area as codes, each with a day on which it means the unit."""
        directory, today = self._directory(), vietnam_day(self._clock())
        return tuple(named_unit(unit, directory, today) for unit in account.area)

    def ended_units(self, account: Account) -> tuple[UnitId, ...]:
        """Return the units of the account's area that cover no commune today."""
        return area_of_units(account.area, self._directory(), vietnam_day(self._clock())).ended

    def ended_codes(self, account: Account) -> tuple[str, ...]:
        """Return the codes of the units of the account's area that cover no commune today."""
        directory, today = self._directory(), vietnam_day(self._clock())
        return tuple(named_unit(unit, directory, today)[0] for unit in self.ended_units(account))

    def change(
        self,
        account_id: str,
        by: Principal,
        *,
        full_name: str | None = None,
        area: Sequence[str] | None = None,
        area_as_of: date | None = None,
        sight: Sight | None = None,
        scopes: Sequence[str] | None = None,
    ) -> Account:
        """Change the items that were sent. The role cannot change: another role is another account."""
        account = self.get(account_id, by)
        items: dict[str, Any] = {"updated_at": self._clock()}
        if full_name is not None:
            items["full_name"] = full_name
        if sight is not None:
            _require_sight(sight, account.role)
            items["sight"] = sight
        if area is not None:
            units = self._read_area(area, area_as_of, vietnam_day(self._clock()))
            self._require_within(units, area, by)
            items["area"] = units
        if scopes is not None:
            if account.role is not Role.SYSTEM or set(scopes) - set(SCOPES):
                raise AccountInvalid(pointer="/scopes", reason="scopes", known=", ".join(SCOPES))
            items["scopes"] = tuple(scopes)
        return self._changed(account_id, items)

    def suspend(self, account_id: str, by: Principal) -> Account:
        """Suspend an account and end all its sessions. Raises OwnAccount for one's own."""
        self.get(account_id, by)
        if account_id == by.account:
            raise OwnAccount()
        now = self._clock()
        account = self._changed(account_id, {"state": SUSPENDED, "updated_at": now})
        self._store.revoke_all(account_id, because=SessionEnd.SUSPENDED, at=now)
        return account

    def resume(self, account_id: str, by: Principal) -> Account:
        """Activate a suspended account again."""
        self.get(account_id, by)
        return self._changed(account_id, {"state": ACTIVE, "updated_at": self._clock()})

    def reset(self, account_id: str, by: Principal) -> IssuedSecret:
        """Replace the secret of an account and end all its sessions."""
        account = self.get(account_id, by)
        now = self._clock()
        self._store.revoke_all(account_id, because=SessionEnd.RESET, at=now)
        if account.role is Role.SYSTEM:
            secret = new_secret()
            changed = self._changed(account_id, {"secret_hash": hashed_secret(secret), "updated_at": now})
            return IssuedSecret(changed, client_secret=secret)
        password = new_password()
        items = {"password_hash": self._passwords.hashed(password), "must_change_password": True, "updated_at": now}
        return IssuedSecret(self._changed(account_id, items), password=password)

    def change_own_password(self, by: Principal, old: str, new: str) -> None:
        """Change one's own password and end all other sessions. Raises SignInFailed, PasswordWeak."""
        account = self._store.account(by.account)
        if account is None or not self._passwords.matches(account.password_hash, old):
            raise SignInFailed(pointer="/old_password")
        require_strong(new, account.username)
        now = self._clock()
        items = {"password_hash": self._passwords.hashed(new), "must_change_password": False, "updated_at": now}
        self._changed(account.id, items)
        self._store.revoke_all(account.id, because=SessionEnd.PASSWORD_CHANGED, at=now, but=by.session)

    def sessions(self, account_id: str) -> list[Session]:
        """Return the account's sessions that have not ended."""
        return self._store.sessions_of(account_id)

    def revoke_session(self, account_id: str, session_id: str, by: Principal) -> None:
        """End one session of an account: one's own, or as an administrator. Raises SessionNotFound, AccountNotFound.

        Ending the session of this very request is signing out; any other is taken for a lost device.
        """
        note_about(session_id)
        if account_id != by.account:
            self._get(account_id, by)
        session = self._store.session(session_id)
        if session is None or session.account != account_id:
            raise SessionNotFound(session=session_id[:80])
        self._store.revoke(
            session_id,
            because=SessionEnd.SIGNED_OUT if session_id == by.session else SessionEnd.REVOKED,
            at=self._clock(),
        )

    def _changed(self, account_id: str, items: Mapping[str, Any]) -> Account:
        account = self._store.change_account(account_id, items)
        if account is None:
            raise AccountNotFound(account=account_id[:80])
        return account

    def _read_area(self, units: Sequence[str], as_of: date | None, today: date) -> tuple[UnitId, ...]:
        """Return the identities of the units that the codes mean on ``as_of``, today, or their last valid day.

        Raises AccountInvalid for no code, or for the whole register beside codes; CommuneUnknown; CommuneNotInForce,
        also for a unit that has ended without a successor.
        """
        directory = self._directory()
        if not units or (WHOLE_REGISTER in units and len(units) > 1):
            raise AccountInvalid(pointer="/area", reason="area", known=f'["00004"], ["{WHOLE_REGISTER}"]')
        if WHOLE_REGISTER in units:
            return (UnitId(WHOLE_REGISTER),)
        found: dict[UnitId, None] = {}
        for place, code in enumerate(units):
            try:
                day = as_of or _meaning_of(code, directory, today)
                unit = directory.in_force(code, min(day, today))
                if not communes_of(unit, directory, today):
                    raise _ended(unit, today)
            except (CommuneUnknown, CommuneNotInForce) as error:
                error.pointer = f"/area/{place}"
                raise
            found[unit.identity] = None
        return tuple(found)

    def _require_within(self, area: Iterable[UnitId], codes: Iterable[str], by: Principal) -> None:
        if not self._within(area, by):
            raise OutsideArea(pointer="/area", commune=", ".join(codes))

    def _within(self, area: Iterable[UnitId], by: Principal) -> bool:
        return by.area.holds(administered_area(area, self._directory(), vietnam_day(self._clock())))


def _meaning_of(code: str, directory: UnitDirectory, today: date) -> date:
    """Return today if the code is in force today, else the last day on which it was."""
    last = today
    for unit in directory:
        if unit.code == code:
            if unit.in_force_on(today):
                return today
            last = unit.valid_to or today
    return last


def _ended(unit: Unit, today: date) -> CommuneNotInForce:
    """Return the error of a unit that covers no commune of today."""
    return CommuneNotInForce(
        commune=unit.code,
        on=today.isoformat(),
        known_from="…" if unit.valid_from is None else unit.valid_from.isoformat(),
        known_to="…" if unit.valid_to is None else unit.valid_to.isoformat(),
    )


def _require_sight(sight: Sight | None, role: Role) -> None:
    """Raise AccountInvalid for a sight that would have no effect: more than the role sees, or any of a system."""
    if sight is not None and sight not in (allowed := sights_for(role)):
        raise AccountInvalid(pointer="/sight", reason="sight", known=" | ".join(allowed) or "null")
