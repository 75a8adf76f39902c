"""The metadata of an item besides its type: labels, source, obligation, and how it is protected."""

from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypedDict, get_args

Stage = Literal["registered", "standardized", "digitized"]
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)
"""The codes of the list ``stages`` in its order; a test compares them, since a type cannot be read from a file."""

Step = Literal["household", "people", "land", "production", "products", "digital", "consent"]

Sensitivity = Literal["plain", "personal", "sensitive"]
SENSITIVITIES: Final[tuple[Sensitivity, ...]] = get_args(Sensitivity)
Mask = Literal["shown", "initials", "last_three", "year", "coarse_position", "hidden"]
AtRest = Literal["plain", "sealed_searchable", "sealed"]

#: The steps of the form in their order, with their names in Vietnamese and English.
STEPS: dict[Step, tuple[str, str]] = {
    "household": ("Hộ", "Household"),
    "people": ("Nhân khẩu", "People"),
    "land": ("Đất đai", "Land"),
    "production": ("Sản xuất", "Production"),
    "products": ("Sản phẩm", "Products"),
    "digital": ("Tiếp cận số", "Digital access"),
    "consent": ("Căn cứ và đồng ý", "Legal basis and consent"),
}


class Protection(TypedDict):
    """How an item is protected, for several items that say the same."""

    sensitivity: Sensitivity
    mask: Mask
    at_rest: AtRest


#: For an item that is not about a person, and for a section or list that leaves protection to the items inside.
OPEN: Final[Protection] = {"sensitivity": "plain", "mask": "shown", "at_rest": "plain"}


class Tolerance(NamedTuple):
    """By how much a sum may differ from the whole: the larger of a share of the whole and an amount."""

    share: float
    least: float


@dataclass(frozen=True)
class Item:
    """The metadata of an item besides its type.

    An item that does not say how it is protected is treated as the most sensitive: hidden from readers who see people
    masked or not at all, sealed at rest, not copied. A section or list is protected as a whole before its items are
    asked: where it is hidden or sealed, so is everything inside.
    """

    label_vi: str
    label_en: str
    hint_vi: str = ""
    hint_en: str = ""
    source: str = ""
    required_for: Stage | None = None
    #: The item beside it that may be given in its place.
    required_unless: str | None = None
    #: The version of the schema since which every stored record has it, sent by a client or given by the register; a
    #: record without it is damaged. What is required of clients only since a later version does not say it.
    stored_since: str | None = None
    #: Whether it is about a person. Readers who may see nobody are shown only what is plain.
    sensitivity: Sensitivity = "sensitive"
    #: What readers who see people masked are shown of it.
    mask: Mask = "hidden"
    #: Whether it is encrypted in the database, and whether equality can be queried all the same.
    at_rest: AtRest = "sealed"
    #: Whether a form copies it: from the household before, or inside a list from the element before.
    copied: bool = False
    step: Step | None = None
    unit: str = ""
    #: The element's name in QCVN 109:2017, for items of people that are exchanged.
    exchange_name: str = ""
    #: Whether a form asks for it; else a device or another system fills it in.
    asked: bool = True
    #: An item beside it, and the values of that item with which a form asks for this one.
    asked_when: tuple[str, tuple[Any, ...]] | None = None
    #: A check of the form, and the item beside it that the check is about: it is asked for only where the check finds
    #: something in the object that holds both, and confirms that the item is right all the same.
    confirms: tuple[str, str] | None = None
    #: Of a short list: maps items of an element to the items beside the list that hold them when there is only one.
    #: A number beside it is the sum.
    shorthand: tuple[tuple[str, str], ...] = ()
    #: Of a short list: by how much the sum may differ from that number.
    sum_tolerance: Tolerance | None = None
    #: The item beside it of which it says how it was taken or is to be read. Where two versions of a record are merged,
    #: both come from the same one.
    goes_with: str | None = None
    #: Of a geometry: the flag beside it that confirms that it lies outside all the same.
    outside: str | None = None


def item(label_vi: str, label_en: str, **metadata: Any) -> Item:
    """Describe an item by the attributes of `Item`. A nested item without a step is in its parent's step."""
    return Item(label_vi, label_en, **metadata)
