"""Passwords: hashed with argon2id, verified in the same time for unknown names, refused if weak."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from schemas.codelists import code_lists
from schemas.text import fold
from service.access.errors import PasswordWeak

LEAST_CHARACTERS = 10
MOST_CHARACTERS = 256
"""A longer password is refused before it is hashed, so that nobody can keep the processor busy with it."""

_COMMON_PASSWORDS = frozenset(
    {
        "1234567890",
        "0123456789",
        "0987654321",
        "9876543210",
        "1111111111",
        "0000000000",
        "1234512345",
        "qwertyuiop",
        "password123",
        "password1234",
        "matkhau123",
        "matkhau1234",
        "anhyeuem123",
        "vietnam123",
        "vietnam2025",
        "nonghodan123",
        "sonongho123",
        "administrator",
        "admin12345",
        "changeme123",
        "letmein1234",
        "iloveyou123",
        "welcome123",
    }
)
_MOST_DIGITS_AFTER_A_PLACE = 6
_UNAMBIGUOUS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that are not confused with one another when a password is read out."""


class Passwords:
    """Hash passwords with argon2id (RFC 9106) and verify them, a few at a time.

    The defaults are RFC 9106's second recommended option (64 MiB, 3 passes) on one lane; `at_once` bounds the memory
    used by sign-ins.
    """

    def __init__(self, *, passes: int = 3, memory_kib: int = 65_536, at_once: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1, type=Type.ID)
        self._slots = threading.BoundedSemaphore(at_once)
        self._dummy: str | None = None

    def hashed(self, password: str) -> str:
        """Return the text to store: algorithm, parameters, salt and hash."""
        with self._slots:
            return self._hasher.hash(_prepared(password))

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether `password` is the stored one. False, after the same time, if nothing is stored (an unknown name)."""
        if len(password) > MOST_CHARACTERS:
            return False
        with self._slots:
            known = stored if stored is not None else self._dummy_hash()
            try:
                self._hasher.verify(known, _prepared(password))
            except (VerificationError, InvalidHashError):
                return False
        return stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether a stored hash has other parameters and is to be renewed at the next sign-in."""
        return self._hasher.check_needs_rehash(stored)

    def _dummy_hash(self) -> str:
        if self._dummy is None:
            self._dummy = self._hasher.hash(secrets.token_urlsafe(32))
        return self._dummy


def require_strong(password: str, username: str) -> None:
    """Raise PasswordWeak if the password is short, contains the user name, is a common one or a province with digits.

    Only length counts, not a mixture of character classes (NIST SP 800-63B, 3.1.1.2).
    """
    prepared = _prepared(password)
    folded = prepared.casefold()
    if len(prepared) < LEAST_CHARACTERS:
        raise PasswordWeak(pointer="/password", reason="short", least=LEAST_CHARACTERS)
    if len(prepared) > MOST_CHARACTERS:
        raise PasswordWeak(pointer="/password", reason="long", least=LEAST_CHARACTERS)
    if (
        folded in _COMMON_PASSWORDS
        or _is_a_place(folded)
        or len(set(folded)) < 4
        or (len(username) >= 4 and username.casefold() in folded)
    ):
        raise PasswordWeak(pointer="/password", reason="guessable", least=LEAST_CHARACTERS)


def _is_a_place(folded: str) -> bool:
    """Whether a password is a province's name and a few digits, with or without diacritics and spaces."""
    letters = folded.rstrip("0123456789")
    return len(folded) - len(letters) <= _MOST_DIGITS_AFTER_A_PLACE and fold(letters).replace(" ", "") in _places()


@cache
def _places() -> frozenset[str]:
    """The names of the provinces as they are typed without diacritics."""
    return frozenset(fold(entry.name_vi).replace(" ", "") for entry in code_lists()["personal_id_places"])


def new_password() -> str:
    """Return a password to be shown once: four groups of four, 79 bits, easy to read out."""
    return "-".join("".join(secrets.choice(_UNAMBIGUOUS) for _ in range(4)) for _ in range(4))


def _prepared(password: str) -> str:
    """Normalize to NFC, so that Vietnamese typed on any keyboard is the same password (RFC 8265, 4.2)."""
    return unicodedata.normalize("NFC", password)
