"""The shapes of what findings hold, for documents; what of it is shown is for the Reader alone."""

from __future__ import annotations

from typing import Final

from schemas.errors import shapes_of
from service.households.revealed import FINDINGS

DETAILS: Final = shapes_of(FINDINGS.values())
"""The JSON Schema of every detail that a finding can have, by name."""
