"""The field whose value is a code of a code list."""

from typing import Any

from schemas.codelists import code_lists
from schemas.language.fields import Field
from schemas.language.items import Item

#: As many codes of a list are named in the error for a code that is not in it.
MOST_CODES_SHOWN = 12


class Code(Field):
    """A code of the list `list_name`.

    Where a code means something only within its scheme, `scheme` names the item beside it that holds the scheme, and
    the code list `schemes` names the list of codes of each scheme in its column `list`. A record that names no scheme
    means `list_name`. A withdrawn code can still be read; whether a code was in force on the record's day is checked by
    a rule (`schemas/rules/codes.py`).
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
        """Return the name of the list of each scheme; the key None is for a record that names no scheme."""
        lists: dict[str | None, str] = {None: self.list_name}
        if self.schemes:
            lists |= {entry.code: entry.extra["list"] for entry in code_lists()[self.schemes]}
        return lists

    def codes(self) -> frozenset[str]:
        """Return every code of every scheme."""
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
        """Return the first codes of the list, to show what a code looks like."""
        codes = [entry.code for entry in code_lists()[self.list_name] if entry.valid_to is None]
        return ", ".join(codes[:MOST_CODES_SHOWN]) + (", …" if len(codes) > MOST_CODES_SHOWN else "")
