"""The part of the audit trail that an auditor of an area may read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from service.access.account import Account
from service.access.ports import AccountStore, AuditTrail, Directory, HouseholdCommunes
from service.access.trail import TrailEntry
from service.clock import Clock, vietnam_day
from service.errors import StoreDamaged
from service.principal import Principal
from service.units.areas import administered_area

_HOUSEHOLD: Final = re.compile(r"(?<=/households/)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_AT_ONCE: Final = 200
"""How many entries are compared with the area in one round trip."""


class AreaTrail:
    """Returns the entries of an area: what its accounts did, and what anybody read or changed of its households.

    The area of an account and the commune of a household are those of now. Of the households of an entry, and of
    the addresses that were called, only those of the area are named: an account, too, may have had another area before.
    """

    def __init__(
        self,
        trail: AuditTrail,
        accounts: AccountStore,
        households: HouseholdCommunes,
        directory: Directory,
        clock: Clock,
    ) -> None:
        self._trail = trail
        self._accounts = accounts
        self._households = households
        self._directory = directory
        self._clock = clock

    def entries(self, by: Principal, *, household: str | None = None, **conditions: Any) -> Iterator[TrailEntry]:
        """Return the entries that match all conditions and that ``by`` may read, in order of time."""
        area = by.area_for("trail.read").communes()
        found = self._trail.entries(households=None if household is None else [household], **conditions)
        if area is None:
            yield from found
            return
        inside: dict[str, bool] = {}
        while entries := list(islice(found, _AT_ONCE)):
            named = {one for entry in entries for one in (*entry.households, *_named_in(entry))}
            communes = self._households.communes_of(named)
            for entry in entries:
                shown = tuple(one for one in entry.households if communes.get(one) in area)
                if household is not None and household not in shown:
                    continue
                if shown or self._is_of(entry, by, inside):
                    hidden = (one for one in _named_in(entry) if communes.get(one) not in area)
                    yield replace(entry, households=shown, path=_without(entry.path, hidden))

    def _is_of(self, entry: TrailEntry, by: Principal, known: dict[str, bool]) -> bool:
        """Whether the entry is of an account that lies in the auditor's area."""
        if entry.account not in known:
            account = self._account(entry.account) if entry.account else None
            known[entry.account] = account is not None and by.area.holds(
                administered_area(account.area, self._directory(), vietnam_day(self._clock()))
            )
        return known[entry.account]

    def _account(self, account_id: str) -> Account | None:
        """The account; None also for one that is stored damaged, of which nobody knows the area."""
        try:
            return self._accounts.account(account_id)
        except StoreDamaged:
            return None


def _named_in(entry: TrailEntry) -> list[str]:
    """The households that the address of an entry names."""
    return _HOUSEHOLD.findall(entry.path)


def _without(path: str, households: Iterable[str]) -> str:
    for household in households:
        path = path.replace(household, "…")
    return path
