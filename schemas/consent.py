"""Consents of the people concerned: each for one purpose, with evidence, and withdrawable."""

from schemas.language import OPEN, Code, Moment, Section, Text, item

_LAW = "Luật 91/2025/QH15; Nghị định 356/2025/NĐ-CP"


class ConsentSchema(Section):
    """A consent for one purpose."""

    purpose = Code(
        "consent_purposes", item("Mục đích", "Purpose", source=_LAW, required_for="registered", copied=True, **OPEN)
    )
    granted_at = Moment(item("Thời điểm đồng ý", "Granted at", source=_LAW, required_for="registered", **OPEN))
    evidence = Code(
        "consent_evidence",
        item(
            "Hình thức chứng minh",
            "Evidence",
            hint_vi="Phải chứng minh được là người dân đã đồng ý.",
            hint_en="It must be provable that the person consented.",
            source=_LAW,
            copied=True,
            **OPEN,
        ),
    )
    evidence_reference = Text(
        200,
        item(
            "Số hiệu bằng chứng",
            "Evidence reference",
            source=_LAW,
            sensitivity="personal",
            mask="hidden",
            at_rest="plain",
            copied=True,
        ),
    )
    withdrawn_at = Moment(item("Thời điểm rút lại", "Withdrawn at", source=_LAW, **OPEN))
