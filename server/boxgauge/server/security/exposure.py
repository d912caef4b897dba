"""What may be listened on with which protection: checked at the start."""

import ipaddress
import logging

from boxgauge.frames import InvalidInputError
from boxgauge.server.settings import PREFIX, Settings

_LOG = logging.getLogger(__name__)


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches what listens on this address."""
    bare = host.removeprefix("[").removesuffix("]")
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def check_exposure(settings: Settings) -> None:
    """Check that what others can reach is protected, and that the settings go together.

    Raises:
        InvalidInputError: It is not, and nobody has said that this is meant.
    """
    if (settings.tls_cert is None) != (settings.tls_key is None):
        given, lacking = ("TLS_CERT", "TLS_KEY")[:: 1 if settings.tls_cert else -1]
        raise InvalidInputError.at(f"{PREFIX}{lacking}", "nothing", f"set where {given} is")
    if settings.tls_client_ca is not None and settings.tls_cert is None:
        raise InvalidInputError.at(f"{PREFIX}TLS_CERT", "nothing", "set where TLS_CLIENT_CA is")
    for name, host in (("HOST", settings.host), ("METRICS_HOST", settings.metrics_host)):
        if is_loopback(host):
            continue
        if settings.tokens is None and settings.tls_client_ca is None:
            found = "anybody who reaches it may do anything"
            wanted = f"{PREFIX}TOKENS or {PREFIX}TLS_CLIENT_CA"
        elif settings.tls_cert is None:
            found = "tokens and figures go in plain text"
            wanted = f"{PREFIX}TLS_CERT and {PREFIX}TLS_KEY"
        else:
            continue
        if not settings.insecure:
            raise InvalidInputError(
                f"{PREFIX}{name} is {host}, which is no loopback address, and {found}:"
                f" set {wanted}, or say that this is meant: {PREFIX}INSECURE=true",
                field=f"{PREFIX}{name}",
                value=host,
            )
        _LOG.warning("INSECURE: %s%s is %s, and %s", PREFIX, name, host, found)
