"""Which items of a household are encrypted, and documents taken apart into what they show and what they hide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from bson.binary import Binary

from schemas.language import AtRest
from schemas.protection import sealed_items
from service.storage.client import Document
from service.storage.encryption.findings import sealed_details, sealed_members

CIPHERTEXT_SUBTYPE: Final = 6


class Manner(StrEnum):
    """How an item is encrypted."""

    SEARCHED = "searched"
    """Hidden, and found by equality: a keyed digest of it is in the household's index."""
    HIDDEN = "hidden"
    """Only in the ciphertext of all that the document hides."""


_MANNERS: Final[Mapping[AtRest, Manner]] = {"sealed_searchable": Manner.SEARCHED, "sealed": Manner.HIDDEN}

ENCRYPTED_ITEMS: Final[Mapping[str, Manner]] = {path: _MANNERS[at_rest] for path, at_rest in sealed_items().items()}
"""The items of a household (paths in its JSON form) that are ciphertext at rest, as the schema says of each."""

SEALED: Final = "sealed"
"""The item of a document that holds, in one ciphertext, all that the document hides."""
ELSEWHERE: Final = b""
"""The placeholder of a hidden item, whose value is in ``sealed``."""
RECORD: Final = "record"
"""What of a household's record is hidden, among the contents of ``sealed``."""
OF: Final = "of"
"""Among the contents of a ciphertext: the id of the document that it belongs to."""


def key_of(value: Any) -> bytes | None:
    """The id of the data key that a ciphertext was made with (bytes 1 to 16 of it); None for anything plain."""
    if isinstance(value, Binary) and value.subtype == CIPHERTEXT_SUBTYPE:
        return bytes(value[1:17])
    return None


def _is_object(value: Any) -> bool:
    """Whether a value is an object. The class comes first: `isinstance` with `Mapping` is several times slower."""
    return type(value) is dict or isinstance(value, Mapping)


class _Each(dict[str, Any]):
    """The branches below every element of a list."""


class _Findings(_Each):
    """In the place of the branches below every finding: code and pointer of each decide what of it is hidden."""


Branches = dict[str, Any]


def branches_of(items: Mapping[str, Manner]) -> Branches:
    """The declared paths as a tree: a name leads to a manner, to further branches, or to those of each element."""
    tree: Branches = {"findings": _Findings()}
    for path, manner in items.items():
        at = tree
        *way, last = path.split(".")
        for step in way:
            at = at.setdefault(step.removesuffix("[]"), _Each() if step.endswith("[]") else {})
        at[last] = manner
    return tree


def _below(branch: Branches, element: Mapping[str, Any]) -> Branches:
    """The branches below an element of a list."""
    if not isinstance(branch, _Findings):
        return branch
    paths = sealed_details(element)
    return {"details": _hidden_at(paths)} if paths else {}


@lru_cache(maxsize=1024)
def _hidden_at(paths: frozenset[str]) -> Branches:
    """The branches of members that are hidden; one inside another is named ``settled.reason``."""
    tree: Branches = {}
    for name, _, inner in (path.partition(".") for path in paths):
        if not inner:
            tree[name] = Manner.HIDDEN
        elif tree.setdefault(name, {}) is not Manner.HIDDEN:
            tree[name][inner] = Manner.HIDDEN
    return tree


def separated_note(note: Mapping[str, Any]) -> tuple[Document, Document]:
    """A log entry's note with ``ELSEWHERE`` for what it hides, and what stood there."""
    return separated(note, _hidden_at(sealed_members(note)))


def separated(record: Mapping[str, Any], branches: Branches) -> tuple[Document, Document]:
    """A copy with ``ELSEWHERE`` at the branches' ends, and what stood there; None and missing items stay."""
    shown, hidden = dict(record), dict[str, Any]()
    for name, branch in branches.items():
        value = record.get(name)
        if value is None:
            continue
        if isinstance(branch, Manner):
            if isinstance(value, bytes):
                raise ValueError(f"{name} is sealed already: what it hides would be lost")
            shown[name], hidden[name] = ELSEWHERE, value
        elif isinstance(branch, _Each):
            parts = [separated(each, _below(branch, each)) if _is_object(each) else (each, {}) for each in value]
            if any(part for _, part in parts):
                shown[name] = [each for each, _ in parts]
                hidden[name] = [part for _, part in parts]
        elif _is_object(value):
            part, inner = separated(value, branch)
            if inner:
                shown[name], hidden[name] = part, inner
    return shown, hidden


def joined(shown: Mapping[str, Any], hidden: Mapping[str, Any], *, partly: bool = False) -> Document:
    """What was separated, put together again. Raises ValueError where the two do not fit, since one was then damaged.

    With ``partly``, items that are not in ``shown`` were not read and are left out.
    """
    whole = dict(shown)
    for name, part in hidden.items():
        place = whole.get(name)
        if type(part) is str and isinstance(place, bytes):  # nearly all
            whole[name] = part
        elif place is None:
            if partly:
                continue
            raise ValueError(f"there is no place for {name}, which is sealed")
        elif isinstance(part, dict) and _is_object(place):
            whole[name] = joined(place, part, partly=partly)
        elif isinstance(part, list) and isinstance(place, list):
            whole[name] = [
                joined(each, inner, partly=partly) if inner else each for each, inner in zip(place, part, strict=True)
            ]
        elif not isinstance(place, bytes):
            raise ValueError(f"in the place of {name}, which is sealed, there is something else")
        else:
            # An item can be an object or a list as a whole; what was opened is shared with the next reader.
            whole[name] = deepcopy(part) if isinstance(part, (dict, list)) else part
    return whole


def searched(hidden: Mapping[str, Any], branches: Branches) -> Iterator[tuple[str, str]]:
    """Yield name and value of each hidden item that is searched by equality; the name is without its parents'."""
    for name, part in hidden.items():
        branch = branches[name]
        if branch is Manner.SEARCHED:
            yield name, part
        elif isinstance(branch, _Findings):
            continue
        elif isinstance(branch, _Each):
            for each in part:
                yield from searched(each, branch)
        elif isinstance(branch, dict):
            yield from searched(part, branch)


def is_sealed(document: Mapping[str, Any], branches: Branches) -> bool:
    """Whether anything at the branches' ends is a placeholder or a ciphertext."""
    for name, branch in branches.items():
        value = document.get(name)
        if isinstance(branch, Manner):
            sealed = isinstance(value, bytes)
        elif isinstance(value, list):
            sealed = any(is_sealed(each, _below(branch, each)) for each in value if isinstance(each, Mapping))
        else:
            sealed = isinstance(value, Mapping) and is_sealed(value, branch)
        if sealed:
            return True
    return False


def bare(document: Mapping[str, Any], branches: Branches) -> Document:
    """A copy without the items at the branches' ends."""
    copy = dict(document)
    for name, branch in branches.items():
        value = copy.get(name)
        if isinstance(branch, Manner):
            copy.pop(name, None)
        elif isinstance(value, list):
            copy[name] = [bare(each, _below(branch, each)) if isinstance(each, Mapping) else each for each in value]
        elif isinstance(value, Mapping):
            copy[name] = bare(value, branch)
    return copy


def ciphertexts(value: Any) -> Iterator[Binary]:
    """All ciphertexts in a document, wherever they stand."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from ciphertexts(each)
    elif isinstance(value, list):
        for each in value:
            yield from ciphertexts(each)
    elif key_of(value) is not None:
        yield value
