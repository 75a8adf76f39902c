"""The farm household: the whole record. Each theme is in a file of its own."""

from schemas.consent import ConsentSchema
from schemas.digital import DigitalSchema
from schemas.given import COMPUTED_FROM, DERIVED, FINDINGS, MISSING
from schemas.land import ParcelSchema
from schemas.language import (
    OPEN,
    Code,
    Day,
    Flag,
    Formatted,
    Geometry,
    Given,
    Moment,
    Number,
    One,
    Section,
    Text,
    UnitCode,
    Uuid,
    Whole,
    item,
    many,
)
from schemas.livelihood import CooperativeSchema, HiredLabourSchema, InsuranceSchema, LoansSchema, OutputValueSchema
from schemas.people import HeadSchema, MemberSchema
from schemas.production import AquacultureSchema, ForestrySchema, LivestockSchema, MachinerySchema, SaltSchema
from schemas.products import ProductSchema

_REGISTER = "Sổ đăng ký hộ"
_UNITS = "Quyết định 19/2025/QĐ-TTg"
_POVERTY = "Nghị định 07/2021/NĐ-CP; Nghị định 351/2025/NĐ-CP"
_DATA_LAW = "Luật 91/2025/QH15"
_CENSUS = "Tổng điều tra nông thôn, nông nghiệp; FAO WCA 2020"


