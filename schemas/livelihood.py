"""The economics of production: hired labour, cooperatives, insurance, loans, the value of a year's output."""

from schemas.language import OPEN, Code, Flag, Many, Number, Section, Text, Whole, item

_CENSUS = "Tổng điều tra nông thôn, nông nghiệp"
_FARM = "Thông tư 02/2020/TT-BNNPTNT (tiêu chí kinh tế trang trại)"


class HiredLabourSchema(Section):
    """People hired from outside the household."""

    permanent = Whole(
        item("Lao động thuê thường xuyên", "Permanent workers", source=_CENSUS, unit="person", **OPEN),
        least=0,
        most=10_000,
    )
    seasonal = Whole(
        item("Lao động thuê thời vụ", "Seasonal workers", source=_CENSUS, unit="person", **OPEN), least=0, most=10_000
    )
    seasonal_days = Whole(
        item("Số ngày công thuê thời vụ trong năm", "Seasonal days hired a year", source=_CENSUS, unit="day", **OPEN),
        least=0,
        most=1_000_000,
    )


class CooperativeSchema(Section):
    """Membership of a cooperative or group."""

    member = Flag(
        item("Là thành viên", "Is a member", source="Luật Hợp tác xã 2023", required_for="registered", **OPEN)
    )
    kind = Code(
        "cooperative_kinds",
        item("Loại tổ chức", "Kind", source="Luật Hợp tác xã 2023", asked_when=("member", (True,)), **OPEN),
    )
    name = Text(200, item("Tên tổ chức", "Name", source="Luật Hợp tác xã 2023", asked_when=("member", (True,)), **OPEN))


class InsuranceSchema(Section):
    """Insurance of production."""

    insured = Flag(
        item("Có mua bảo hiểm nông nghiệp", "Has farm insurance", source=_CENSUS, required_for="registered", **OPEN)
    )
    kinds = Many(
        Code("insurance_kinds"),
        item("Loại bảo hiểm", "Kinds", source="Nghị định 58/2018/NĐ-CP", asked_when=("insured", (True,)), **OPEN),
        most=10,
        distinct=True,
    )


class LoansSchema(Section):
    """Loans for production: yes or no, and from whom. No amounts are recorded."""

    borrowing = Flag(
        item(
            "Có vay vốn sản xuất",
            "Has loans for production",
            source=_CENSUS,
            required_for="registered",
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
        )
    )
    sources = Many(
        Code("loan_sources"),
        item(
            "Nguồn vay",
            "Sources",
            source=_CENSUS,
            sensitivity="personal",
            mask="shown",
            at_rest="plain",
            asked_when=("borrowing", (True,)),
        ),
        most=10,
        distinct=True,
    )


class OutputValueSchema(Section):
    """The value of a year's output, by the sectors of the farm criteria."""

    year = Whole(item("Năm", "Year", source=_FARM, required_for="registered", **OPEN), least=1990, most=2100)
    crops = Number(item("Trồng trọt", "Crops", source=_FARM, unit="million đồng", **OPEN), least=0, most=1_000_000)
    livestock = Number(
        item("Chăn nuôi", "Livestock", source=_FARM, unit="million đồng", **OPEN), least=0, most=1_000_000
    )
    aquaculture = Number(
        item("Thủy sản", "Aquaculture", source=_FARM, unit="million đồng", **OPEN), least=0, most=1_000_000
    )
    forestry = Number(
        item("Lâm nghiệp", "Forestry", source=_FARM, unit="million đồng", **OPEN), least=0, most=1_000_000
    )
    salt = Number(item("Diêm nghiệp", "Salt", source=_FARM, unit="million đồng", **OPEN), least=0, most=1_000_000)
