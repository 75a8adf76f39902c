"""The schema as an XLSForm workbook for ODK Collect: the same items, choices, conditions and constraints."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from schemas.catalogue import Catalogue
from schemas.codelists import CodeEntry, CodeList, code_lists
from schemas.derive.workbook import Sheet, workbook
from schemas.household import HouseholdSchema
from schemas.language import (
    STEPS,
    Code,
    Day,
    Field,
    Flag,
    Formatted,
    Geometry,
    Item,
    Many,
    Moment,
    Number,
    One,
    Suggested,
    Text,
    UnitCode,
    Whole,
    YearMonthOrDay,
    section_fields,
    section_of,
)
from schemas.versions import SCHEMA_VERSION

VIETNAMESE, ENGLISH = "Tiếng Việt (vi)", "English (en)"
_YES_NO = "yes_no"

_SURVEY = (
    "type",
    "name",
    f"label::{VIETNAMESE}",
    f"label::{ENGLISH}",
    f"hint::{VIETNAMESE}",
    f"hint::{ENGLISH}",
    "required",
    "relevant",
    "constraint",
    f"constraint_message::{VIETNAMESE}",
    f"constraint_message::{ENGLISH}",
    "choice_filter",
    "appearance",
    "calculation",
)
_CHOICES = ("list_name", "name", f"label::{VIETNAMESE}", f"label::{ENGLISH}", "scheme", "successor")


@dataclass(frozen=True)
class _Row:
    """A row of the survey sheet."""

    type: str
    name: str = ""
    item: Item = field(default_factory=lambda: Item("", ""))
    required: str = ""
    relevant: str = ""
    constraint: str = ""
    message: str = ""
    params: tuple[tuple[str, Any], ...] = ()
    choice_filter: str = ""
    appearance: str = ""
    calculation: str = ""

    def cells(self, catalogue: Catalogue) -> list[str]:
        item = self.item
        unit = f" ({item.unit})" if item.unit else ""
        # pyxform warns of a missing translation unless both languages have a text.
        labels = (item.label_vi + unit, item.label_en + unit) if item.label_vi else ("", "")
        messages = ("", "")
        if self.message:
            params = dict(self.params)
            messages = (catalogue.text(self.message, "vi", **params), catalogue.text(self.message, "en", **params))
        return [
            self.type,
            self.name,
            *labels,
            item.hint_vi,
            item.hint_en,
            self.required,
            self.relevant,
            self.constraint,
            *messages,
            self.choice_filter,
            self.appearance,
            self.calculation,
        ]


def xlsform_workbook(units: CodeList, catalogue: Catalogue | None = None) -> bytes:
    """Return the XLSForm as the bytes of a workbook, with the communes of ``units`` to choose from.

    An element's name is its path with underscores (`head_sex`, `parcels_crops_area_m2`), because references in an
    XLSForm need unique names. Yes and no are the choices `true` and `false`.
    """
    catalogue = catalogue or Catalogue()
    form = _Form(units)
    rows = list(form.survey())
    return workbook(
        Sheet("survey", _SURVEY, [row.cells(catalogue) for row in rows]),
        Sheet("choices", _CHOICES, list(form.choices())),
        Sheet(
            "settings",
            ("form_title", "form_id", "version", "default_language", "allow_choice_duplicates"),
            [["Sổ Nông Hộ", "so_nong_ho", SCHEMA_VERSION, VIETNAMESE, "yes"]],
        ),
    )


class _Form:
    """Collects the code lists that the survey's rows name, so that the choices sheet holds only these."""

    def __init__(self, units: CodeList) -> None:
        self._units = units
        #: Name of the choices' list: the code lists in it, each with its scheme.
        self.lists: dict[str, list[tuple[str, str]]] = {}

    def survey(self) -> Iterator[_Row]:
        fields = section_fields(HouseholdSchema)
        yield _Row("start", "captured_at")
        yield _Row("calculate", "id", calculation="once(uuid())")
        for step, (label_vi, label_en) in STEPS.items():
            inside = {name: each for name, each in fields.items() if each.item.step == step}
            rows = list(self._section(inside, ""))
            if rows:
                yield _Row("begin_group", f"step_{step}", Item(label_vi, label_en))
                yield from rows
                yield _Row("end_group")

    def choices(self) -> Iterator[list[str]]:
        for name, label_vi, label_en in (("true", "Có", "Yes"), ("false", "Không", "No")):
            yield [_YES_NO, name, label_vi, label_en, "", ""]
        for list_name, parts in self.lists.items():
            for code_list, scheme in parts:
                for entry in self._entries(code_list):
                    # A former commune that was split is offered in each of its parts.
                    for successor in entry.extra.get("successor", "").split(";"):
                        part = successor.partition("=")[0]
                        yield [list_name, entry.code, entry.name("vi"), entry.name("en"), scheme, part]

    def _entries(self, name: str) -> list[CodeEntry]:
        """Return a list's entries; of units, the communes in force ("now") or those before July 2025 ("former")."""
        if not name.startswith("units:"):
            return [entry for entry in code_lists()[name] if entry.valid_to is None]
        former = name == "units:former"
        return [
            entry
            for entry in self._units
            if entry.extra.get("level") == "commune" and (entry.valid_to is not None) == former
        ]

    def _section(self, fields: dict[str, Field], prefix: str) -> Iterator[_Row]:
        for name, each in fields.items():
            if each.item.asked and not each.register_given:
                yield from self._item(prefix + name, prefix, each, _required(name, fields, prefix), fields)

    def _item(self, name: str, prefix: str, each: Field, required: str, beside: dict[str, Field]) -> Iterator[_Row]:
        relevant = _relevant(each.item, prefix, beside)
        match each:
            case One():
                yield _Row("begin_group", name, each.item, relevant=relevant)
                yield from self._section(section_fields(each.section), f"{name}_")
                yield _Row("end_group")
            case Many(inner=One() as inner):
                yield _Row("begin_repeat", name, each.item, relevant=relevant)
                yield from self._section(section_fields(inner.section), f"{name}_")
                yield _Row("end_repeat")
            case _:
                yield replace(
                    self._question(each, prefix), name=name, item=each.item, relevant=relevant, required=required
                )

    def _question(self, each: Field, prefix: str) -> _Row:  # noqa: C901 - one case for each kind of field
        match each:
            case UnitCode():
                list_name = "communes" if each.era == "now" else "former_communes"
                self.lists.setdefault(list_name, [(f"units:{each.era}", "")])
                chosen = "successor = ${commune}" if each.era == "former" and not prefix else ""
                return _Row(f"select_one {list_name}", choice_filter=chosen, appearance="minimal autocomplete")
            case Code():
                return self._choice(each, prefix)
            case Many(inner=Code() as inner):
                self.lists.setdefault(inner.list_name, [(inner.list_name, "")])
                return _Row(f"select_multiple {inner.list_name}")
            case Flag():
                return _Row(f"select_one {_YES_NO}")
            case Suggested():
                self.lists.setdefault(each.list_name, [(each.list_name, "")])
                return _Row(f"select_one {each.list_name}")
            case Text():
                limit = f"string-length(.) <= {each.most}"
                appearance = "multiline" if each.lines else ""
                params = (("max", each.most), ("count", f"> {each.most}"))
                return _Row("text", constraint=limit, message="text.too-long", params=params, appearance=appearance)
            case Formatted():
                appearance = "numbers" if each.example.isdigit() else ""
                return _Row(
                    "text",
                    constraint=_matches(each.pattern),
                    message=each.code,
                    params=(("example", each.example),),
                    appearance=appearance,
                )
            case Number():
                low = f". >= {each.least}" if each.least is not None else f". > {each.above}"
                return _Row(
                    "integer" if isinstance(each, Whole) else "decimal",
                    constraint=f"{low} and . <= {each.most}",
                    message="number.out-of-range",
                    params=(("min", each.least if each.least is not None else each.above), ("max", each.most)),
                )
            case Day():
                return _Row("date", constraint=". <= today()", message="time.future")
            case YearMonthOrDay():
                return _Row("text", constraint=_matches(each.PATTERN), message="partial-date.format")
            case Moment():
                return _Row("dateTime", constraint=". <= now()", message="time.future")
            case Geometry():
                return _Row("geopoint" if each.kinds == ("Point",) else "geoshape")
        raise TypeError(f"an XLSForm is not written for {type(each).__name__}")

    def _choice(self, each: Code, prefix: str) -> _Row:
        if each.scheme is None:
            self.lists.setdefault(each.list_name, [(each.list_name, "")])
            long = len(code_lists()[each.list_name].entries) > 12
            return _Row(f"select_one {each.list_name}", appearance="minimal autocomplete" if long else "")
        schemes = {scheme: name for scheme, name in each.lists().items() if scheme is not None}
        by_scheme = f"{each.list_name}_by_scheme"
        self.lists.setdefault(by_scheme, [(name, scheme) for scheme, name in schemes.items()])
        default = next(scheme for scheme, name in schemes.items() if name == each.list_name)
        return _Row(
            f"select_one {by_scheme}",
            choice_filter=f"scheme = coalesce(${{{prefix}{each.scheme}}}, '{default}')",
            appearance="minimal autocomplete",
        )


def _required(name: str, fields: dict[str, Field], prefix: str) -> str:
    """Return whether Collect requires an answer; of two items of which one must be present, the second is required."""
    for first, each in fields.items():
        if each.item.required_for == "registered" and each.item.required_unless == name:
            return f"${{{prefix}{first}}} = ''"
    item = fields[name].item
    return "yes" if item.required_for == "registered" and not item.required_unless else ""


def _relevant(item: Item, prefix: str, beside: dict[str, Field]) -> str:
    if item.confirms is not None:
        # Collect does not know the check, so it asks wherever there is something to confirm.
        return f"${{{prefix}{item.confirms[1]}}} != ''"
    if item.asked_when is None:
        return ""
    name, values = item.asked_when
    if isinstance(beside[name], Many) and (section := section_of(beside[name])) is not None:
        # Collect has no value of a repeat; whether there is an element shows in the first question of the first one.
        name = f"{name}_{next(iter(section_fields(section)))}"
    return " or ".join(f"${{{prefix}{name}}} = '{_answer(value)}'" for value in values)


def _answer(value: Any) -> str:
    """Return an answer as an XPath string; None is no answer."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _matches(pattern: str) -> str:
    return f"regex(., '^({pattern})$')"
