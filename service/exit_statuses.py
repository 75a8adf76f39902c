"""Exit statuses of commands on which scripts/run acts."""

from typing import Final

RECORDS_SKIPPED: Final = 3
"""``scripts/migrate --strict`` left records as they were. Not 1, which is any failure of a Python program."""
