"""Accounts, for administrators: made, listed, changed, suspended, given a new secret, within the own area."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Response
from flask.views import MethodView

from service.access.account import Account
from service.access.accounts import Handed, NewAccount
from service.access.errors import AccountInvalid
from service.access.gate import needs
from service.api.http.audit_trail import note_about
from service.api.http.blueprint import NEXT_HEADER, Blueprint, reference
from service.api.http.bodies import json_object
from service.api.http.guard import guard
from service.api.http.paging import decode_cursor, encode_cursor, next_link
from service.api.http.parameters import PageQuery
from service.api.http.responses import json_response
from service.api.resources.token import session_in_json
from service.errors import CursorInvalid
from service.principal import current_principal
from service.roles import Role, Sight

blueprint = Blueprint("accounts", __name__, url_prefix="/v1/accounts", description="Accounts and their areas")

_NEW = frozenset({"username", "role", "area", "area_as_of", "full_name", "sight", "scopes", "password", "external"})
_CHANGED = frozenset({"full_name", "area", "area_as_of", "sight", "scopes"})
_LONGEST_NAME = 80


@blueprint.route("")
class AllAccounts(MethodView):
    """The accounts of the administrator's area."""

    @needs("accounts.manage")
    @blueprint.query(PageQuery)
    @blueprint.response(200, reference("AccountPage"), headers=NEXT_HEADER)
    @blueprint.problems(401, 403, 422)
    @blueprint.doc(operationId="list_accounts", summary="List accounts")
    def get(self, arguments: dict[str, Any]) -> Response:
        """In order of name."""
        after = None
        if "cursor" in arguments:
            after = decode_cursor(arguments["cursor"])
            if not isinstance(after, str):
                raise CursorInvalid(pointer="/cursor")
        found, last = guard().accounts.page(current_principal(), after=after, limit=arguments["limit"])
        cursor = None if last is None else encode_cursor(last)
        body = {"accounts": [account_in_json(account) for account in found], "cursor": cursor}
        return json_response(body, headers=dict(next_link(cursor)))

    @needs("accounts.manage")
    @blueprint.json_body("NewAccount")
    @blueprint.response(201, reference("HandedAccount"))
    @blueprint.problems(400, 401, 403, 409, 415, 422)
    @blueprint.doc(operationId="create_account", summary="Make an account")
    def post(self) -> Response:
        """The password (or a system's secret) that the register makes is in this answer and nowhere else afterwards."""
        asked = json_object(items=_NEW)
        new = NewAccount(
            username=_name(asked),
            role=_role(asked.get("role")),
            area=tuple(_texts(asked.get("area"), "area")),
            area_as_of=_day(asked.get("area_as_of")),
            full_name=_optional_text(asked, "full_name"),
            sight=_sight(asked.get("sight")),
            scopes=tuple(_texts(asked.get("scopes", []), "scopes")),
            password=_optional_text(asked, "password"),
            external=_external(asked.get("external")),
        )
        handed = guard().accounts.create(new, current_principal())
        note_about(handed.account.id)
        return json_response(_handed(handed), 201, {"Location": f"/v1/accounts/{handed.account.id}"})


@blueprint.route("/<account_id>")
class OneAccount(MethodView):
    """One account."""

    @needs("accounts.manage")
    @blueprint.response(200, reference("Account"))
    @blueprint.problems(401, 403, 404)
    @blueprint.doc(operationId="get_account", summary="Read an account")
    def get(self, account_id: str) -> Response:
        """With where it is signed in."""
        account = guard().accounts.get(account_id, current_principal())
        sessions = [session_in_json(session, None) for session in guard().accounts.sessions(account.id)]
        return json_response({**account_in_json(account), "sessions": sessions})

    @needs("accounts.manage")
    @blueprint.json_body("AccountPatch")
    @blueprint.response(200, reference("Account"))
    @blueprint.problems(400, 401, 403, 404, 415, 422)
    @blueprint.doc(operationId="patch_account", summary="Change an account")
    def patch(self, account_id: str) -> Response:
        """Name, area, sight and scopes; the role stays."""
        asked = json_object(items=_CHANGED)
        note_about(account_id[:80])
        account = guard().accounts.change(
            account_id,
            current_principal(),
            full_name=_optional_text(asked, "full_name"),
            area=_texts(asked["area"], "area") if "area" in asked else None,
            area_as_of=_day(asked.get("area_as_of")),
            sight=_sight(asked.get("sight")),
            scopes=_texts(asked["scopes"], "scopes") if "scopes" in asked else None,
        )
        guard().principals.forget()
        return json_response(account_in_json(account))


@blueprint.route("/<account_id>/suspend")
class Suspension(MethodView):
    """Shutting an account."""

    @needs("accounts.manage")
    @blueprint.response(200, reference("Account"))
    @blueprint.problems(401, 403, 404, 422)
    @blueprint.doc(operationId="suspend_account", summary="Suspend an account")
    def post(self, account_id: str) -> Response:
        """All its sessions end within seconds."""
        note_about(account_id[:80])
        account = guard().accounts.suspend(account_id, current_principal())
        guard().principals.forget()
        return json_response(account_in_json(account))


