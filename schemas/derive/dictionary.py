"""The data dictionary: every item with its meaning, type, source and obligation, as a page and as a workbook."""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.catalogue import Catalogue
from schemas.codelists import CodeList, code_lists
from schemas.derive.json_schema import UNSAID
from schemas.derive.workbook import Sheet, workbook
from schemas.household import HouseholdSchema
from schemas.language import (
    STEPS,
    AtRest,
    Code,
    Day,
    Field,
    Flag,
    Formatted,
    Geometry,
    Given,
    Item,
    Many,
    Mask,
    Moment,
    Number,
    One,
    PersonName,
    Section,
    Sensitivity,
    Stage,
    Suggested,
    Text,
    Uuid,
    Whole,
    YearMonthOrDay,
    section_fields,
)
from schemas.rules import RULES
from schemas.versions import SCHEMA_VERSION

_STAGES: dict[Stage, tuple[str, str]] = {
    "registered": ("Đăng ký", "Registered"),
    "standardized": ("Chuẩn hóa", "Standardized"),
    "digitized": ("Số hóa", "Digitized"),
}
_SENSITIVITY: dict[Sensitivity, str] = {"plain": "Thường", "personal": "Cá nhân", "sensitive": "Nhạy cảm"}
_MASK: dict[Mask, str] = {
    "shown": "nguyên văn",
    "initials": "chữ đầu",
    "last_three": "ba ký tự cuối",
    "year": "chỉ năm",
    "coarse_position": "vị trí ±100 m",
    "hidden": "ẩn",
}
_AT_REST: dict[AtRest, str] = {"plain": "rõ", "sealed_searchable": "mã hóa, tìm được", "sealed": "mã hóa"}

#: Derived facts (service/households/derived.py), which nobody enters: name, meaning, English, unit, source.
_DERIVED = (
    (
        "livestock_units",
        "Đơn vị vật nuôi: số con nhân hệ số của loại",
        "Livestock units: heads by the coefficient of their kind",
        "ĐVN",
        "Nghị định 46/2022/NĐ-CP, phụ lục V",
    ),
    (
        "livestock_scale",
        "Quy mô chăn nuôi: từ 300 lớn, từ 30 vừa, từ 10 nhỏ, dưới 10 nông hộ",
        "Scale of livestock raising: from 300 large, from 30 medium, from 10 small, else household",
        "",
        "Nghị định 13/2020/NĐ-CP, sửa đổi bởi Nghị định 46/2022/NĐ-CP",
    ),
    (
        "area_by_land_use_m2",
        "Diện tích theo loại đất hiện hành (BHK, NHK tính vào HNK; LUN vào LUK)",
        "Area by land use in force (BHK and NHK count as HNK, LUN as LUK)",
        "m²",
        "Thông tư 08/2024/TT-BTNMT",
    ),
    ("area_m2", "Tổng diện tích các thửa", "Area of all parcels", "m²", "Cộng các thửa"),
    (
        "farm_class",
        "Loại trang trại theo giá trị sản xuất và diện tích",
        "Farm class by the value of output and the land",
        "",
        "Thông tư 02/2020/TT-BNNPTNT",
    ),
)

_ITEM_HEADINGS = (
    "Mục",
    "Nhãn / label",
    "Kiểu",
    "Bắt buộc cho",
    "Bảo vệ",
    "Khi che",
    "Lưu trữ",
    "Chép sang",
    "Nguồn",
)

_WORKBOOK_HEADINGS = (
    "Tên mục",
    "Nhãn",
    "Label",
    "Kiểu",
    "Đơn vị",
    "Bắt buộc cho",
    "Bảo vệ",
    "Khi che",
    "Lưu trữ",
    "Chép sang",
    "Bước",
    "Hướng dẫn",
    "Hint",
    "Nguồn",
    "Tên khi trao đổi (QCVN 109:2017)",
)

