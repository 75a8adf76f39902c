"""What a reader may know of the errors for which a write was refused: of stored items no more than a record shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from schemas import rules
from schemas.errors import ItemError, RecordInvalid
from service.households.masking import seen
from service.households.revealed import FINDINGS
from service.roles import Sight

WITHHELD: Final = "household.stored-invalid"
"""Stands for all errors that the reader may not see."""


def seen_errors(error: RecordInvalid, sight: Sight) -> Sequence[ItemError]:
    """Return the errors that somebody with this sight may see, and for all others together one without a place.

    Of a stored item an error is seen where a finding with its code and details would be seen whole: a detail that is
    left out would make its text unreadable. How many are left out is not shown either.
    """
    shown = [each for each in error.errors if _may_see(each, error.is_about_sent(each), sight)]
    return shown if len(shown) == len(error.errors) else [*shown, ItemError("", WITHHELD)]


def _may_see(error: ItemError, about_sent: bool, sight: Sight) -> bool:
    if about_sent and error.code not in FINDINGS:
        # A rule compares items with each other, so what it says of a sent item can reveal a stored one.
        return not error.params or not any(error.code in rule.codes for rule in rules.RULES)
    finding: dict[str, Any] = {"code": error.code, "pointer": error.pointer, "details": dict(error.params)}
    return bool(seen({"findings": [finding]}, sight)["findings"] == [finding])
