"""If-Match: the revision that a change was made from (optimistic lock)."""

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
        raise PreconditionInvalid(given=text[:80])
    return int(found[1])
