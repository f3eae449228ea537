"""Structured logs: one line of JSON, or one readable line on a terminal."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import msgspec

from onevoice.wiring.settings import Settings

#: Attributes every record has; whatever else it carries was given by the caller as `extra`.
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def extras(record: logging.LogRecord) -> dict[str, Any]:
    """Return what the caller passed as `extra`."""
    return {name: value for name, value in vars(record).items() if name not in STANDARD}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: at, level, logger, message, then the extras."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **extras(record),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


class TextFormatter(logging.Formatter):
    """A time, a level, a sentence, and the extras as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        clock = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        rest = "".join(f"  {name}={value}" for name, value in extras(record).items())
        line = f"{clock} {record.levelname:<7} {record.getMessage()}{rest}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def configure(settings: Settings) -> None:
    """Send every log to standard error in the form that the settings ask for."""
    as_text = settings.log_format == "text" or (settings.log_format == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(TextFormatter() if as_text else JsonFormatter())
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
