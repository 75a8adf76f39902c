"""The project's texts: none names a file that is not in the repository, and none uses a word that was retired."""

from __future__ import annotations

import ast
import io
import os
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

NOT_OURS = {".git", ".ci", "node_modules", "dist", "__pycache__", ".pytest_cache", ".hypothesis"}
"""Folders of tools and of generated files; so are those that begin with ``.run``."""

HISTORY = {"CHANGELOG.md"}
"""Texts about earlier versions, which may name their files."""

FOLDERS = ("benchmarks/", "docs/", "form/", "provinces/", "requirements/", "schemas/", "scripts/", "service/", "tests/")

A_PATH = re.compile(r"(?<![\w./{}-])(?:[\w-]+/)+[\w.*{},-]*\w")
SOURCE = (".py", ".ts", ".svelte")
A_PLACEHOLDER = re.compile(r"[A-Z]{4,}|[*{}]|/N[.]|YYYY")
ELSEWHERE = re.compile(r"\b(?:DESIGN|DOMAIN)\b")
"""Pages that are not in the repository."""

RETIRED = {
    "kept": "stored, retained (a household keeps animals; a register stores records)",
    "told": "reported, noted, shown: say who reports what where",
    "tells": "reports, shows, reveals",
    "hears": "receives",
    "heard": "received",
    "tell of": "name, include, reveal",
    "tells of": "names, includes, reveals",
    "handed": "returned, passed, issued",
    "said": "sent, entered, reported: say by whom, as what",
    "whoever": "the reader, the client, the principal",
    "somewhen": "at some point during",
    "answers": "a function returns, a service responds; an answer is what a person enters in a form",
    "answered": "got a response, was handled",
    "fulfils": "implements, matches",
    "speaks of": "names, contains",
    "rid of": "deleted",
    "whose it is": "the id of what it belongs to",
    "holds up no": "is skipped; the others are processed",
    "is away": "is unavailable",
    "likewise": "in the same way, too",
    "thereby": "by this, so",
    "rightful": "valid, own",
    "judged": "checked, classified, located",
    "judges": "checks, classifies, locates",
    "}/boundary": "border: a boundary is a parcel's",
    "--boundaries": "--borders",
    "placing": "attribution (of households to units), locating (of positions)",
    "home_of": "current_residence: a home is the position of a house",
    "versions_of": "validities_of",
    "next_edition": "next_published_on: an edition is a list of units",
    "answer_by": "reply_by",
}
"""Words that had several meanings or hid the standard term, and what to write instead. They defeat search."""

_APART = r"[\s_*#(]*"
"""What lies between two words of a text or a name, also where a line ends."""
_ARTICLE = rf"(?:(?:an?|the|this|that|its|each|every|all){_APART})*(?:former{_APART})?"
_UNIT = r"(?:commune|district|province|unit)"
RETIRED_IN_CONTEXT = {
    rf"boundar(?:y|ies){_APART}of{_APART}{_ARTICLE}{_UNIT}s?\b(?!['’])": "border: a boundary is a parcel's",
    rf"(?<![a-z]){_UNIT}(?:['’]s|s['’])?{_APART}boundar(?:y|ies)\b": "border: a boundary is a parcel's",
    rf"\bheads?{_APART}of{_APART}{_ARTICLE}(?:commune(?:['’]s|s['’])?{_APART})?(?:log|trail|lane|feed)s?\b": (
        "end, last offset: a head is a person"
    ),
    rf"\b(?:log|trail|lane|feed)(?:['’]s)?{_APART}heads?\b": "end, last offset: a head is a person",
    rf"\bsettl(?:es?|ed|ing)[\s_*#]+{_ARTICLE}"
    r"(?:account|baseline|border|commune|conflict|list|number|password|record|request|transfer|unit|village)s?\b": (
        "set, decide, handle: a supervisor settles an overlap or two number claims"
    ),
    rf"\bgrounds?{_APART}(?:of|for|in){_APART}{_ARTICLE}(?:baseline|claim|decision|refusal|request|source)s?\b": (
        "source, reason: what stands in `source` or `reason`"
    ),
    rf"\bwhole{_APART}cells?\b": "search squares: a grid cell is a square of the overlap grid",
    r"\bthe (?:next|last|previous) session\b|\bsession (?:after|before) that\b": "say the day: a session is a sign-in",
}
"""Words that are right elsewhere, and not about this."""

FORMS = ("form/", "tests/form/", "docs/form")
"""Where an answer is what a person enters in a form."""


@cache
def ours() -> frozenset[str]:
    """Every file and folder of the project, as paths from its root."""
    found: set[str] = set()
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in NOT_OURS and not name.startswith(".run")]
        here = Path(folder).relative_to(ROOT)
        found |= {(here / name).as_posix() for name in [*folders, *files]}
    return frozenset(found)


@cache
def ends_of_paths() -> frozenset[str]:
    """The paths of the project without their first folders: a text may name a file by its room (``storage/log.py``)."""
    return frozenset(path.split("/", number)[-1] for path in ours() for number in range(path.count("/")))


