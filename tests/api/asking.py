"""A client of the register over HTTP, for tests."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.roles import Role
from tests.api.signed_in import SignedInClient, token_of
from tests.builders import Json, a_household


class Register:
    """A client of the register: each call returns the HTTP response."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = SignedInClient(client.application, client.response_wrapper)

    def put(self, household: Json, if_match: object = None, **options: Any) -> TestResponse:
        """Register a household, or revise it from the revision ``if_match``."""
        address = f"/v1/households/{household['id']}"
        return self.client.put(address, json=household, headers=_precondition(if_match), **options)

    def patch(self, household_id: str, patch: object, if_match: object = None) -> TestResponse:
        """Revise by merge patch."""
        return self.client.patch(f"/v1/households/{household_id}", json=patch, headers=_precondition(if_match))

    def get(self, address: str, **headers: str) -> TestResponse:
        """Read an address; headers are named like ``accept_language="en"``."""
        return self.client.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def household(self, household_id: str) -> Json:
        """The record as it is now."""
        return self.json(f"/v1/households/{household_id}")

    def json(self, address: str) -> Json:
        """The JSON of an address, whose response must be 200."""
        return self.json_of(self.get(address))

    def json_of(self, response: TestResponse) -> Json:
        """The JSON of a response that must be 200."""
        assert response.status_code == 200, response.text
        body: Json = response.get_json()
        return body

    def seen_by(self, role: Role, unit: str, address: str) -> Json:
        """The JSON of an address for an account with this role in this unit."""
        token = token_of(self.client.application, role, unit)
        return self.json_of(self.get(address, Authorization=f"Bearer {token}"))

    def step(self, household_id: str, step: str, body: object = None, if_match: object = None) -> TestResponse:
        """verify, return or transfer."""
        options = {} if body is None else {"json": body}
        return self.client.post(f"/v1/households/{household_id}/{step}", headers=_precondition(if_match), **options)

    def withdraw(self, household_id: str, reason: str = "moved_away", if_match: object = None) -> TestResponse:
        """Withdraw with a reason."""
        address = f"/v1/households/{household_id}"
        return self.client.delete(address, json={"reason": reason}, headers=_precondition(if_match))

    def registered(self, **items: Any) -> Json:
        """A household that is registered: its record as the register returned it."""
        response = self.put(a_household(**items))
        assert response.status_code == 201, response.text
        record: Json = response.get_json()
        return record

    def history(self, household_id: str) -> list[Json]:
        """The log entries of a household, newest first."""
        entries: list[Json] = self.json(f"/v1/households/{household_id}/history")["items"]
        return entries


def _precondition(revision: object) -> dict[str, str]:
    if revision is None:
        return {}
    return {"If-Match": f'"{revision}"' if isinstance(revision, int) else str(revision)}


def problem(response: TestResponse, status: int, code: str) -> Json:
    """The problem of a response (RFC 9457); fails for any other status or code."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    body: Json = response.get_json()
    assert body["code"] == code, body
    assert body["status"] == status
    assert body["type"] == f"/docs/problems#{code}"
    assert body["title"]
    assert "{" not in body["detail"], body["detail"]
    return body


def pointers(body: Json) -> list[tuple[str, str]]:
    """Pointer and code of each error of a problem."""
    assert all(each["message"] for each in body["errors"])
    return [(each["pointer"], each["code"]) for each in body["errors"]]
