"""The contract is met by every response to any input. The quick loop does not even import schemathesis."""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest
import schemathesis
from flask import Flask
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.adapter.parameters import OpenApiParameter
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.asking import Register

EXAMPLES = 6
"""For each operation, good ones and bad ones; more of them take longer and find the same."""

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_response_is_as_the_contract_says_for_any_input(app: Flask, register: Register) -> None:
    """Generated requests to every operation, by schemathesis over the document that the service serves."""
    failures: list[str] = []
    for found in schemathesis.openapi.from_wsgi("/openapi.json", app).get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]  # an Err has no ok: the test then fails, as it should
        can_be_bad = bool(operation.body) or any(map(is_constrained, operation.iter_parameters()))
        for mode in GenerationMode:
            if mode is GenerationMode.NEGATIVE and not can_be_bad:
                continue  # hypothesis would find that out by trying 450 times
            try:
                bombard(operation.as_strategy(generation_mode=mode))
            except (Exception, FailureGroup) as failure:
                causes = getattr(failure, "exceptions", [failure])
                failures.extend(f"{operation.label}: {each}" for each in causes)
    assert not failures, "\n\n".join(failures)


def is_constrained(parameter: OpenApiParameter) -> bool:
    """Whether some value of it is refused: whatever a client sends in a header of type string is a string."""
    return parameter.location != "header" or parameter.definition["schema"] != {"type": "string"}


def bombard(cases: SearchStrategy[Case[Any]]) -> None:
    """Send generated requests and hold every response to the contract."""

    @hypothesis.given(case=cases)
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    def send(case: Case[Any]) -> None:
        if "wait" in case.query:
            case.query["wait"] = 0
        # In process, no HTTP client stands between that would unpack an response.
        response = case.call_and_validate(checks=CHECKS, headers={"Accept-Encoding": "identity"})
        assert undeclared_headers(case, response) == set()

    send()


OF_EVERY_RESPONSE = {
    *(
        "content-type",
        "content-length",
        "date",
        "content-language",
        "content-encoding",
        "vary",
        "cache-control",
        "set-cookie",
    ),
    *("content-security-policy", "permissions-policy", "referrer-policy", "deprecation", "x-request-id"),
    *("cross-origin-opener-policy", "cross-origin-resource-policy", "x-content-type-options", "x-frame-options"),
}
"""Headers that mean the same with every response, so that no operation declares them."""


def undeclared_headers(case: Case[Any], response: Response) -> set[str]:
    """The headers of a response that the operation does not declare for its status."""
    document = case.operation.schema.raw_schema
    declared = document["paths"][case.operation.path][case.operation.method]["responses"]
    found = declared.get(str(response.status_code), declared["default"])
    if "$ref" in found:
        found = document["components"]["responses"][found["$ref"].rpartition("/")[2]]
    named = {name.lower() for name in found.get("headers", {})}
    return {name.lower() for name in response.headers} - named - OF_EVERY_RESPONSE
