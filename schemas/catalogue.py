"""Messages to people: TOML files, one a language, looked up by code and filled in with what is meant."""

import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any

LANGUAGES = ("vi", "en")
SCHEMA_MESSAGES = Path(__file__).parent / "messages"


class Catalogue:
    """The messages of one folder: `vi.toml` and `en.toml`, code = text with `{placeholders}`. Read when first asked."""

    def __init__(self, folder: Path = SCHEMA_MESSAGES) -> None:
        self._folder = folder

    @cached_property
    def _texts(self) -> dict[str, dict[str, str]]:
        return {language: self._read(language) for language in LANGUAGES}

    def _read(self, language: str) -> dict[str, str]:
        with (self._folder / f"{language}.toml").open("rb") as file:
            return {str(code): str(text) for code, text in tomllib.load(file).items()}

    def __contains__(self, code: str) -> bool:
        return code in self._texts["vi"]

    def codes(self, language: str = "vi") -> frozenset[str]:
        """The codes that have a text."""
        return frozenset(self._texts[language])

    def template(self, code: str, language: str) -> str:
        """Return the message `code` with its placeholders as they stand. Raises KeyError."""
        return self._texts["en" if language == "en" else "vi"][code]

    def text(self, code: str, language: str, /, **params: Any) -> str:
        """Return the message `code` in "vi" (also for any other language than "en") with its placeholders filled in.

        Raises KeyError for a code that has no message. A placeholder without a value stays visible as it is.
        """
        return self.template(code, language).format_map(_Params(params))


class _Params(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
