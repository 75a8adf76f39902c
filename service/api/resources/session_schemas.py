"""What is sent and returned when somebody signs in, and of sessions: one definition each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from service.access.errors import CredentialsInvalid, GrantInvalid
from service.access.passwords import LEAST_CHARACTERS, MOST_CHARACTERS
from service.api.http.oauth import CLIENT_CREDENTIALS, UNSUPPORTED
from service.api.http.paging import ListSchema
from service.api.http.resource import Body, Computed, Resource, refusal, without_zero_bytes
from service.api.http.services import services
from service.api.http.values import Flag, Moment, WholeNumber
from service.area import WHOLE_REGISTER
from service.clock import vietnam_day
from service.errors import DomainError
from service.principal import current_principal
from service.roles import SCOPES, Permission, Role, Sight
from service.unit_names import UnitId

GRANT_TYPES = ("password", CLIENT_CREDENTIALS, "refresh_token")
LONGEST_DEVICE = 200


def unsupported() -> GrantInvalid:
    """The error for a grant type that the register does not support."""
    return GrantInvalid(pointer="/grant_type", reason=UNSUPPORTED)


def _not_empty(text: str) -> None:
    if not text:
        raise ValidationError("empty")


def _given(**options: Any) -> fields.String:
    """A text that has to be there and not empty."""
    return fields.String(required=True, validate=_not_empty, metadata=options)


class CredentialsSchema(Body):
    """What bodies with a password, and without a grant type, have in common: all their items are needed."""

    refused_with = CredentialsInvalid

    def refused_item(self, name: str, params: Mapping[str, Any]) -> DomainError:
        """The error of an item that is missing or not valid: it names all that are needed."""
        return super().refused_item(name, {**params, "name": name, "needed": ", ".join(self.load_fields)})


class SignInSchema(CredentialsSchema):
    """What is sent to sign a browser in."""

    username = _given()
    password = _given()


_NEEDED = {"password": tuple(SignInSchema().fields), CLIENT_CREDENTIALS: ("client_id", "client_secret")}
"""By grant type, what has to be there. A refresh token may come in a cookie instead."""


class TokenRequestSchema(Body):
    """What is sent to sign in, or to refresh a sign-in (RFC 6749)."""

    refused_with = GrantInvalid

    grant_type = fields.String(
        required=True,
        metadata=refusal(reason="grant") | {"enum": list(GRANT_TYPES)},
    )
    username = fields.String(metadata=refusal(reason="item"))
    password = fields.String(metadata=refusal(reason="item"))
    client_id = fields.String(metadata=refusal(reason="item"))
    client_secret = fields.String(metadata=refusal(reason="item"))
    refresh_token = fields.String(metadata=refusal(reason="item"))
    scope = fields.String(
        metadata=refusal(reason="item")
        | {"description": "Scopes of a system, with spaces between; all of its own without."}
    )
    device = fields.String(
        validate=validate.Length(max=LONGEST_DEVICE),
        metadata=refusal(reason="item")
        | {"description": "A secret of the device's own: binds the refresh token to it."},
    )
    device_name = fields.String(
        validate=[validate.Length(max=LONGEST_DEVICE), without_zero_bytes], metadata=refusal(reason="item")
    )
    cookie = Flag(
        metadata=refusal(reason="item") | {"description": "Respond with HttpOnly cookies instead of tokens (browsers)."}
    )

    @validates_schema
    def _complete(self, items: dict[str, Any], **_: Any) -> None:
        missing = [name for name in _NEEDED.get(items["grant_type"], ()) if not items.get(name)]
        if missing:
            raise ValidationError({name: [grant_lacks(name)] for name in missing})


def grant_lacks(name: str) -> GrantInvalid:
    """The error of a grant without an item that its type needs."""
    return GrantInvalid(pointer=f"/{name}", reason="missing")


class TokenFormSchema(TokenRequestSchema):
    """The same, form-encoded. It is a separate component, since generated clients choose the encoding by it."""


class PasswordChangeSchema(CredentialsSchema):
    """What is sent to change one's own password."""

    old_password = _given()
    password = _given(minLength=LEAST_CHARACTERS, maxLength=MOST_CHARACTERS)


