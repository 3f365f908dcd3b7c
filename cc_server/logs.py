"""What the server logs: one line a record, as text or as JSON, with the request that it belongs to.

Standard library only. No record carries a key, a password, a body or a query: whoever logs says what happened and to
which object, and what was sent stays where it was sent.
"""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TextIO

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The request that is being served; set by the gate."""

FACTS: Final = "facts"
"""The attribute of a record that holds its facts by name: `_log.info("…", extra={FACTS: {…}})`."""


class LogFormat(StrEnum):
    """How a record is written."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """From which weight on records are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, logger, message, request_id, the facts, and a traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (of_request := request_id.get()) is not None:
            told["request_id"] = of_request
        told |= getattr(record, FACTS, {})
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=True, default=str)


class TextLines(logging.Formatter):
    """Moment, level, logger, message, and the request in brackets; control characters of others are escaped."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (the standard library's name)
        """The line, without a traceback."""
        line = super().formatMessage(record).translate(_ESCAPES)
        of_request = request_id.get()
        return f"{line} [{of_request}]" if of_request is not None else line


_NOISY: Final = ("uvicorn.error", "uvicorn.access", "asyncio", "alembic", "httpx", "httpcore")
"""Say too much below a warning; httpx whole addresses."""
_ESCAPES: Final = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}


def configure(form: LogFormat, level: LogLevel, stream: TextIO | None = None) -> None:
    """Write records from `level` on to `stream` (stderr)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form is LogFormat.JSON else TextLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))
