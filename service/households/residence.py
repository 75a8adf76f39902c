"""The residence of a household: stored by the identities of units, sent and shown as codes with a day.

Codes are read here when they come in and written here when a record leaves; nothing in between uses codes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from service.clock import vietnam_day
from service.errors import CommuneNotInForce, CommuneUnknown, FormerCommuneMismatch
from service.unit_names import UnitCode, UnitId
from service.units.directory import ResolvedCommune, UnitDirectory

RESIDENCE_ITEMS = frozenset({"commune", "former_commune", "commune_as_of"})

_Record = Mapping[str, Any]


class Residence(NamedTuple):
    """Where a household is registered, as stored."""

    commune: UnitId
    former: str | None
    as_of: date


ListsAt = Callable[[datetime, Iterable[str | None]], Iterable[UnitDirectory]]
"""Returns the lists of units, other than the current one, by which a write of a moment about units with these codes and
identities can have been read.
"""


def no_other_lists(
    moment: datetime,  # noqa: ARG001 - the signature of ListsAt
    about: Iterable[str | None],  # noqa: ARG001 - as above
) -> Iterable[UnitDirectory]:
    """Returns no list: where nothing can have been loaded since."""
    return ()


def residence_in(content: _Record) -> Residence:
    """The residence that is stored of content in JSON form."""
    return Residence(content["commune"], content.get("former_commune"), date.fromisoformat(content["commune_as_of"]))


class Residences:
    """Writes the residences of records that leave, as codes of one day."""

    def __init__(self, directory: UnitDirectory, today: date) -> None:
        self._directory = directory
        self._today = today
        self._runs: dict[str, tuple[UnitCode, str, str, str | None]] = {}
        self._formers: dict[tuple[str, str], str] = {}

    def code_of(self, commune: str) -> str:
        """The code that a unit has today, or had last."""
        return self._run(commune)[0]

    def shown(self, record: dict[str, Any]) -> dict[str, Any]:
        """A stored record with codes in place of identities; the same record where nothing differs."""
        commune, as_of = record["commune"], record.get("commune_as_of")
        shown: dict[str, Any] = {}
        code, first, last, since = self._run(commune)
        if since is not None:
            shown["commune_since"] = since
        if code != commune:
            shown["commune"] = code
        if as_of is not None and not first <= as_of <= last:
            shown["commune_as_of"] = min(max(as_of, first), last)
        former = record.get("former_commune")
        if former is not None and (former_code := self._former(commune, former)) != former:
            shown["former_commune"] = former_code
        for each in record.get("parcels") or ():
            if "former_commune" in each:
                shown["parcels"] = [self._parcel(parcel, commune) for parcel in record["parcels"]]
                break
        return {**record, **shown} if shown else record

    def shown_before(self, record: _Record | None, replaced: dict[str, Any] | None) -> dict[str, Any] | None:
        """What a log entry says stood in a record before, with codes in place of identities."""
        if record is None or not replaced or not (RESIDENCE_ITEMS | {"parcels"}) & replaced.keys():
            return replaced
        before = {name: value for name, value in {**record, **replaced}.items() if value is not None}
        if "commune" not in before:
            return replaced
        shown = self.shown(before)
        return {name: None if value is None else shown[name] for name, value in replaced.items()}

    def shown_note(self, note: dict[str, Any] | None) -> dict[str, Any] | None:
        """The note of a log entry with codes in place of the identities between which a household moved."""
        if note is None or "from" not in note or "to" not in note:
            return note
        return {**note, "from": self.code_of(note["from"]), "to": self.code_of(note["to"])}

    def _run(self, commune: str) -> tuple[UnitCode, str, str, str | None]:
        if commune not in self._runs:
            found = self._directory.code_run(commune, self._today)
            code, first, last = found or (UnitCode(commune), date.min, date.max)
            since = first.isoformat() if self._directory.was_another(code, first) else None
            self._runs[commune] = (code, first.isoformat(), last.isoformat(), since)
        return self._runs[commune]

    def _former(self, commune: str, former: str) -> str:
        key = (commune, former)
        if key not in self._formers:
            self._formers[key] = _former_code(commune, former, self._directory, self._today)
        return self._formers[key]

    def _parcel(self, parcel: dict[str, Any], commune: str) -> dict[str, Any]:
        former = parcel.get("former_commune")
        return parcel if former is None else {**parcel, "former_commune": self._former(commune, former)}


def resolve_residence(
    content: dict[str, Any],
    directory: UnitDirectory,
    today: date,
    known: dict[str, Any] | None,
    lists_at: ListsAt = no_other_lists,
) -> Residence:
    """Read the codes of parsed content as of their day; return the residence to be stored.

    A newer list never changes a stored residence: content with the residence that the stored record shows, or showed
    when it was stored, does not move the household. Raises CommuneUnknown, CommuneNotInForce, FormerCommuneMismatch.
    """
    as_of = _as_of(content, directory, today, known)
    code, named = content["commune"], content.get("former_commune")
    stands = known is not None and _stands_again(code, as_of, known, directory, today)
    resolved: ResolvedCommune | None = None
    if not stands:
        if known is not None and content.get("commune_as_of") in (None, date.fromisoformat(known["commune_as_of"])):
            as_of = _not_before_the_code(code, as_of, known, directory, today)
        resolved = _resolved(code, as_of, directory, today, known, lists_at)
    former: str | None
    if known is not None and resolved is None:
        stands = True
        current = current_residence(known, directory, today)
        commune, former = current.commune, known.get("former_commune") if named is None else None
        if former is None and commune != known["commune"]:
            former = known["commune"]
    else:
        assert resolved is not None  # noqa: S101 - only what is known can stand
        commune, former = resolved.commune.identity, None if resolved.former is None else resolved.former.identity
        if known is not None and resolved.parts:
            current = current_residence(known, directory, today)
            if current.commune in {part.identity for part in resolved.parts}:
                # The part was decided; resending the old code does not undo it.
                stands, commune, former = True, current.commune, current.former
    former = _former_in(commune, former, named, directory, today, known)
    validity = directory.known_on(commune, today)
    if validity is None:  # an earlier list may lack the household's commune
        raise CommuneUnknown(commune=code, pointer="/commune")
    residence = Residence(commune, former, max(as_of, validity.begins))
    return residence if known is None else _as_known(residence, as_of, known, directory, stands=stands)


def _former_in(
    commune: UnitId,
    former: str | None,
    named: str | None,
    directory: UnitDirectory,
    today: date,
    known: dict[str, Any] | None,
) -> str | None:
    """The former commune of a household in a commune: the one that is ``named``, else the one that was found.

    Raises FormerCommuneMismatch.
    """
    again = None if known is None else _former_again(named, commune, known, directory, today)
    if again is not None:
        return again
    if named is None:
        return former
    validity = directory.known_on(commune, today)
    assert validity is not None  # noqa: S101 - it was just resolved
    unit = directory.former_named(validity, named)
    if unit is None:
        raise FormerCommuneMismatch(pointer="/former_commune", former=named, commune=validity.code, name=validity.name)
    return unit.identity


def _resolved(
    code: str,
    as_of: date,
    directory: UnitDirectory,
    today: date,
    known: dict[str, Any] | None,
    lists_at: ListsAt,
) -> ResolvedCommune | None:
    """What a code means on its day; None where a known household stays where it is stored.

    That is so if code and day are what its record showed when it was stored, and a list that was loaded since gives
    that code another meaning on that day, or none. Raises CommuneUnknown, CommuneNotInForce.
    """
    refused: CommuneNotInForce | None = None
    try:
        resolved = directory.resolve_commune(code, as_of, today)
    except CommuneNotInForce as error:
        refused = error
    else:
        if known is None or resolved.commune.identity == current_residence(known, directory, today).commune:
            return resolved
    if known is not None and _stood(code, as_of, known, directory, lists_at):
        return None
    if refused is not None:
        raise refused
    return resolved


def current_residence(record: _Record, directory: UnitDirectory, today: date) -> Residence:
    """The residence of a stored household in the units of today: where its commune was merged, and which one it was.

    A commune that ended without a successor, or was split, stays its residence.
    """
    commune = record["commune"]
    former = directory.former_of(commune, record.get("former_commune"))
    as_of = date.fromisoformat(record["commune_as_of"])
    validity = directory.known_on(commune, today)
    heir = None if validity is None else directory.last_known_successor(validity, today)
    if heir is None or heir.identity == commune:
        return Residence(commune, None if former is None else former.identity, as_of)
    return Residence(heir.identity, commune if former is None else former.identity, max(as_of, heir.begins))


def decides_on_a_split(before: _Record, commune: str, directory: UnitDirectory, today: date) -> bool:
    """Whether a move to ``commune`` decides to which part of a commune that was split a household belongs."""
    validity = directory.known_on(before["commune"], today)
    if validity is None or directory.heir_of(validity, today) is not None:
        return False
    return commune in {part.identity for part in directory.heirs_of(validity, today)}


def unmoved(
    content: dict[str, Any], known: dict[str, Any], directory: UnitDirectory, today: date
) -> dict[str, Any] | None:
    """The stored residence, where resolved content differs from it only by what became of the household's commune."""
    current = current_residence(known, directory, today)
    if current.commune == known["commune"] or (content["commune"], content.get("former_commune")) != current[:2]:
        return None
    stored = {"commune": known["commune"], "commune_as_of": date.fromisoformat(known["commune_as_of"])}
    former = known.get("former_commune")
    return stored if former is None else {**stored, "former_commune": former}


