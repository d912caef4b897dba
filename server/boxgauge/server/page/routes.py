"""Which path is answered with what."""

import logging
import time
from collections.abc import Callable
from urllib.parse import parse_qsl

from boxgauge.frames import BoxGaugeError, InvalidInputError, NotFoundError
from boxgauge.server.page.documents import (
    comparisons_document,
    dumps,
    error_document,
    history_document,
    monitors_document,
    report_document,
)
from boxgauge.server.page.parts import Document
from boxgauge.server.page.source import PageSource
from boxgauge.server.page.static_files import StaticFile, read_static_files

_LOG = logging.getLogger(__name__)

Answer = tuple[str, list[tuple[str, str]], bytes]
"""Status line, headers and body."""

API = "/api/v1/"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SAFE = [
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]
_STATUS = {
    "INVALID_ARGUMENT": "400 Bad Request",
    "NOT_FOUND": "404 Not Found",
    "UNAVAILABLE": "503 Service Unavailable",
}
_MAX_FIELDS = 16


class Pages:
    """Answers for the page and its documents.

    Args:
        source: Where the figures come from; nothing is computed here.
        now: Seconds since 1970.
    """

    def __init__(self, source: PageSource, now: Callable[[], float] = time.time) -> None:
        self._source = source
        self._now = now
        self._files = read_static_files()
        self._documents: dict[str, tuple[tuple[str, ...], Callable[[dict[str, str]], Document]]] = {
            "monitors": ((), self._monitors),
            "report": (("monitor", "model", "window", "slice"), self._report),
            "history": (("monitor", "model", "window"), self._history),
            "comparisons": (("monitor",), self._comparisons),
        }

    def __call__(self, path: str, query: str, etag: str) -> Answer | None:
        """Return the answer to a GET; None where the path is nobody's here.

        Args:
            path: Decoded, without the query.
            query: As sent, without the question mark.
            etag: What the browser holds already: its ``If-None-Match``, or "".
        """
        found = self._files.get(path)
        if found is not None:
            return _file(found, etag)
        if path.startswith(API):
            return self._document(path.removeprefix(API), query)
        return None

    def _document(self, name: str, query: str) -> Answer:
        try:
            if name not in self._documents:
                known = ", ".join(API + each for each in self._documents)
                raise NotFoundError(f"there is {known}", field="path", value=API + name)
            parameters, make = self._documents[name]
            return _json("200 OK", make(parsed(query, parameters)))
        except BoxGaugeError as error:
            status = _STATUS.get(error.status, "500 Internal Server Error")
            return _json(status, error_document(str(error), error.field, error.value))
        except Exception:  # noqa: BLE001 (a fault here must be an answer, and not end the thread)
            _LOG.exception("the document %s failed", name)
            text = error_document("internal error", "", "")
            return _json("500 Internal Server Error", text)

    def _now_us(self) -> int:
        return int(self._now() * 1e6)

    def _monitors(self, _: dict[str, str]) -> Document:
        return monitors_document(self._source.monitors(), self._now_us())

    def _report(self, given: dict[str, str]) -> Document:
        shown = self._source.report(
            given["monitor"], given["model"], given["window"], given["slice"]
        )
        return report_document(shown, self._now_us())

    def _history(self, given: dict[str, str]) -> Document:
        points = self._source.history(given["monitor"], given["model"], given["window"])
        return history_document(points, self._now_us())

    def _comparisons(self, given: dict[str, str]) -> Document:
        return comparisons_document(self._source.comparisons(given["monitor"]))


def parsed(query: str, parameters: tuple[str, ...]) -> dict[str, str]:
    """Return the value of every parameter, empty where it was not given.

    Raises:
        InvalidInputError: One is unknown or given twice, ``monitor`` is missing, or there are
            too many.
    """
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise InvalidInputError.at(
            "query", repr(query[:80]), f"of at most {_MAX_FIELDS} parameters"
        ) from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in parameters:
            wanted = f"only {', '.join(parameters)}" if parameters else "no parameters"
            text = f"unknown parameter {name[:40]!r}: there is {wanted}"
            raise InvalidInputError(text, field=name, value=value)
        if name in found:
            raise InvalidInputError.at(name, repr(value[:80]), "given once")
        found[name] = value
    if "monitor" in parameters and not found.get("monitor"):
        raise InvalidInputError.at("monitor", "''", "the name of a monitor")
    return {name: found.get(name, "") for name in parameters}


def _file(found: StaticFile, etag: str) -> Answer:
    headers = [*_SAFE, ("Cache-Control", "no-cache"), ("ETag", found.etag)]
    if found.etag in (each.strip().removeprefix("W/") for each in etag.split(",")):
        return "304 Not Modified", headers, b""
    return "200 OK", [("Content-Type", found.kind), *headers], found.body


def _json(status: str, document: Document) -> Answer:
    headers = [("Content-Type", "application/json"), *_SAFE, ("Cache-Control", "no-store")]
    return status, headers, dumps(document)
