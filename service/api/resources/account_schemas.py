"""What is sent and returned of accounts: one definition each."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from service.access.account import ACTIVE, SUSPENDED, Account
from service.access.accounts import NewAccount
from service.access.errors import AccountInvalid
from service.access.passwords import LEAST_CHARACTERS, MOST_CHARACTERS
from service.api.http.guard import guard
from service.api.http.paging import PageSchema
from service.api.http.resource import Body, Computed, Resource, refusal, text, without_zero_bytes
from service.api.http.values import Day, Moment
from service.api.resources.session_schemas import AREA_ENDED, SessionSchema
from service.area import WHOLE_REGISTER
from service.roles import SCOPES, Role, Sight

_ROLES = ", ".join(Role)
_SIGHTS = ", ".join(Sight)
LONGEST_LIST = 500
_AREA = (
    f'Codes of units; a province is the communes that it has today. ["{WHOLE_REGISTER}"] alone is the whole register, '
    "with every province that is or will be loaded: only an administrator with the whole register can give it."
)


LONGEST_TEXT = 300


def _codes(*, required: bool = False, item: dict[str, Any] | None = None, **options: Any) -> fields.List[str]:
    """Codes of units, or names of scopes; the register checks whether they exist."""
    return fields.List(
        fields.String(validate=[validate.Length(max=80), without_zero_bytes], metadata=item or {}),
        required=required,
        validate=validate.Length(max=LONGEST_LIST),
        metadata=refusal(reason="list", known="[…]") | options,
    )


def _username(name: str) -> None:
    if not name.isprintable() or name != name.strip():
        raise ValidationError("unprintable signs, or spaces at its ends")


class IdentitySchema(Body):
    """Who somebody is at the province's own OpenID provider."""

    refused_with = AccountInvalid

    issuer = fields.String(required=True, validate=[validate.Length(max=300), without_zero_bytes])
    subject = fields.String(required=True, validate=[validate.Length(max=300), without_zero_bytes])


class ChangeableItems(Resource):
    """The items of an account that can be changed; a response shows them as they were sent."""

    full_name = text(LONGEST_TEXT)
    sight = fields.Enum(Sight, by_value=fields.String, allow_none=True, metadata=refusal(reason="sight", known=_SIGHTS))
    scopes = _codes(item={"enum": list(SCOPES)})


class LastingItems(Resource):
    """The items of an account that are set when it is created and never change."""

    username = fields.String(
        required=True,
        validate=[validate.Length(2, 80), _username],
        metadata=refusal(reason="username", known="2…80"),
    )
    role = fields.Enum(Role, by_value=fields.String, required=True, metadata=refusal(reason="role", known=_ROLES))


class AccountPatchSchema(ChangeableItems, Body):
    """The items of an account that can be changed."""

    refused_with = AccountInvalid

    area = _codes(minItems=1, description=_AREA)
    area_as_of = Day(
        allow_none=True,
        metadata=refusal(reason="day", known="2025-06-30")
        | {"description": "The day on which the codes are read, once, when they are sent; today or last without it."},
    )


class NewAccountSchema(LastingItems, AccountPatchSchema):
    """The items of a new account."""

    area = _codes(required=True, minItems=1, description=_AREA)
    password = text(LONGEST_TEXT, exactly=True, minLength=LEAST_CHARACTERS, maxLength=MOST_CHARACTERS)
    external = fields.Nested(
        IdentitySchema, allow_none=True, metadata=refusal(reason="external", known="issuer, subject")
    )

    @post_load
    def _made(self, items: dict[str, Any], **_: Any) -> NewAccount:
        identity = items.pop("external", None)
        items["area"], items["scopes"] = tuple(items["area"]), tuple(items.get("scopes", ()))
        return NewAccount(**items, external=None if identity is None else (identity["issuer"], identity["subject"]))


def _codes_of_area(account: Account) -> list[str]:
    return [code for code, _ in guard().accounts.named_area(account)]


def _days_of_area(account: Account) -> list[date]:
    return [day for _, day in guard().accounts.named_area(account)]


def _ended(account: Account) -> tuple[str, ...]:
    return guard().accounts.ended_codes(account)


def _identity(account: Account) -> dict[str, str] | None:
    return None if account.external is None else {"issuer": account.external[0], "subject": account.external[1]}


class AccountSchema(LastingItems, ChangeableItems):
    """An account, without any of its secrets, hashed or not."""

    always = frozenset({"full_name", "sight", "scopes"})

    id = fields.String(required=True)
    area = Computed(
        _codes_of_area,
        fields.List(fields.String()),
        required=True,
        metadata={"description": "The codes that the units have today, or had last."},
    )
    area_as_of = Computed(
        _days_of_area,
        fields.List(Day()),
        required=True,
        metadata={"description": "For each code a day on which it means the unit: today, or the last one."},
    )
    area_ended = Computed(_ended, fields.List(fields.String()), required=True, metadata={"description": AREA_ENDED})
    state = fields.String(required=True, validate=validate.OneOf([ACTIVE, SUSPENDED]))
    must_change_password = fields.Boolean(required=True)
    external = Computed(_identity, fields.Nested(IdentitySchema, allow_none=True), required=True)
    created_at = Moment(required=True)
    created_by = fields.String(required=True)
    updated_at = Moment(required=True, allow_none=True)


class SignedInAccountSchema(AccountSchema):
    """An account with where it is signed in."""

    sessions = fields.List(fields.Nested(SessionSchema), required=True)


def _client_id(account: Any) -> str | None:
    return None if account.client_secret is None else account.username


class AccountWithSecretSchema(AccountSchema):
    """An account with its secret, shown once."""

    absent_when_none = frozenset({"password", "client_id", "client_secret"})

    password = fields.String()
    client_id = Computed(_client_id, fields.String())
    client_secret = fields.String()


class AccountPageSchema(PageSchema):
    """A page of accounts."""

    absent_when_none = frozenset({"damaged"})

    items = fields.List(fields.Nested(AccountSchema), required=True)
    damaged = fields.List(
        fields.String(),
        metadata={
            "description": "On the first page: ids of accounts that are stored damaged, which nobody can sign in to; "
            "absent if there are none. Only a backup brings them back."
        },
    )
