"""If-Match: the revision that a change was made from (optimistic lock). If-None-Match: * where there must be none."""

from __future__ import annotations

import re

from flask import request

from service.errors import PreconditionInvalid

_REVISION = re.compile(r'(?:W/)?"(\d{1,15})"')


def named_revision() -> int | None:
    """The revision in If-Match, or None without it.

    Raises PreconditionInvalid for anything but one revision in quotes.
    """
    text = request.headers.get("If-Match")
    if text is None:
        return None
    found = _REVISION.fullmatch(text.strip())
    if found is None:
        raise PreconditionInvalid(sent=text[:80])
    return int(found[1])


def must_be_new() -> bool:
    """Whether If-None-Match: * requires that nothing is stored yet. Raises PreconditionInvalid for any other value."""
    text = request.headers.get("If-None-Match")
    if text is None:
        return False
    if text.strip() != "*":
        raise PreconditionInvalid(sent=text[:80])
    return True
