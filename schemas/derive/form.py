"""The phone form's definition (form.json), described in docs/form-definition.md."""

from collections.abc import Mapping
from typing import Any

from schemas.catalogue import LANGUAGES, Catalogue
from schemas.codelists import code_lists
from schemas.household import HouseholdSchema
from schemas.language import (
    STEPS,
    Code,
    Day,
    Field,
    Flag,
    Formatted,
    Geometry,
    Many,
    Moment,
    Number,
    One,
    PersonName,
    Phone,
    Section,
    Step,
    Suggested,
    Text,
    UnitCode,
    Uuid,
    Whole,
    YearMonthOrDay,
    section_fields,
)
from schemas.photos import CONSENT_PURPOSE, LEGAL_BASES, NOT_COVERED
from schemas.protection import register_given_items
from schemas.rules import RULES
from schemas.versions import SCHEMA_VERSION


def form_definition(catalogue: Catalogue | None = None) -> dict[str, Any]:
    """Return the form's definition in JSON types, with every code list that an item names except the units.

    ``catalogue`` has the schema's messages, with what they say of the province filled in.
    """
    lists: dict[str, None] = {}
    by_step: dict[Step, list[dict[str, Any]]] = {name: [] for name in STEPS}
    for name, field in section_fields(HouseholdSchema).items():
        if field.register_given or not field.item.asked:
            continue
        if field.item.step is None:
            raise ValueError(f"{name} is in no step of the form")
        by_step[field.item.step].append(_item(HouseholdSchema, name, lists, copyable=True))
    return {
        "schema_version": SCHEMA_VERSION,
        "languages": list(LANGUAGES),
        "steps": [
            {"name": name, "label": _words(*STEPS[name]), "items": items} for name, items in by_step.items() if items
        ],
        "one_of": [{"stage": stage, "names": list(names)} for stage, names in HouseholdSchema.one_of],
        "filled_in": [
            name
            for name, field in section_fields(HouseholdSchema).items()
            if not field.item.asked and not field.register_given
        ],
        "register_given": _register_given(HouseholdSchema),
        "photos": {"legal_bases": list(LEGAL_BASES), "consents": [CONSENT_PURPOSE], "not_covered": NOT_COVERED},
        "lists": {name: _list(name) for name in sorted(lists)},
        "rules": [
            {
                "codes": list(rule.codes),
                "severity": rule.severity,
                "check": rule.check,
                "summary": rule.summary,
            }
            for rule in RULES
        ],
        "messages": _messages(catalogue or Catalogue()),
    }


def _item(section: type[Section], name: str, lists: dict[str, None], *, copyable: bool) -> dict[str, Any]:
    fields = section_fields(section)
    field = fields[name]
    item = field.item
    asked_when = None
    if item.asked_when is not None:
        asked_when = {"name": item.asked_when[0], "values": list(item.asked_when[1])}
    return {
        "name": name,
        "label": _words(item.label_vi, item.label_en),
        "hint": _words(item.hint_vi, item.hint_en),
        "unit": item.unit,
        "required_for": item.required_for,
        "required_unless": item.required_unless,
        "sensitivity": item.sensitivity,
        # What is copied is the record's own items, or an element of a list; never a section.
        "copied": item.copied and copyable,
        "asked_when": asked_when,
        "taken_with": [each for each, beside in fields.items() if beside.item.goes_with == name],
        "confirms": None if item.confirms is None else {"check": item.confirms[0], "item": item.confirms[1]},
        **_kind(field, lists),
        **({"described_by": _described_by(fields, name)} if isinstance(field, Geometry) else {}),
    }


def _described_by(fields: Mapping[str, Field], name: str) -> dict[str, str | None]:
    """Return the names of the items beside a geometry that describe it, by what they say; None where there is none."""
    beside = {each: field for each, field in fields.items() if field.item.goes_with == name}

    def of_kind(kind: type[Field]) -> str | None:
        return next((each for each, field in beside.items() if isinstance(field, kind)), None)

    return {
        "system": of_kind(Formatted),
        "method": of_kind(Code),
        "accuracy": of_kind(Number),
        "outside": fields[name].item.outside,
    }


