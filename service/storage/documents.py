"""Records as documents: _id for id, and beside the record what only storage needs, under ``index``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, NamedTuple

from bson.binary import Binary

from schemas.protection import plain_at_rest
from schemas.stored import stored_form
from schemas.text import fold, spelling
from service.errors import StoreDamaged
from service.households.changes import BOOKKEEPING, Change, Entry, Record
from service.households.parcel_findings import BETWEEN_HOUSEHOLDS
from service.households.ports import Stored
from service.storage.client import Document
from service.storage.encryption.fields import FieldEncryption
from service.storage.encryption.items import OF, RECORD, SEALED, joined, separated_note
from service.storage.encryption.key_ring import CiphertextDamaged
from service.storage.parcels import cell_keys

DAMAGE: Final = (StoreDamaged, KeyError, TypeError, ValueError, AttributeError)
"""What opening a document raises if it was damaged: its ciphertext, or an item that is not what it should be."""


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """A log entry's personal part: record, replaced items and note without what they hide, and that in one ciphertext.

    ``sealed`` contains what all three hide, the salt and the fingerprint, and the id of the document. Salt and
    fingerprint are hidden because someone who knows everything but a number could try all numbers against them.
    """

    record: Document | None
    replaced: Document | None
    note: Document | None
    hidden: Document
    sealed: Binary


def sealed_entry(entry: Entry, fingerprint: str, encryption: FieldEncryption) -> SealedEntry:
    """Encrypt an entry's personal content."""
    shown, hidden = _separated(EntryParts(entry.record, entry.replaced, entry.note), encryption)
    of = {OF: _name_of(entry.household, entry.revision), "fingerprint": fingerprint, "salt": entry.salt}
    return SealedEntry(*shown, hidden.get(RECORD, {}), encryption.seal_value({**of, **hidden}))


def sealed_entries(change: Change, encryption: FieldEncryption) -> list[SealedEntry]:
    """Encrypt the personal content of each entry of a change.

    Of a move, the entry of the commune that was left hides nothing of its own but the salt and the note that both
    entries have; it shares the ciphertext, since encrypting is the most expensive part of an entry.
    """
    *left, last = change.entries
    sealed = sealed_entry(last, change.fingerprint, encryption)
    hides_nothing = SealedEntry(None, None, sealed.note, {}, sealed.sealed)
    shared = [
        each.record is None and each.replaced is None and (each.salt, each.note) == (last.salt, last.note)
        for each in left
    ]
    return [
        *(
            hides_nothing if is_shared else sealed_entry(each, change.fingerprint, encryption)
            for each, is_shared in zip(left, shared, strict=True)
        ),
        sealed,
    ]


def to_document(change: Change, sealed: SealedEntry, encryption: FieldEncryption) -> Document:
    """The document of a change's household. It shares its ciphertext with the log entry that has the same record."""
    record = change.record
    document: Document = {"_id": record["id"], **(sealed.record or {}), SEALED: sealed.sealed}
    del document["id"]
    document["index"] = {"names": name_keys(record), SEARCHED: encryption.digests(sealed.hidden)}
    if _VILLAGE_IS_INDEXED and (village := spelling(record.get("village", ""))):
        document["index"]["village"] = village
    if cells := cell_keys(record):
        document["index"]["cells"] = cells
    return document


def to_update(change: Change, sealed: SealedEntry) -> Document | None:
    """The update that writes what a change of place changed; None where the whole document has to be written.

    MongoDB has fewer items to read than of a whole document. ``sealed`` is written again: it holds the salt of the log
    entry. Names and searched items keep what they are found by.
    """
    shown, replaced = sealed.record, change.entries[-1].replaced
    if not change.residence_only or shown is None or replaced is None or not replaced.keys() <= _OF_RESIDENCE:
        return None
    names = sorted(replaced.keys() | (shown.keys() & BOOKKEEPING))
    update: Document = {"$set": {**{name: shown[name] for name in names if name in shown}, SEALED: sealed.sealed}}
    gone = [name for name in names if name not in shown]
    if "former_commune" in replaced:  # on whose maps the parcels' numbers are
        if cells := cell_keys(change.record):
            update["$set"]["index.cells"] = cells
        else:
            gone.append("index.cells")
    if gone:
        update["$unset"] = dict.fromkeys(gone, "")
    return update