def with_its_old_commune(parcel: dict[str, Any], before: _Record) -> dict[str, Any]:
    """A parcel with the old commune whose map numbers it, which it had from the household until the household moved."""
    if "former_commune" in parcel or "former_commune_unknown" in parcel:
        return parcel
    known = before.get("former_commune")
    return {**parcel, **({"former_commune_unknown": True} if known is None else {"former_commune": known})}


def resolve_parcels(
    parcels: list[dict[str, Any]], commune: str, directory: UnitDirectory, known: dict[str, Any] | None
) -> list[dict[str, Any]]:
    """Parcels with the identity of the former commune whose map numbers them, where the parcel names it by its code.

    Raises CommuneUnknown for a code that no commune ever had.
    """
    if not any(parcel.get("former_commune") for parcel in parcels):
        return parcels
    validity = directory.validities_of(commune)[-1]
    stored = {each["id"]: each.get("former_commune") for each in (known or {}).get("parcels", ())}

    def identity(index: int, parcel: dict[str, Any]) -> str:
        code: str = parcel["former_commune"]
        there = stored.get(parcel.get("id"))
        if known is not None and there and _former_code(known["commune"], there, directory, date.max) == code:
            return str(there)
        unit = directory.former_named(validity, code)
        if unit is None:  # a parcel can lie in another commune than the household
            named = [each for each in directory if each.code == code and each.level == "commune"]
            ended = [each for each in named if each.valid_to is not None]
            unit = next(reversed(ended or named), None)
        if unit is None:
            raise CommuneUnknown(commune=code, pointer=f"/parcels/{index}/former_commune")
        return unit.identity

    return [
        {**parcel, "former_commune": identity(index, parcel)} if parcel.get("former_commune") else parcel
        for index, parcel in enumerate(parcels)
    ]


