"""scripts/check-record: check a JSON or NDJSON file of households without a database."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from schemas.catalogue import LANGUAGES, Catalogue
from service.clock import system_clock, vietnam_day
from service.households.record_check import Checked, check_file
from service.province import read_province
from service.settings_invalid import SettingsInvalid
from service.units.directory import UnitDirectory
from service.units.unit_list import read_units
from service.wiring import item_messages_of, messages_of


def main(arguments: list[str] | None = None) -> int:
    """Report for each record of a file its stage, what it lacks for the next one, and its errors by line.

    Needs no database. Exit status 1 if a record would be refused, 2 if the file cannot be read.
    """
    parser = argparse.ArgumentParser(prog="scripts/check-record", description=main.__doc__)
    parser.add_argument("file", type=Path, help="a household, a list of households, or NDJSON")
    parser.add_argument("--language", choices=LANGUAGES, default="vi", help="language of the messages (default: vi)")
    parser.add_argument("--json", action="store_true", help="print one JSON object per record, for programs")
    options = parser.parse_args(arguments)
    try:
        province = read_province(os.environ.get("PROVINCE", ""))
    except SettingsInvalid as error:
        print(error, file=sys.stderr)
        return 2
    catalogues = (item_messages_of(province), messages_of(province))
    directory = UnitDirectory(read_units(province.units))
    results: Counter[str] = Counter()
    try:
        for checked in check_file(options.file, directory, vietnam_day(system_clock())):
            results[checked.stage or "refused"] += 1
            report = _report(checked, options.language, catalogues)
            print(json.dumps(report, ensure_ascii=False) if options.json else _text(options.file, report))
    except OSError as error:
        print(f"{options.file}: {error.strerror}", file=sys.stderr)
        return 2
    if not options.json:
        print(
            f"{results.total()} records: "
            + (", ".join(f"{count} {what}" for what, count in sorted(results.items())) or "-")
        )
    return 1 if results["refused"] else 0


def _report(checked: Checked, language: str, catalogues: Sequence[Catalogue]) -> dict[str, Any]:
    return {
        "line": checked.line,
        "stage": checked.stage,
        "missing": checked.missing,
        "errors": [
            {
                "line": fault.line,
                "pointer": fault.error.pointer,
                "code": fault.error.code,
                "message": _message(catalogues, fault.error.code, language, dict(fault.error.params)),
            }
            for fault in checked.faults
        ],
        "findings": [
            {
                "code": finding.code,
                "pointer": finding.pointer,
                "message": _message(catalogues, finding.code, language, dict(finding.params)),
            }
            for finding in checked.findings
        ],
    }


def _text(file: Path, report: dict[str, Any]) -> str:
    lines = [f"{file}:{report['line']}: {report['stage'] or 'refused'}"]
    lines += [
        f"  {file}:{error['line']}: {error['pointer'] or '/'}: {error['message']} [{error['code']}]"
        for error in report["errors"]
    ]
    lines += [f"  warning: {each['pointer']}: {each['message']} [{each['code']}]" for each in report["findings"]]
    lines += [f"  missing for {each['for']}: {each['pointer']}" for each in report["missing"]]
    return "\n".join(lines)


def _message(catalogues: Sequence[Catalogue], code: str, language: str, params: dict[str, Any]) -> str:
    catalogue = next((each for each in catalogues if code in each), None)
    return catalogue.text(code, language, **params) if catalogue else code


if __name__ == "__main__":
    sys.exit(main())