def to_stored(document: Document, encryption: FieldEncryption) -> Stored:
    """The household of a document. Raises StoreDamaged."""
    document.pop("index", None)
    record, contents = _opened(document.pop("_id"), document, encryption)
    return Stored(record, contents["fingerprint"])


def renewed(document: Document, encryption: FieldEncryption) -> Document:
    """The document of a household, encrypted with the current data key and found by its own items.

    Returns the same document if that is so already. Raises one of DAMAGE.
    """
    beside = dict(contents_of(document, document["_id"], document["revision"], encryption))
    digests = encryption.digests(beside.pop(RECORD, {}))
    if document["index"].get(SEARCHED) == digests and not encryption.stale(document):
        return document
    shown, hidden = encryption.separated(encryption.open(document))
    index = {**document["index"], SEARCHED: digests}
    return {**shown, "index": index, SEALED: encryption.seal_value({**beside, RECORD: hidden})}


def is_found_by_its_items(document: Mapping[str, Any], encryption: FieldEncryption) -> bool:
    """Whether the digests in a household's index are those of its own items. Raises one of DAMAGE."""
    contents = contents_of(document, document["_id"], document["revision"], encryption)
    index = document.get("index")
    return isinstance(index, Mapping) and encryption.are_digests_of(index.get(SEARCHED), contents.get(RECORD, {}))


def contents_of(
    document: Mapping[str, Any], household: str, revision: int, encryption: FieldEncryption
) -> Mapping[str, Any]:
    """What the document of a household, or of a log entry about it, hides.

    Raises CiphertextDamaged, also where it is another document's, and KeyError and the like where something is missing.
    """
    contents = encryption.contents(document[SEALED])
    if contents[OF] != _name_of(household, revision):
        raise CiphertextDamaged()
    return contents


def _name_of(household: str, revision: int) -> str:
    """To which document ``sealed`` belongs: a household shares it with the log entry of its revision."""
    return f"{household}:{revision}"


class EntryParts(NamedTuple):
    """What of a log entry can be about people."""

    record: Document | None
    replaced: Document | None
    note: Document | None


def opened_parts(document: Mapping[str, Any], contents: Mapping[str, Any], encryption: FieldEncryption) -> EntryParts:
    """The personal parts of a log entry's document, with what they hide. Raises ValueError and the like."""
    record, replaced, note, of_note = document[RECORD], document["replaced"], document.get("note"), contents.get("note")
    return EntryParts(
        None if record is None else encryption.joined(record, contents.get(RECORD, {})),
        None if replaced is None else encryption.joined(replaced, contents.get("replaced", {})),
        joined(note or {}, of_note) if of_note else note,
    )


def sealed_again(parts: EntryParts, contents: Mapping[str, Any], encryption: FieldEncryption) -> Document:
    """What of a log entry's document its parts and ``contents`` make: as it was made first, under the current key."""
    shown, hidden = _separated(parts, encryption)
    rest = {name: value for name, value in contents.items() if name not in EntryParts._fields}
    return {**shown._asdict(), SEALED: encryption.seal_value({**rest, **hidden})}


def _separated(parts: EntryParts, encryption: FieldEncryption) -> tuple[EntryParts, Document]:
    """The parts as they are shown, and by its name what each of them hides."""
    shown: list[Document | None] = []
    hidden: Document = {}
    for name, part in zip(EntryParts._fields, parts, strict=True):
        if part is None:
            shown.append(None)
            continue
        left, of_part = separated_note(part) if name == "note" else encryption.separated(part)
        shown.append(left)
        if of_part:
            hidden[name] = of_part
    return EntryParts(*shown), hidden


