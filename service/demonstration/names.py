"""Names of people by ethnic group, with the frequency of each family name."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Literal

Sex = Literal["male", "female"]


@dataclass(frozen=True, slots=True)
class NameStock:
    """The names of one ethnic group: family names by cumulative weight, middle and given names by sex."""

    family: tuple[str, ...]
    family_weights: tuple[float, ...]
    middle: dict[Sex, tuple[str, ...]]
    given: dict[Sex, tuple[str, ...]]

    def family_name(self, random: Random) -> str:
        """Draw a family name by its frequency."""
        return random.choices(self.family, cum_weights=self.family_weights)[0]

    def full_name(self, random: Random, sex: Sex, family: str | None = None) -> str:
        """Draw a full name, family name first; ``family`` is the family name to use, such as the father's."""
        family = family or self.family_name(random)
        return f"{family} {random.choice(self.middle[sex])} {random.choice(self.given[sex])}"


def _stock(
    family: dict[str, float],
    male_middle: str,
    female_middle: str,
    male_given: str,
    female_given: str,
) -> NameStock:
    return NameStock(
        family=tuple(family),
        family_weights=tuple(accumulate(family.values())),
        middle={"male": tuple(male_middle.split()), "female": tuple(female_middle.split())},
        given={"male": tuple(male_given.split()), "female": tuple(female_given.split())},
    )


_KINH = _stock(
    {
        "Nguyễn": 33, "Trần": 10.5, "Lê": 8, "Hoàng": 6.5, "Phan": 6, "Hồ": 5.5, "Phạm": 4.5, "Cao": 3.2, "Võ": 3.2,
        "Đặng": 3.1, "Bùi": 2.4, "Ngô": 2, "Đậu": 1.8, "Thái": 1.7, "Đinh": 1.5, "Trương": 1.4, "Vũ": 1, "Dương": 1,
        "Chu": 0.9, "Đào": 0.8, "Hà": 0.8, "Lưu": 0.6, "Tăng": 0.6, "Phùng": 0.5, "Mai": 0.5, "Vương": 0.4, "Tạ": 0.3,
        "Uông": 0.15, "Bạch": 0.15,
    },
    "Văn Văn Văn Đình Đình Hữu Xuân Quốc Công Đức Sỹ Bá Trọng Ngọc Minh Viết Thanh Anh Khắc Cảnh Duy Thế",
    "Thị Thị Thị Thị Thị Ngọc Thanh Thúy Hồng Kim Phương Quỳnh Khánh Bích Diệu",
    "An Bình Cường Chiến Chung Công Dũng Đạt Định Đông Đức Giang Hải Hà Hậu Hiếu Hòa Hoàng Hùng Huy Hưng Khánh Kiên "
    "Lâm "
    "Linh Long Lộc Lợi Mạnh Minh Nam Nghĩa Ngọc Nhân Phong Phú Phúc Phương Quân Quang Quyết Sơn Tài Tân Tâm Thái "
    "Thành "
    "Thắng Thiện Thịnh Thọ Thông Thuận Thủy Tiến Toàn Trung Trường Tuấn Tùng Tú Vinh Việt Vũ Vượng",
    "An Anh Ánh Bình Chung Châu Dung Duyên Giang Hà Hạnh Hằng Hiền Hoa Hòa Hoài Hồng Huệ Huyền Hương Hường Khánh "
    "Lam Lan "
    "Lê Liên Liễu Linh Loan Lý Lương Mai Minh Mơ Mỹ Nga Ngân Ngọc Nguyệt Nhàn Nhung Oanh Phượng Phương Quý Quỳnh "
    "Sâm Sen "
    "Tâm Thanh Thảo Thắm Thơm Thu Thủy Thương Trà Trang Trinh Tú Tuyết Tình Vân Vinh Xuân Yến",
)  # fmt: skip

