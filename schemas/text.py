"""Text as people write it: a normal form for storage, a folded form for search, and a spelling for comparison.

The phone has the same three functions (`form/src/search/fold.ts`); both are held to `form/tests/spellings.json`.
"""

import re
import unicodedata

#: Control characters (Unicode category Cc) and surrogates, which no stored text may hold.
CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")
CONTROL_CHARACTER_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
SURROGATE = re.compile(r"[\ud800-\udfff]")

#: Characters that nobody can see, as ranges for a character class: format characters (Unicode category Cf), variation
#: selectors and all else that Unicode calls ignorable by default, except the Hangul fillers, which are blanks.
INVISIBLE = (
    "\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
#: Characters that look like an ordinary space: no-break, thin and ideographic spaces, Hangul fillers, Braille blank.
BLANKS = "\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\u115f\u1160\u3164\uffa0\u2800"

_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_BLANK = re.compile(f"[{BLANKS}]")
_BLANKS_AROUND = re.compile(f"^[{BLANKS}]+|[{BLANKS}]+$")
#: Letters, digits and signs as Vietnamese keyboards write them. A text in NFC that has no others is in normal form.
_USUAL = re.compile(
    "[ -~\u00c0-\u00cf\u00d1-\u00ef\u00f1-\u017f\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9"
    "\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u00b0\u00b2\u00b3]*"
)
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
#: Letters that look like Đ and đ: Icelandic and African ones, and D with a stroke laid over it.
_LIKE_D = str.maketrans("\u00d0\u00f0\u0189\u0256", "\u0110\u0111\u0110\u0111")
_STRUCK_D = re.compile("([Dd])[\u0335\u0336]")
#: Letters that nobody can distinguish from Latin ones: Cyrillic, Greek, and phonetic a and g.
_LOOK_ALIKES = str.maketrans(
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u04ae\u0425\u0406\u0408\u0405\u0500\u051a\u051c"
    "\u0430\u0435\u043e\u0440\u0441\u0443\u04af\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf\u0251\u0261",
    "ABEKMHOPCTYYXIJSDQWaeopcyyxijshdqwABEZHIKMNOPTYXoag",
)
_OF_OTHER_ALPHABETS = re.compile("[\u0370-\u052f]")
#: A tone with further marks above the same letter: the circumflex and the breve belong before it.
_MARKS_ABOVE = re.compile("[\u0300\u0301\u0303\u0309][\u0300-\u0303\u0306\u0309]+")
_SHAPES = "\u0302\u0306"

_SPACES = re.compile(r"\s+")
_MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
#: What keyboards make for an apostrophe, and what stands in its place in names such as H'Hoa.
APOSTROPHES = (
    "'`\u00b4\u2018\u2019\u201b\u2032\u2035\u02b9\u02bb\u02bc\u02bd\u02c8\u02ca\u02cb\u02be\u02bf\ua78b\ua78c\uff07\uff40"
    "\u1fbd\u1fbf\u1fef\u1ffd\u1ffe\u0374\u0384\u055a\u05f3"
)
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d\u1806"
_QUOTES = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02"
_SIGNS = str.maketrans(
    {**dict.fromkeys(APOSTROPHES), **dict.fromkeys(DASHES, "-"), **dict.fromkeys(_QUOTES, '"')}
    | {"\u2044": "/", "\u2215": "/"}
)
#: Characters that carry no meaning: what a program wrote where it could not read, private use, no characters at all.
UNREADABLE = re.compile("[\ue000-\uf8ff\ufdd0-\ufdef\ufffd-\uffff\U000f0000-\U0010ffff]")

_NAME_LETTERS = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01bf\u01c4-\u024f\u1e00-\u1eff"
_NAME_MARKS = "\u0300-\u0333"
_NAME_SIGNS = " .0-9" + APOSTROPHES + DASHES
#: A character that the name of a person cannot have in its place. Names begin with a letter and are in letters of the
#: Latin script, with the marks of Vietnamese and of the languages of ethnic minorities, which stand behind a letter.
#: Besides there are spaces, apostrophes, dots, dashes, and the digits by which lists distinguish people of one name.
NOT_IN_NAMES = (
    f"[^{_NAME_LETTERS}{_NAME_MARKS}{_NAME_SIGNS}\\-]|^[^{_NAME_LETTERS}]"
    f"|(?<![{_NAME_LETTERS}{_NAME_MARKS}])[{_NAME_MARKS}]|(?<=[{_NAME_MARKS}][{_NAME_MARKS}])[{_NAME_MARKS}]"
)
#: Folded letters to Latin ones; those of other alphabets by the look of their capitals.
_LETTERS = str.maketrans(
    "\u0111\u00f0\u0256\u0131\u0251\u0261"
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u04af\u0445\u0456\u0458\u0455\u04bb\u0501\u051b"
    "\u051d\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7",
    "dddiagabekmhopctyyxijshdqwabezhikmnoptyx",
)
_WORD = re.compile(r"[^\s\-./,;:()\"]+")
_TONES = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_ENDS_IN_Y = re.compile(r"(h|k|l|m|s|t|qu)y")
_ZEROS_BEFORE = re.compile(r"(?<![0-9])0+(?=[0-9])")


def is_normal(text: str) -> bool:
    """Whether it is certain at once that at most spaces around `text` distinguish it from its normal form."""
    return text.isascii() or (_USUAL.fullmatch(text) is not None and unicodedata.is_normalized("NFC", text))


def visible(text: str) -> str:
    """Return a number or code as it was meant: without format characters and look-alike blanks around it, and with
    ASCII in the place of full-width digits and letters.
    """
    if text.isascii():
        return text
    return _BLANKS_AROUND.sub("", _INVISIBLE.sub("", text)).translate(_FULL_WIDTH)


def normalize(text: str) -> str:
    """Return `text` as it is stored.

    It is in NFC and without spaces around it. Characters that nobody can see are gone, every blank is a space, and
    full-width forms are ASCII. Letters that look like Đ are Đ. Letters of other alphabets that look like Latin ones are
    Latin, in a text that has no others of those alphabets. A circumflex or breve comes before the tone, in whatever
    order they were typed. Nothing else is changed.
    """
    if is_normal(text):
        return text.strip()
    seen = _BLANK.sub(" ", _INVISIBLE.sub("", text)).translate(_FULL_WIDTH)
    letters = unicodedata.normalize("NFD", seen).translate(_LIKE_D)
    latin = letters.translate(_LOOK_ALIKES)
    if _OF_OTHER_ALPHABETS.search(latin) is None:
        letters = latin
    letters = _STRUCK_D.sub(lambda match: "Đ" if match[1] == "D" else "đ", letters)
    return unicodedata.normalize("NFC", _MARKS_ABOVE.sub(_in_order, letters)).strip()


def has_lost_letters(name: str) -> bool:
    """Whether a program replaced letters that its encoding lacks, such as `Kh?i` for `Khối`.

    Use it for geographical names only: in other texts a question mark may be intended.
    """
    return "?" in name or UNREADABLE.search(name) is not None


def described(character: str) -> str:
    """Return a character for a message: itself, if it is visible, and its Unicode code point."""
    number = f"U+{ord(character):04X}"
    shown = character.isprintable() and not unicodedata.combining(character) and not UNREADABLE.match(character)
    return f"“{character}” ({number})" if shown else number


def fold(text: str) -> str:
    """Return `text` for search: no diacritics (đ becomes d), casefolded, runs of spaces collapsed.

    Apostrophes are left out and all dashes are one, whichever key made them. Letters that look like Đ, or like a Latin
    letter, become that letter.

    `fold("Nguyễn  Văn Đức") == "nguyen van duc"`, `fold("H'Hoa") == "hhoa"`; folding is idempotent.
    """
    # Most names need no more than this, and it is several times faster.
    bare = text if text.isascii() else _MARKS.sub("", unicodedata.normalize("NFD", text))
    quick = bare.lower().replace("đ", "d")
    if quick.isascii():
        return " ".join(quick.replace("'", "").replace("`", "").split())
    folded = _folded(text)
    # Compatibility forms can decompose into further ones; what is ASCII by now stays as it is.
    while not folded.isascii() and (again := _folded(folded)) != folded:
        folded = again
    return folded


def spelling(text: str) -> str:
    """Return a form that is equal for texts that differ only in how they are written: villages are compared by it.

    Case, spaces, apostrophes, dashes, the place of the tone (`hoà`, `hòa`), i or y (`Mĩ`, `Mỹ`) and zeros before a
    number do not count. Diacritics do: Đông Sơn is not Đồng Sơn.
    """
    signs = _SPACES.sub(" ", normalize(text.translate(_SIGNS)).casefold())
    spelled = _WORD.sub(_with_tones_behind, unicodedata.normalize("NFD", signs))
    return _ZEROS_BEFORE.sub("", unicodedata.normalize("NFC", spelled))


def _folded(text: str) -> str:
    signs = _BLANK.sub(" ", _INVISIBLE.sub("", text)).translate(_SIGNS)
    letters = _MARKS.sub("", unicodedata.normalize("NFKD", signs).casefold()).translate(_LETTERS)
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", letters)).strip()


def _in_order(match: re.Match[str]) -> str:
    """Return the marks above a letter with those that give its shape before those that give its tone."""
    return "".join(sorted(match[0], key=lambda mark: mark not in _SHAPES))


def _with_tones_behind(match: re.Match[str]) -> str:
    bare = _TONES.sub("", match[0])
    ended = _ENDS_IN_Y.fullmatch(bare)
    return (f"{ended[1]}i" if ended else bare) + "".join(_TONES.findall(match[0]))
