"""What the derived forms of the ministry data schema look like: its JSON Schema, and the phone form's definition.

Both are made in schemas/derive. The JSON Schema is returned as it is, and this only documents it; the form's definition
is written by its schema here, so that an item without a field does not leave.
"""

from __future__ import annotations

from marshmallow import fields, validate

from schemas.catalogue import LANGUAGES
from schemas.errors import SEVERITIES
from schemas.language import SENSITIVITIES, STAGES, STEPS
from service.api.http.blueprint import reference
from service.api.http.resource import Described, Resource
from service.api.http.values import Day, count

KINDS = (
    *("text", "number", "choice", "choices", "unit", "flag", "day", "partial-date", "moment"),
    *("point", "polygon", "section", "list"),
)


class JsonSchemaSchema(Resource):
    """A schema in the words of JSON Schema 2020-12; it can have more of them than are named here.

    ``additionalProperties`` is not, since generated clients have a member of this name for their own purpose.
    """

    type = Described({"type": ["string", "array"], "items": {"type": "string"}})
    description = fields.String()
    properties = fields.Dict(keys=fields.String(), values=Described(reference("JsonSchema")))
    required = fields.List(fields.String())


class HouseholdJsonSchema(JsonSchemaSchema):
    """The household as a JSON Schema document."""

    schema = fields.String(data_key="$schema", required=True)
    identity = fields.String(data_key="$id", required=True, metadata={"description": "Changes with the version."})
    title = fields.String(required=True)
    definitions = fields.Dict(
        data_key="$defs", required=True, keys=fields.String(), values=Described(reference("JsonSchema"))
    )
    examples = fields.List(Described(reference("Household")), required=True)


class WordsSchema(Resource):
    """A text in both languages."""

    vi = fields.String(required=True)
    en = fields.String(required=True)


class AskedWhenSchema(Resource):
    """Ask only if the other item has one of these values; null means that it has no value."""

    name = fields.String(required=True)
    values = fields.List(Described({"type": ["string", "number", "boolean", "null"]}), required=True)


class ConfirmsSchema(Resource):
    """Ask only where the check finds something at the item beside it; true says that it is right all the same."""

    check = fields.String(required=True)
    item = fields.String(required=True)


class ChoiceSchemeSchema(Resource):
    """The item beside a choice that names the scheme of its code, and the list of codes of each scheme."""

    name = fields.String(required=True)
    lists = fields.Dict(required=True, keys=fields.String(), values=fields.String())


def _limit() -> fields.Field[float]:
    return fields.Float(allow_none=True)


class SumToleranceSchema(Resource):
    """By how much the sum of a list's numbers may differ from the number beside the list: the larger of the two."""

    share = fields.Float(required=True, metadata={"description": "Of the number beside the list."})
    least = fields.Float(required=True)


class RefusedCharacterSchema(Resource):
    """A pattern that finds forbidden characters in a text, and the code of the message about one."""

    pattern = fields.String(required=True)
    code = fields.String(required=True)


class DescribedBySchema(Resource):
    """Names of the items beside a geometry that describe it."""

    system = fields.String(required=True, allow_none=True)
    method = fields.String(required=True, allow_none=True)
    accuracy = fields.String(required=True, allow_none=True)
    outside = fields.String(required=True, allow_none=True)


