"""Lines of the log: JSON for programs or text for people, each with the call it belongs to."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Literal, TextIO

import orjson

from boxgauge.server.observability import calls

Format = Literal["text", "json"]


class JsonLines(logging.Formatter):
    """One JSON object a line, whatever is in the message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; keys that have nothing to say are left out."""
        line: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= _of_call()
        if record.exc_info and record.exc_info[0] is not None:
            kind, error, trace = record.exc_info
            line["error"] = {
                "type": kind.__name__,
                "message": str(error),
                "traceback": "".join(traceback.format_exception(kind, error, trace)),
            }
        try:
            return orjson.dumps(line).decode()
        except TypeError:  # text that is no Unicode, say of a file's name
            return json.dumps(line)


class TextLines(logging.Formatter):
    """One line to read, and a traceback below it where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; what could break it is escaped."""
        around = " ".join(f"{name}={_shown(value)}" for name, value in _of_call().items())
        message = record.getMessage().replace("\r", r"\r").replace("\n", r"\n")
        line = f"{_time(record)} {record.levelname} {record.name}: {message}"
        line += f" [{around}]" if around else ""
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def configure_logs(level: str, form: Format, stream: TextIO | None = None) -> None:
    """Let everything that is logged in this process go to one stream, Python's warnings too.

    Args:
        level: Least severe one that is written; of other libraries ``info`` at least, for what
            they debug is not the service.
        form: ``json`` or ``text``.
        stream: None: standard error.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    asked = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=max(asked, logging.INFO), handlers=[handler], force=True)
    logging.getLogger("boxgauge").setLevel(asked)
    logging.captureWarnings(capture=True)


def _time(record: logging.LogRecord) -> str:
    """Return when it was logged, as RFC 3339 in UTC."""
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _of_call() -> dict[str, object]:
    found: dict[str, object] = {}
    call = calls.current()
    if call is not None:
        found = {"request_id": call.request_id, "method": call.method, "peer": call.peer}
        if call.trace_id:
            found["trace_id"] = call.trace_id
    monitor = calls.monitor()
    if monitor:
        found["monitor"] = monitor
    return found


def _shown(value: object) -> str:
    text = str(value)
    return text if text.isprintable() and " " not in text and "]" not in text else json.dumps(text)
