"""When certificates are valid, read from their bytes by the standard library alone."""

import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

_PEM = re.compile(
    r"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----.+?"
    r"-----END (?:TRUSTED |X509 )?CERTIFICATE-----",
    re.S,
)
# ASN.1's tags.
_SEQUENCE, _VERSION, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18
_LONG = 0x80
_VALIDITY = 3  # of what is signed: serial number, algorithm, issuer, validity


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when a certificate is valid."""

    begins: datetime
    ends: datetime


def validities(text: str) -> list[Validity]:
    """Return those of all certificates in a PEM file, in order; none where there is none.

    Raises:
        ValueError: One is malformed.
    """
    return [validity(ssl.PEM_cert_to_DER_cert(each)) for each in _PEM.findall(text)]


def validity(der: bytes) -> Validity:
    """Return when a certificate is valid (RFC 5280, section 4.1).

    Raises:
        ValueError: It is malformed.
    """
    _, certificate = _first(der, _SEQUENCE)
    _, signed = _first(certificate, _SEQUENCE)
    parts = [(tag, content) for tag, content in _elements(signed) if tag != _VERSION]
    if len(parts) <= _VALIDITY or parts[_VALIDITY][0] != _SEQUENCE:
        raise ValueError("there is no validity in it")
    times = [_time(tag, content) for tag, content in _elements(parts[_VALIDITY][1])]
    if len(times) != 2:
        raise ValueError(f"a validity has two times: got {len(times)}")
    return Validity(*times)


def _first(data: bytes, wanted: int) -> tuple[int, bytes]:
    found = next(_elements(data), None)
    if found is None or found[0] != wanted:
        raise ValueError("it is no certificate")
    return found


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each element in a row of DER."""
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise ValueError("it ends within an element")
        tag, length = data[at], data[at + 1]
        at += 2
        if length & _LONG:
            size = length & ~_LONG
            length = int.from_bytes(data[at : at + size])
            at += size
        if at + length > len(data):
            raise ValueError("it ends within an element")
        yield tag, data[at : at + length]
        at += length


def _time(tag: int, content: bytes) -> datetime:
    text = content.decode("ascii")
    if tag == _UTC_TIME:
        # Two digits stand for 1950 to 2049.
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError(f"a time has another tag: got {tag}")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
