"""Production other than crops: livestock, aquaculture, forestry, salt, machines; contracts and certificates."""

from schemas.language import (
    OPEN,
    Code,
    Day,
    Flag,
    Item,
    Number,
    One,
    Section,
    Text,
    Tolerance,
    Whole,
    YearMonthOrDay,
    item,
    many,
)

MOST_AREA_M2 = 100_000_000
#: Areas that should add up may differ by a hundredth, for rounding on paper, and by a square metre in any case, since
#: each area of a small parcel is rounded to whole ones.
AREA_TOLERANCE = Tolerance(share=0.01, least=1.0)
MOST_OUTPUT_T = 1_000_000

_CROPS = "Thông tư 18/2019/TT-BNNPTNT, điều 6"
_LIVESTOCK = "Luật Chăn nuôi 2018; Nghị định 46/2022/NĐ-CP; Thông tư 18/2019/TT-BNNPTNT"
_FISHERIES = "Luật Thủy sản 2017; Tổng điều tra nông thôn, nông nghiệp"
_FORESTRY = "Luật Lâm nghiệp 2017; Tổng điều tra nông thôn, nông nghiệp"
_SALT = "Nghị định 40/2017/NĐ-CP về sản xuất, kinh doanh muối"
_MACHINES = "Tổng điều tra nông thôn, nông nghiệp; FAO WCA 2020, chủ đề máy móc"


class CertificationSchema(Section):
    """A certificate of good practice or quality."""

    scheme = Code(
        "certification_schemes",
        item("Loại chứng nhận", "Scheme", source=_CROPS, required_for="registered", copied=True, **OPEN),
    )
    number = Text(60, item("Số giấy", "Number", source=_CROPS, copied=True, **OPEN))
    issuer = Text(200, item("Tổ chức cấp", "Issuer", source=_CROPS, copied=True, **OPEN))
    issued_on = Day(item("Ngày cấp", "Issued on", source=_CROPS, **OPEN))
    expires_on = Day(item("Ngày hết hạn", "Expires on", source=_CROPS, **OPEN))


class LinkageSchema(Section):
    """A contract that links production with a buyer or supplier."""

    form = Code("linkage_forms", item("Hình thức liên kết", "Form", source=_CROPS, required_for="registered", **OPEN))
    partner = Text(
        200, item("Bên liên kết", "Partner", source=_CROPS, sensitivity="personal", mask="initials", at_rest="plain")
    )
    area_m2 = Number(item("Diện tích liên kết", "Area", source=_CROPS, unit="m²", **OPEN), above=0, most=MOST_AREA_M2)
    output_t = Number(
        item("Sản lượng liên kết", "Output", source=_CROPS, unit="t", **OPEN), least=0, most=MOST_OUTPUT_T
    )
    until = YearMonthOrDay(item("Thời hạn", "Until", source=_CROPS, **OPEN))

    @classmethod
    def one(cls, item: Item) -> One:
        """Return the field of a linkage contract in another section."""
        return One(cls, item)


class LivestockSchema(Section):
    """One kind of animals that the household keeps."""

    kind = Code(
        "livestock_units",
        item(
            "Loại vật nuôi",
            "Kind",
            source="Nghị định 46/2022/NĐ-CP, phụ lục V",
            required_for="registered",
            copied=True,
            **OPEN,
        ),
    )
    heads = Whole(
        item("Số con", "Heads", source=_LIVESTOCK, required_for="standardized", unit="head", **OPEN),
        least=0,
        most=10_000_000,
    )
    system = Code("livestock_systems", item("Phương thức nuôi", "System", source=_LIVESTOCK, copied=True, **OPEN))
    output_t = Number(
        item("Sản lượng xuất chuồng trong năm", "Output a year, live weight", source=_LIVESTOCK, unit="t", **OPEN),
        least=0,
        most=MOST_OUTPUT_T,
    )
    vaccinated = Flag(item("Đã tiêm phòng", "Vaccinated", source="Luật Thú y 2015", copied=True, **OPEN))
    manure = Code(
        "manure_treatments", item("Xử lý chất thải", "Manure treatment", source=_LIVESTOCK, copied=True, **OPEN)
    )
    linkage = LinkageSchema.one(item("Hợp đồng liên kết", "Linkage contract", source=_CROPS, **OPEN))
    certifications = many(CertificationSchema, item("Chứng nhận", "Certifications", source=_CROPS, **OPEN), most=10)


