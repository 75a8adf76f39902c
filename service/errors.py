"""Domain errors: small classes with a stable code; service/api/http/problems.py maps each to an HTTP status."""

from __future__ import annotations

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal of the register, with a stable code and the parameters of its message.

    The text for people is in service/messages/*.toml under the code; ``params`` fill its placeholders.
    ``pointer`` is the JSON pointer of the item at fault, if there is one.
    """

    code: ClassVar[str] = "internal"

    def __init__(self, *, pointer: str | None = None, **params: Any) -> None:
        super().__init__(self.code, params)
        self.pointer = pointer
        self.params: dict[str, Any] = params


class HouseholdNotFound(DomainError):
    """No household has this id, or the reader may not know of it."""

    code = "household.not-found"


class HouseholdIdTaken(DomainError):
    """The id belongs to a record with other content, and the write does not name the revision that it was made from."""

    code = "household.id-taken"


class HouseholdIdMismatch(DomainError):
    """The id in the body is not the id in the address."""

    code = "household.id-mismatch"


class HouseholdIdInvalid(DomainError):
    """The id is not a UUID."""

    code = "household.id-invalid"


class RecordCarried(DomainError):
    """Base of errors with a record (``current``), of which the problem has only what the Reader shows."""

    of_record: ClassVar[tuple[tuple[str, str], ...]] = ()  # params, each with the item of the record that it repeats
    written_freely: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, *, current: Any = None, **params: Any) -> None:
        super().__init__(**{name: current[item] for name, item in self.of_record}, **params)
        self.current = current


class HouseholdStale(RecordCarried):
    """The revision that a change was made from (``named``) is not the current one (optimistic lock)."""

    code = "household.stale"
    of_record = (("current", "revision"),)


class HouseholdExists(RecordCarried):
    """A write that may only create (If-None-Match: *) has an id that is already stored."""

    code = "household.exists"
    of_record = (("id", "id"), ("revision", "revision"))


class HouseholdWithdrawn(RecordCarried):
    """The household was withdrawn (``id``, ``reason``); its record is read-only. ``current`` is set if it was read."""

    code = "household.withdrawn"
    written_freely = frozenset({"reason"})


class HouseholdErased(HouseholdNotFound):
    """The household was erased at its people's request; its id cannot be used again."""

    code = "household.erased"


class PersonalNumberTaken(DomainError):
    """The head's personal number is registered in another household of the province."""

    code = "national-id.taken"


class PreconditionRequired(DomainError):
    """A change must name the revision that it was made from (If-Match)."""

    code = "precondition.required"


class PreconditionInvalid(DomainError):
    """If-Match is not a revision in quotes."""

    code = "precondition.invalid"


class StatusConflict(DomainError):
    """The step is not possible from the record's status."""

    code = "household.status-conflict"


class ReasonRequired(DomainError):
    """A withdrawal or a return needs a reason."""

    code = "reason.required"


class ReasonInvalid(DomainError):
    """The reason is too long, or contains control characters."""

    code = "reason.invalid"


class TransferToSameCommune(DomainError):
    """A household can only be transferred to another commune."""

    code = "transfer.same-commune"


class BoundaryUnplaceable(DomainError):
    """A boundary or position that is valid on the plane, but that the database cannot index on the sphere."""

    code = "geometry.unplaceable"


class FormerCommuneMismatch(DomainError):
    """The former commune that was sent did not become part of the commune that was sent."""

    code = "commune.former-mismatch"


class CommuneUnknown(DomainError):
    """No unit of this level ever had this code."""

    code = "commune.unknown"


class CommuneNotInForce(DomainError):
    """The code belongs to a unit, but not on that date."""

    code = "commune.not-in-force"


class CommuneSuccessorUnknown(CommuneNotInForce):
    """The commune has ended, and no list says yet which commune took it over."""

    code = "commune.successor-unknown"


class UnitNotFound(DomainError):
    """No administrative unit has this code on that date."""

    code = "unit.not-found"


class BorderNotLoaded(DomainError):
    """No border of this unit is loaded, nor of all the communes that it consists of."""

    code = "unit.border-not-loaded"


class LevelNotInForce(DomainError):
    """On that date there are no units of that level."""

    code = "coverage.level-not-in-force"


class CoverageOutsideArea(DomainError):
    """The unit, or every unit of the level, has households outside the account's area."""

    code = "coverage.outside-area"


class CodeListNotFound(DomainError):
    """No code list has this name."""

    code = "codelist.not-found"


class BaselineInvalid(DomainError):
    """A baseline is a whole number of households with a source and a date."""

    code = "baseline.invalid"


class BaselineNotFound(DomainError):
    """The unit has no baseline of this date."""

    code = "baseline.not-found"


class CursorInvalid(DomainError):
    """The cursor was not issued by this register; params: name (of the query parameter)."""

    code = "cursor.invalid"

    def __init__(self, *, name: str = "cursor") -> None:
        super().__init__(pointer=f"/{name}", name=name)


class CursorAhead(DomainError):
    """The feed's cursor is beyond the end of a log, which was brought back from a backup; params: log, end, sent."""

    code = "cursor.ahead"


class QueryInvalid(DomainError):
    """A query parameter cannot be read."""

    code = "query.invalid"


class StoreUnavailable(DomainError):
    """The database does not respond; the request can be retried."""

    code = "store.unavailable"


class StoreDamaged(DomainError):
    """The stored record is damaged and cannot be read; only a backup brings it back."""

    code = "store.damaged"


class StoreRefused(DomainError):
    """The database refused a document that the register accepted: a bug of the register, which is logged."""

    code = "store.refused"


class WriteContention(DomainError):
    """Too many concurrent writes in one commune; the request can be retried at once."""

    code = "store.contention"


class CommuneOutsideArea(DomainError):
    """The commune lies outside the account's area."""

    code = "commune.outside-area"


class ContentTypeUnsupported(DomainError):
    """The body has a media type that this address does not accept."""

    code = "body.content-type"


class ContentEncodingUnsupported(DomainError):
    """The body is compressed, which this register does not support."""

    code = "body.content-encoding"


class BodyNotAnObject(DomainError):
    """The body is JSON, but not an object."""

    code = "body.not-an-object"


class BodyUnknownItem(DomainError):
    """The body has an item that this address does not know."""

    code = "body.unknown-item"


class BodyMoreErrors(DomainError):
    """A body has more errors than are listed: the last one in the list."""

    code = "body.more-errors"


class ParcelNotFound(DomainError):
    """No parcel has this id, or the reader may not know of it."""

    code = "parcel.not-found"


class ParcelIdTaken(DomainError):
    """Another household holds a parcel with this id."""

    code = "parcel.id-taken"


class ParcelOfSeveral(DomainError):
    """Several households hold a parcel with this id, and the request names none of them."""

    code = "parcel.of-several"


class NothingToSettle(DomainError):
    """The parcel has no overlap to settle."""

    code = "parcel.nothing-to-settle"


class SearchAreaInvalid(DomainError):
    """The search area is invalid."""

    code = "search.area-invalid"


class PhotoNotFound(DomainError):
    """The household has no photo with this id."""

    code = "photo.not-found"


class PhotoIdInvalid(DomainError):
    """The photo's id is not a UUID."""

    code = "photo.id-invalid"


class PhotoIdTaken(DomainError):
    """Another photo of the household has this id."""

    code = "photo.id-taken"


class PhotoUnreadable(DomainError):
    """The photo is not a complete JPEG; ``reason`` is for the register's own log."""

    code = "photo.unreadable"


class PhotoNotUpright(DomainError):
    """The photo's pixels lie on their side, and only its metadata, which are not stored, say how to turn them."""

    code = "photo.not-upright"


class PhotoTooLarge(DomainError):
    """The photo is larger than allowed."""

    code = "photo.too-large"


class PhotoTooManyPixels(DomainError):
    """The picture has more pixels than a phone can decode and show."""

    code = "photo.too-many-pixels"


class PhotoNoLegalBasis(DomainError):
    """The record's legal basis does not cover photos of papers."""

    code = "photo.no-legal-basis"


class PhotosTooMany(DomainError):
    """The household has as many photos as it may have."""

    code = "photo.too-many"


class PhotoParcelUnknown(DomainError):
    """The parcel of the photo does not belong to the household."""

    code = "photo.parcel-unknown"


class ReferenceSystemUnknown(DomainError):
    """A reference system that the register does not support."""

    code = "crs.unknown"


class AccessError(DomainError):
    """The account is not allowed to do this."""

    code: ClassVar[str] = "access.denied"


class PermissionMissing(AccessError):
    """The account's role does not have the permission; params: permission."""

    code = "access.permission-missing"


class OutsideArea(AccessError):
    """The record, or the commune to which it is to be transferred, is outside the account's area; params: commune."""

    code = "access.outside-area"
