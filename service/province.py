"""The province that a register serves: everything that differs from one province to the next, read from one file.

The files are ``provinces/CODE.toml``; docs/province.md says how to write one. Nothing else in the code names one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from service.settings_invalid import SettingsInvalid

FOLDER: Final = Path(__file__).parents[1] / "provinces"
DEFAULT: Final = FOLDER / "default.toml"
"""Names the province of a register whose PROVINCE is not set."""

AGENCY_CODE: Final = r"(?:[0-9]{3}[.][0-9]{2}[.][0-9]{2}[.]H[0-9]{2}|H[0-9]{2}(?:[.][0-9]{1,3}){0,3})"
_SYSTEM: Final = r"EPSG:[0-9]{4,6}"

Position = tuple[float, float]
"""Longitude and latitude in degrees (WGS 84)."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text in both languages."""

    vi: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the text in "en", or else in Vietnamese."""
        return self.en if language == "en" else self.vi


@dataclass(frozen=True, slots=True)
class ProjectedSystems:
    """EPSG codes of the VN-2000 systems that the province works in.

    ``home`` is that of its own central meridian, ``zones`` those whose sheets occur (the home one among them), and in
    ``metric`` distances are measured.
    """

    home: str
    zones: tuple[str, ...]
    metric: str


@dataclass(frozen=True, slots=True)
class MapView:
    """Where a map opens when no better place is known, and the box around the province: west, south, east, north."""

    centre: Position
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes the province's open data, and the address of their licence."""

    name: Words
    licence: str


@dataclass(frozen=True, slots=True)
class BorderSource:
    """Where borders of the province's communes are available."""

    name: str
    address: str
    licence: str


@dataclass(frozen=True, slots=True)
class ExampleResidence:
    """A place for the made-up household of documents: commune, the former commune in it, and a position there."""

    commune: str
    former_commune: str
    position: Position


@dataclass(frozen=True, slots=True)
class DemonstrationProfile:
    """What the demonstration's invented households need to know of the province. Districts are those before July 2025.

    ``officers_unit`` is the unit, by its code on ``officers_unit_on``, whose communes of today are the area of the
    demonstration's officer and leader. ``coast_from_longitude`` is where the coast of a district begins.
    """

    officers_unit: str
    officers_unit_on: date
    mountain_districts: frozenset[str]
    hill_districts: frozenset[str]
    coast_from_longitude: Mapping[str, float]
    ethnic_groups: Mapping[str, Mapping[str, float]]
    village_words: Mapping[str, str]
    village_names: tuple[str, ...]
    mountain_village_names: tuple[str, ...]
    products: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Province:
    """One province, as its file describes it. Its list of units is complete from the day ``units_since`` on."""

    code: str
    name: Words
    full_name: Words
    agency: str
    personal_number_prefix: str
    units: Path
    units_since: date
    vn2000: ProjectedSystems
    map: MapView
    open_data: Publisher
    borders: tuple[BorderSource, ...]
    example: ExampleResidence
    demonstration: DemonstrationProfile

    @property
    def example_number(self) -> str:
        """A well-formed personal number of the province, for documents."""
        return f"{self.personal_number_prefix}078001234"

    def placeholders(self, language: str) -> dict[str, str]:
        """Return what any message may say of the province, by placeholder."""
        longitude, latitude = (f"{degrees:.2f}" for degrees in self.map.centre)
        vietnamese = language != "en"
        return {
            "province": self.name.in_language(language),
            "home_system": self.vn2000.home,
            "centre": f"({longitude}; {latitude})".replace(".", ",") if vietnamese else f"({longitude}, {latitude})",
        }


def units_since(provinces: Iterable[Province]) -> date:
    """Return the first day on which the list of one of these provinces is complete.

    A province whose list begins later has before that the units with which it begins.
    """
    return min(province.units_since for province in provinces)


def read_province(named: str = "", *, agency: str = "", licence: str = "") -> Province:
    """Read a province's file: ``named`` is a code, the path of a file, or empty for the default.

    Of several with commas between them it is the first, whose register it is.

    ``agency`` and ``licence``, if given, replace those of the file. Raises SettingsInvalid with the file, the key and
    what is wrong with it.
    """
    file = _file_of(named)
    described = _read_toml(file)
    own_agency = described.get("agency")
    if agency:
        described["agency"] = agency
    if licence:
        described["open_data"] = {**described.get("open_data", {}), "licence": licence}
    try:
        values: dict[str, Any] = _ProvinceSchema().load(described)
    except ValidationError as error:
        key, reason = _first_fault(error.messages_dict)
        if key == "agency" and agency:
            expected = f"expected the identifier of an agency (QCVN 102:2016/BTTTT), as {own_agency}"
            raise SettingsInvalid(f"AGENCY={agency!r}: {expected}") from None
        raise SettingsInvalid(f"{file}: {key}: {reason}") from None
    units = file.parent / values["units"]
    if not units.is_file():
        raise SettingsInvalid(f"{file}: units: {units} is not there")
    return Province(**{**values, "units": units})


def known_provinces() -> list[str]:
    """Return the codes of the provinces that come with the register."""
    return sorted(path.stem for path in FOLDER.glob("*.toml") if path != DEFAULT)