def _kind(field: Field, lists: dict[str, None]) -> dict[str, Any]:  # noqa: C901 - one case for each kind of field
    match field:
        case UnitCode():
            return {"kind": "unit", "era": field.era, "code": field.code, "example": field.example}
        case Formatted():
            return _text(max(40, len(field.example)), shape=field)
        case Suggested():
            lists[field.list_name] = None
            return {"kind": "choice", "list": field.list_name, "scheme": None, "open": True, "longest": field.most}
        case Text():
            return _text(field.most, lines=field.lines, refused=_refused(field))
        case Number():
            return {
                "kind": "number",
                "whole": isinstance(field, Whole),
                "least": field.least,
                "above": field.above,
                "most": field.most,
            }
        case Code():
            return {"kind": "choice", "list": field.list_name, "scheme": _scheme(field, lists), "open": False}
        case Flag():
            return {"kind": "flag"}
        case Day():
            return {"kind": "day"}
        case YearMonthOrDay():
            return {"kind": "partial-date"}
        case Moment():
            return {"kind": "moment"}
        case Geometry():
            return {"kind": "point" if field.kinds == ("Point",) else "polygon", "types": list(field.kinds)}
        case One():
            return {
                "kind": "section",
                "items": _items(field.section, lists, copyable=False),
                "register_given": _register_given(field.section),
            }
        case Many(inner=Code() as inner):
            lists[inner.list_name] = None
            return {"kind": "choices", "list": inner.list_name, "most": field.most}
        case Many(inner=One() as inner):
            identifiers = [name for name, each in section_fields(inner.section).items() if isinstance(each, Uuid)]
            return {
                "kind": "list",
                "items": _items(inner.section, lists, copyable=True),
                "most": field.most,
                "identifier": identifiers[0] if identifiers else None,
                "shorthand": dict(field.item.shorthand) or None,
                "sum_tolerance": field.item.sum_tolerance and field.item.sum_tolerance._asdict(),
                "register_given": _register_given(inner.section),
            }
    raise TypeError(f"a form does not know {type(field).__name__}")


def _refused(field: Text) -> dict[str, str] | None:
    """Return the pattern by which a form finds a forbidden character, and the code of the message."""
    if not isinstance(field, PersonName):
        return None
    return {"pattern": field.refused.pattern, "code": "name.character"}


def _text(
    longest: int, *, lines: bool = False, shape: Formatted | None = None, refused: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return the kind of a text: free, or of the shape of a field."""
    return {
        "kind": "text",
        "longest": longest,
        "lines": lines,
        "pattern": shape.pattern if shape else None,
        "code": shape.code if shape else None,
        "example": shape.example if shape else "",
        "refused": refused,
        "keyboard": _keyboard(shape) if shape else "text",
    }


def _items(section: type[Section], lists: dict[str, None], *, copyable: bool) -> list[dict[str, Any]]:
    return [
        _item(section, name, lists, copyable=copyable)
        for name, field in section_fields(section).items()
        if field.item.asked and not field.register_given
    ]


def _register_given(section: type[Section]) -> list[str]:
    given = register_given_items(section)
    return [name for name in section_fields(section) if name in given]


def _scheme(field: Code, lists: dict[str, None]) -> dict[str, Any] | None:
    names = field.lists()
    lists.update(dict.fromkeys(names.values()))
    if field.scheme is None:
        return None
    return {
        "name": field.scheme,
        "lists": {scheme: list_name for scheme, list_name in names.items() if scheme is not None},
    }


def _keyboard(field: Formatted) -> str:
    if isinstance(field, Phone):
        return "phone"
    return "digits" if field.example.isdigit() else "text"


def _list(name: str) -> list[dict[str, Any]]:
    return [
        {
            "code": entry.code,
            "label": _words(entry.name_vi, entry.name("en")),
            "valid_from": entry.valid_from.isoformat() if entry.valid_from else None,
            "valid_to": entry.valid_to.isoformat() if entry.valid_to else None,
        }
        for entry in code_lists()[name]
    ]


def _messages(catalogue: Catalogue) -> dict[str, dict[str, str]]:
    return {code: {each: catalogue.template(code, each) for each in LANGUAGES} for code in sorted(catalogue.codes())}


def _words(vi: str, en: str) -> dict[str, str]:
    return {"vi": vi, "en": en}
