"""Passwords: argon2id at rest, the same time for names that nobody has, and which passwords are too weak."""

from __future__ import annotations

import secrets
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from service.access.errors import PasswordWeak

LEAST_CHARACTERS = 10
MOST_CHARACTERS = 256
"""Beyond this a password is refused unread, so that nobody keeps the processor busy with a book."""

_GUESSED_FIRST = frozenset(
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
        "nghean1234",
        "nghean2025",
        "nghean2026",
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
_TELLABLE = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that are not taken for one another when a password is read out."""


class Passwords:
    """Hashes passwords with argon2id (RFC 9106) and verifies them, a few at a time.

    The defaults are RFC 9106's second choice (64 MiB, 3 passes) on one lane; `at_once` bounds the memory that
    sign-ins take.
    """

    def __init__(self, *, passes: int = 3, memory_kib: int = 65_536, at_once: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1, type=Type.ID)
        self._turns = threading.BoundedSemaphore(at_once)
        self._nobody: str | None = None

    def hashed(self, password: str) -> str:
        """The text to store: algorithm, parameters, a salt of its own and the hash."""
        with self._turns:
            return self._hasher.hash(_prepared(password))

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether `password` is the stored one. With nothing stored (an unknown name) it takes as long and says no."""
        if len(password) > MOST_CHARACTERS:
            return False
        with self._turns:
            known = stored if stored is not None else self._nobodys()
            try:
                self._hasher.verify(known, _prepared(password))
            except (VerificationError, InvalidHashError):
                return False
        return stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether a stored hash was made with other parameters and should be made again at the next sign-in."""
        return self._hasher.check_needs_rehash(stored)

    def _nobodys(self) -> str:
        if self._nobody is None:
            self._nobody = self._hasher.hash(secrets.token_urlsafe(32))
        return self._nobody


def require_strong(password: str, username: str) -> None:
    """Raise PasswordWeak unless the password can be accepted: long enough, not the name, not among the first guesses.

    Length counts, mixtures do not (NIST SP 800-63B, 3.1.1.2).
    """
    prepared = _prepared(password)
    folded = prepared.casefold()
    if len(prepared) < LEAST_CHARACTERS:
        raise PasswordWeak(pointer="/password", reason="short", least=LEAST_CHARACTERS)
    if len(prepared) > MOST_CHARACTERS:
        raise PasswordWeak(pointer="/password", reason="long", least=LEAST_CHARACTERS)
    if folded in _GUESSED_FIRST or len(set(folded)) < 4 or (len(username) >= 4 and username.casefold() in folded):
        raise PasswordWeak(pointer="/password", reason="guessable", least=LEAST_CHARACTERS)


def new_password() -> str:
    """A password to hand over once: four groups of four, 79 bits, easy to read out."""
    return "-".join("".join(secrets.choice(_TELLABLE) for _ in range(4)) for _ in range(4))


def _prepared(password: str) -> str:
    """The form that is hashed: NFC, so that every keyboard's spelling of Vietnamese is one password (RFC 8265, 4.2)."""
    return unicodedata.normalize("NFC", password)
