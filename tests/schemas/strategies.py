"""Records made from the definition itself: good ones, and good ones that something was broken in."""

from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

from schemas.household import HouseholdSchema
from schemas.language import (
    Code,
    Day,
    Field,
    Flag,
    Formatted,
    Geometry,
    Many,
    Moment,
    Number,
    One,
    PersonName,
    Section,
    Text,
    Whole,
    YearMonthOrDay,
    section_fields,
)
from tests.schemas.records import square

Record = dict[str, Any]

#: What stands in a broken record where a value of another type is wanted.
_OF_ANY_TYPE: tuple[Any, ...] = (None, True, 0, 2.0, 2.5, "", "x", [], ["x"], {}, {"type": "Point"})

_TEXTS = (
    "",
    " ",
    "\u00a0",
    "\u2028",
    "a\x01b",
    "a\nb",
    "a\r\nb",
    "x\n",
    "\tx",
    "a\u0301",
    "\u200b",
    "\u3164\ufe0f",
    "\u200bx",
    "Nguy?n",
    "c\u0306\u0306 Ŏ",
)
_TIMES = (
    "1980",
    "1980-13",
    "1980-00-01",
    "1899-12-31",
    "2100-01-01",
    "2026-11-20",
    "2026-11-20\n",
    "2026-11-32",
    "2026-11-20T02:11:09Z",
    "2026-11-20T24:11:09Z",
    "2026-11-20T02:11:09.5+07:00",
    "2026-11-20T02:11:09",
    "2026-11-20t02:11:09z",
)
_RING = square()["coordinates"][0]
_GEOMETRIES = (
    {"type": "Point", "coordinates": [105.0, 18.0]},
    {"type": "Point", "coordinates": [105.0, 18.0, 3.5]},
    {"type": "Point", "coordinates": [105.0, "18"]},
    {"type": "Point", "coordinates": [105.0, True]},
    {"type": "Point", "coordinates": [105.0]},
    {"type": "Point", "coordinates": [1e8, 18.0]},
    {"type": "Point", "coordinates": []},
    {"type": "Point", "coordinates": [105.0, 18.0], "bbox": []},
    {"type": "Polygon", "coordinates": [_RING, [*_RING[:2], _RING[0]]]},
    {"type": "Point", "coordinates": [105.0, 18.0], "bbox": [105, 18, 105, 18]},
    {"type": "Point", "coordinates": [105.0, 18.0], "bbox": [105, 18, True, 18]},
    {"type": "Point", "coordinates": [105.0, 18.0], "crs": {"type": "name", "properties": {"name": "EPSG:4326"}}},
    {"type": "Point", "coordinates": [105.0, 18.0], "crs": {"type": "name", "properties": {"name": "EPSG:5897"}}},
    {"type": "Point", "coordinates": [105.0, 18.0], "crs": {}},
    {"type": "Polygon", "coordinates": []},
    {"type": "Polygon", "coordinates": [[]]},
    {"type": "Polygon", "coordinates": [_RING] * 101},
    {"type": "Polygon", "coordinates": [[[*position, 12.5] for position in _RING]]},
    {"type": "MultiPolygon", "coordinates": [[_RING]]},
    {"type": "MultiPolygon", "coordinates": []},
    {"type": "MultiPolygon", "coordinates": _RING},
    {"type": "LineString", "coordinates": _RING},
    {"coordinates": [_RING]},
)


def households() -> st.SearchStrategy[Record]:
    """Households that are good item by item; rules between items may refuse them."""
    return _sections(HouseholdSchema)


@st.composite
def broken_households(draw: st.DrawFn) -> Record:
    """Households in which a value or two are at the edge of what is good, beyond it, of another type, or gone."""
    record = deepcopy(draw(households()))
    for _ in range(draw(st.integers(1, 2))):
        places = _places(record, HouseholdSchema)
        if not places:
            break
        holder, key, field = draw(st.sampled_from(places))
        deed = draw(st.sampled_from(("nearly", "nearly", "nearly", "another type", "leave out", "add")))
        if deed == "nearly":
            holder[key] = deepcopy(draw(st.sampled_from(_near_misses(field))))
        elif deed == "another type":
            holder[key] = deepcopy(draw(st.sampled_from(_OF_ANY_TYPE)))
        elif deed == "leave out":
            del holder[key]
        elif isinstance(holder, dict):
            name = draw(st.sampled_from(("unknown", "", "_schema", "full_name", "land_use_scheme", "no_id_reason")))
            holder[name] = deepcopy(draw(st.sampled_from(_OF_ANY_TYPE)))
    return record


