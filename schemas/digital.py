"""Digital access: what the household has and uses."""

from schemas.language import OPEN, Code, Flag, Many, Section, item

_PLAN = "Kế hoạch 1034/QĐ-BTTTT (2021)"


class DigitalSchema(Section):
    """Devices, accounts and platforms."""

    smartphone = Flag(item("Có điện thoại thông minh", "Has a smartphone", source=_PLAN, **OPEN))
    internet = Flag(item("Có kết nối Internet", "Has Internet", source=_PLAN, **OPEN))
    payment_account = Flag(
        item(
            "Có tài khoản thanh toán",
            "Has a payment account",
            hint_vi="Tài khoản ngân hàng hoặc ví điện tử. Không ghi số tài khoản.",
            hint_en="A bank account or an electronic wallet. The number is not asked.",
            source=_PLAN,
            **OPEN,
        )
    )
    electronic_identity = Flag(
        item("Có tài khoản VNeID mức 2", "Has a VNeID account of level 2", source="Nghị định 69/2024/NĐ-CP", **OPEN)
    )
    ecommerce = Many(
        Code("ecommerce_platforms"),
        item("Bán hàng trên", "Sells on", source=_PLAN, **OPEN),
        most=10,
        distinct=True,
    )
    trained = Flag(item("Đã được tập huấn bán hàng số", "Trained in selling online", source=_PLAN, **OPEN))
