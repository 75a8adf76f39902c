"""Examples of requests and responses in the OpenAPI document, as the service itself gave them.

They name places of a province, so they belong to it: ``provinces/examples/CODE.json`` has them by ``operationId``.
Nobody writes that file by hand: tests/api/test_examples.py sends every request, and fails for a response that is not
in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import orjson

from service.province import FOLDER

NAME: Final = "recorded"
"""Name of the example of a body in the document."""

Exchange = dict[str, Any]
"""A call and its ``status``; ``request`` and ``response`` with their media types. Of pages and files only the types."""


@cache
def recorded(province: str) -> Mapping[str, list[Exchange]]:
    """The exchanges of each operation; none where the province has no file."""
    file = FOLDER / "examples" / f"{province}.json"
    found: dict[str, list[Exchange]] = orjson.loads(file.read_bytes()) if file.is_file() else {}
    return found


def add_examples(document: dict[str, Any], province: str) -> None:
    """Show for each body of a request and of a response what was sent, and what came."""
    exchanges = recorded(province)
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):  # beside the operations of an address are the parameters of all
                for exchange in exchanges.get(operation["operationId"], ()):
                    responses = operation["responses"].get(str(exchange["status"]), {})
                    _show(operation.get("requestBody", {}), exchange, "request")
                    _show(responses, exchange, "response")


def _show(body: dict[str, Any], exchange: Exchange, side: str) -> None:
    """Show one side of an exchange in the document's part about this body, unless another one is shown there."""
    content = body.get("content", {}).get(exchange.get(f"{side}_type"))
    if content is not None and "examples" not in content:
        value = {"value": exchange[side]} if side in exchange else {}
        content["examples"] = {NAME: {"summary": exchange["call"], **value}}
