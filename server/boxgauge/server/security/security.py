"""Everything about security that a service has, built from its settings."""

import logging
import ssl
import stat
import time
from collections.abc import Callable
from pathlib import Path

import grpc
from prometheus_client import CollectorRegistry

from boxgauge.frames import InvalidInputError
from boxgauge.server.security.access import Access
from boxgauge.server.security.audit import Audit
from boxgauge.server.security.certificates import Credentials, TlsFiles, load, read_file
from boxgauge.server.security.denials import Denials
from boxgauge.server.security.exposure import check_exposure
from boxgauge.server.security.guard import Guard
from boxgauge.server.security.http_gate import HttpGate
from boxgauge.server.security.telemetry import TLS, TOKENS, SecurityTelemetry
from boxgauge.server.security.token_file import parse_tokens
from boxgauge.server.security.tokens import Tokens
from boxgauge.server.security.watching import Contents, Watched, Watcher
from boxgauge.server.settings import PREFIX, Settings

_LOG = logging.getLogger(__name__)


class Security:
    """Certificates, tokens, and what holds calls against them.

    Args:
        settings: What was configured.
        registry: Where its metrics live.
        clock: Seconds since 1970.

    Attributes:
        guard: The interceptor of RPCs.
        gate: Of HTTP.
        audit: Where administrative calls are written down.
        watcher: Takes over changed files once it is started.

    Raises:
        InvalidInputError: A file is bad, or what others can reach is not protected.
    """

    def __init__(
        self,
        settings: Settings,
        registry: CollectorRegistry,
        clock: Callable[[], float] = time.time,
    ) -> None:
        check_exposure(settings)
        self._clock = clock
        self._telemetry = SecurityTelemetry(registry)
        self.audit = Audit(settings.audit_log, self._telemetry.audit_failed, clock)
        self.audit.check()
        self._credentials: Credentials | None = None
        watched, tokens = [], None
        if settings.tls_cert is not None and settings.tls_key is not None:
            files = TlsFiles(settings.tls_cert, settings.tls_key, settings.tls_client_ca)
            watched.append(
                self._watched(TLS, files.read, lambda read: self._take_credentials(files, read))
            )
        if settings.tokens is not None:
            path, tokens = settings.tokens, Tokens({})
            watched.append(
                self._watched(TOKENS, lambda: _read_tokens(path), lambda read: _take(tokens, read))
            )
        access = Access(tokens, needs_certificate=settings.tls_client_ca is not None)
        denials = Denials(self.audit, self._telemetry)
        self.guard = Guard(access, self.audit, denials)
        self.gate = HttpGate(access, denials, settings.metrics_host)
        self.watcher = Watcher(watched, settings.reload_interval_s)

    def grpc_credentials(self) -> grpc.ServerCredentials | None:
        """Return what gRPC serves with, always the newest; None: plain text."""
        if self._credentials is None:
            return None
        last = self._credentials

        def fetch() -> grpc.ServerCertificateConfiguration | None:
            """Return what changed since the last time; gRPC asks for each new connection."""
            nonlocal last
            newest = self._credentials
            if newest is None or newest is last:
                return None
            last = newest
            return _configuration(newest)

        return grpc.dynamic_ssl_server_credentials(
            _configuration(last),
            fetch,  # type: ignore[arg-type]  # the stubs lack None: "nothing has changed"
            require_client_authentication=bool(last.client_ca),
        )

    def ssl_context(self) -> ssl.SSLContext | None:
        """Return the newest context for HTTP's connections; None: plain text."""
        return None if self._credentials is None else self._credentials.context

    def _take_credentials(self, files: TlsFiles, read: Contents) -> str:
        chain, key, client_ca = read
        found = load(files, (chain, key, client_ca), now_s=self._clock())
        self._telemetry.expires(found.expires_s, found.client_ca_expires_s)
        self._credentials = found
        left_days = (found.expires_s - self._clock()) / 86_400
        return f"the certificate of {files.cert} is valid for {left_days:.1f} more days"

    def _watched(
        self, what: str, read: Callable[[], Contents], take: Callable[[Contents], str]
    ) -> Watched:
        first = read()
        _LOG.info("%s: %s", what, take(first))
        self._telemetry.watches(what)
        return Watched(what, first, read, take, self._changed)

    def _changed(self, what: str, words: str, is_taken: bool) -> None:
        self._telemetry.reloaded(what, is_taken=is_taken)
        if is_taken:
            _LOG.info("%s: %s", what, words)
        else:
            _LOG.error("%s: the files were changed, but the last good ones stay: %s", what, words)
        # A revocation does not wait for a disk with room: this one record may be missing.
        self.audit.note("reload", what=what, outcome="OK" if is_taken else "REFUSED", words=words)


def _configuration(found: Credentials) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration(
        [(found.key, found.chain)], found.client_ca or None
    )


def _read_tokens(path: Path) -> Contents:
    content = read_file("TOKENS", path)
    if path.stat().st_mode & stat.S_IWOTH:
        # Whoever may write it may do anything.
        raise InvalidInputError.at(f"{PREFIX}TOKENS", path, "a file that not everybody may write")
    return (content,)


def _take(tokens: Tokens, read: Contents) -> str:
    tokens.replace(parse_tokens(read[0]))
    return f"{len(tokens)} are valid" if len(tokens) else "there are none, and all is denied"
