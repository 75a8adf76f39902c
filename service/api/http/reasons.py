"""The body that gives a reason: of a withdrawal, a return, a settlement."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from service.api.http.resource import Body, refuse
from service.errors import DomainError, ReasonRequired
from service.households.reason import LONGEST_REASON, parse_reason


class Reason(fields.String):
    """A reason, normalized."""

    def __init__(self, longest: int = LONGEST_REASON, **options: Any) -> None:
        super().__init__(validate=validate.Length(1, longest), **options)
        self._longest = longest

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        try:
            return parse_reason(value, self._longest)
        except DomainError as error:
            refuse(error)


class ReasonSchema(Body):
    """A reason."""

    refused_with = ReasonRequired

    reason = Reason(required=True)