def _former_code(commune: str, former: str, directory: UnitDirectory, today: date) -> str:
    unit = directory.former_of(commune, former) or directory.known_on(former, today)
    return former if unit is None else unit.code


def _former_again(
    named: str | None, commune: UnitId, known: dict[str, Any], directory: UnitDirectory, today: date
) -> str | None:
    """The former commune that is stored, where its code is sent again: in a merged commune it can mean another one."""
    if named is None or commune not in (known["commune"], current_residence(known, directory, today).commune):
        return None
    before = directory.former_of(known["commune"], known.get("former_commune"))
    return None if before is None or before.code != named else before.identity


def _as_known(
    residence: Residence, as_of: date, known: _Record, directory: UnitDirectory, *, stands: bool
) -> Residence:
    """The stored residence, where a write states the same one by other codes or days."""
    commune = known["commune"]
    if residence.commune != commune:
        return residence
    before = directory.former_of(commune, known.get("former_commune"))
    # A commune that has long been the same one is its own former commune; that says as much as none.
    known_before = None if before is None or before.identity == commune else before.identity
    same_former = (None if residence.former == commune else residence.former) == known_before
    stored = date.fromisoformat(known["commune_as_of"])
    then = directory.known_on(commune, vietnam_day(known["updated_at"])) if "updated_at" in known else None
    same_day = stands or (then is not None and max(as_of, then.begins) == stored)
    return Residence(
        commune,
        known.get("former_commune") if same_former else residence.former,
        stored if same_day else residence.as_of,
    )