@blueprint.route("/<account_id>/resume")
class Resumption(MethodView):
    """Opening an account again."""

    @needs("accounts.manage")
    @blueprint.response(200, reference("Account"))
    @blueprint.problems(401, 403, 404)
    @blueprint.doc(operationId="resume_account", summary="Open a suspended account again")
    def post(self, account_id: str) -> Response:
        """With the secret that it had."""
        note_about(account_id[:80])
        return json_response(account_in_json(guard().accounts.resume(account_id, current_principal())))


@blueprint.route("/<account_id>/reset")
class Reset(MethodView):
    """A new secret."""

    @needs("accounts.manage")
    @blueprint.response(200, reference("HandedAccount"))
    @blueprint.problems(401, 403, 404)
    @blueprint.doc(operationId="reset_account", summary="Give an account a new secret")
    def post(self, account_id: str) -> Response:
        """The old one is good no longer; all sessions end."""
        note_about(account_id[:80])
        handed = guard().accounts.reset(account_id, current_principal())
        guard().principals.forget()
        return json_response(_handed(handed))


@blueprint.route("/<account_id>/sessions/<session_id>")
class AccountSession(MethodView):
    """One device of an account."""

    @needs("accounts.manage")
    @blueprint.response(204)
    @blueprint.problems(401, 403, 404)
    @blueprint.doc(operationId="end_account_session", summary="End the session of a lost device")
    def delete(self, account_id: str, session_id: str) -> Response:
        """The device learns so at its next contact (``session.revoked``) and erases what it keeps."""
        note_about(session_id[:80])
        guard().accounts.revoke_session(account_id, session_id, current_principal())
        guard().principals.forget()
        return Response(status=204)


def account_in_json(account: Account) -> dict[str, Any]:
    """An account without any of its secrets, hashed or not."""
    return {
        "id": account.id,
        "username": account.username,
        "full_name": account.full_name,
        "role": str(account.role),
        "area": [code for code, _ in account.area],
        "area_as_of": [day for _, day in account.area],
        "sight": None if account.sight is None else str(account.sight),
        "scopes": list(account.scopes),
        "state": account.state,
        "must_change_password": account.must_change_password,
        "external": None
        if account.external is None
        else {"issuer": account.external[0], "subject": account.external[1]},
        "created_at": account.created_at,
        "created_by": account.created_by,
        "updated_at": account.updated_at,
    }


def _handed(handed: Handed) -> dict[str, Any]:
    body = account_in_json(handed.account)
    if handed.password is not None:
        body["password"] = handed.password
    if handed.client_secret is not None:
        body |= {"client_id": handed.account.username, "client_secret": handed.client_secret}
    return body


def _name(asked: dict[str, Any]) -> str:
    name = asked.get("username")
    good = isinstance(name, str) and 2 <= len(name) <= _LONGEST_NAME and name.isprintable() and name == name.strip()
    if not good or not isinstance(name, str):
        raise AccountInvalid(pointer="/username", reason="username", known="2…80")
    return name


def _role(value: object) -> Role:
    try:
        return Role(value)  # type: ignore[arg-type]  # whatever it is, the enumeration decides
    except ValueError:
        raise AccountInvalid(pointer="/role", reason="role", known=", ".join(Role)) from None


def _sight(value: object) -> Sight | None:
    if value is None:
        return None
    try:
        return Sight(value)  # type: ignore[arg-type]  # whatever it is, the enumeration decides
    except ValueError:
        raise AccountInvalid(pointer="/sight", reason="sight", known=", ".join(Sight)) from None


def _texts(value: object, name: str) -> Sequence[str]:
    good = isinstance(value, list) and len(value) <= 500
    if not good or not isinstance(value, list) or not all(isinstance(each, str) and len(each) <= 80 for each in value):
        raise AccountInvalid(pointer=f"/{name}", reason="list", known="[…]")
    return value


def _optional_text(asked: dict[str, Any], name: str) -> str | None:
    value = asked.get(name)
    if value is not None and (not isinstance(value, str) or not 1 <= len(value) <= 300 or "\0" in value):
        raise AccountInvalid(pointer=f"/{name}", reason="text", known="1…300")
    return value


def _day(value: object) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)  # type: ignore[arg-type]  # anything but text is refused below
    except (TypeError, ValueError):
        raise AccountInvalid(pointer="/area_as_of", reason="day", known="2025-06-30") from None


def _external(value: object) -> tuple[str, str] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"issuer", "subject"}:
        raise AccountInvalid(pointer="/external", reason="external", known="issuer, subject")
    issuer, subject = value["issuer"], value["subject"]
    if not (isinstance(issuer, str) and isinstance(subject, str) and len(issuer) <= 300 and len(subject) <= 300):
        raise AccountInvalid(pointer="/external", reason="external", known="issuer, subject")
    return issuer, subject