_PAGE_HEAD = """# Từ điển dữ liệu · Data dictionary

Trang này do `scripts/derive` viết ra từ `schemas/`; không sửa tay.
This page is written by `scripts/derive` from `schemas/`; do not edit it.

Phiên bản lược đồ / schema version: **{version}**. *Bắt buộc cho* là mức mà mục này phải có
(đăng ký, chuẩn hóa, số hóa); mục nằm trong một nhóm hoặc danh sách
chỉ bắt buộc khi nhóm hoặc phần tử ấy có mặt. *Sổ ghi* là mục do sổ đăng ký ghi,
người dùng không gửi. Để đạt chuẩn hóa, hộ phải có ít nhất một trong: {one_of}.
*Khi che* là phần mà người chỉ được xem bản che thấy; *lưu trữ* là cách mục nằm trong cơ sở dữ liệu;
*chép sang* là mục mà ứng dụng có thể chép từ hộ trước, hoặc từ phần tử trước của danh sách. Mục không nói gì
thì ẩn, mã hóa và không chép. / *Khi che* is what readers who see people masked are shown; *lưu trữ* is how the item
lies in the database; *chép sang* is what a form can copy from the household or list element before. An item that says
nothing is hidden, encrypted and not copied.

*Văn bản* được ghi ở một dạng: Unicode NFC, bỏ khoảng trắng ở hai đầu. Ký tự không nhìn thấy (ký tự định dạng, ký tự
chọn biến thể) được bỏ đi rồi mới xét phần còn lại; mọi loại khoảng trắng là dấu cách; chữ và số toàn khổ là chữ và
số thường; chữ trông giống Đ (U+00D0, U+0189) là Đ; chữ Kirin, Hy Lạp không thể phân biệt với chữ Latinh là chữ
Latinh. Số, mã và ngày cũng bỏ ký tự không nhìn thấy. Khi tìm, không phân biệt dấu, hoa thường, loại dấu nháy và
gạch nối; khi so tên thôn thì dấu có phân biệt, còn chỗ đặt dấu (hoà, hòa), i hay y và số 0 đứng trước thì không.
Ký tự thay cho chữ đã mất (U+FFFD) và ký tự của phông chữ riêng bị từ chối. *Tên người* bắt đầu bằng một chữ cái, gồm
chữ cái Latinh, kể cả chữ của các dân tộc thiểu số, dấu cách, dấu nháy, gạch nối, dấu chấm và chữ số. /
*Text* is stored in one form: Unicode NFC without spaces around it. Characters that nobody can see (format
characters, variation selectors) are taken out before what is left is checked; every blank is a space; full-width
letters and digits are ordinary ones; letters that look like Đ (U+00D0, U+0189) are Đ; Cyrillic and Greek letters
that nobody can distinguish from Latin ones are Latin. What cannot be seen is taken out of numbers, codes and dates
too. Search ignores diacritics, case, and which apostrophe or dash is meant; names of villages are compared with
their diacritics, but without regard to case, the place of the tone (hoà, hòa), i or y, and zeros before a number.
The sign for a lost letter (U+FFFD) and characters of private use are refused. The *name of a person* begins with a
letter and has letters of the Latin script, those of ethnic minorities too, spaces, apostrophes, hyphens, dots, digits.

*Loại đất*: thửa có một loại đất ghi ở `land_use`, với diện tích thửa; thửa có nhiều loại ghi từng loại với diện tích
ở `land_uses`. Khi có `land_uses` thì danh sách này quyết định: `land_use` và `land_use_scheme` là loại có diện tích
lớn nhất (loại ghi trước, nếu bằng nhau), do sổ ghi; `land_use` gửi kèm phải là một trong các loại đã ghi;
`declared_area_m2` nếu không gửi là tổng diện tích các loại. Số liệu suy ra tính diện tích từng loại; loại duy nhất chưa
ghi diện tích được tính phần còn lại của thửa. /
*Land use*: a parcel of one use states it as `land_use`, with the area of the parcel; a parcel of several lists each
with its area in `land_uses`. Where there is a list, it decides: `land_use` and `land_use_scheme` are those of the
use with the largest area (the first of several), set by the register; a `land_use` that is sent along has to be one
of the list; `declared_area_m2`, unless it is sent, is the sum of the areas. Derived facts count each use with its own
area, and the only one without an area with what the others leave of the parcel.
"""


