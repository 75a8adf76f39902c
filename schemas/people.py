"""People: who they are, their relation to the head, their work on the farm."""

from schemas.language import (
    OPEN,
    Code,
    Flag,
    Formatted,
    PersonName,
    Phone,
    Section,
    Suggested,
    Uuid,
    Whole,
    YearMonthOrDay,
    item,
)

_IDENTITY = "Luật Căn cước 2023; Nghị định 137/2015/NĐ-CP; Thông tư 07/2016/TT-BCA"
_CENSUS = "Tổng điều tra nông thôn, nông nghiệp; FAO WCA 2020, chủ đề nhân khẩu"

NATIONAL_ID = r"[0-9]{12}"


class PersonSchema(Section):
    """What is recorded of any person."""

    full_name = PersonName(
        120,
        item(
            "Họ và tên",
            "Full name",
            hint_vi="Ghi đúng như trên giấy tờ, đủ dấu.",
            hint_en="As on the identity card, with all diacritics.",
            source="QCVN 109:2017/BTTTT (Ho, ChuDem, Ten)",
            required_for="registered",
            sensitivity="personal",
            mask="initials",
            at_rest="plain",
            exchange_name="HoVaTen",
        ),
    )
    sex = Code(
        "sexes",
        item(
            "Giới tính",
            "Sex",
            source="QCVN 109:2017/BTTTT",
            required_for="standardized",
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
            copied=True,
            exchange_name="GioiTinh",
        ),
    )
    birth_date = YearMonthOrDay(
        item(
            "Ngày sinh",
            "Date of birth",
            exchange_name="NgayThangNamSinh",
            hint_vi="Ngày đầy đủ, hoặc chỉ tháng và năm, hoặc chỉ năm.",
            hint_en="The day, or only the month and year, or only the year.",
            source="QCVN 109:2017/BTTTT",
            required_for="standardized",
            sensitivity="personal",
            mask="year",
            at_rest="plain",
        )
    )
    national_id = Formatted(
        NATIONAL_ID,
        "national-id.format",
        item(
            "Số định danh cá nhân",
            "Personal identification number",
            exchange_name="SoDinhDanh",
            hint_vi="12 chữ số trên thẻ căn cước.",
            hint_en="The 12 digits on the identity card.",
            source=_IDENTITY,
            sensitivity="personal",
            mask="last_three",
            at_rest="sealed_searchable",
        ),
        example="001078001234",
    )
    national_id_confirmed = Flag(
        item(
            "Đã đối chiếu số với thẻ",
            "Number confirmed against the card",
            hint_vi="Chỉ đánh dấu khi trên thẻ đúng là số này, dù không khớp với giới tính hoặc năm sinh.",
            hint_en="Tick only where the card has this number, though it contradicts sex or year of birth.",
            source="Sổ đăng ký hộ; thẻ cấp sai hoặc đã cải chính hộ tịch",
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
            confirms=("personal-number", "national_id"),
        )
    )
    old_id_number = Formatted(
        r"[0-9]{9}",
        "old-id-number.format",
        item(
            "Số chứng minh nhân dân cũ",
            "Old identity card number",
            exchange_name="SoCMND",
            hint_vi="9 chữ số, chỉ để đối chiếu giấy tờ cũ.",
            hint_en="9 digits, only to compare with old papers.",
            source="Chứng minh nhân dân 9 số, hết giá trị sử dụng từ 01/01/2025",
            sensitivity="personal",
            mask="last_three",
            at_rest="sealed_searchable",
        ),
        example="181234567",
    )
    ethnic_group = Code(
        "ethnic_groups",
        item(
            "Dân tộc",
            "Ethnic group",
            exchange_name="DanToc",
            source="Quyết định 121-TCTK/PPCĐ (1979); QCVN 109:2017/BTTTT",
            sensitivity="sensitive",
            mask="shown",
            at_rest="plain",
            copied=True,
        ),
        scheme="ethnic_scheme",
        schemes="ethnic_schemes",
    )
    ethnic_scheme = Code(
        "ethnic_schemes",
        item(
            "Danh mục dân tộc",
            "Ethnic group scheme",
            hint_vi="Để trống là danh mục năm 1979. Hai danh mục dùng mã 04, 05, 06 khác nhau.",
            hint_en="The list of 1979 unless given. The two lists use codes 04, 05 and 06 differently.",
            source="Quyết định 121-TCTK/PPCĐ (1979)",
            copied=True,
            **OPEN,
        ),
    )
    phone = Phone(
        item(
            "Số điện thoại",
            "Phone",
            exchange_name="SoDienThoai",
            hint_vi="Số di động 10 chữ số.",
            hint_en="A mobile number of 10 digits.",
            source="QCVN 109:2017/BTTTT",
            sensitivity="personal",
            mask="last_three",
            at_rest="sealed_searchable",
        )
    )
    schooling = Code(
        "schooling",
        item(
            "Trình độ học vấn",
            "Schooling",
            source=_CENSUS,
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
            copied=True,
        ),
    )
    farm_training = Code(
        "farm_training",
        item(
            "Đào tạo về nông nghiệp",
            "Farm training",
            source=_CENSUS,
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
            copied=True,
        ),
    )
    farm_work = Flag(
        item(
            "Có làm nông nghiệp",
            "Works on the farm",
            hint_vi="Tham gia sản xuất nông, lâm nghiệp, thủy sản, diêm nghiệp của hộ trong 12 tháng qua.",
            hint_en="Took part in the household’s farming in the last 12 months.",
            source=_CENSUS,
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
            copied=True,
        )
    )
    farm_months = Whole(
        item(
            "Số tháng làm nông nghiệp trong năm",
            "Months of farm work a year",
            source=_CENSUS,
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
            unit="month",
            asked_when=("farm_work", (True,)),
        ),
        least=0,
        most=12,
    )