def _file_of(named: str) -> Path:
    named = named.split(",", maxsplit=1)[0].strip()
    if not named:
        named = str(_read_toml(DEFAULT)["code"])
    file = Path(named) if named.endswith(".toml") else FOLDER / f"{named}.toml"
    if not file.is_file() or file == DEFAULT:
        raise SettingsInvalid(
            f"PROVINCE={named!r}: {file} is not there. The provinces that come with the register are "
            f"{', '.join(known_provinces())}; docs/province.md says how to add one."
        )
    return file


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsInvalid(f"{file}: {error}") from None


def _first_fault(messages: Mapping[str, Any]) -> tuple[str, str]:
    """Return the first key of marshmallow's messages with dots, and what is wrong with it."""
    keys: list[str] = []
    found: Any = messages
    while isinstance(found, Mapping):
        key, found = next(iter(found.items()))
        keys.append(str(key))
    return ".".join(keys), " ".join(map(str, found)) if isinstance(found, list) else str(found)


class _Described(Schema):
    """A table of the file. Unknown keys are faults, so that a mistyped key is noticed."""

    class Meta:
        unknown = RAISE

    makes: type[Any]

    @post_load
    def _make(self, values: dict[str, Any], **_: Any) -> Any:
        return self.makes(**values)


def _text(pattern: str | None = None) -> fields.String:
    rule = validate.Length(min=1) if pattern is None else validate.Regexp(re.compile(rf"{pattern}\Z"))
    return fields.String(required=True, validate=rule)


def _degrees() -> fields.Float:
    return fields.Float(required=True, validate=validate.Range(-180, 180))


def _position() -> fields.Tuple:
    return fields.Tuple((_degrees(), _degrees()), required=True)


class _Tuple(fields.List[Any]):
    """A list that becomes a tuple, since what is read is frozen."""

    def _deserialize(self, *arguments: Any, **options: Any) -> Any:
        return tuple(super()._deserialize(*arguments, **options))


class _Set(fields.List[Any]):
    """A list that becomes a set."""

    def _deserialize(self, *arguments: Any, **options: Any) -> Any:
        return frozenset(super()._deserialize(*arguments, **options))


class _Day(fields.Field[date]):
    """A day, which TOML has as a type of its own."""

    def _deserialize(self, value: Any, *arguments: Any, **options: Any) -> date:  # noqa: ARG002  (marshmallow's own)
        if type(value) is not date:
            raise ValidationError("not a day (YYYY-MM-DD, without quotes)")
        return value


class _WordsSchema(_Described):
    makes = Words
    vi = _text()
    en = _text()


class _SystemsSchema(_Described):
    makes = ProjectedSystems
    home = _text(_SYSTEM)
    zones = _Tuple(_text(_SYSTEM), required=True)
    metric = _text(_SYSTEM)


class _MapSchema(_Described):
    makes = MapView
    centre = _position()
    box = fields.Tuple((_degrees(), _degrees(), _degrees(), _degrees()), required=True)


class _PublisherSchema(_Described):
    makes = Publisher
    name = fields.Nested(_WordsSchema, required=True)
    licence = _text()


class _BorderSourceSchema(_Described):
    makes = BorderSource
    name = _text()
    address = _text()
    licence = _text()


class _ExampleSchema(_Described):
    makes = ExampleResidence
    commune = _text(r"[0-9]{5}")
    former_commune = _text(r"[0-9]{5}")
    position = _position()


class _DemonstrationSchema(_Described):
    makes = DemonstrationProfile
    officers_unit = _text(r"[0-9]+")
    officers_unit_on = _Day(required=True)
    mountain_districts = _Set(_text(r"[0-9]+"), required=True)
    hill_districts = _Set(_text(r"[0-9]+"), required=True)
    coast_from_longitude = fields.Dict(_text(r"[0-9]+"), _degrees(), required=True)
    ethnic_groups = fields.Dict(_text(r"[0-9]+"), fields.Dict(_text(r"[0-9]{2}"), fields.Float()), required=True)
    village_words = fields.Dict(
        fields.String(validate=validate.OneOf(["town", "coast", "plain", "hills", "mountains"])),
        _text(),
        required=True,
        validate=validate.Length(equal=5),
    )
    village_names = _Tuple(_text(), required=True, validate=validate.Length(min=5))
    mountain_village_names = _Tuple(_text(), required=True, validate=validate.Length(min=5))
    products = fields.Dict(_text(), _text(), required=True)


class _ProvinceSchema(_Described):
    makes = dict
    code = _text(r"[0-9]{2}")
    name = fields.Nested(_WordsSchema, required=True)
    full_name = fields.Nested(_WordsSchema, required=True)
    agency = _text(AGENCY_CODE)
    personal_number_prefix = _text(r"[0-9]{3}")
    units = _text()
    units_since = _Day(required=True)
    vn2000 = fields.Nested(_SystemsSchema, required=True)
    map = fields.Nested(_MapSchema, required=True)
    open_data = fields.Nested(_PublisherSchema, required=True)
    borders = _Tuple(fields.Nested(_BorderSourceSchema), required=True)
    example = fields.Nested(_ExampleSchema, required=True)
    demonstration = fields.Nested(_DemonstrationSchema, required=True)