@dataclass(frozen=True)
class DictionaryRow:
    """One item of the record."""

    path: str
    section: type[Section]
    field: Field
    step: str
    #: Whether it is an item of the record itself or of a list's element: what a form can copy.
    copyable: bool

    @property
    def item(self) -> Item:
        """The item's metadata."""
        return self.field.item

    @property
    def kind(self) -> str:
        """How its value is written, in a few words."""
        return _kind(self.field)

    @property
    def obligation(self) -> str:
        """The stage for which it is mandatory, in Vietnamese; "Sổ ghi" for what the register sets."""
        if self.field.register_given:
            return "Sổ ghi"
        item = self.item
        if item.required_for is None:
            return ""
        stage = _STAGES[item.required_for][0]
        return f"{stage} (hoặc {item.required_unless})" if item.required_unless else stage

    @property
    def sensitivity(self) -> str:
        """Whether it is about a person, in Vietnamese."""
        return _SENSITIVITY[self.item.sensitivity]

    @property
    def mask(self) -> str:
        """What is shown of it to readers who see people masked, in Vietnamese."""
        return _MASK[self.item.mask]

    @property
    def at_rest(self) -> str:
        """Whether it is encrypted in the database, in Vietnamese."""
        return _AT_REST[self.item.at_rest]

    @property
    def copied(self) -> str:
        """Whether a form offers to copy it, in Vietnamese."""
        return "có" if self.item.copied and self.copyable else ""


def dictionary_rows() -> list[DictionaryRow]:
    """Return every item of the record in the order of the definition; list elements are written `parcels[]`."""
    return list(_rows(HouseholdSchema, "", "", copyable=True))


def dictionary_workbook(catalogue: Catalogue | None = None) -> bytes:
    """Return the data dictionary as a workbook: items, derived facts, rules, code lists."""
    catalogue = catalogue or Catalogue()
    items = [
        [
            row.path,
            row.item.label_vi,
            row.item.label_en,
            row.kind,
            row.item.unit,
            row.obligation,
            row.sensitivity,
            row.mask,
            row.at_rest,
            row.copied,
            row.step,
            row.item.hint_vi,
            row.item.hint_en,
            row.item.source,
            row.item.exchange_name,
        ]
        for row in dictionary_rows()
    ]
    rules = [
        [code, rule.severity, rule.summary, catalogue.template(code, "vi"), catalogue.template(code, "en")]
        for rule in RULES
        for code in rule.codes
    ]
    codes = [
        [code_list.name, e.code, e.name_vi, e.name_en, str(e.valid_from or ""), str(e.valid_to or ""), e.source]
        for code_list in _named_lists()
        for e in code_list
    ]
    return workbook(
        Sheet("Mục dữ liệu", _WORKBOOK_HEADINGS, items),
        Sheet("Suy ra", ("Tên", "Ý nghĩa", "Meaning", "Đơn vị", "Nguồn"), _DERIVED),
        Sheet("Quy tắc", ("Mã", "Mức", "Rule", "Lời báo", "Message"), rules),
        Sheet("Ngoài JSON Schema", ("Mã", "Why"), list(UNSAID.items())),
        Sheet("Danh mục", ("Danh mục", "Mã", "Tên", "Name", "Từ ngày", "Đến ngày", "Nguồn"), codes),
    )