def _places(value: Any, section: type[Section]) -> list[tuple[Any, Any, Field]]:
    """Every place of a record with what should stand there: (object or list, key or index, field)."""
    places: list[tuple[Any, Any, Field]] = []
    if not isinstance(value, dict):
        return places
    for name, field in section_fields(section).items():
        if field.register_given or name not in value:
            continue
        places.append((value, name, field))
        if isinstance(field, One):
            places += _places(value[name], field.section)
        elif isinstance(field, Many) and isinstance(value[name], list):
            for index, element in enumerate(value[name]):
                places.append((value[name], index, field.inner))
                if isinstance(field.inner, One):
                    places += _places(element, field.inner.section)
    return places


def _near_misses(field: Field) -> list[Any]:
    """Values at the edge of what is good, on both sides of it."""
    match field:
        case Text():
            return [*_TEXTS, "x" * field.most, "x" * (field.most + 1), "ữ" * field.most]
        case Formatted():
            good = field.example or "1.1"
            return [good, good + "\n", " " + good, good[:-1], good + "0", good.upper(), "\u0661" * len(good)]
        case Code():
            return [*sorted(field.codes())[:3], "LUN", "LUC", "06", "54", "01110", "2018", "census", "Male", "male "]
        case Number():
            low = field.least if field.least is not None else field.above
            edges = [low, field.most, field.most + 1, (low or 0) - 1, (low or 0) + 0.5, (low or 0) + 1, -0.0]
            return [*edges, float(field.most)]
        case Day() | YearMonthOrDay() | Moment():
            return list(_TIMES)
        case Geometry():
            return list(_GEOMETRIES)
        case Many(inner=Code() as inner):
            codes = sorted(inner.codes())
            return [[codes[0], codes[0]], codes[:11], codes[:1], [codes[0], "x"]]
        case Many():
            return [[], [{}] * (field.most + 1), [[]], {"0": {}}]
    return list(_OF_ANY_TYPE)


@st.composite
def _sections(draw: st.DrawFn, section: type[Section]) -> Record:
    fields = {name: field for name, field in section_fields(section).items() if not field.register_given}
    optional = [name for name, field in fields.items() if not field.required]
    chosen = set(draw(st.lists(st.sampled_from(optional), max_size=6, unique=True))) if optional else set()
    record = {name: draw(_values(field)) for name, field in fields.items() if field.required or name in chosen}
    for name, field in fields.items():
        if isinstance(field, Code) and field.scheme and name in record:
            # A code belongs to the scheme beside it; without one to the default scheme.
            codes = _codes(field.lists()[record.get(field.scheme)])
            if record[name] not in codes:
                record[name] = draw(st.sampled_from(codes))
        if field.item.required_for == "registered" and field.item.required_unless and name not in record:
            record.setdefault(field.item.required_unless, draw(_values(fields[field.item.required_unless])))
    return record


def _codes(list_name: str) -> list[str]:
    from schemas.codelists import code_lists

    return sorted(code_lists()[list_name].codes)


def _values(field: Field) -> st.SearchStrategy[Any]:  # noqa: C901 - one case for each kind of field
    match field:
        case PersonName():
            return st.from_regex("[A-ZĐƀŏ][a-zữêč' ’.-]{0,30}", fullmatch=True)
        case Text():
            letters = st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn"])
            return st.text(letters, max_size=min(field.most, 40) - 1).map(lambda text: ("ữ" + text)[:40])
        case Formatted():
            return st.from_regex(field.pattern, fullmatch=True, alphabet=st.characters(max_codepoint=127))
        case Code():
            return st.sampled_from(sorted(field.codes()))
        case Flag():
            return st.booleans()
        case Whole():
            return st.integers(int(field.least or 0), int(field.most))
        case Number():
            least = field.least if field.least is not None else field.above
            return st.floats(least, field.most, exclude_min=field.least is None, allow_subnormal=False)
        case Day():
            return st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(date.isoformat)
        case YearMonthOrDay():
            days = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(date.isoformat)
            return st.tuples(days, st.sampled_from((4, 7, 10))).map(lambda pair: pair[0][: pair[1]])
        case Moment():
            seconds = st.integers(0, 4_000_000_000)
            return seconds.map(lambda each: datetime.fromtimestamp(each, UTC).isoformat(timespec="seconds"))
        case Geometry():
            corner = st.tuples(st.floats(103, 106), st.floats(18, 20))
            if field.kinds == ("Point",):
                return corner.map(lambda at: {"type": "Point", "coordinates": list(at)})
            return corner.map(lambda at: square(round(at[0], 7), round(at[1], 7)))
        case One():
            return _sections(field.section)
        case Many(inner=One() as inner):
            return st.lists(_sections(inner.section), max_size=2)
        case Many():
            return st.lists(_values(field.inner), max_size=3, unique=True)
    raise TypeError(type(field).__name__)