class HouseholdSchema(Section):
    """A household that farms, raises animals or fish, grows forest or makes salt."""

    #: A farm household farms something.
    one_of = (("standardized", ("parcels", "livestock", "aquaculture", "forestry", "salt", "products")),)

    id = Uuid(item("Mã hộ", "Household id", source=_REGISTER, step="household", asked=False, **OPEN))
    demonstration = Flag(
        item(
            "Dữ liệu trình diễn",
            "Demonstration data",
            asked=False,
            hint_vi="Hộ không có thật, chỉ để xem thử phần mềm.",
            hint_en="Not a real household, only for trying the software.",
            source=_REGISTER,
            step="household",
            **OPEN,
        )
    )
    commune = UnitCode(
        item(
            "Xã, phường",
            "Commune",
            hint_vi="Mã 5 chữ số của xã, phường nơi hộ sản xuất.",
            hint_en="The five-digit code of the commune where the household farms.",
            source=_UNITS,
            stored_since="1.0",
            required_for="registered",
            step="household",
            copied=True,
            **OPEN,
        ),
        era="now",
        example="00004",
    )
    former_commune = UnitCode(
        item(
            "Xã, phường trước 01/07/2025",
            "Commune before July 2025",
            source=_UNITS,
            step="household",
            copied=True,
            **OPEN,
        ),
        era="former",
        example="00001",
    )
    village = Text(
        120,
        item(
            "Thôn, xóm, bản, khối",
            "Village",
            source="QCVN 109:2017/BTTTT",
            required_for="standardized",
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
            copied=True,
            step="household",
        ),
    )
    address = Text(
        250,
        item(
            "Địa chỉ",
            "Address",
            hint_vi="Số nhà, đường, ngõ.",
            hint_en="House number, street, lane.",
            source="QCVN 109:2017/BTTTT",
            sensitivity="personal",
            mask="hidden",
            at_rest="plain",
            copied=True,
            step="household",
        ),
    )
    location = Geometry(
        "Point",
        item=item(
            "Vị trí nhà",
            "Position of the home",
            source=_REGISTER,
            sensitivity="sensitive",
            mask="coarse_position",
            at_rest="plain",
            step="household",
            outside="outside_confirmed",
        ),
    )
    location_accuracy_m = Number(
        item(
            "Sai số vị trí nhà",
            "Position error of the home",
            hint_vi="Máy ghi khi lấy vị trí bằng vệ tinh; để trống khi chạm trên bản đồ.",
            hint_en="Recorded with a satellite position; empty for one that was tapped on the map.",
            source=_REGISTER,
            unit="m",
            asked=False,
            goes_with="location",
            step="household",
            **OPEN,
        ),
        least=0,
        most=10000,
    )
    outside_confirmed = Flag(
        item(
            "Đã xác nhận nhà ở ngoài tỉnh",
            "Home confirmed to be outside the province",
            hint_vi="Đánh dấu khi hộ canh tác trong tỉnh nhưng nhà ở tỉnh khác.",
            hint_en="Tick where the household farms in the province and lives outside it.",
            source=_REGISTER,
            asked=False,
            step="household",
            **OPEN,
        )
    )
    captured_at = Moment(
        item(
            "Thời điểm thu thập",
            "Captured at",
            asked=False,
            hint_vi="Thời điểm lập hồ sơ tại hộ.",
            hint_en="When the record was drawn up with the household.",
            source=_REGISTER,
            step="household",
            **OPEN,
        )
    )
    commune_as_of = Day(
        item(
            "Mã xã theo danh mục ngày",
            "Commune code as of",
            asked=False,
            goes_with="commune",
            hint_vi="Mã xã được hiểu theo danh mục có hiệu lực vào ngày này.",
            hint_en="The commune’s code is read by the list in force on this day.",
            source=_UNITS,
            stored_since="1.0",
            step="household",
            **OPEN,
        )
    )
    agency = Formatted(
        r"(?:[0-9]{3}[.][0-9]{2}[.][0-9]{2}[.]H[0-9]{2}|H[0-9]{2}(?:[.][0-9]{1,3}){0,3})",
        "agency.format",
        item(
            "Mã cơ quan lập",
            "Agency",
            asked=False,
            hint_vi="Mã định danh của cơ quan lập hồ sơ. Để trống thì hồ sơ mới nhận mã của tỉnh.",
            hint_en="The identifier of the agency that made the record. A new record without has the province’s.",
            source="QCVN 102:2016/BTTTT; Quyết định 20/2020/QĐ-TTg",
            step="household",
            **OPEN,
        ),
        example="H00.12.3",
    )
    paper_reference = Text(
        60,
        item("Số phiếu giấy", "Paper form number", source=_REGISTER, step="household", **OPEN),
    )
    head = One(
        HeadSchema,
        item(
            "Chủ hộ",
            "Head of the household",
            source=_CENSUS,
            stored_since="1.0",
            required_for="registered",
            step="people",
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
        ),
    )
    members = many(
        MemberSchema,
        item(
            "Thành viên khác",
            "Other members",
            hint_vi="Không ghi lại chủ hộ.",
            hint_en="Without the head.",
            source=_CENSUS,
            step="people",
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
        ),
        most=50,
    )
    poverty = Code(
        "poverty_classes",
        item(
            "Hộ nghèo, cận nghèo",
            "Poverty class",
            hint_vi="Theo quyết định công nhận đang có hiệu lực.",
            hint_en="By the decision in force; recorded, not computed.",
            source=_POVERTY,
            required_for="standardized",
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
            step="people",
        ),
    )
    poverty_date = Day(
        item(
            "Ngày công nhận",
            "Date of the poverty class",
            source=_POVERTY,
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
            step="people",
            asked_when=("poverty", ("near_poor", "poor")),
        )
    )
    parcels = many(ParcelSchema, item("Thửa đất", "Parcels", source="Luật Đất đai 2024", step="land", **OPEN), most=200)
    livestock = many(
        LivestockSchema,
        item("Vật nuôi", "Livestock", source="Nghị định 46/2022/NĐ-CP", step="production", **OPEN),
        most=50,
    )
    aquaculture = many(
        AquacultureSchema,
        item("Nuôi trồng thủy sản", "Aquaculture", source=_CENSUS, step="production", **OPEN),
        most=50,
    )
    forestry = many(ForestrySchema, item("Lâm nghiệp", "Forestry", source=_CENSUS, step="production", **OPEN), most=50)
    salt = many(SaltSchema, item("Diêm nghiệp", "Salt", source=_CENSUS, step="production", **OPEN), most=20)
    machinery = many(
        MachinerySchema, item("Máy móc, thiết bị", "Machinery", source=_CENSUS, step="production", **OPEN), most=50
    )
    hired_labour = One(
        HiredLabourSchema, item("Lao động thuê ngoài", "Hired labour", source=_CENSUS, step="production", **OPEN)
    )
    cooperative = One(
        CooperativeSchema, item("Hợp tác xã, tổ hợp tác", "Cooperative", source=_CENSUS, step="production", **OPEN)
    )
    insurance = One(
        InsuranceSchema, item("Bảo hiểm nông nghiệp", "Farm insurance", source=_CENSUS, step="production", **OPEN)
    )
    loans = One(LoansSchema, item("Vay vốn sản xuất", "Loans", source=_CENSUS, step="production", **OPEN))
    output_value = One(
        OutputValueSchema,
        item(
            "Giá trị sản xuất một năm",
            "Value of a year’s output",
            source="Thông tư 02/2020/TT-BNNPTNT",
            step="production",
            **OPEN,
        ),
    )
    products = many(
        ProductSchema,
        item("Sản phẩm bán ra", "Products", source="Kế hoạch 1034/QĐ-BTTTT (2021)", step="products", **OPEN),
        most=50,
    )
    digital = One(
        DigitalSchema,
        item("Tiếp cận số", "Digital access", source="Kế hoạch 1034/QĐ-BTTTT (2021)", step="digital", **OPEN),
    )
    legal_basis = Code(
        "legal_bases",
        item(
            "Căn cứ xử lý dữ liệu",
            "Legal basis",
            hint_vi="Đăng ký theo nhiệm vụ nhà nước không cần đồng ý; mục đích khác cần đồng ý riêng.",
            hint_en="Registration as a state function needs no consent; any other purpose needs its own.",
            source=_DATA_LAW,
            required_for="registered",
            step="consent",
            **OPEN,
        ),
    )
    consents = many(
        ConsentSchema,
        item(
            "Sự đồng ý",
            "Consents",
            hint_vi="Mỗi mục đích một lần đồng ý riêng, không đánh dấu sẵn.",
            hint_en="One for each purpose, never ticked beforehand.",
            source=_DATA_LAW,
            step="consent",
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
        ),
        most=50,
    )
    note = Text(
        2000,
        item(
            "Ghi chú", "Note", source=_REGISTER, sensitivity="personal", mask="hidden", at_rest="plain", step="consent"
        ),
        lines=True,
    )

    status = Code(
        "statuses", item("Tình trạng", "Status", source=_REGISTER, stored_since="1.0", **OPEN), register_given=True
    )
    status_reason = Text(
        500,
        item("Lý do", "Reason of the status", source=_REGISTER, sensitivity="personal", mask="hidden", at_rest="plain"),
        register_given=True,
    )
    stage = Code(
        "stages",
        item("Mức hoàn thành", "Stage", source="Nghị quyết 09-NQ/TU", stored_since="1.0", **OPEN),
        register_given=True,
    )
    missing = Given(
        MISSING,
        item("Còn thiếu", "Missing", source=_REGISTER, stored_since="1.0", **OPEN),
        open_members=("pointer", "for"),
    )
    findings = Given(
        FINDINGS,
        item("Lưu ý", "Findings", source=_REGISTER, stored_since="1.0", **OPEN),
        open_members=("code", "severity", "pointer"),
    )
    revision = Whole(
        item("Lần sửa", "Revision", source=_REGISTER, stored_since="1.0", **OPEN),
        least=1,
        most=2**53,
        register_given=True,
    )
    created_at = Moment(
        item("Ghi lần đầu", "Created at", source=_REGISTER, stored_since="1.0", **OPEN), register_given=True
    )
    updated_at = Moment(
        item("Ghi lần cuối", "Updated at", source=_REGISTER, stored_since="1.0", **OPEN), register_given=True
    )
    schema_version = Formatted(
        r"[0-9]+[.][0-9]+",
        "version.format",
        item("Phiên bản lược đồ", "Schema version", source=_REGISTER, stored_since="1.0", **OPEN),
        register_given=True,
    )
    commune_since = Day(
        item(
            "Mã xã có nghĩa này từ",
            "Commune code has this meaning since",
            hint_vi="Chỉ ghi khi trước đó mã này là của một xã khác.",
            hint_en="Only where the code was another commune’s before.",
            source=_UNITS,
            **OPEN,
        ),
        register_given=True,
    )
    derived = Given(
        DERIVED,
        item("Số liệu suy ra", "Derived facts", source="Tính từ các mục khác", stored_since="1.2", **OPEN),
        computed_from=COMPUTED_FROM,
    )