def texts_of(path: Path) -> Iterator[str]:
    """The prose of a file: a document whole, of Python the docstrings and comments, of the form its comments."""
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        statements = (node.value for node in ast.walk(ast.parse(content)) if isinstance(node, ast.Expr))
        yield from (str(value.value) for value in statements if isinstance(value, ast.Constant))
        tokens = tokenize.generate_tokens(io.StringIO(content).readline)
        yield from (token.string for token in tokens if token.type == tokenize.COMMENT)
    elif path.suffix in {".ts", ".svelte"}:
        yield from re.findall(r"/\*.*?\*/|<!--.*?-->|(?<!:)//[^\n]*", content, flags=re.DOTALL)
    else:
        yield content


def strangers_in(text: str) -> Iterator[str]:
    """What a text names as a file of the project, or as one of the pages beside it, and is not there."""
    yield from ELSEWHERE.findall(text)
    for name in (each.removeprefix("a/").removeprefix("b/") for each in A_PATH.findall(text)):
        if A_PLACEHOLDER.search(name):
            continue
        of_ours = name.startswith(FOLDERS) or name.endswith(SOURCE)
        if of_ours and name not in ours() and name not in ends_of_paths():
            yield name


@pytest.mark.parametrize("pattern", ["*.md", "*.py", "form/src/**/*.ts", "form/src/**/*.svelte"])
def test_no_text_names_a_file_that_is_not_there(pattern: str) -> None:
    files = [path for path in ours() if Path(path).match(pattern) and path not in HISTORY]
    assert files
    suspect = [path for path in sorted(files) if any(strangers_in((ROOT / path).read_text(encoding="utf-8")))]
    wrong = [f"{path}: {name}" for path in suspect for text in texts_of(ROOT / path) for name in strangers_in(text)]
    assert wrong == []


def test_a_file_that_is_not_there_is_noticed_and_one_that_is_there_is_not() -> None:
    text = "See service/clock.py, storage/collections.py, `service/gone.py`, registry/gone.py and DESIGN section 4."
    assert sorted(strangers_in(text)) == ["DESIGN", "registry/gone.py", "service/gone.py"]
    assert list(strangers_in("schemas/codelists/NAME.csv, https://example.org/docs/page.md, and/or, tests/api")) == []


def retired_in(text: str, *, of_forms: bool) -> Iterator[str]:
    """The retired words in a text, also as a part of a name (``kept_at``, ``KeptEntry``, ``isKept``)."""
    letters = text.lower()
    for word in RETIRED:
        if word not in letters:  # quickly said of most files
            continue
        if of_forms and word.startswith("answer"):
            continue
        if re.search(rf"(?<![A-Za-z])(?i:{word})(?![a-z])|(?<=[a-z]){word.capitalize()}(?![a-z])", text):
            yield word
    for pattern in RETIRED_IN_CONTEXT:
        if re.search(pattern, text, re.IGNORECASE):
            yield pattern


def test_no_retired_word_comes_back() -> None:
    texts = {".css", ".html", ".md", ".py", ".svelte", ".toml", ".ts", ".yaml"}
    files = [path for path in ours() if (ROOT / path).is_file() and path != "tests/test_documents.py"]
    read = [path for path in files if Path(path).suffix in texts or path.startswith("scripts/")]
    assert len(read) > 400
    found = {
        path: {
            word: (RETIRED | RETIRED_IN_CONTEXT)[word]
            for word in retired_in((ROOT / path).read_text("utf-8"), of_forms=path.startswith(FORMS))
        }
        for path in sorted(read)
    }
    assert {path: words for path, words in found.items() if words} == {}


def test_a_retired_word_is_noticed_in_texts_and_names_and_not_inside_another_word() -> None:
    assert list(retired_in("Kept here, told_at, isKept, KeptEntry, answered", of_forms=True)) == ["kept", "told"]
    assert list(retired_in("It answers; the lookups_answered", of_forms=False)) == ["answers", "answered"]
    assert (
        list(
            retired_in(
                "stored, unkept, mistold, keptlike, Saigon, answer, replacing, changes_of, ./boundary-map",
                of_forms=False,
            )
        )
        == []
    )


NOT_ABOUT_THIS = (
    (
        "The boundary of this commune is not loaded. Ask a supervisor to load it.",
        "boundaryOfTheUnit",
        "boundary_of_unit",
        "boundaries of\n    # all former communes",
    ),
    ("the province's boundary", "the communes' boundaries", "unit_boundary", "a commune boundary"),
    ("head_of(log)", "the head of the log", "heads of each commune's log", "The head of its feed"),
    ("the log's head is exported", "trail_heads"),
    ("settle a baseline with the day", "settling the request", "settled_baselines", "it settles this commune's list"),
    ("a baseline with the ground of its source", "the grounds for a refusal", "ground_of_claim"),
    ("enlarged to whole cells", "whole_cells(box)"),
    ("At the end of the next session, it took 709 s", "with 5,101 tests of the session after that"),
)
"""For each pattern in its order, texts that have it."""
RIGHT_HERE = (
    "The boundary of a parcel in this commune; the boundaries of the communes' households; outside_commune, boundary",
    "head of the household, heads of livestock, head_of_age; the last offset of the log; a header of the log",
    "settle an overlap or a claim, a settled overlap remains; a list settles nothing; settlements of a commune",
    "from the ground up, background of the source; grid cells, cells of a whole row; the next sign-in ends the session",
)


