"""The words the definition is written in: what an item says of itself (`item`), and our marshmallow fields.

A field parses one JSON value into the register's form or raises with every problem it sees; nothing of the definition
stands anywhere but in the fields, so that the other forms (JSON Schema, the form, the dictionary, the compiled
parser) can be derived.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, ClassVar, Literal, NoReturn, cast

from marshmallow import RAISE, Schema, ValidationError, fields, pre_load
from shapely.geometry.base import BaseGeometry

from schemas.codelists import code_lists
from schemas.errors import Problem
from schemas.geometry import GeometryInvalid, parse_geometry
from schemas.partial_date import PartialDate
from schemas.text import CONTROL_CHARACTER, CONTROL_CHARACTER_BUT_LINES, SURROGATE, normalize

Stage = Literal["registered", "standardized", "digitized"]
Sensitivity = Literal["plain", "personal", "sensitive"]
Step = Literal["household", "people", "land", "production", "products", "digital", "consent"]

#: The steps of the form in their order, with their names in Vietnamese and English.
STEPS: dict[Step, tuple[str, str]] = {
    "household": ("Hộ", "Household"),
    "people": ("Nhân khẩu", "People"),
    "land": ("Đất đai", "Land"),
    "production": ("Sản xuất", "Production"),
    "products": ("Sản phẩm", "Products"),
    "digital": ("Tiếp cận số", "Digital access"),
    "consent": ("Căn cứ và đồng ý", "Legal basis and consent"),
}


#: As many codes of a list are named in the error for one that is not in it.
MOST_CODES_SHOWN = 12


@dataclass(frozen=True)
class Item:
    """What an item says of itself besides its type."""

    label_vi: str
    label_en: str
    hint_vi: str = ""
    hint_en: str = ""
    source: str = ""
    required_for: Stage | None = None
    #: The item beside it that may be given in its place.
    required_unless: str | None = None
    sensitivity: Sensitivity = "plain"
    step: Step | None = None
    unit: str = ""
    #: The element's name in QCVN 109:2017, for items of people that are exchanged.
    exchange_name: str = ""
    #: Whether a form asks for it; else a device or another system fills it in.
    asked: bool = True
    #: An item beside it, and the values of that item with which a form asks for this one.
    asked_when: tuple[str, tuple[Any, ...]] | None = None


def item(label_vi: str, label_en: str, **said: Any) -> Item:
    """Describe an item. The further words are those of `Item`; a nested item without a step is in its parent's step."""
    return Item(label_vi, label_en, **said)


class Field(fields.Field[Any]):
    """A field of the definition: `item` says what it is, the class how its value is written."""

    #: The JSON type, named in the error for a value of another one.
    expected: ClassVar[str] = "text"

    def __init__(self, item: Item | None = None, *, register_given: bool = False) -> None:
        self.item = item or Item("", "")
        required = self.item.required_for == "registered" and self.item.required_unless is None
        super().__init__(required=required, dump_only=register_given, metadata={"item": self.item})

    @property
    def register_given(self) -> bool:
        """Whether the register gives this item; in a request it is read past."""
        return self.dump_only

    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        """The error for what marshmallow itself finds: an item that is missing or null."""
        code = {"required": "item.required", "null": "item.null"}.get(key, "item.type")
        return ValidationError([Problem(code, kwargs)])

    def refuse(self, code: str, **params: Any) -> NoReturn:
        """Raise the error `code` for the value at hand."""
        raise ValidationError([Problem(code, params)])

    def refuse_type(self) -> NoReturn:
        """Raise the error for a value of another JSON type."""
        self.refuse("item.type", expected=self.expected)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return self.parse(value)

    def parse(self, value: Any) -> Any:
        """Return the parsed value. Raises marshmallow's ValidationError, its messages made of Problem."""
        raise NotImplementedError


