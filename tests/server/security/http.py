"""Requests over HTTP and HTTPS, as a scraper or a browser sends them."""

import asyncio
import base64
import http.client
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from tests.server.security.pki import Issued


async def fetched(
    url: str,
    *,
    ca: Path | None = None,
    own: Issued | None = None,
    token: str = "",
    password: str = "",
    host: str = "",
) -> tuple[int, str]:
    """Return status and body.

    Args:
        url: Of the page.
        ca: What the service's certificate is held against.
        own: The certificate that is presented.
        token: Sent as a scraper does.
        password: Sent as a browser does that was given it.
        host: Named instead of the one in ``url``.
    """
    parts = urlsplit(url)
    headers = {"Host": host} if host else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if password:
        encoded = base64.b64encode(f"anybody:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {encoded}"

    def fetch() -> tuple[int, str]:
        connection = http.client.HTTPConnection(parts.netloc, timeout=5)
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=None if ca is None else str(ca))
            if own is not None:
                context.load_cert_chain(own.cert, own.key)
            connection = http.client.HTTPSConnection(parts.netloc, timeout=5, context=context)
        try:
            connection.request("GET", parts.path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    return await asyncio.to_thread(fetch)
