"""The list of units cached in a process: read again when it has changed, and served while storage is unavailable."""

from __future__ import annotations

from typing import cast

import pytest

from service.errors import StoreUnavailable
from service.units.ports import UnitStore
from service.units.unit import Unit
from service.units.unit_list import read_units
from service.units.unit_register import UnitRegister
from tests.units.lists import a_line, a_list
from tests.units.shelf import Hand, Shelf


class UnitShelf(Shelf):
    """A stored list of units."""

    def __init__(self) -> None:
        super().__init__()
        self.units = read_units(a_list(a_line("1")))

    def unit_version(self) -> str:
        return self.looked_at()

    def unit_list(self) -> tuple[Unit, ...]:
        self.reads += 1
        return self.units


def a_register(shelf: UnitShelf, hand: Hand) -> UnitRegister:
    """A register that reads, and asks after 30 seconds whether the list has changed."""
    return UnitRegister(cast(UnitStore, shelf), 30.0, hand)


def test_a_newer_list_is_seen_when_the_cached_one_is_old_enough() -> None:
    shelf, hand = UnitShelf(), Hand()
    register = a_register(shelf, hand)
    assert [unit.code for unit in register.directory()] == ["1", "40"]
    shelf.units, shelf.version = read_units(a_list(a_line("2"))), "2"
    hand.seconds = 29.9
    assert [unit.code for unit in register.directory()] == ["1", "40"]
    assert (shelf.looks, shelf.reads) == (1, 1)
    hand.seconds = 30.0
    assert [unit.code for unit in register.directory()] == ["2", "40"]
    hand.seconds = 59.9
    register.directory()
    assert (shelf.looks, shelf.reads) == (2, 2)


def test_a_list_is_read_again_only_when_it_has_changed() -> None:
    shelf, hand = UnitShelf(), Hand()
    shelf.version = ""
    register = a_register(shelf, hand)
    first = register.directory()
    for hand.seconds in (30.0, 60.0):
        assert register.directory() is first
    assert (shelf.looks, shelf.reads) == (3, 1)


def test_while_storage_is_away_the_cached_list_is_served_and_not_every_request_waits() -> None:
    shelf, hand = UnitShelf(), Hand()
    register = a_register(shelf, hand)
    shelf.away = True
    with pytest.raises(StoreUnavailable):
        register.directory()
    shelf.away = False
    cached = register.directory()
    shelf.away, hand.seconds = True, 31.0
    assert register.directory() is cached
    hand.seconds = 60.9
    assert register.directory() is cached
    assert shelf.looks == 3


def test_who_waited_for_the_lock_finds_what_the_holder_has_read() -> None:
    shelf, hand = UnitShelf(), Hand(100.0)
    register = a_register(shelf, hand)
    first = register.directory()
    hand.seconds = 129.9
    assert register._refreshed() is first
    assert shelf.looks == 1
    hand.seconds = 130.0
    assert register._refreshed() is first
    assert shelf.looks == 2


def test_a_fresh_list_is_served_without_waiting_for_who_asks_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    hand = Hand(100.0)
    register = a_register(UnitShelf(), hand)
    first = register.directory()
    monkeypatch.setattr(register, "_lock", None)
    hand.seconds = 129.9
    assert register.directory() is first
