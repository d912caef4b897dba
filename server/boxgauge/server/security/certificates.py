"""Certificate, key and CA of callers, read from files and checked before they are used."""

import re
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxgauge.frames import InvalidInputError
from boxgauge.server.settings import PREFIX

# OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python has no name for: an expired certificate is
# to be told apart from one that is wrong.
_ANY_TIME = ssl.VerifyFlags(0x200000)
_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.S)
# Of public keys, in DER: RSA and elliptic curves. gRPC's TLS knows no others, and would fail
# each handshake without a word.
_KEY_KINDS = (bytes.fromhex("06092a864886f70d010101"), bytes.fromhex("06072a8648ce3d0201"))
MAX_BYTES = 4 * 2**20
_FIT = "a certificate of a server, with a key of RSA or an elliptic curve"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where they are.

    Attributes:
        cert: The certificate and what it is signed with, up to the CA.
        key: Its private key.
        client_ca: CAs whose certificates callers must have; None: callers need none.
    """

    cert: Path
    key: Path
    client_ca: Path | None

    def read(self) -> tuple[bytes, bytes, bytes]:
        """Return the contents; empty for a file that is not asked for.

        Raises:
            InvalidInputError: One cannot be read; names its setting.
        """
        ca = b"" if self.client_ca is None else read_file("TLS_CLIENT_CA", self.client_ca)
        return read_file("TLS_CERT", self.cert), read_file("TLS_KEY", self.key), ca


@dataclass(frozen=True, slots=True)
class Credentials:
    """What was read and fits together.

    Attributes:
        chain: The certificate and what it is signed with, PEM.
        key: Its private key, PEM.
        client_ca: CAs of callers, PEM, or empty.
        context: The same for Python's own TLS; a caller's certificate is asked for, not required.
        expires_s: When the first of the chain expires, seconds since 1970.
        client_ca_expires_s: When the first of the CAs does; None: there are none.
    """

    chain: bytes
    key: bytes
    client_ca: bytes
    context: ssl.SSLContext
    expires_s: float
    client_ca_expires_s: float | None


def read_file(setting: str, path: Path) -> bytes:
    """Return a small file's content.

    Raises:
        InvalidInputError: It cannot be read, or is larger than any such file.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _refused(setting, f"{path} ({error.strerror})", "a file that can be read") from None
    if len(content) > MAX_BYTES:
        raise _refused(setting, path, f"of at most {MAX_BYTES} bytes")
    return content


def load(files: TlsFiles, read: tuple[bytes, bytes, bytes], *, now_s: float) -> Credentials:
    """Return the credentials, checked: a handshake with them succeeds.

    Args:
        files: Where they are.
        read: Their contents as read before.
        now_s: Seconds since 1970.

    Raises:
        InvalidInputError: A file holds something else, the key does not fit, or a certificate
            is not valid now; names the setting and the file.
    """
    chain, key, client_ca = read
    first, *others = _BLOCK.findall(chain) or [b""]
    if not first:
        raise _refused("TLS_CERT", files.cert, "a PEM file with a certificate")
    caller = _caller_context(files.cert, first)
    context = _server_context(files)
    if client_ca:
        context.verify_mode = ssl.CERT_OPTIONAL
        _trust(context, "TLS_CLIENT_CA", files.client_ca, client_ca)
    described = _described(context, caller, files.cert)
    # Python takes them only from files. What was read before and stands there after is what
    # was loaded in between.
    if files.read() != read:
        raise _refused("TLS_CERT", files.cert, "a file that is not being replaced")
    begins_s, ends_s = (
        ssl.cert_time_to_seconds(described[name]) for name in ("notBefore", "notAfter")
    )
    if not begins_s <= now_s <= ends_s:
        found = f"{files.cert}, valid from {described['notBefore']} to {described['notAfter']}"
        raise _refused("TLS_CERT", found, "a certificate that is valid now")
    signers = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if others:
        _trust(signers, "TLS_CERT", files.cert, b"\n".join(others))
    return Credentials(
        chain=chain,
        key=key,
        client_ca=client_ca,
        context=context,
        expires_s=min([ends_s, *_ends_s(signers)]),
        client_ca_expires_s=min(_ends_s(context)) if client_ca else None,
    )


def _server_context(files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(files.cert, files.key, password=_no_password)
    except InvalidInputError:
        raise
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            wanted = f"the key of {files.cert}"
        else:
            wanted = "a PEM file with a private key"
        raise _refused("TLS_KEY", files.key, wanted) from None
    except OSError as error:
        raise _refused("TLS_KEY", f"{files.key} ({error.strerror})", "readable") from None
    return context


def _no_password() -> str:
    raise _refused("TLS_KEY", "one with a password", "a key without: nobody is there to type it")


def _trust(context: ssl.SSLContext, setting: str, path: Path | None, pem: bytes) -> None:
    try:
        context.load_verify_locations(cadata=pem.decode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError):
        raise _refused(setting, path, "a PEM file with certificates") from None
    if not context.get_ca_certs():
        raise _refused(setting, path, "certificates of CAs")


def _ends_s(context: ssl.SSLContext) -> list[float]:
    described: list[Any] = context.get_ca_certs()
    return [ssl.cert_time_to_seconds(each["notAfter"]) for each in described]


def _caller_context(path: Path, first: bytes) -> ssl.SSLContext:
    """Return what shakes hands with whoever has this certificate, expired or not."""
    caller = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    caller.check_hostname = False
    caller.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _ANY_TIME
    try:
        der = ssl.PEM_cert_to_DER_cert(first.decode("ascii"))
        caller.load_verify_locations(cadata=der)
    except (ValueError, ssl.SSLError):
        raise _refused("TLS_CERT", path, "a PEM file with a certificate") from None
    if not any(kind in der for kind in _KEY_KINDS):
        raise _refused("TLS_CERT", path, _FIT)
    return caller


def _described(context: ssl.SSLContext, caller: ssl.SSLContext, path: Path) -> dict[str, Any]:
    """Return the fields of the certificate, as a handshake in memory finds them."""
    to_server, to_caller = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = (
        caller.wrap_bio(to_caller, to_server),
        context.wrap_bio(to_server, to_caller, server_side=True),
    )
    try:
        # As many turns as a handshake takes, with one to spare.
        for _ in range(3):
            for side in sides:
                with suppress(ssl.SSLWantReadError):
                    side.do_handshake()
        found = sides[0].getpeercert()
    except (ValueError, ssl.SSLError):
        found = None
    if not found:
        raise _refused("TLS_CERT", path, _FIT)
    return dict(found)


def _refused(setting: str, found: object, wanted: str) -> InvalidInputError:
    return InvalidInputError.at(f"{PREFIX}{setting}", found, wanted)
