"""How a client proves who it is, and whom it talks to: TLS, certificates and tokens."""

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, Unpack

import grpc

from boxgauge.frames import InvalidInputError

TOKEN_VARIABLE = "BOXGAUGE_TOKEN"  # noqa: S105  # the name of a variable
_LOCAL_SCHEMES = ("unix:", "unix-abstract:")


class AccessOptions(TypedDict, total=False):
    """What every client takes beside its target.

    Attributes:
        tls_ca: PEM file of the CAs that the service's certificate may be of; with it, or with a
            certificate of the client's own, the connection is TLS.
        tls_cert: PEM file of the client's certificate, where the service asks for one.
        tls_key: PEM file of its private key.
        token: Proves who calls; absent or None: BOXGAUGE_TOKEN of the environment, if it is set.
            An empty one is none. Sent over TLS, or to this machine.
        token_file: File with the token, instead; read whenever a connection is made.
        credentials: gRPC's own, instead of the three files.
    """

    tls_ca: Path | str | None
    tls_cert: Path | str | None
    tls_key: Path | str | None
    token: str | None
    token_file: Path | str | None
    credentials: grpc.ChannelCredentials | None


@dataclass(frozen=True, slots=True)
class Access:
    """What a channel and its calls are made with.

    Attributes:
        credentials: TLS; None: plain text.
        metadata: Of every call.
    """

    credentials: grpc.ChannelCredentials | None
    metadata: tuple[tuple[str, str], ...]


def access_to(target: str, **options: Unpack[AccessOptions]) -> Access:
    """Return what a service at this address is asked with; files are read now.

    Raises:
        InvalidInputError: A file cannot be read, options contradict each other, or a token would
            go to another machine in plain text.
    """
    credentials = options.get("credentials")
    ca, cert, key = (
        _read(name, path)
        for name, path in (
            ("tls_ca", options.get("tls_ca")),
            ("tls_cert", options.get("tls_cert")),
            ("tls_key", options.get("tls_key")),
        )
    )
    if (cert is None) != (key is None):
        lacking = "tls_cert" if cert is None else "tls_key"
        raise InvalidInputError.at(lacking, "nothing", "given too: they belong together")
    if ca is not None or cert is not None:
        if credentials is not None:
            raise InvalidInputError.at("credentials", "TLS files too", "given alone")
        credentials = grpc.ssl_channel_credentials(ca, key, cert)
    token = _token(options.get("token"), _read("token_file", options.get("token_file")))
    if not token:
        return Access(credentials, ())
    if not token.isascii() or not token.isprintable() or " " in token:
        # Not quoted: it may be a token with a line's end.
        raise InvalidInputError.at("token", "other characters", "printable ASCII without spaces")
    if credentials is None and not is_here(target):
        raise InvalidInputError.at(
            "token", f"one for {target} in plain text", "sent over TLS: give tls_ca"
        )
    return Access(credentials, (("authorization", f"Bearer {token}"),))


def is_here(target: str) -> bool:
    """Say whether an address is of this machine for certain."""
    if target.startswith(_LOCAL_SCHEMES):
        return True
    host = target.rpartition("/")[2].rpartition(":")[0].removeprefix("[").removesuffix("]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _token(given: str | None, in_file: bytes | None) -> str:
    if in_file is None:
        return os.environ.get(TOKEN_VARIABLE, "") if given is None else given
    if given is not None:
        raise InvalidInputError.at("token", "a token_file too", "given alone")
    return in_file.decode(errors="replace").strip()


def _read(name: str, path: Path | str | None) -> bytes | None:
    if path is None:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InvalidInputError.at(name, f"{path} ({error.strerror})", "a file to read") from None
