"""Metrics, probes and the page over HTTP, on a port and in threads of their own."""

import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from socket import SHUT_RDWR, socket
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from boxgauge.frames import InvalidInputError
from boxgauge.server.security.http_gate import PEER_CERTIFICATE, HttpGate
from boxgauge.server.settings import PREFIX

_LOG = logging.getLogger(__name__)
_POLL_S = 0.05  # how long stopping may wait for the listening thread
_TEXT = "text/plain; charset=utf-8"
MAX_CONNECTIONS = 256  # a thread each
REQUEST_S = 5.0  # until a connection has sent its one request, TLS included
LONGEST_S = 60.0  # a connection from beginning to end
Pages = Callable[[str, str, str], tuple[str, list[tuple[str, str]], bytes] | None]
"""Returns status line, headers and body for path, query and ``If-None-Match``; None: not found."""


@dataclass(slots=True)
class _Connection:
    socket: socket
    request_until: float | None
    until: float

    def cut(self) -> None:
        with suppress(OSError):
            # Of the socket itself: TLS would say goodbye first, and wait.
            socket.shutdown(self.socket, SHUT_RDWR)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    # A reader that never finishes must not keep the service from stopping.
    block_on_close = False
    request_queue_size = 128  # a browser opens six connections at once
    context: Callable[[], ssl.SSLContext | None]

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 (the base's)
        self._open: dict[int, _Connection] = {}  # the oldest first
        super().__init__(*given, **named)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Give a connection a thread; where all are taken, that of the oldest without a request.

        Whoever connects and asks for nothing would keep probes and scrapes out else.
        """
        if len(self._open) >= MAX_CONNECTIONS and not self._cut_silent():
            self.shutdown_request(request)
            return
        now = time.monotonic()
        self._open[id(request)] = _Connection(request, now + REQUEST_S, now + LONGEST_S)
        super().process_request(request, client_address)

    def _cut_silent(self) -> bool:
        """Cut the oldest connection off that has not sent its request; return if there is one."""
        for key, each in list(self._open.items()):
            if each.request_until is not None:
                self._open.pop(key, None)
                each.cut()
                return True
        return False

    def asked(self, sender: socket) -> None:
        """Note that a connection has sent its request."""
        for each in list(self._open.values()):
            if each.socket is sender:
                each.request_until = None

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Answer one connection, in a thread of its own."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.pop(id(request), None)

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Answer one connection over TLS, if there is a context now."""
        context = self.context()
        if context is None:
            super().finish_request(request, client_address)
            return
        connection = self._open.get(id(request))
        request.settimeout(_Handler.timeout)
        try:
            with context.wrap_socket(
                request, server_side=True, do_handshake_on_connect=False
            ) as wrapped:
                if connection is not None:
                    connection.socket = wrapped
                if id(request) not in self._open:  # cut off meanwhile
                    return
                wrapped.do_handshake()
                super().finish_request(wrapped, client_address)
        except OSError as error:  # a caller without TLS, with a foreign certificate, or gone
            _LOG.debug("%s: %s", client_address, error)

    def service_actions(self) -> None:
        """Cut off connections that have lasted too long: slow writers, slow readers."""
        now = time.monotonic()
        for each in list(self._open.values()):
            if now > each.until or (each.request_until is not None and now > each.request_until):
                each.cut()

    def server_bind(self) -> None:
        """Bind without the base class's reverse look-up of the host's name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()


class _Handler(WSGIRequestHandler):
    timeout = 10.0  # seconds a silent connection may hold its thread

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        _LOG.debug(format, *args)

    def get_environ(self) -> dict[str, Any]:
        """Return the request's environment, with what TLS says of the caller's certificate."""
        if isinstance(self.server, _Server):
            self.server.asked(self.connection)
        environ = super().get_environ()
        if isinstance(self.connection, ssl.SSLSocket):
            environ[PEER_CERTIFICATE] = self.connection.getpeercert()
        return environ

    def address_string(self) -> str:
        return str(self.client_address[0])  # no reverse look-up


class MetricsServer:
    """Serves ``/metrics``, ``/healthz`` (alive), ``/readyz`` (takes work) and the page.

    Args:
        metrics: Returns content type and text of the exposition for an Accept header.
        is_ready: Says whether the service takes work.
        pages: Answers for every other path.
        gate: Turns requests away; None: nobody is.
        context: Returns what new connections are served with; None: plain text.
    """

    def __init__(
        self,
        metrics: Callable[[str], tuple[str, bytes]],
        is_ready: Callable[[], bool],
        pages: Pages | None = None,
        *,
        gate: HttpGate | None = None,
        context: Callable[[], ssl.SSLContext | None] = lambda: None,
    ) -> None:
        self._metrics = metrics
        self._is_ready = is_ready
        self._gate = gate
        self._context = context
        self._pages = pages
        self._server: WSGIServer | None = None
        self._thread: threading.Thread | None = None

    def start(self, host: str, port: int) -> int:
        """Listen and return the port, which is a free one where 0 was asked for.

        Raises:
            InvalidInputError: The address cannot be listened on.
        """
        try:
            server = make_server(host, port, self._answer, _Server, _Handler)
        except OSError as error:
            raise InvalidInputError.at(
                f"{PREFIX}METRICS_PORT", f"{host}:{port} ({error.strerror})", "free to listen on"
            ) from None
        server.context = self._context
        self._server = server
        self._thread = threading.Thread(
            target=server.serve_forever, args=(_POLL_S,), name="metrics", daemon=True
        )
        self._thread.start()
        return int(server.server_address[1])

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def _answer(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        method = environ.get("REQUEST_METHOD")
        refusal = None if self._gate is None else self._gate.refusal(environ)
        status, headers, body = refusal or self._route(environ)
        if method not in ("GET", "HEAD") and not status.startswith("404"):
            status, body = "405 Method Not Allowed", b"only GET and HEAD\n"
            headers = [("Content-Type", _TEXT), ("Allow", "GET, HEAD")]
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [] if method == "HEAD" else [body]

    def _route(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        path = str(environ.get("PATH_INFO", ""))
        if path == "/metrics":
            kind, body = self._metrics(str(environ.get("HTTP_ACCEPT", "")))
            return "200 OK", [("Content-Type", kind)], body
        text = [("Content-Type", _TEXT)]
        if path == "/healthz":
            return "200 OK", text, b"ok\n"
        if path == "/readyz":
            if self._is_ready():
                return "200 OK", text, b"ready\n"
            return "503 Service Unavailable", text, b"not ready\n"
        if self._pages is not None:
            query, etag = (
                str(environ.get(each, "")) for each in ("QUERY_STRING", "HTTP_IF_NONE_MATCH")
            )
            found = self._pages(path, query, etag)
            if found is not None:
                return found
        return "404 Not Found", text, b"try /, /metrics, /healthz or /readyz\n"