class FormItemSchema(Resource):
    """An item to ask for. Its kind says which of the members that are not required it has."""

    name = fields.String(required=True)
    label = fields.Nested(WordsSchema, required=True)
    hint = fields.Nested(WordsSchema, required=True)
    unit = fields.String(required=True)
    required_for = fields.String(required=True, allow_none=True, validate=validate.OneOf(STAGES))
    required_unless = fields.String(required=True, allow_none=True)
    sensitivity = fields.String(required=True, validate=validate.OneOf(SENSITIVITIES))
    copied = fields.Boolean(required=True)
    asked_when = fields.Nested(AskedWhenSchema, required=True, allow_none=True)
    taken_with = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Items beside it that say how it was taken or is to be read."},
    )
    confirms = fields.Nested(ConfirmsSchema, required=True, allow_none=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))

    longest = count()
    lines = fields.Boolean()
    pattern = fields.String(allow_none=True)
    code = fields.String(allow_none=True)
    example = fields.String()
    refused = fields.Nested(RefusedCharacterSchema, allow_none=True)
    keyboard = fields.String(validate=validate.OneOf(["text", "digits", "phone"]))
    whole = fields.Boolean()
    least = _limit()
    above = _limit()
    most = _limit()
    list = fields.String()
    open = fields.Boolean()
    scheme = fields.Nested(ChoiceSchemeSchema, allow_none=True)
    era = fields.String(validate=validate.OneOf(["now", "former"]))
    described_by = fields.Nested(
        DescribedBySchema, metadata={"description": "Of a geometry: the items beside it that say how it was taken."}
    )
    types = fields.List(fields.String(validate=validate.OneOf(["Point", "Polygon", "MultiPolygon"])))
    items = fields.List(fields.Nested(lambda: FormItemSchema()))  # noqa: PLW0108 - the class is made only after this
    identifier = fields.String(allow_none=True)
    shorthand = fields.Dict(
        allow_none=True,
        keys=fields.String(),
        values=fields.String(),
        metadata={
            "description": "Maps items of an element to the items beside the list that hold them when there is "
            "only one element."
        },
    )
    sum_tolerance = fields.Nested(SumToleranceSchema, allow_none=True)
    register_given = fields.List(fields.String())


class FormStepSchema(Resource):
    """A page of the form."""

    name = fields.String(required=True, validate=validate.OneOf(list(STEPS)))
    label = fields.Nested(WordsSchema, required=True)
    items = fields.List(fields.Nested(FormItemSchema), required=True)


class OneOfSchema(Resource):
    """Lists of which one must have an element for a stage."""

    stage = fields.String(required=True, validate=validate.OneOf(STAGES))
    names = fields.List(fields.String(), required=True)


class FormCodeSchema(Resource):
    """A code that can be chosen, from its first day to its last."""

    code = fields.String(required=True)
    label = fields.Nested(WordsSchema, required=True)
    valid_from = Day(required=True, allow_none=True)
    valid_to = Day(required=True, allow_none=True)


class FormRuleSchema(Resource):
    """A rule between items."""

    codes = fields.List(fields.String(), required=True)
    severity = fields.String(required=True, validate=validate.OneOf(SEVERITIES))
    check = fields.String(required=True, allow_none=True)
    summary = fields.String(required=True)


class PhotoBasisSchema(Resource):
    """On which basis photos of papers may be stored: one of the legal bases, or a consent to one of the purposes."""

    legal_bases = fields.List(fields.String(), required=True)
    consents = fields.List(fields.String(), required=True)
    not_covered = fields.String(required=True, metadata={"description": "The message where neither is there."})


class FormDefinitionSchema(Resource):
    """Everything that a form needs to ask for a household; docs/form-definition.md explains it."""

    schema_version = fields.String(required=True)
    languages = fields.List(fields.String(validate=validate.OneOf(LANGUAGES)), required=True)
    steps = fields.List(fields.Nested(FormStepSchema), required=True)
    one_of = fields.List(fields.Nested(OneOfSchema), required=True)
    filled_in = fields.List(fields.String(), required=True)
    register_given = fields.List(fields.String(), required=True)
    photos = fields.Nested(PhotoBasisSchema, required=True)
    lists = fields.Dict(required=True, keys=fields.String(), values=fields.List(fields.Nested(FormCodeSchema)))
    rules = fields.List(fields.Nested(FormRuleSchema), required=True)
    messages = fields.Dict(required=True, keys=fields.String(), values=fields.Nested(WordsSchema))
