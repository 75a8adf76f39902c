"""The base of all fields, and the fields of one value that are neither text, number, date nor code."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NoReturn

from marshmallow import ValidationError, fields
from shapely.geometry.base import BaseGeometry

from schemas.errors import Problem
from schemas.geometry import GeometryInvalid, parse_geometry
from schemas.language.items import Item, Mask
from schemas.text import visible


class Field(fields.Field[Any]):
    """A field of the definition: `item` says what it means, the class how its value is written."""

    #: The JSON type, named in the error for a value of another one.
    expected: ClassVar[str] = "text"
    #: The masks that leave a part of such a value; what another mask leaves of it could be anything.
    partial_masks: ClassVar[frozenset[Mask]] = frozenset()

    def __init__(self, item: Item | None = None, *, register_given: bool = False) -> None:
        self.item = item or Item("", "")
        if self.item.mask not in {"shown", "hidden", *self.partial_masks}:
            raise TypeError(f"{self.item.label_en}: no mask {self.item.mask!r} for a value of {type(self).__name__}")
        required = self.item.required_for == "registered" and self.item.required_unless is None
        super().__init__(required=required, dump_only=register_given, metadata={"item": self.item})

    @property
    def register_given(self) -> bool:
        """Whether the register sets this item; in a request it is ignored."""
        return self.dump_only

    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        """Return the error for what marshmallow itself finds: an item that is missing or null."""
        code = {"required": "item.required", "null": "item.null"}.get(key, "item.type")
        return ValidationError([Problem(code, kwargs)])

    def refuse(self, code: str, **params: Any) -> NoReturn:
        """Raise the error `code` for the value at hand."""
        raise ValidationError([Problem(code, params)])

    def refuse_type(self) -> NoReturn:
        """Raise the error for a value of another JSON type."""
        self.refuse("item.type", expected=self.expected)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        # Format characters come with what is pasted; the items of sections and lists are read one by one.
        return self.parse(visible(value) if isinstance(value, str) else value)

    def parse(self, value: Any) -> Any:
        """Return the parsed value. Raises marshmallow's ValidationError with a list or tree of Problem."""
        raise NotImplementedError


class Flag(Field):
    """Yes or no."""

    expected = "boolean"

    def parse(self, value: Any) -> bool:
        """Return the value; only true and false are accepted."""
        if value is not True and value is not False:
            self.refuse_type()
        return value


class Geometry(Field):
    """A GeoJSON geometry of one of `kinds`."""

    expected = "object"
    partial_masks = frozenset({"coarse_position"})

    def __init__(self, *kinds: str, item: Item, register_given: bool = False) -> None:
        if item.mask in self.partial_masks and kinds != ("Point",):
            raise TypeError(f"{item.label_en}: the mask {item.mask!r} is one of points, not of {kinds}")
        super().__init__(item, register_given=register_given)
        self.kinds = kinds

    def parse(self, value: Any) -> BaseGeometry:
        """Return the shapely geometry."""
        try:
            return parse_geometry(value, self.kinds)
        except GeometryInvalid as error:
            raise ValidationError(_tree(error.problems)) from None


class Given(Field):
    """What the register sets and no client does, of a shape of its own; `form` is its JSON Schema.

    Where it lists remarks on items, `open_members` of each remark reveal no more than that there is one about the item;
    any other member can repeat content of the record. Where it holds facts, `computed_from` names for each the items
    that it is computed from, and a fact is protected as the most private of them.
    """

    def __init__(
        self,
        form: Mapping[str, Any],
        item: Item,
        *,
        open_members: Sequence[str] = (),
        computed_from: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(item, register_given=True)
        self.form = form
        self.open_members = frozenset(open_members)
        self.computed_from = computed_from


def _tree(problems: Sequence[tuple[Sequence[str | int], Problem]]) -> Any:
    """Return problems by path in the nested form of marshmallow's messages."""
    if all(not path for path, _ in problems):
        return [problem for _, problem in problems]
    tree: dict[str | int, Any] = {}
    for path, problem in problems:
        branch = tree
        for step in path[:-1]:
            branch = branch.setdefault(step, {})
        branch.setdefault(path[-1], []).append(problem)
    return tree
