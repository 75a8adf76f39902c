"""The Reader of the request: the one place that joins principal, purpose and language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

import structlog
from flask import Flask, Response, current_app, g, request

from service.api.http.audit_trail import note_households
from service.api.http.measures import count_damaged
from service.api.http.services import language, services
from service.errors import PermissionMissing
from service.households.reading import Reader, Sources
from service.principal import current_principal
from service.roles import Permission

SIGHT: Final = "Sight"
"""The header with the sight of the principal for whom a Reader was made."""
_KEY: Final = "sources"
_log = structlog.get_logger("service.reader")


def install_sources(app: Flask, sources: Sources) -> None:
    """Store the sources of Readers with the app; views have no access to them."""
    app.extensions[_KEY] = sources
    app.after_request(_put_sight)


def _put_sight(response: Response) -> Response:
    """State how much of people a response shows: a client that stores records must know which of them are masked."""
    if "reader" in g:
        response.headers[SIGHT] = cast(Reader, g.reader).people_shown
    return response


def reader() -> Reader:
    """The Reader of the principal, for the purpose of the called endpoint's permission.

    Raises PermissionMissing where the endpoint is public: those return no records.
    """
    if "reader" not in g:
        purpose: Permission | None = g.get("permission")
        if purpose is None:
            raise PermissionMissing(permission=str(Permission.HOUSEHOLDS_READ))
        g.reader = Reader(
            current_app.extensions[_KEY],
            current_principal(),
            purpose,
            note=note_households,
            wording=_wording(),
            report_damaged=report_damaged,
        )
    return cast(Reader, g.reader)


def report_damaged(household_ids: Iterable[str]) -> None:
    """Report in log and metrics that the stored records of these households are damaged."""
    for household in household_ids:
        count_damaged()
        _log.error("damaged", household=household, endpoint=request.endpoint)


def _wording() -> Callable[[str, Mapping[str, Any]], str]:
    """Return a function from a code to its words in the request's language, which is looked up once for a page.

    A code that is not in the lists any more is returned as it is.
    """
    catalogues, wanted = (services().messages, services().item_messages), language()
    without_details: dict[str, str] = {}

    def text_of(code: str, details: Mapping[str, Any]) -> str:
        if (text := without_details.get(code)) is not None:
            return text
        for catalogue in catalogues:
            if code in catalogue:
                if "{" in (template := catalogue.template(code, wanted)):
                    return catalogue.text(code, wanted, **details)
                without_details[code] = template
                return template
        return code

    return text_of
