"""A second province beside Nghệ An: a few communes of Hà Tĩnh, as rows of a list of units."""

from __future__ import annotations

from service.units.directory import Unit
from service.units.unit_list import COLUMNS, read_units

HA_TINH = "42"
THANH_SEN, TRAN_PHU = "18073", "18100"


def a_row(code: str, name: str, **cells: str) -> str:
    """One row; a commune of Hà Tĩnh since July 2025 unless it says otherwise."""
    row = {"code": code, "name_vi": name, "name_en": name, "kind": "phường", "level": "commune", "parent": HA_TINH}
    row |= {"valid_from": "2025-07-01", "source": "test"} | cells
    return ",".join(row.get(column, "") for column in COLUMNS)


def second_province(*more: str) -> tuple[Unit, ...]:
    """Hà Tĩnh with two communes of today, and three former ones in a district, which became part of the first."""
    ended = {"valid_from": "", "valid_to": "2025-06-30"}
    former = {**ended, "parent": "436", "successor": THANH_SEN}
    rows = [
        a_row(HA_TINH, "Hà Tĩnh", kind="tỉnh", level="province", parent="", valid_from=""),
        a_row("436", "Hà Tĩnh", kind="thành phố", level="district", **ended),
        *(a_row(code, f"Làng {code}", kind="xã", **former) for code in ("18070", "18071", "18073")),
        a_row(THANH_SEN, "Thành Sen"),
        a_row(TRAN_PHU, "Trần Phú"),
        *more,
    ]
    return read_units("\n".join([",".join(COLUMNS), *rows]) + "\n")
