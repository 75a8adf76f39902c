"""Land: parcels, their certificates, tenure, use, crops and boundaries."""

from typing import Any

from schemas.language import (
    OPEN,
    Code,
    Flag,
    Formatted,
    Geometry,
    Number,
    Section,
    Text,
    UnitCode,
    Uuid,
    Whole,
    YearMonthOrDay,
    item,
    many,
)
from schemas.production import AREA_TOLERANCE, MOST_AREA_M2, MOST_OUTPUT_T, CertificationSchema, LinkageSchema

_LAND_LAW = "Luật Đất đai 2024; Thông tư 08/2024/TT-BTNMT"
_LAND_USES = "Luật Đất đai 2024, điều 9; Thông tư 08/2024/TT-BTNMT"
_CERTIFICATE = "Giấy chứng nhận quyền sử dụng đất"
_OF_THE_BOUNDARY: dict[str, Any] = {"source": "Sổ đăng ký hộ", "goes_with": "geometry"}
_CROPS = "Thông tư 18/2019/TT-BNNPTNT, điều 6"


class CropSchema(Section):
    """A crop on a parcel in one season."""

    crop = Code("crops", item("Cây trồng", "Crop", source=_CROPS, required_for="registered", copied=True, **OPEN))
    variety = Text(80, item("Giống", "Variety", source=_CROPS, copied=True, **OPEN))
    year = Whole(item("Năm", "Year", source=_CROPS, **OPEN), least=1950, most=2100)
    season = Code("seasons", item("Vụ", "Season", source=_CROPS, copied=True, **OPEN))
    area_m2 = Number(
        item("Diện tích gieo trồng", "Sown area", source=_CROPS, unit="m²", **OPEN), above=0, most=MOST_AREA_M2
    )
    newly_planted_area_m2 = Number(
        item("Trong đó diện tích trồng mới", "Of which newly planted", source=_CROPS, unit="m²", **OPEN),
        least=0,
        most=MOST_AREA_M2,
    )
    harvested_area_m2 = Number(
        item("Diện tích thu hoạch", "Harvested area", source=_CROPS, unit="m²", **OPEN), least=0, most=MOST_AREA_M2
    )
    yield_t_per_ha = Number(item("Năng suất", "Yield", source=_CROPS, unit="t/ha", **OPEN), least=0, most=500)
    output_t = Number(item("Sản lượng", "Output", source=_CROPS, unit="t", **OPEN), least=0, most=MOST_OUTPUT_T)
    planted_on = YearMonthOrDay(
        item(
            "Thời điểm trồng",
            "Planted",
            hint_vi="Với cây lâu năm, ghi năm trồng.",
            hint_en="For perennial crops, the year of planting.",
            source=_CROPS,
            **OPEN,
        )
    )
    planting_area_code = Text(
        60,
        item(
            "Mã số vùng trồng",
            "Planting-area code",
            hint_vi="Ghi đúng như được cấp: VN, mã tỉnh, huyện, xã, số thứ tự, năm.",
            hint_en="As issued: VN, codes of province, district and commune, number, year.",
            source="Quyết định 3156/QĐ-BNN-TT (2022)",
            copied=True,
            **OPEN,
        ),
    )
    high_tech = Flag(item("Sản xuất công nghệ cao", "High-tech production", source=_CROPS, copied=True, **OPEN))
    linkage = LinkageSchema.one(item("Hợp đồng liên kết", "Linkage contract", source=_CROPS, **OPEN))
    certifications = many(CertificationSchema, item("Chứng nhận", "Certifications", source=_CROPS, **OPEN), most=10)


class LandUseSchema(Section):
    """One of several uses of a parcel, with its area."""

    land_use = Code(
        "land_use",
        item("Loại đất", "Land use", source=_LAND_USES, required_for="registered", **OPEN),
        scheme="land_use_scheme",
        schemes="land_use_schemes",
    )
    land_use_scheme = Code(
        "land_use_schemes",
        item(
            "Danh mục loại đất",
            "Land-use scheme",
            hint_vi="Để trống là Thông tư 08/2024.",
            hint_en="Circular 08/2024 unless given.",
            source="Thông tư 08/2024/TT-BTNMT; Thông tư 27/2018/TT-BTNMT",
            copied=True,
            **OPEN,
        ),
    )
    area_m2 = Number(
        item("Diện tích", "Area", source=_LAND_USES, required_for="standardized", unit="m²", **OPEN),
        above=0,
        most=MOST_AREA_M2,
    )