class Text(Field):
    """Free text: NFC, trimmed, not blank, `most` characters at most, no control characters (line breaks if `lines`)."""

    def __init__(
        self, most: int, item: Item | None = None, *, lines: bool = False, register_given: bool = False
    ) -> None:
        super().__init__(item, register_given=register_given)
        self.most = most
        self.lines = lines

    def parse(self, value: Any) -> str:
        """Return the text in its normal form."""
        if not isinstance(value, str):
            self.refuse_type()
        # Before normalizing: a megabyte of text is refused without work.
        if len(value) > self.most:
            self.refuse("text.too-long", max=self.most, count=len(value))
        if SURROGATE.search(value):
            self.refuse("text.surrogate")
        text = normalize(value)
        if not text:
            self.refuse("text.blank")
        control = (CONTROL_CHARACTER_BUT_LINES if self.lines else CONTROL_CHARACTER).search(value)
        if control:
            self.refuse("text.control-character", position=control.start() + 1)
        if len(text) > self.most:
            # A few characters are written as several in NFC.
            self.refuse("text.grows-too-long", max=self.most, count=len(text))
        return text


class Suggested(Text):
    """Free text for which a list suggests codes: one of them, or in words what the list has not thought of."""

    def __init__(self, list_name: str, most: int, item: Item) -> None:
        super().__init__(most, item)
        self.list_name = list_name


class Formatted(Field):
    """Text of a fixed shape, taken exactly as written: `pattern` is a full match in the ASCII digits and letters."""

    def __init__(
        self, pattern: str, code: str, item: Item | None = None, *, example: str = "", register_given: bool = False
    ) -> None:
        super().__init__(item, register_given=register_given)
        self.pattern = pattern
        self.code = code
        self.example = example
        self.shape = re.compile(pattern)

    def parse(self, value: Any) -> str:
        """Return the text in the form that is kept."""
        if not isinstance(value, str):
            self.refuse_type()
        if self.shape.fullmatch(value) is None:
            self.refuse(self.code, example=self.example)
        return self.convert(value)

    def convert(self, text: str) -> str:
        """Return the form that is kept of a text of the right shape: the text as it is."""
        return text


class Uuid(Formatted):
    """A UUID, stored in small letters."""

    PATTERN = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"

    def __init__(self, item: Item | None = None) -> None:
        super().__init__(self.PATTERN, "uuid.format", item, example="0192f0c1-7a3b-7c4d-8e5f-0123456789ab")

    def convert(self, text: str) -> str:
        """Return the UUID in small letters."""
        return text.lower()


class UnitCode(Formatted):
    """The five-digit code of a commune, read as of the record's day; `era` says which lists a form offers."""

    def __init__(self, item: Item, *, era: Literal["now", "former"], example: str) -> None:
        super().__init__(r"[0-9]{5}", "commune.format", item, example=example)
        self.era: Literal["now", "former"] = era


class Phone(Formatted):
    """A Vietnamese mobile number, written 0… or +84…, stored as +84…."""

    def __init__(self, item: Item | None = None) -> None:
        super().__init__(r"(?:0|\+84)[35789][0-9]{8}", "phone.format", item, example="0912345678")

    def convert(self, text: str) -> str:
        """Return the number with its country code: `0912345678` is `+84912345678`."""
        return "+84" + text[1:] if text[0] == "0" else text


class Code(Field):
    """A code of the list `list_name`.

    Where a code means something only with its scheme, `scheme` names the item beside it that says the scheme, and the
    list of schemes (`schemes`) names each one's list of codes in its column `list`; without the item, `list_name` is
    meant.
    A withdrawn code stays readable; whether a code was in force on the record's day is a rule of the record.
    """

    def __init__(
        self,
        list_name: str,
        item: Item | None = None,
        *,
        scheme: str | None = None,
        schemes: str | None = None,
        register_given: bool = False,
    ) -> None:
        super().__init__(item, register_given=register_given)
        self.list_name = list_name
        self.scheme = scheme
        self.schemes = schemes

    def lists(self) -> dict[str | None, str]:
        """The name of the list for each scheme; None is the scheme of a record that names none."""
        lists: dict[str | None, str] = {None: self.list_name}
        if self.schemes:
            lists |= {entry.code: entry.extra["list"] for entry in code_lists()[self.schemes]}
        return lists

    def codes(self) -> frozenset[str]:
        """Every code of every scheme."""
        return frozenset().union(*(code_lists()[name].codes for name in self.lists().values()))

    def parse(self, value: Any) -> str:
        """Return the code."""
        if not isinstance(value, str):
            self.refuse_type()
        if value not in self.codes():
            shown = value[:40].encode("utf-8", "replace").decode()
            self.refuse("code.unknown", value=shown, list=self.list_name, codes=self._some_codes())
        return value

    def _some_codes(self) -> str:
        """The first codes of the list, to show what one looks like."""
        codes = [entry.code for entry in code_lists()[self.list_name] if entry.valid_to is None]
        return ", ".join(codes[:MOST_CODES_SHOWN]) + (", …" if len(codes) > MOST_CODES_SHOWN else "")


