"""Exit 0 while the service in this container is ready, 1 otherwise.

The image has no curl. Readiness is asked for over HTTP, not gRPC, because importing grpc
costs more than the question, and this runs every few seconds. It asks itself: over TLS the
certificate is not checked, and it needs no token.
"""

import http.client
import os
import sys

ANYWHERE = {"", "0.0.0.0", "::"}  # noqa: S104  compared with, never bound to


def is_ready(host: str, port: int, *, over_tls: bool, timeout_s: float = 2.0) -> bool:
    """Return whether ``/readyz`` answers 200."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    if over_tls:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    bound = os.environ.get("BOXGAUGE_METRICS_HOST", "127.0.0.1")
    ready = is_ready(
        "127.0.0.1" if bound in ANYWHERE else bound,
        int(os.environ.get("BOXGAUGE_METRICS_PORT", "9464")),
        over_tls=bool(os.environ.get("BOXGAUGE_TLS_CERT")),
    )
    sys.exit(0 if ready else 1)
