"""Fields whose value is text: free text, and text of a fixed shape."""

import re
from typing import Any, Final, Literal

from schemas.language.fields import Field
from schemas.language.items import Item, Mask
from schemas.text import (
    CONTROL_CHARACTER,
    CONTROL_CHARACTER_BUT_LINES,
    NOT_IN_NAMES,
    SURROGATE,
    UNREADABLE,
    described,
    normalize,
)

_LINE_ENDS = re.compile("[\u2028\u2029]")


_MASKS: Final[frozenset[Mask]] = frozenset({"initials", "last_three"})


class Text(Field):
    """Free text in its normal form: not blank, `most` characters at most, and each character means something.

    Line breaks are the only control characters that it can have.
    """

    partial_masks = _MASKS

    def __init__(
        self, most: int, item: Item | None = None, *, lines: bool = False, register_given: bool = False
    ) -> None:
        super().__init__(item, register_given=register_given)
        self.most = most
        self.lines = lines

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        # Its length counts as it was sent, and its normal form is more than what is visible of it.
        return self.parse(value)

    def parse(self, value: Any) -> str:
        """Return the text in its normal form."""
        if not isinstance(value, str):
            self.refuse_type()
        # Checked before normalizing, so that a megabyte of text is refused without work.
        if len(value) > self.most:
            self.refuse("text.too-long", max=self.most, count=len(value))
        if SURROGATE.search(value):
            self.refuse("text.surrogate")
        text = normalize(_LINE_ENDS.sub("\n", value) if self.lines else value)
        if not text:
            self.refuse("text.blank")
        control = (CONTROL_CHARACTER_BUT_LINES if self.lines else CONTROL_CHARACTER).search(value)
        if control:
            self.refuse("text.control-character", position=control.start() + 1)
        unreadable = UNREADABLE.search(text)
        if unreadable:
            self.refuse("text.unreadable", character=described(unreadable[0]), position=unreadable.start() + 1)
        if len(text) > self.most:
            # NFC writes a few characters as several.
            self.refuse("text.grows-too-long", max=self.most, count=len(text))
        return text


class PersonName(Text):
    """The name of a person: text in letters of the Latin script, without a character that `NOT_IN_NAMES` finds."""

    refused = re.compile(NOT_IN_NAMES)

    def parse(self, value: Any) -> str:
        """Return the name in its normal form."""
        name = super().parse(value)
        wrong = self.refused.search(name)
        if wrong:
            self.refuse("name.character", character=described(wrong[0]), position=wrong.start() + 1)
        return name


class Suggested(Text):
    """Free text for which a list suggests codes: a code of the list, or words where no code fits."""

    def __init__(self, list_name: str, most: int, item: Item) -> None:
        super().__init__(most, item)
        self.list_name = list_name


class Formatted(Field):
    """Text of a fixed shape: `pattern`, of ASCII digits and letters, matches in full what is visible of it."""

    partial_masks = _MASKS

    def __init__(
        self, pattern: str, code: str, item: Item | None = None, *, example: str = "", register_given: bool = False
    ) -> None:
        super().__init__(item, register_given=register_given)
        self.pattern = pattern
        self.code = code
        self.example = example
        self.shape = re.compile(pattern)

    def parse(self, value: Any) -> str:
        """Return the text in the form that is stored."""
        if not isinstance(value, str):
            self.refuse_type()
        if self.shape.fullmatch(value) is None:
            self.refuse(self.code, example=self.example)
        return self.convert(value)

    def convert(self, text: str) -> str:
        """Return the form that is stored of a text of the right shape; here the text as it is."""
        return text


class Uuid(Formatted):
    """A UUID, stored in lower case."""

    PATTERN = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"

    def __init__(self, item: Item | None = None) -> None:
        super().__init__(self.PATTERN, "uuid.format", item, example="0192f0c1-7a3b-7c4d-8e5f-0123456789ab")

    def convert(self, text: str) -> str:
        """Return the UUID in lower case."""
        return text.lower()


class UnitCode(Formatted):
    """The five-digit code of a commune, read as of the record's day; `era` says which list a form offers."""

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