class Flag(Field):
    """Yes or no."""

    expected = "boolean"

    def parse(self, value: Any) -> bool:
        """Return the truth value; nothing but true and false is one."""
        if value is not True and value is not False:
            self.refuse_type()
        return value


class Number(Field):
    """A number with bounds; `above` is an exclusive lower bound."""

    expected = "number"

    def __init__(
        self,
        item: Item | None = None,
        *,
        least: float | None = None,
        above: float | None = None,
        most: float,
        register_given: bool = False,
    ) -> None:
        super().__init__(item, register_given=register_given)
        if (least is None) == (above is None):
            raise TypeError("a number has a least value or one that it is above")
        self.least = least
        self.above = above
        self.most = most

    def parse(self, value: Any) -> float:
        """Return the number as a float."""
        self._check(value)
        return float(value)

    def _check(self, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.refuse_type()
        if value != value or value in (float("inf"), float("-inf")):
            self.refuse("number.not-finite")
        if self.least is not None and value < self.least:
            self.refuse("number.too-small", min=self.least)
        if self.above is not None and value <= self.above:
            self.refuse("number.not-above", min=self.above)
        if value > self.most:
            self.refuse("number.too-large", max=self.most)


class Whole(Number):
    """A whole number; 2.0 is one, as in JSON Schema."""

    expected = "integer"

    def parse(self, value: Any) -> int:
        """Return the number as an int."""
        self._check(value)
        if value != int(value):
            self.refuse("number.not-whole")
        return int(value)


class Day(Field):
    """A day, `2026-11-20`."""

    PATTERN = "(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    _shape = re.compile(PATTERN)

    def parse(self, value: Any) -> date:
        """Return the date."""
        if not isinstance(value, str):
            self.refuse_type()
        if self._shape.fullmatch(value) is None:
            self.refuse("date.format")
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.refuse("date.not-in-calendar", value=value)


class YearMonthOrDay(Field):
    """A date that may be known to the year or month only: `1980`, `1980-03`, `1980-03-07`."""

    PATTERN = "(?:19|20)[0-9]{2}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?"
    _shape = re.compile(PATTERN)

    def parse(self, value: Any) -> PartialDate:
        """Return the partial date."""
        if not isinstance(value, str):
            self.refuse_type()
        if self._shape.fullmatch(value) is None:
            self.refuse("partial-date.format")
        try:
            return PartialDate.parse(value)
        except ValueError:
            self.refuse("date.not-in-calendar", value=value)


class Moment(Field):
    """A time with its zone (RFC 3339), kept in UTC to the second: `2026-11-20T02:11:09Z`."""

    PATTERN = (
        "(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
        "T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
    )
    _shape = re.compile(PATTERN)

    def parse(self, value: Any) -> datetime:
        """Return the time, aware, in UTC, fractions of a second dropped."""
        if not isinstance(value, str):
            self.refuse_type()
        if self._shape.fullmatch(value) is None:
            self.refuse("time.format")
        try:
            return datetime.fromisoformat(value).astimezone(UTC).replace(microsecond=0)
        except ValueError:
            self.refuse("date.not-in-calendar", value=value[:10])


class Geometry(Field):
    """A GeoJSON geometry of one of `kinds`."""

    expected = "object"

    def __init__(self, *kinds: str, item: Item, register_given: bool = False) -> None:
        super().__init__(item, register_given=register_given)
        self.kinds = kinds

    def parse(self, value: Any) -> BaseGeometry:
        """Return the shapely geometry."""
        try:
            return parse_geometry(value, self.kinds)
        except GeometryInvalid as error:
            raise ValidationError(_tree(error.problems)) from None


class Given(Field):
    """What the register gives and no client does, of a shape of its own; `form` is its JSON Schema."""

    def __init__(self, form: Mapping[str, Any], item: Item) -> None:
        super().__init__(item, register_given=True)
        self.form = form


class Section(Schema):
    """A group of items: an object of the record. Unknown items are errors, register-given ones are read past."""

    class Meta:
        unknown = RAISE

    error_messages: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "type": Problem("item.type", {"expected": "object"}),
        "unknown": Problem("item.unknown"),
    }

    #: Lists of which a record must fill one to reach a stage, as (stage, names).
    one_of: ClassVar[tuple[tuple[Stage, tuple[str, ...]], ...]] = ()

    @pre_load
    def _read_past_what_the_register_gives(self, data: Any, **_: Any) -> Any:
        given = self.dump_fields.keys() - self.load_fields.keys()
        if not isinstance(data, dict) or given.isdisjoint(data):
            return data
        return {key: value for key, value in data.items() if key not in given}


