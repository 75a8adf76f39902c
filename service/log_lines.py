"""The service's own log: one JSON object per line on standard error.

Tracebacks are logged without the values of variables, which may contain personal data.
"""

from __future__ import annotations

import logging
import sys

import structlog


def configure_log_lines() -> None:
    """Configure structlog for this process; called by the application factory."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