def dictionary_page() -> str:
    """Return the data dictionary as a Markdown page, docs/data-dictionary.md."""
    one_of = ", ".join(f"`{name}`" for _stage, names in HouseholdSchema.one_of for name in names)
    lines = [_PAGE_HEAD.format(version=SCHEMA_VERSION, one_of=one_of)]
    for title, rows in _by_section():
        lines += [f"## {title}", "", _line(*_ITEM_HEADINGS), _line(*["---"] * len(_ITEM_HEADINGS))]
        lines += [
            _line(
                f"`{row.path}`",
                f"{row.item.label_vi} / {row.item.label_en}" + (f" ({row.item.unit})" if row.item.unit else ""),
                row.kind,
                row.obligation,
                row.sensitivity,
                row.mask,
                row.at_rest,
                row.copied,
                row.item.source,
            )
            for row in rows
        ]
        lines.append("")
    lines += [
        "## Số liệu suy ra · Derived facts",
        "",
        "Không ai phải khai; sổ tính ra từ các mục khác, ghi ở `derived`.",
    ]
    lines += ["", "| Mục | Ý nghĩa / meaning | Đơn vị | Nguồn |", "| --- | --- | --- | --- |"]
    lines += [_line(f"`derived.{name}`", f"{vi} / {en}", unit, source) for name, vi, en, unit, source in _DERIVED]
    lines += ["", "## Tên khi trao đổi về người · Names of people's items on exchange (QCVN 109:2017)", ""]
    lines.append("Họ tên tách thành `Ho`, `ChuDem`, `Ten`; giới tính là 1 nam, 2 nữ, 0 chưa rõ.")
    lines.append("Phần của họ tên và mã giới tính có nguồn; các tên khác là mặc định, tùy thỏa thuận với nơi nhận.")
    lines += ["", "| Mục | Tên khi trao đổi |", "| --- | --- |"]
    lines += [_line(f"`{r.path}`", f"`{r.item.exchange_name}`") for r in dictionary_rows() if r.item.exchange_name]
    lines += ["", "## Quy tắc giữa các mục · Rules between items", "", "| Mã | Mức | Quy tắc |", "| --- | --- | --- |"]
    lines += [_line(f"`{code}`", rule.severity, rule.summary) for rule in RULES for code in rule.codes]
    lines += ["", "## Điều JSON Schema không nói được · What JSON Schema cannot say", ""]
    lines.append("Lược đồ JSON và bộ kiểm của MongoDB không bắt được các lỗi này; chỉ sổ đăng ký kiểm.")
    lines += ["", "| Mã | Vì sao / why |", "| --- | --- |"]
    lines += [_line(f"`{code}`", why) for code, why in UNSAID.items()]
    lines += ["", "## Danh mục · Code lists", "", "| Danh mục | Số mã | Nguồn |", "| --- | --- | --- |"]
    for code_list in _named_lists():
        sources = list(dict.fromkeys(entry.source for entry in code_list))
        source = sources[0] + (" …" if len(sources) > 1 else "")
        lines.append(_line(f"`{code_list.name}`", str(len(code_list.entries)), source))
    return "\n".join(lines) + "\n"


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _by_section() -> Iterator[tuple[str, list[DictionaryRow]]]:
    """Yield the rows by the section that they are in: the household first, then each object inside it."""
    rows = dictionary_rows()
    prefixes = dict.fromkeys(row.path.rpartition(".")[0] for row in rows)
    labels = {row.path: row.item for row in rows}
    for prefix in prefixes:
        item = labels.get(prefix.removesuffix("[]")) or labels.get(prefix)
        title = f"{item.label_vi} · {item.label_en} (`{prefix}`)" if item else "Hộ · Household"
        yield title, [row for row in rows if row.path.rpartition(".")[0] == prefix]


def _rows(section: type[Section], prefix: str, step: str, *, copyable: bool) -> Iterator[DictionaryRow]:
    for name, field in section_fields(section).items():
        here = STEPS[field.item.step][0] if field.item.step else step
        part = field.inner if isinstance(field, Many) else field
        is_list = isinstance(field, Many) and isinstance(part, One)
        yield DictionaryRow(prefix + name, section, field, here, copyable)
        if isinstance(part, One):
            yield from _rows(
                part.section, f"{prefix}{name}[]." if is_list else f"{prefix}{name}.", here, copyable=is_list
            )


def _kind(field: Field) -> str:  # noqa: C901 - one case for each kind of field
    match field:
        case Suggested():
            return f"mã, danh mục `{field.list_name}`, hoặc văn bản đến {field.most} ký tự"
        case PersonName():
            return f"tên người, đến {field.most} ký tự"
        case Text():
            return f"văn bản, đến {field.most} ký tự"
        case Uuid():
            return "UUID"
        case Formatted():
            return f"văn bản, ví dụ {field.example}" if field.example else "văn bản"
        case Code():
            lists = ", ".join(f"`{name}`" for name in dict.fromkeys(field.lists().values()))
            return f"mã, danh mục {lists}"
        case Flag():
            return "có / không"
        case Number():
            low = f"từ {field.least:g}" if field.least is not None else f"trên {field.above:g}"
            return f"số {'nguyên ' if isinstance(field, Whole) else ''}{low} đến {field.most:,.0f}".replace(",", ".")
        case Day():
            return "ngày"
        case YearMonthOrDay():
            return "ngày, tháng hoặc năm"
        case Moment():
            return "thời điểm"
        case Geometry():
            return "hình học GeoJSON: " + ", ".join(field.kinds)
        case One():
            return "nhóm mục"
        case Many(inner=One()):
            return f"danh sách, đến {field.most}"
        case Many():
            return f"danh sách {_kind(field.inner)}"
        case Given():
            return "do sổ ghi"
    raise TypeError(f"the dictionary does not know {type(field).__name__}")


def _named_lists() -> list[CodeList]:
    """Return every code list except the units, which the register serves separately."""
    return [code_lists()[name] for name in code_lists().names()]
