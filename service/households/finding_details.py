"""The JSON Schemas of findings' details, for documents. The Reader decides which details are shown."""

from __future__ import annotations

from typing import Final

from schemas.errors import shapes_of
from service.households.revealed import FINDINGS

DETAILS: Final = shapes_of(FINDINGS.values())
"""The JSON Schema of every detail that a finding can have, by name."""