class ParcelSchema(Section):
    """A parcel of land that the household uses."""

    id = Uuid(item("Mã thửa trong sổ", "Parcel id", source="Sổ đăng ký hộ", asked=False, stored_since="1.0", **OPEN))
    former_commune = UnitCode(
        item(
            "Xã cũ của thửa",
            "Former commune of the parcel",
            hint_vi="Xã trước ngày 01/07/2025 nơi lập bản đồ địa chính. Để trống là xã cũ của hộ.",
            hint_en="The commune whose cadastral map names the parcel; the household’s own unless given.",
            source=_LAND_LAW,
            copied=True,
            **OPEN,
        ),
        era="former",
        example="00001",
    )
    former_commune_unknown = Flag(
        item("Không rõ xã cũ của thửa", "Former commune of the parcel not known", source=_LAND_LAW, copied=True, **OPEN)
    )
    map_sheet = Text(
        20,
        item(
            "Số tờ bản đồ",
            "Map sheet",
            hint_vi="Theo giấy chứng nhận.",
            hint_en="As on the certificate.",
            source=_CERTIFICATE,
            required_for="standardized",
            required_unless="unnumbered_reason",
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
            copied=True,
        ),
    )
    parcel_number = Text(
        20,
        item(
            "Số thửa",
            "Parcel number",
            hint_vi="Theo giấy chứng nhận.",
            hint_en="As on the certificate.",
            source=_CERTIFICATE,
            required_for="standardized",
            required_unless="unnumbered_reason",
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
        ),
    )
    unnumbered_reason = Code(
        "unnumbered_reasons",
        item(
            "Lý do không có số tờ, số thửa",
            "Why there is no sheet and number",
            source="Sổ đăng ký hộ",
            asked_when=("parcel_number", (None,)),
            copied=True,
            **OPEN,
        ),
    )
    cadastral_map_sheet = Text(
        20,
        item(
            "Số tờ trên bản đồ địa chính",
            "Sheet on the cadastral map",
            hint_vi="Ghi khi khác với giấy chứng nhận.",
            hint_en="Where it differs from the certificate.",
            source=_LAND_LAW,
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
            copied=True,
        ),
    )
    cadastral_parcel_number = Text(
        20,
        item(
            "Số thửa trên bản đồ địa chính",
            "Number on the cadastral map",
            hint_vi="Ghi khi khác với giấy chứng nhận.",
            hint_en="Where it differs from the certificate.",
            source=_LAND_LAW,
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
            copied=True,
        ),
    )
    locality = Text(120, item("Xứ đồng", "Locality", source=_LAND_LAW, copied=True, **OPEN))
    land_use = Code(
        "land_use",
        item(
            "Loại đất",
            "Land use",
            hint_vi="Nếu thửa có nhiều loại đất, ghi từng loại; mục này khi đó là loại có diện tích lớn nhất.",
            hint_en="List each of several uses with its area; this item is then the one with the largest area.",
            source=_LAND_LAW,
            required_for="standardized",
            required_unless="land_uses",
            asked_when=("land_uses", (None,)),
            copied=True,
            **OPEN,
        ),
        scheme="land_use_scheme",
        schemes="land_use_schemes",
    )
    land_use_scheme = Code(
        "land_use_schemes",
        item(
            "Danh mục loại đất",
            "Land-use scheme",
            hint_vi="Để trống là Thông tư 08/2024. Chọn Thông tư 27/2018 khi giấy chứng nhận ghi LUN, BHK, NHK.",
            hint_en="Circular 08/2024 unless given; Circular 27/2018 where the certificate says LUN, BHK or NHK.",
            source="Thông tư 08/2024/TT-BTNMT; Thông tư 27/2018/TT-BTNMT",
            asked_when=("land_uses", (None,)),
            copied=True,
            **OPEN,
        ),
    )
    land_uses = many(
        LandUseSchema,
        item(
            "Các loại đất của thửa",
            "Uses of the parcel",
            hint_vi="Khi giấy chứng nhận ghi nhiều loại đất cho một thửa, ví dụ đất ở (ONT) và đất vườn (CLN).",
            hint_en="Where the certificate names several for one parcel, for example house (ONT) and garden (CLN).",
            source=_LAND_USES,
            shorthand=(
                ("land_use", "land_use"),
                ("land_use_scheme", "land_use_scheme"),
                ("area_m2", "declared_area_m2"),
            ),
            sum_tolerance=AREA_TOLERANCE,
            **OPEN,
        ),
        most=10,
    )
    tenure = Code(
        "tenures",
        item(
            "Quyền sử dụng",
            "Tenure",
            source="FAO WCA 2020, chủ đề quyền sử dụng đất; Luật Đất đai 2024",
            required_for="standardized",
            copied=True,
            **OPEN,
        ),
    )
    certificate_serial = Text(
        20,
        item(
            "Số sê-ri giấy chứng nhận",
            "Certificate serial",
            hint_vi="Hai chữ và sáu chữ số, ví dụ CH 123456; mẫu mới AA 12345678.",
            hint_en="Two letters and six digits, for example CH 123456; the new form AA 12345678.",
            source=_CERTIFICATE,
            sensitivity="personal",
            mask="last_three",
            at_rest="sealed",
        ),
    )
    certificate_register_number = Text(
        30,
        item(
            "Số vào sổ cấp giấy",
            "Certificate register number",
            source=_CERTIFICATE,
            sensitivity="personal",
            mask="last_three",
            at_rest="sealed",
            copied=True,
        ),
    )
    certificate_issued_on = YearMonthOrDay(
        item(
            "Ngày cấp giấy",
            "Certificate issued",
            source=_CERTIFICATE,
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
        )
    )
    declared_area_m2 = Number(
        item(
            "Diện tích theo giấy tờ hoặc khai báo",
            "Declared area",
            source=_LAND_LAW,
            required_for="standardized",
            required_unless="land_uses",
            unit="m²",
            **OPEN,
        ),
        above=0,
        most=MOST_AREA_M2,
    )
    use = Code(
        "parcel_uses", item("Tình trạng sử dụng", "Use", source="FAO WCA 2020, chủ đề sử dụng đất", copied=True, **OPEN)
    )
    irrigation = Code(
        "irrigation", item("Tưới tiêu", "Irrigation", source="FAO WCA 2020, chủ đề tưới tiêu", copied=True, **OPEN)
    )
    slope = Code("slopes", item("Độ dốc", "Slope", source="Tổng điều tra nông thôn, nông nghiệp", copied=True, **OPEN))
    crops = many(CropSchema, item("Cây trồng theo vụ", "Crops by season", source=_CROPS, **OPEN), most=40)
    geometry = Geometry(
        "Polygon",
        "MultiPolygon",
        item=item(
            "Ranh giới thửa",
            "Boundary",
            hint_vi="Vẽ hoặc đo ranh giới thửa trên bản đồ.",
            hint_en="Draw the boundary on the map, or walk around it.",
            source="Nghị quyết 09-NQ/TU (số hóa); RFC 7946",
            required_for="digitized",
            sensitivity="sensitive",
            mask="shown",
            at_rest="plain",
            outside="outside_confirmed",
        ),
    )
    crs = Formatted(
        r"EPSG:[0-9]{4,6}",
        "crs.format",
        item(
            "Hệ tọa độ của ranh giới",
            "Reference system of the boundary",
            hint_vi="Để trống là WGS84 (EPSG:4326). Phiếu đo VN-2000: mã của kinh tuyến trục; 105°00′ là EPSG:5897.",
            hint_en="WGS84 (EPSG:4326) unless given. VN-2000 sheets: by central meridian; 105°00′ is EPSG:5897.",
            source="Quyết định 05/2007/QĐ-BTNMT; EPSG",
            asked=False,
            goes_with="geometry",
            **OPEN,
        ),
        example="EPSG:5897",
    )
    outside_confirmed = Flag(
        item(
            "Đã xác nhận thửa nằm ngoài xã",
            "Confirmed to lie outside the commune",
            hint_vi="Đánh dấu khi hộ thật sự canh tác ở xã khác.",
            hint_en="Tick where the household really farms in another commune.",
            source="Sổ đăng ký hộ",
            copied=True,
            **OPEN,
        )
    )
    boundary_method = Code(
        "boundary_methods",
        item("Cách lấy ranh giới", "How the boundary was taken", copied=True, **_OF_THE_BOUNDARY, **OPEN),
    )
    boundary_accuracy_m = Number(
        item("Sai số vị trí", "Position error", unit="m", **_OF_THE_BOUNDARY, **OPEN),
        least=0,
        most=10000,
    )
    measured_area_m2 = Number(
        item(
            "Diện tích đo từ ranh giới",
            "Area measured from the boundary",
            source="Tính trên mặt elip-xô-ít WGS84",
            unit="m²",
            **OPEN,
        ),
        least=0,
        most=1e12,
        register_given=True,
    )
    original_geometry = Geometry(
        "Polygon",
        "MultiPolygon",
        item=item(
            "Ranh giới như được gửi",
            "Boundary as given",
            hint_vi="Giữ lại khi sổ đã chuyển hệ tọa độ hoặc sửa ranh giới.",
            hint_en="Stored where the register converted or repaired the boundary.",
            source="Sổ đăng ký hộ",
            sensitivity="sensitive",
            mask="shown",
            at_rest="plain",
        ),
        register_given=True,
    )
    original_crs = Formatted(
        r"EPSG:[0-9]{4,6}",
        "crs.format",
        item(
            "Hệ tọa độ của ranh giới như được gửi",
            "Reference system of the boundary as given",
            source="Sổ đăng ký hộ",
            **OPEN,
        ),
        example="EPSG:5897",
        register_given=True,
    )