_THAI = _stock(
    {
        "Lô": 18, "Vi": 17, "Lương": 15, "Lữ": 9, "Hà": 6, "Ngân": 5, "Kha": 5, "Sầm": 4.5, "Quang": 3.5, "Lộc": 3,
        "Lang": 2.5, "Cầm": 2, "La": 2, "Mạc": 1.5, "Hủn": 1, "Lim": 1, "Kim": 1, "Vang": 1,
    },
    "Văn Văn Văn Văn Xuân Thanh Hồng Đình Minh Khăm Quốc",
    "Thị Thị Thị Thị Thị Thị Hồng Thanh",
    "An Bảy Biên Chiến Cường Dần Dũng Đại Điệp Đoàn Đông Hải Hặc Hoài Hợi Hùng Khăm Khánh Kỳ Lai Mằn May Mùi Nghệ "
    "Ngoan "
    "Nguyên Nhất Oanh Páo Phúc Quế Quyết Quỳnh Sáng Sơn Tâm Thái Thiết Thoong Thuận Tiến Toàn Tuất Tùng Tư Viêng Xáo",
    "Bích Bình Chiên Dung Đào Điệp Hà Hạnh Hằng Hiền Hoa Hoài Huệ Hương Khương Lan Liên Loan Lý Mai May Mến Mùi Nang "
    "Nga Ngoan Nguyệt Nhung Oanh On Phượng Quế Quyên Sen Tâm Thanh Thảo Thân Thúy Tuyết Vân Viềng Xuân Yến",
)  # fmt: skip

_HMONG = _stock(
    {"Vừ": 20, "Xồng": 17, "Lầu": 16, "Và": 13, "Lỳ": 9, "Hờ": 8, "Mùa": 6, "Thò": 5, "Già": 4, "Cự": 4, "Dềnh": 1},
    "Bá Bá Bá Nhia Chống Nỏ Giống Xái Tồng",
    "Y Y Y Y Thị",
    "Bi Chá Chò Chống Cò Của Dềnh Dìa Đà Giờ Già Hùa Khư Lầu Lềnh Lỳ Mạnh Nênh Nhìa Nhùa Nỏ Pó Pà Rê Rùa Sở Súa "
    "Tểnh Thái "
    "Thông Tính Tổng Trừ Tủa Vả Xò Xử Xùa",
    "Bầu Bi Chi Chông Chư Dợ Dở Đớ Gầu Hoa Hua Khua Lầu Lia Lỳ Mai Mái Mò Mỷ Nênh Pà Pay Rùa Sông Súa Trà Tồng Và "
    "Xay Xì Xia",
)

_KHOMU = _stock(
    {
        "Moong": 26,
        "Cụt": 18,
        "Lữ": 8,
        "Ven": 8,
        "Xeo": 7,
        "Ốc": 5,
        "Pịt": 4,
        "Hoa": 4,
        "Chích": 3,
        "Rin": 2,
        "Lương": 6,
    },
    "Văn Văn Văn Văn Phò Xuân",
    "Thị Thị Thị Thị Mẹ",
    "Ba Bảy Biên Chiến Cường Dần Hải Hoan Hùng Khăm Lợi May Nghệ Nhi Ngọc Oanh Phon Phó Quý Sơn Tâm Thắng Thân Tình "
    "Tuấn Văn "
    "Viêng Xuân",
    "Ba Chanh Dung Hiền Hoa Hương Khăm Lan Liên Lý May Mằn Ngọc Nhi Oanh Phượng Tâm Thanh Thoa Tình Vân Viêng Xuân Yên",
)

_THO = _stock(
    {"Trương": 30, "Lê": 16, "Nguyễn": 14, "Cao": 8, "Bùi": 6, "Hồ": 5, "Lương": 4, "Đinh": 3, "Phan": 3, "Hoàng": 3},
    "Văn Văn Văn Công Xuân Đình Hữu",
    "Thị Thị Thị Thị Hồng",
    "An Bình Chung Cường Dũng Đại Hải Hồng Hùng Khánh Lâm Lợi Minh Nam Ngọc Phúc Quý Sơn Tâm Thắng Thành Thìn Tiến "
    "Tuấn Vinh",
    "Bình Dung Hà Hạnh Hằng Hiền Hoa Hồng Huệ Hương Lan Liên Loan Mai Nga Nguyệt Nhung Oanh Tâm Thanh Thảo Thủy "
    "Tình Xuân Yến",
)

_ODU = _stock(
    {"Lo": 60, "Vi": 20, "Lô": 12, "Lương": 8},
    "Văn Văn Văn Thanh",
    "Thị Thị Thị Hồng",
    "Bình Cường Dần Dũng Hải Hùng Kim Mạnh Nghệ Quyết Sơn Tâm Thắng Tiến Tuấn Việt",
    "Bình Dung Hà Hiền Hoa Hương Kim Lan Liên Mai May Nga Oanh Tâm Thanh Xuân",
)

STOCKS: dict[str, NameStock] = {"01": _KINH, "03": _THAI, "08": _HMONG, "24": _THO, "29": _KHOMU, "53": _ODU}
"""Name stocks by the code of the ethnic group (Decision 121-TCTK/PPCĐ of 1979)."""
