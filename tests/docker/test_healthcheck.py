"""The probe that the container's HEALTHCHECK runs."""

import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.docker.credentials import Credentials
from tests.docker.paths import DOCKER


@contextmanager
def service_answering(status: int, credentials: Credentials | None = None) -> Iterator[int]:
    """Serve ``status`` at /readyz, 404 elsewhere, over TLS with credentials; yield the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the test's output quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if credentials is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            settings = credentials.settings
            context.load_cert_chain(settings["tls_cert"], settings["tls_key"])
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def probe(port: int, host: str = "127.0.0.1", **more: str) -> int:
    env = os.environ | {"BOXGAUGE_METRICS_HOST": host, "BOXGAUGE_METRICS_PORT": str(port)} | more
    return subprocess.run(
        [sys.executable, DOCKER / "healthcheck.py"], env=env, check=False
    ).returncode


def test_a_ready_service_is_healthy() -> None:
    with service_answering(200) as port:
        assert probe(port) == 0


def test_a_service_bound_to_every_interface_is_asked_on_loopback() -> None:
    with service_answering(200) as port:
        assert probe(port, host="0.0.0.0") == 0  # noqa: S104  as in the image


@pytest.mark.tools
def test_a_service_with_a_certificate_is_asked_over_tls(made: Credentials) -> None:
    with service_answering(200, made) as port:
        assert probe(port, BOXGAUGE_TLS_CERT=made.settings["tls_cert"]) == 0
        assert probe(port) == 1
    with service_answering(503, made) as port:
        assert probe(port, BOXGAUGE_TLS_CERT=made.settings["tls_cert"]) == 1


def test_a_draining_service_is_not_healthy() -> None:
    with service_answering(503) as port:
        assert probe(port) == 1


def test_no_service_is_not_healthy() -> None:
    with socket.socket() as bound_but_silent:
        bound_but_silent.bind(("127.0.0.1", 0))
        assert probe(bound_but_silent.getsockname()[1]) == 1
