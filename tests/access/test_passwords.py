"""Passwords: stored as argon2id, spelt in any Unicode form, and never quicker for a name that nobody has."""

from __future__ import annotations

import statistics
import time
import unicodedata

import pytest

from service.access.errors import PasswordWeak
from service.access.passwords import Passwords, new_password, require_strong

PASSWORDS = Passwords(passes=1, memory_kib=8192)
SENTENCE = "Lúa chín vàng đồng Thành Vinh"


def test_what_is_stored_is_argon2id_and_not_the_password() -> None:
    stored = PASSWORDS.hashed(SENTENCE)
    assert stored.startswith("$argon2id$")
    assert SENTENCE not in stored
    assert PASSWORDS.matches(stored, SENTENCE)
    assert not PASSWORDS.matches(stored, SENTENCE + ".")


def test_by_default_a_hash_costs_what_rfc_9106_recommends() -> None:
    assert Passwords().hashed(SENTENCE).startswith("$argon2id$v=19$m=65536,t=3,p=1$")


def test_every_spelling_of_vietnamese_is_the_same_password() -> None:
    stored = PASSWORDS.hashed(unicodedata.normalize("NFD", SENTENCE))
    assert PASSWORDS.matches(stored, unicodedata.normalize("NFC", SENTENCE))


def test_an_unknown_name_is_refused_in_the_time_of_a_known_one() -> None:
    stored = PASSWORDS.hashed(SENTENCE)
    PASSWORDS.matches(None, "first call makes the stand-in")

    def took(known: str | None) -> float:
        start = time.thread_time()  # the work, whatever else the machine does
        assert not PASSWORDS.matches(known, "something else")
        return time.thread_time() - start

    turns = [(took(None), took(stored)) for _ in range(15)]
    unknown, known = (statistics.median(times) for times in zip(*turns, strict=True))
    assert 0.4 < unknown / known < 2.5


def test_a_password_like_a_book_is_refused_unread() -> None:
    def took(password: str) -> float:
        start = time.thread_time()
        assert not PASSWORDS.matches(None, password)
        return time.thread_time() - start

    took("first call makes the stand-in")
    assert min(took("a" * 5_000_000) for _ in range(5)) < min(took("a sentence") for _ in range(5)) / 2


def test_a_hash_of_weaker_parameters_is_known_as_outdated() -> None:
    assert Passwords().outdated(PASSWORDS.hashed(SENTENCE))
    assert not PASSWORDS.outdated(PASSWORDS.hashed(SENTENCE))


@pytest.mark.parametrize("weak", ["ngắn", "aaaaaaaaaaaa", "1234567890", "MatKhau123", "can.bo.vinh 2026"])
def test_a_weak_password_is_refused_with_its_reason(weak: str) -> None:
    with pytest.raises(PasswordWeak) as refused:
        require_strong(weak, "can.bo.vinh")
    assert refused.value.params["reason"] in {"short", "guessable"}


@pytest.mark.parametrize("weak", ["nghean2026", "Nghệ An 123456", "hatinh1234", "HÀ TĨNH 2025", "thua thien hue1"])
def test_the_name_of_a_province_with_a_few_digits_is_guessable(weak: str) -> None:
    with pytest.raises(PasswordWeak) as refused:
        require_strong(weak, "an")
    assert refused.value.params["reason"] == "guessable"
    require_strong("nghean2026 lúa chín", "an")


def test_a_sentence_or_a_made_password_is_strong() -> None:
    require_strong(SENTENCE, "an")
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        require_strong(password, "an")
