"""Text as people write it: a normal form for storage and a folded form for search."""

import re
import unicodedata

_SPACES = re.compile(r"\s+")
_MARKS = re.compile(r"[\u0300-\u036f\u1dc0-\u1dff]")
_LIKE_D = str.maketrans("đðɖ", "ddd")
#: Control characters (Unicode category Cc) and surrogates, which no stored text may hold.
CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")
CONTROL_CHARACTER_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
SURROGATE = re.compile(r"[\ud800-\udfff]")


def normalize(text: str) -> str:
    """Return `text` in NFC without surrounding spaces, the only change that the register makes to what people write."""
    return unicodedata.normalize("NFC", text).strip()


def fold(text: str) -> str:
    """Return `text` for search: no diacritics (đ becomes d), casefolded, runs of spaces collapsed.

    Letters that look like Đ, and that some keyboards produce for it (Icelandic Ð, Ewe Ɖ), become d too.

    `fold("Nguyễn  Văn Đức") == "nguyen van duc"`; folding is idempotent.
    """
    decomposed = unicodedata.normalize("NFD", text).casefold().translate(_LIKE_D)
    bare = unicodedata.normalize("NFKC", _MARKS.sub("", unicodedata.normalize("NFKD", decomposed)))
    return _SPACES.sub(" ", bare.casefold()).strip()