def test_a_word_that_is_not_about_this_is_noticed_by_what_stands_beside_it() -> None:
    noticed = [[list(retired_in(text, of_forms=False)) for text in texts] for texts in NOT_ABOUT_THIS]
    assert len(noticed) == len(RETIRED_IN_CONTEXT)
    for pattern, found in zip(RETIRED_IN_CONTEXT, noticed, strict=True):
        assert all(pattern in each for each in found), pattern
    assert [list(retired_in(text, of_forms=False)) for text in RIGHT_HERE] == [[]] * len(RIGHT_HERE)


A_SECOND_MEANING = re.compile(
    r"[;:]"  # another clause, or a list of what a word means of what
    r"|[.!?] "  # another sentence
    r"|\((?!`)"  # an aside: a name in code alone may stand in parentheses
    r"|^(?:also |as |for |in |of |on |to )"  # half a meaning, which says only of what
    r"|\b(?:alone|also|elsewhere|sometimes|something else|nothing else|otherwise|respectively)\b"
    r"|[,…] (?:of|in) (?:a|an|the) \w+(?:,|$)"
)
"""Patterns in a meaning of the glossary that give its term a second meaning."""


def glossary() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The rows of the glossary (terms and meanings), and those of its last table: names that are not ours to choose."""
    ours, contract = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").split("## Published names")
    return rows_of(ours), rows_of(contract)


def rows_of(text: str) -> list[tuple[str, str]]:
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [(row[0], row[1]) for row in lines if row[0] not in {"term", "name", "---"}]


def unclear(terms: str, meanings: str) -> list[str]:
    """The terms of a row that do not have exactly one meaning."""
    each, means = terms.split(" · "), meanings.split(" · ")
    if len(each) != len(means):
        return each
    return [term for term, meaning in zip(each, means, strict=True) if A_SECOND_MEANING.search(meaning)]


def test_the_glossary_defines_every_term_once() -> None:
    terms = [term.lower() for row, _ in glossary()[0] for term in row.split(" · ")]
    assert len(terms) > 95
    assert sorted(terms) == sorted(set(terms))


def test_the_glossary_gives_every_term_one_meaning() -> None:
    rows, contract = glossary()
    assert [term for row in rows for term in unclear(*row)] == []
    assert [name.split("`")[1] for name, _ in contract] == ["changes", "heads", "items", "phone", "unit", "status"]


TWO_MEANINGS = {
    "place": "of a household: its commune with the former one; of a boundary: where its inner point lies",
    "part": "a commune made of a piece of one that was split; one object inside another is `One` in the schema",
    "edition": "a list of units as it was loaded; of open data: what is published until the next",
    "version": "of the ministry data schema or the program; of a unit, one of its validities",
    "area": "of an account: the communes in which it may act; in m² always `…_area_m2`; drawn by a user: *search area*",
    "lock": "held until a transaction ends, in a filter alone the revision",
    "claim": "a parcel that a household names by number. A token's claims are JWT's",
    "cell": "a square of the overlap grid (in a table a value)",
    "state": "where a request is · where an entry is",
    "border": "the outline of a unit, of a parcel, sometimes",
    "boundary · border": "outline of a parcel · of an administrative unit",
}
"""Rows as they were, and as others might be written."""


def test_a_term_with_two_meanings_is_noticed() -> None:
    noticed = {row for row, meanings in TWO_MEANINGS.items() if unclear(row, meanings)}
    assert noticed == TWO_MEANINGS.keys()
    assert unclear("lock · lease", "exclusive until a transaction ends · exclusive for a time") == []


MADE_BY_ANOTHER_ROOM = ("/ports.py", "service/storage/", "service/api/")
"""Where a class has the name of what it stands for in another room: what a port asks for, stores or serves."""


def class_names(sources: dict[str, str]) -> list[str]:
    """The names of the public classes that are defined at the top of these modules, by their paths."""
    return [
        node.name
        for path, source in sources.items()
        if not any(part in path for part in MADE_BY_ANOTHER_ROOM)
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]


def test_no_two_classes_of_the_domain_have_one_name() -> None:
    paths = [path for path in ours() if path.endswith(".py") and path.startswith(("service/", "schemas/"))]
    names = class_names({path: (ROOT / path).read_text(encoding="utf-8") for path in paths})
    assert len(names) > 300
    assert {name for name in names if names.count(name) > 1} == set()


def test_a_second_class_of_the_same_name_is_noticed() -> None:
    sources = {"service/reports/a.py": "class Row: ...", "service/storage/b.py": "class Row: ...\nclass Log: ..."}
    assert class_names(sources) == ["Row"]
    assert class_names({**sources, "service/units/c.py": "class Row: ..."}) == ["Row", "Row"]
