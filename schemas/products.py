"""Products that the household sells: classification, season, scale, certificates, OCOP."""

from schemas.language import OPEN, Code, Day, Many, Number, One, Section, Text, Whole, item, many
from schemas.production import CertificationSchema

_ECOMMERCE = "Kế hoạch 1034/QĐ-BTTTT (2021)"
_OCOP = "Quyết định 148/QĐ-TTg (2023)"


class OcopSchema(Section):
    """A rating in the programme One Commune One Product."""

    group = Code("ocop_groups", item("Nhóm sản phẩm", "Group", source=_OCOP, **OPEN))
    stars = Whole(
        item("Số sao", "Stars", source=_OCOP, required_for="registered", unit="star", **OPEN), least=3, most=5
    )
    decision_number = Text(60, item("Số quyết định", "Decision number", source=_OCOP, **OPEN))
    decided_on = Day(item("Ngày quyết định", "Decided on", source=_OCOP, **OPEN))


class ProductSchema(Section):
    """A product."""

    name = Text(200, item("Tên sản phẩm", "Name", source=_ECOMMERCE, required_for="registered", copied=True, **OPEN))
    vsic = Code(
        "vsic",
        item("Ngành kinh tế (VSIC)", "Activity (VSIC)", source="Quyết định 36/2025/QĐ-TTg", copied=True, **OPEN),
        scheme="vsic_version",
        schemes="vsic_versions",
    )
    vsic_version = Code(
        "vsic_versions",
        item(
            "Phiên bản VSIC",
            "VSIC version",
            hint_vi="Để trống là VSIC 2025.",
            hint_en="VSIC 2025 unless given.",
            source="Quyết định 36/2025/QĐ-TTg",
            copied=True,
            **OPEN,
        ),
    )
    annual_output = Number(
        item("Sản lượng một năm", "Output a year", source=_ECOMMERCE, **OPEN), least=0, most=1_000_000_000
    )
    unit = Code("output_units", item("Đơn vị tính", "Unit", source=_ECOMMERCE, copied=True, **OPEN))
    season_months = Many(
        Code("months"),
        item("Tháng có hàng", "Months on offer", source=_ECOMMERCE, **OPEN),
        most=12,
        distinct=True,
    )
    scale = Code("production_scales", item("Quy mô sản xuất", "Scale", source=_ECOMMERCE, copied=True, **OPEN))
    traceability_code = Text(
        100, item("Mã truy xuất nguồn gốc", "Traceability code", source=_ECOMMERCE, copied=True, **OPEN)
    )
    certifications = many(CertificationSchema, item("Chứng nhận", "Certifications", source=_ECOMMERCE, **OPEN), most=10)
    ocop = One(OcopSchema, item("OCOP", "OCOP", source=_OCOP, **OPEN))