def to_record(document: Document, encryption: FieldEncryption) -> Record:
    """The record of a document that was read without ``index``. Raises StoreDamaged."""
    return _opened(document.pop("_id"), document, encryption)[0]


def to_part_of_record(record: Record, items: frozenset[str], encryption: FieldEncryption, *, sealed: bool) -> Record:
    """Some items (by their paths) of a record; where one is ``sealed``, ``revision`` and ``sealed`` were read as well.

    Raises StoreDamaged.
    """
    if sealed:
        record = _opened(record.pop("id"), record, encryption, partly=True)[0]
    _require_form(record, items)
    return record


def _opened(
    household: str, items: Document, encryption: FieldEncryption, *, partly: bool = False
) -> tuple[Record, Mapping[str, Any]]:
    """The record, and what its document hides."""
    try:
        contents = contents_of(items, household, items["revision"], encryption)
        record = {"id": household, **encryption.opened(items, contents, partly=partly)}
    except StoreDamaged:
        raise
    except DAMAGE as error:
        raise StoreDamaged(reason="record") from error
    if not partly:
        _require_form(record)
    return record, contents


def to_closed_record(document: Document, encryption: FieldEncryption, items: frozenset[str] | None = None) -> Record:
    """The record of a document without its encrypted items; nothing is decrypted.

    Raises StoreDamaged where a plain item is damaged: one of ``items``, if only these are needed.
    """
    record = to_bare_record(document, encryption)
    _require_form(record, items, closed=True)
    return record


def to_bare_record(document: Document, encryption: FieldEncryption) -> Record:
    """What is left of a document without its encrypted items, whatever form that has. Raises StoreDamaged."""
    try:
        return {"id": document.pop("_id"), **encryption.closed(document)}
    except DAMAGE as error:
        raise StoreDamaged(reason="record") from error


def _require_form(record: Record, items: frozenset[str] | None = None, *, closed: bool = False) -> None:
    """Raise StoreDamaged where an item of a record has another form than a stored one has.

    A finding between two households names the other one, by which both are found when they change.
    """
    if not stored_form(items)(record):
        raise StoreDamaged(reason="record")
    sealed = "" if closed else None
    for finding in record.get("findings", ()):
        if finding["code"] in BETWEEN_HOUSEHOLDS and not _names_another(finding, sealed):
            raise StoreDamaged(reason="record")


def _names_another(finding: Mapping[str, Any], sealed: str | None) -> bool:
    """Whether a finding between two households names the other one and its parcel; ``sealed`` stands for what is."""
    details = finding.get("details")
    return (
        isinstance(details, dict)
        and isinstance(details.get("household", sealed), str)
        and isinstance(details.get("parcel", sealed), str)
        and isinstance(details.get("settled", {}), dict)
    )


SEARCHED: Final = "searched"
"""In ``index``: keyed digests of the people's numbers and phones, by which their household is found."""
_OF_RESIDENCE = frozenset({"commune", "commune_as_of", "former_commune", "findings", "stage"})
"""The items that a change of residence changes, none of which is searched by a digest. ``index`` repeats only the
former commune, in the keys of number claims."""
_VILLAGE_IS_INDEXED = plain_at_rest("village")
_NAMED = tuple(group for group in ("head", "members") if plain_at_rest(f"{group}.full_name"))
"""Whose names are stored in clear: an index does not repeat what the schema seals, and nobody is found by it."""


def name_keys(record: Record) -> list[str]:
    """Folded names of the household's people, each from every word on: "an" finds "Nguyễn Văn An" by its beginning."""
    keys: set[str] = set()
    people = ([record["head"]] if group == "head" else record.get(group, ()) for group in _NAMED)
    for person in chain.from_iterable(people):
        words = fold(person.get("full_name", "")).split(" ")
        keys.update(" ".join(words[position:]) for position in range(len(words)))
    keys.discard("")
    return sorted(keys)