@cache
def loader(section: type[Section]) -> Section:
    """The one instance that reads a section: to make an instance costs more than to read a record."""
    return section()


class Part(Field):
    """One object inside another."""

    expected = "object"

    def __init__(self, section: type[Section], item: Item | None = None) -> None:
        super().__init__(item)
        self.section = section

    def parse(self, value: Any) -> Any:
        """Return the section's parsed items. The error carries what could be read, so that rules can look at it too."""
        return loader(self.section).load(value)


class Many(Field):
    """A list of `inner`, at least `least` and at most `most` long; `distinct` codes stand in it once."""

    expected = "list"

    def __init__(
        self,
        inner: Field,
        item: Item,
        *,
        most: int,
        distinct: bool = False,
        register_given: bool = False,
    ) -> None:
        super().__init__(item, register_given=register_given)
        self.inner = inner
        self.most = most
        self.distinct = distinct

    def parse(self, value: Any) -> list[Any]:
        """Return the parsed elements."""
        if not isinstance(value, list):
            self.refuse_type()
        if len(value) > self.most:
            # The elements are not looked at: ten thousand members get one error.
            self.refuse("list.too-long", max=self.most, count=len(value))
        elements: list[Any] = []
        errors: dict[int, Any] = {}
        for index, each in enumerate(value):
            try:
                elements.append(self.inner.deserialize(each))
            except ValidationError as error:
                # A place is kept, so that what rules say of later elements points at them.
                elements.append(error.valid_data if isinstance(error.valid_data, dict) else {})
                errors[index] = error.messages
        if self.distinct and not errors:
            for index, element in enumerate(elements):
                if element in elements[:index]:
                    errors[index] = [Problem("list.twice")]
        if errors:
            raise ValidationError(cast(Any, errors), valid_data=elements)
        return elements


def many(section: type[Section], item: Item, *, most: int, register_given: bool = False) -> Many:
    """A list of objects."""
    return Many(Part(section), item, most=most, register_given=register_given)


def section_fields(section: type[Section]) -> dict[str, Field]:
    """The fields of a section in the order of the definition."""
    return cast(dict[str, Field], section._declared_fields)


def _tree(problems: Sequence[tuple[Sequence[str | int], Problem]]) -> Any:
    """Problems by path, in the nested form that marshmallow's messages have."""
    if all(not path for path, _ in problems):
        return [problem for _, problem in problems]
    tree: dict[str | int, Any] = {}
    for path, problem in problems:
        branch = tree
        for step in path[:-1]:
            branch = branch.setdefault(step, {})
        branch.setdefault(path[-1], []).append(problem)
    return tree