class AquacultureSchema(Section):
    """One species that the household farms in water."""

    species = Code(
        "aquaculture_species",
        item("Đối tượng nuôi", "Species", source=_FISHERIES, required_for="registered", copied=True, **OPEN),
    )
    water = Code("waters", item("Môi trường nước", "Water", source=_FISHERIES, copied=True, **OPEN))
    method = Code("aquaculture_methods", item("Hình thức nuôi", "Method", source=_FISHERIES, copied=True, **OPEN))
    area_m2 = Number(
        item("Diện tích mặt nước", "Water area", source=_FISHERIES, unit="m²", **OPEN), above=0, most=MOST_AREA_M2
    )
    volume_m3 = Number(
        item(
            "Thể tích lồng, bể",
            "Volume of cages or tanks",
            source=_FISHERIES,
            unit="m³",
            asked_when=("method", ("cage", "tank")),
            **OPEN,
        ),
        above=0,
        most=10_000_000,
    )
    output_t = Number(
        item("Sản lượng trong năm", "Output a year", source=_FISHERIES, unit="t", **OPEN), least=0, most=MOST_OUTPUT_T
    )
    stocked_on = YearMonthOrDay(item("Thời điểm thả giống", "Stocked", source=_FISHERIES, **OPEN))
    linkage = LinkageSchema.one(item("Hợp đồng liên kết", "Linkage contract", source=_CROPS, **OPEN))
    certifications = many(CertificationSchema, item("Chứng nhận", "Certifications", source=_CROPS, **OPEN), most=10)


class ForestrySchema(Section):
    """A stand of forest that the household plants or tends."""

    species = Code(
        "forest_species", item("Loài cây", "Species", source=_FORESTRY, required_for="registered", copied=True, **OPEN)
    )
    purpose = Code("forest_purposes", item("Loại rừng", "Purpose", source=_FORESTRY, copied=True, **OPEN))
    area_m2 = Number(item("Diện tích", "Area", source=_FORESTRY, unit="m²", **OPEN), above=0, most=MOST_AREA_M2)
    planted_on = YearMonthOrDay(item("Thời điểm trồng", "Planted", source=_FORESTRY, **OPEN))
    output_m3 = Number(
        item("Sản lượng gỗ trong năm", "Timber output a year", source=_FORESTRY, unit="m³", **OPEN),
        least=0,
        most=1_000_000,
    )
    certifications = many(CertificationSchema, item("Chứng nhận", "Certifications", source=_FORESTRY, **OPEN), most=10)


class SaltSchema(Section):
    """Salt making."""

    method = Code(
        "salt_methods", item("Cách làm muối", "Method", source=_SALT, required_for="registered", copied=True, **OPEN)
    )
    area_m2 = Number(item("Diện tích", "Area", source=_SALT, unit="m²", **OPEN), above=0, most=MOST_AREA_M2)
    output_t = Number(
        item("Sản lượng trong năm", "Output a year", source=_SALT, unit="t", **OPEN), least=0, most=MOST_OUTPUT_T
    )


class MachinerySchema(Section):
    """Machines, tools and buildings for production."""

    kind = Code(
        "machines", item("Loại máy, thiết bị", "Kind", source=_MACHINES, required_for="registered", copied=True, **OPEN)
    )
    count = Whole(item("Số lượng", "Count", source=_MACHINES, **OPEN), least=1, most=10_000)
    power = Code("power_sources", item("Nguồn năng lượng", "Power", source=_MACHINES, copied=True, **OPEN))
    power_hp = Number(item("Công suất", "Horsepower", source=_MACHINES, unit="HP", **OPEN), above=0, most=5000)
    ownership = Code("machine_ownership", item("Sở hữu", "Ownership", source=_MACHINES, copied=True, **OPEN))