AREA_ENDED = "Those of the codes that cover no commune today: their unit ended without a successor. They are skipped."


def _codes(units: Iterable[UnitId]) -> list[str]:
    residences = services().residences()
    return [residences.code_of(unit) for unit in units]


def _communes(who: Any) -> list[str] | None:
    communes = who.area.communes()
    if communes is None:
        return None
    # Households can still be stored in communes that were merged or split. Their codes are not in force, or are
    # another commune's today, for which the phone must not make a draft.
    today = vietnam_day(services().clock())
    return [unit.code for unit in services().units.directory().of_level("commune", today) if unit.identity in communes]


class OwnAccountSchema(Resource):
    """A principal's own account, as it may see it."""

    id = fields.String(attribute="account", required=True)
    username = fields.String(attribute="name", required=True)
    role = fields.Enum(Role, by_value=fields.String, required=True)
    area = Computed(
        lambda who: _codes(who.area.units),
        fields.List(fields.String()),
        required=True,
        metadata={
            "description": f'Codes that the units have today, or had last; "{WHOLE_REGISTER}" for the whole register.'
        },
    )
    area_ended = Computed(
        lambda who: _codes(who.area.ended),
        fields.List(fields.String()),
        required=True,
        metadata={"description": AREA_ENDED},
    )
    communes = Computed(
        _communes,
        fields.List(
            fields.String(), allow_none=True, metadata={"description": "In force today; null for the whole register."}
        ),
        required=True,
    )
    sight = fields.Enum(Sight, by_value=fields.String, required=True)
    scopes = Computed(
        lambda who: sorted(who.scopes), fields.List(fields.String(metadata={"enum": list(SCOPES)})), required=True
    )
    permissions = Computed(
        lambda who: sorted(permission for permission in Permission if who.may(permission)),
        fields.List(fields.Enum(Permission, by_value=fields.String)),
        required=True,
    )
    must_change_password = fields.Boolean(required=True)


class OwnSessionSchema(OwnAccountSchema):
    """One's own account; for a browser also the token that its changing requests may carry."""

    absent_when_none = frozenset({"csrf_token"})

    csrf_token = fields.String()


class BrowserSessionSchema(OwnSessionSchema):
    """What a browser's sign-in returns beside its cookies: one's own account, and when its cookie is refreshed."""

    token_type = fields.String(required=True, validate=validate.OneOf(["Cookie"]))
    expires_in = WholeNumber(required=True, validate=validate.Range(min=0))


class TokenSchema(Resource):
    """What a sign-in returns: the tokens and the account."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True, validate=validate.OneOf(["Bearer"]))
    expires_in = WholeNumber(required=True, validate=validate.Range(min=0))
    refresh_token = fields.String()
    refresh_expires_in = WholeNumber(validate=validate.Range(min=0))
    scope = fields.String()
    account = fields.Nested(OwnAccountSchema, required=True)


class SessionSchema(Resource):
    """A session as its owner, or an administrator, sees it."""

    id = fields.String(required=True)
    device = fields.String(attribute="device_name", required=True)
    address = fields.String(required=True)
    browser = fields.Boolean(attribute="by_cookie", required=True)
    created_at = Moment(required=True)
    used_at = Moment(required=True)
    expires_at = Moment(required=True)
    current = Computed(lambda session: session.id == current_principal().session, fields.Boolean(), required=True)


class PublishedKeySchema(Resource):
    """A public key that access tokens are signed with (RFC 7517); a token's ``kid`` names it."""

    kty = fields.String(required=True)
    crv = fields.String(required=True)
    x = fields.String(required=True)
    y = fields.String(required=True)
    kid = fields.String(required=True)
    use = fields.String(required=True)
    alg = fields.String(required=True)


class PublishedKeysSchema(Resource):
    """A JSON Web Key Set."""

    keys = fields.List(fields.Nested(PublishedKeySchema), required=True)


class SessionListSchema(ListSchema):
    """Where somebody is signed in."""

    items = fields.List(fields.Nested(SessionSchema), required=True)
