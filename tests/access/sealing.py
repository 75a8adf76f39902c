"""A schema in which an item is sealed at rest that is stored in clear today."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from schemas.protection import plain_at_rest
from service.storage.encryption import findings


@contextmanager
def sealing(path: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Seal whatever else of a document repeats the item; the item itself is left as it is."""
    with monkeypatch.context() as patch:
        patch.setitem(vars(findings), "plain_at_rest", lambda asked: asked != path and plain_at_rest(asked))
        _forget_rules()
        yield
    _forget_rules()


def _forget_rules() -> None:
    findings._sealed_by_rule.cache_clear()
    findings._is_plain_in_notes.cache_clear()
