"""Who may have what over HTTP: probes are for all, metrics and the page show all monitors."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from boxgauge.frames import BoxGaugeError, UnauthenticatedError
from boxgauge.server.security.access import (
    UNKNOWN,
    Access,
    Caller,
    certificate_name,
    with_certificate,
)
from boxgauge.server.security.denials import Denials
from boxgauge.server.security.exposure import is_loopback
from boxgauge.server.security.scopes import EVERY, Scope, forbidden

PROBES = ("/healthz", "/readyz")
PEER_CERTIFICATE = "boxgauge.peer_certificate"
"""Key of the environment under which the server puts what TLS says of the caller."""

Refusal = tuple[str, list[tuple[str, str]], bytes]
_BASIC = "basic "
_TEXT = ("Content-Type", "text/plain; charset=utf-8")


class HttpGate:
    """Says who is turned away.

    A token comes as ``Authorization: Bearer TOKEN`` or, from a browser, which asks for it, as the
    password of any name.

    Args:
        access: Knows callers.
        denials: Where requests turned away are told of.
        host: Address that is listened on. Where nothing is asked for and it is loopback, requests
            must name a loopback host: else any web page could read the figures by letting its
            own name point here.
    """

    def __init__(self, access: Access, denials: Denials, host: str) -> None:
        self._access = access
        self._denials = denials
        self._host = host
        self._checks_host = access.is_open and is_loopback(host)

    def refusal(self, environ: Mapping[str, Any]) -> Refusal | None:
        """Return the answer to a request that is turned away; None for one that may come in."""
        path = str(environ.get("PATH_INFO", ""))
        if path in PROBES:
            return None
        if self._checks_host and not self._is_local(str(environ.get("HTTP_HOST", self._host))):
            body = b"this service is for its own machine: ask for it as localhost\n"
            return "421 Misdirected Request", [_TEXT], body
        if self._access.is_open:
            return None
        caller = UNKNOWN
        try:
            caller = self._caller(environ)
            if not caller.grants.covers_all(Scope.READ):
                raise forbidden(Scope.READ, EVERY)
        except BoxGaugeError as error:
            self._denials.tell(
                error,
                "http",
                method=path,
                monitor="",
                who=caller.name,
                peer=str(environ.get("REMOTE_ADDR", "")),
            )
            return _answer(error)
        return None

    def _caller(self, environ: Mapping[str, Any]) -> Caller:
        caller = self._by_header(str(environ.get("HTTP_AUTHORIZATION", "")))
        if not self._access.needs_certificate:
            return caller
        described: Mapping[str, Any] | None = environ.get(PEER_CERTIFICATE)
        if not described:
            raise UnauthenticatedError("a certificate of the client is needed", field="certificate")
        alternatives = [value for _, value in described.get("subjectAltName", ())]
        names = {name: value for rdn in described.get("subject", ()) for name, value in rdn}
        return with_certificate(caller, certificate_name(alternatives, names.get("commonName", "")))

    def _by_header(self, authorization: str) -> Caller:
        if self._access.takes_tokens and authorization.lower().startswith(_BASIC):
            return self._access.by_token(_password(authorization[len(_BASIC) :]))
        return self._access.by_headers([authorization] if authorization else [])

    def _is_local(self, host: str) -> bool:
        """Say whether a Host header names this machine; it may end in a port."""
        name = host.rpartition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
        return is_loopback(name) or name == self._host


def _password(encoded: str) -> str:
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return decoded.partition(":")[2]


def _answer(error: BoxGaugeError) -> Refusal:
    body = f"{error}\n".encode()
    if isinstance(error, UnauthenticatedError):
        challenges = [("WWW-Authenticate", each) for each in ('Basic realm="BoxGauge"', "Bearer")]
        return "401 Unauthorized", [_TEXT, *challenges], body
    return "403 Forbidden", [_TEXT], body
