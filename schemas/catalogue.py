"""Messages to people: one TOML file per language, looked up by code, with placeholders that are filled in."""

import tomllib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

LANGUAGES = ("vi", "en")
SCHEMA_MESSAGES = Path(__file__).parent / "messages"


class Catalogue:
    """The messages of one folder: `vi.toml` and `en.toml`, code = text with `{placeholders}`. Read at the first use.

    `common` holds, by language, the placeholders that are the same for every message of this register, such as those of
    its province.
    """

    def __init__(self, folder: Path = SCHEMA_MESSAGES, common: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self._folder = folder
        self._common = common or {}

    @cached_property
    def _files(self) -> dict[str, dict[str, Any]]:
        files = {}
        for language in LANGUAGES:
            with (self._folder / f"{language}.toml").open("rb") as file:
                files[language] = tomllib.load(file)
        return files

    @cached_property
    def _texts(self) -> dict[str, dict[str, str]]:
        return {
            language: {code: self._with_common(text, language) for code, text in file.items() if isinstance(text, str)}
            for language, file in self._files.items()
        }

    def _with_common(self, text: str, language: str) -> str:
        for name, value in self._common.get(language, {}).items():
            text = text.replace("{" + name + "}", value)
        return text

    def __contains__(self, code: str) -> bool:
        return code in self._texts["vi"]

    def codes(self, language: str = "vi") -> frozenset[str]:
        """Return the codes that have a text."""
        return frozenset(self._texts[language])

    def template(self, code: str, language: str) -> str:
        """Return the message `code` with only the common placeholders filled in. Raises KeyError."""
        return self._texts["en" if language == "en" else "vi"][code]

    def text(self, code: str, language: str, /, **params: Any) -> str:
        """Return the message `code` with its placeholders filled in, in Vietnamese unless the language is "en".

        Raises KeyError for a code that has no message. A placeholder without a value stays visible; the JSON type in
        `expected` is named by the table `types` of the file.
        """
        if "expected" in params:
            types = self._files["en" if language == "en" else "vi"].get("types", {})
            params["expected"] = types.get(params["expected"], params["expected"])
        return self.template(code, language).format_map(_Params(params))


class _Params(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
