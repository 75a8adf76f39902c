"""Errors of a query string that no other room raises. QueryInvalid, which others raise too, is in service/errors.py."""

from __future__ import annotations

from service.errors import DomainError


class QueryMissing(DomainError):
    """A query parameter that is needed was not sent."""

    code = "query.missing"


class QueryMoreErrors(DomainError):
    """A query has more errors than are listed: the last one in the list."""

    code = "query.more-errors"


class QueryUnknown(DomainError):
    """The address has no such query parameter."""

    code = "query.unknown"


class QueryRepeated(DomainError):
    """A query parameter was sent several times; the register would read only one of its values."""

    code = "query.repeated"
