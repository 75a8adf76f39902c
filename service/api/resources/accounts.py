"""Accounts, for administrators: create, list, change, suspend and reset, within their own area."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView

from service.access.accounts import IssuedSecret
from service.access.gate import needs
from service.api.http.blueprint import NEXT_HEADER, Blueprint
from service.api.http.bodies import parsed_body
from service.api.http.guard import guard
from service.api.http.paging import page_response, position
from service.api.http.parameters import PageQuery
from service.api.http.resource import Beside
from service.api.http.responses import resource_response
from service.api.resources.account_schemas import (
    AccountPageSchema,
    AccountPatchSchema,
    AccountSchema,
    AccountWithSecretSchema,
    NewAccountSchema,
    SignedInAccountSchema,
)
from service.principal import current_principal

blueprint = Blueprint("accounts", __name__, url_prefix="/v1/accounts", description="Accounts and their areas")


@blueprint.route("")
class AllAccounts(MethodView):
    """The accounts of the administrator's area."""

    @needs("accounts.manage")
    @blueprint.query(PageQuery)
    @blueprint.response(200, AccountPageSchema, headers=NEXT_HEADER)
    @blueprint.problems(401, 403, 422)
    @blueprint.doc(operationId="list_accounts", summary="List accounts")
    def get(self, arguments: dict[str, Any]) -> Response:
        """In order of name."""
        (after,) = position(arguments, str) or (None,)
        found, last = guard().accounts.page(current_principal(), after=after, limit=arguments["limit"])
        damaged = guard().accounts.damaged(current_principal()) if after is None else []
        return page_response(AccountPageSchema, found, None if last is None else (last,), damaged=damaged or None)

    @needs("accounts.manage")
    @blueprint.body(NewAccountSchema)
    @blueprint.response(201, AccountWithSecretSchema)
    @blueprint.problems(400, 401, 403, 409, 415, 422)
    @blueprint.doc(operationId="create_account", summary="Create an account")
    def post(self) -> Response:
        """The generated password (or a system's secret) is in this response and is never shown again."""
        issued = guard().accounts.create(parsed_body(NewAccountSchema), current_principal())
        return _with_secret(issued, 201, {"Location": f"/v1/accounts/{issued.account.id}"})


@blueprint.route("/<account_id>")
class OneAccount(MethodView):
    """One account."""

    @needs("accounts.manage")
    @blueprint.response(200, SignedInAccountSchema)
    @blueprint.problems(401, 403, 404)
    @blueprint.doc(operationId="get_account", summary="Read an account")
    def get(self, account_id: str) -> Response:
        """With its active sessions."""
        account = guard().accounts.get(account_id, current_principal())
        signed_in = Beside(account, sessions=guard().accounts.sessions(account.id))
        return resource_response(SignedInAccountSchema, signed_in)

    @needs("accounts.manage")
    @blueprint.body(AccountPatchSchema)
    @blueprint.response(200, AccountSchema)
    @blueprint.problems(400, 401, 403, 404, 415, 422)
    @blueprint.doc(operationId="patch_account", summary="Change an account")
    def patch(self, account_id: str) -> Response:
        """Name, area, sight and scopes; the role cannot change."""
        items = parsed_body(AccountPatchSchema)
        account = guard().accounts.change(account_id, current_principal(), **items)
        guard().principals.forget()
        return resource_response(AccountSchema, account)


@blueprint.route("/<account_id>/suspend")
class Suspension(MethodView):
    """The suspension of an account."""

    @needs("accounts.manage")
    @blueprint.response(200, AccountSchema)
    @blueprint.problems(401, 403, 404, 422)
    @blueprint.doc(operationId="suspend_account", summary="Suspend an account")
    def post(self, account_id: str) -> Response:
        """All its sessions end within seconds."""
        account = guard().accounts.suspend(account_id, current_principal())
        guard().principals.forget()
        return resource_response(AccountSchema, account)


@blueprint.route("/<account_id>/resume")
class Resumption(MethodView):
    """Activating an account again."""

    @needs("accounts.manage")
    @blueprint.response(200, AccountSchema)
    @blueprint.problems(401, 403, 404)
    @blueprint.doc(operationId="resume_account", summary="Activate a suspended account")
    def post(self, account_id: str) -> Response:
        """Its secret stays the same."""
        return resource_response(AccountSchema, guard().accounts.resume(account_id, current_principal()))


@blueprint.route("/<account_id>/reset")
class Reset(MethodView):
    """A new secret."""

    @needs("accounts.manage")
    @blueprint.response(200, AccountWithSecretSchema)
    @blueprint.problems(401, 403, 404)
    @blueprint.doc(operationId="reset_account", summary="Give an account a new secret")
    def post(self, account_id: str) -> Response:
        """The old one is no longer valid; all sessions end."""
        issued = guard().accounts.reset(account_id, current_principal())
        guard().principals.forget()
        return _with_secret(issued)


@blueprint.route("/<account_id>/sessions/<session_id>")
class AccountSession(MethodView):
    """One device of an account."""

    @needs("accounts.manage")
    @blueprint.response(204)
    @blueprint.problems(401, 403, 404)
    @blueprint.doc(operationId="end_account_session", summary="End the session of a lost device")
    def delete(self, account_id: str, session_id: str) -> Response:
        """The device gets ``session.revoked`` at its next request and erases its data."""
        guard().accounts.revoke_session(account_id, session_id, current_principal())
        guard().principals.forget()
        return Response(status=204)


def _with_secret(issued: IssuedSecret, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    shown = Beside(issued.account, password=issued.password, client_secret=issued.client_secret)
    return resource_response(AccountWithSecretSchema, shown, status, headers)