class HeadSchema(PersonSchema):
    """The head of the household, whom FAO WCA 2020 calls the holder."""

    sex = Code(
        "sexes",
        item(
            "Giới tính",
            "Sex",
            source="QCVN 109:2017/BTTTT",
            required_for="registered",
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
            exchange_name="GioiTinh",
        ),
    )
    national_id = Formatted(
        NATIONAL_ID,
        "national-id.format",
        item(
            "Số định danh cá nhân",
            "Personal identification number",
            exchange_name="SoDinhDanh",
            hint_vi="12 chữ số trên thẻ căn cước. Chưa có thì ghi lý do.",
            hint_en="The 12 digits on the identity card. Where there is none, give the reason.",
            source=_IDENTITY,
            required_for="registered",
            required_unless="no_id_reason",
            sensitivity="personal",
            mask="last_three",
            at_rest="sealed_searchable",
        ),
        example="001078001234",
    )
    no_id_reason = Suggested(
        "no_id_reasons",
        200,
        item(
            "Lý do chưa có số định danh",
            "Why there is no personal number",
            hint_vi="Chọn một lý do trong danh mục, hoặc ghi bằng lời.",
            hint_en="Choose a reason from the list, or give one in words.",
            source="Sổ đăng ký hộ: hộ vẫn được đăng ký khi chủ hộ chưa có giấy tờ",
            sensitivity="personal",
            mask="hidden",
            at_rest="plain",
            asked_when=("national_id", (None,)),
        ),
    )
    ethnic_group = Code(
        "ethnic_groups",
        item(
            "Dân tộc",
            "Ethnic group",
            exchange_name="DanToc",
            source="Quyết định 121-TCTK/PPCĐ (1979); QCVN 109:2017/BTTTT",
            required_for="standardized",
            sensitivity="sensitive",
            mask="shown",
            at_rest="plain",
        ),
        scheme="ethnic_scheme",
        schemes="ethnic_schemes",
    )


class MemberSchema(PersonSchema):
    """A member of the household other than its head."""

    id = Uuid(item("Mã thành viên", "Member id", source="Sổ đăng ký hộ", asked=False, **OPEN))
    relation = Code(
        "relations",
        item(
            "Quan hệ với chủ hộ",
            "Relation to the head",
            exchange_name="QuanHeVoiChuHo",
            source=_CENSUS,
            required_for="standardized",
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
            copied=True,
        ),
    )