def _stands_again(code: str, as_of: date, known: _Record, directory: UnitDirectory, today: date) -> bool:
    """Whether a code with its day is what is shown of a stored record now, or was shown when it was stored."""
    commune, stored = known["commune"], known["commune_as_of"]
    shown = Residences(directory, today).shown({"commune": commune, "commune_as_of": stored})
    then = directory.known_on(commune, date.fromisoformat(stored))
    sent = (code, as_of.isoformat())
    return sent == (shown["commune"], shown["commune_as_of"]) or (then is not None and sent == (then.code, stored))


def _stood(code: str, as_of: date, known: _Record, directory: UnitDirectory, lists_at: ListsAt) -> bool:
    """Whether a code with its day is what was shown of a record by the list that was there when it was stored."""
    if "updated_at" not in known or not _was_called(known, code, directory):
        return False
    at = known["updated_at"]
    return any(
        _stands_again(code, as_of, known, then, vietnam_day(at)) for then in lists_at(at, (code, known["commune"]))
    )


def _not_before_the_code(code: str, as_of: date, known: _Record, directory: UnitDirectory, today: date) -> date:
    """The first day of a code that no unit had on the day of capture, where it is that of the commune in which the
    household is stored, or of a part of it: so a household captured before a split is moved to a part by its code.
    """
    try:
        directory.in_force(code, as_of)
    except CommuneNotInForce:
        validity = directory.known_on(known["commune"], today)
        around = () if validity is None else (validity, *directory.heirs_of(validity, today))
        return max([as_of, *(unit.begins for unit in around if unit.code == code)])
    except CommuneUnknown:
        pass
    return as_of


def _was_called(known: _Record, code: str, directory: UnitDirectory) -> bool:
    """Whether the commune of a stored record has, or ever had, a code."""
    return any(unit.code == code for unit in directory.validities_of(known["commune"]))


def _is_in_force(code: str, directory: UnitDirectory, on: date) -> bool:
    try:
        directory.in_force(code, on)
    except (CommuneUnknown, CommuneNotInForce):
        return False
    return True


def _as_of(content: _Record, directory: UnitDirectory, today: date, known: _Record | None) -> date:
    """The day as of which content gives its commune's code."""
    sent: date | None = content.get("commune_as_of")
    if sent is not None:
        return sent
    captured: datetime | None = content.get("captured_at")
    if captured is not None:
        return vietnam_day(captured)
    if known is not None:
        shown = Residences(directory, today).shown(dict(known))
        if shown["commune"] == content["commune"]:
            return date.fromisoformat(shown["commune_as_of"])
        if _was_called(known, content["commune"], directory) and not _is_in_force(content["commune"], directory, today):
            return date.fromisoformat(known["commune_as_of"])
    return today
