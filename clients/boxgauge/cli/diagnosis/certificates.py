"""Certificates and keys: there, readable, fitting, and valid for long enough."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from boxgauge.cli.diagnosis.finding import Finding
from boxgauge.cli.diagnosis.x509 import Validity, validities
from boxgauge.cli.failures import one_line

_OTHERS = 0o077


def certificate_findings(
    cert: Path | None, key: Path | None, client_ca: Path | None, *, days: int
) -> list[Finding]:
    """Judge the files of TLS; nothing is said where none is configured.

    Args:
        cert: PEM file of the service's certificate and what it is signed with.
        key: PEM file of its private key.
        client_ca: PEM file of the CAs of callers' certificates.
        days: One that ends within so many is a fault already.
    """
    findings = []
    if (cert is None) != (key is None):
        given, missing = ("TLS_CERT", "TLS_KEY") if key is None else ("TLS_KEY", "TLS_CERT")
        words = f"BOXGAUGE_{given} is set without BOXGAUGE_{missing}"
        findings.append(Finding("certificate", words, f"set BOXGAUGE_{missing} too"))
    if cert is not None:
        findings.append(_dates("certificate", cert, days, renew="renew it"))
    if key is not None:
        findings.append(_key(key, cert))
    if client_ca is not None:
        if cert is None:
            words = "BOXGAUGE_TLS_CLIENT_CA asks callers for certificates, which only TLS carries"
            findings.append(Finding("client CA", words, "set BOXGAUGE_TLS_CERT and _TLS_KEY"))
        findings.append(_ca(client_ca, days))
    return findings


def _read(subject: str, file: Path, what: str) -> str | Finding:
    try:
        return file.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        words = f"{file} cannot be read: {error.strerror}"
        return Finding(subject, words, f"put {what} there, readable for the service's user")


def _dates(subject: str, file: Path, days: int, *, renew: str) -> Finding:
    """Judge the times of all certificates in a file by the one that ends first."""
    text = _read(subject, file, "the certificate in PEM form")
    if isinstance(text, Finding):
        return text
    try:
        found = validities(text)
    except ValueError as error:
        return Finding(subject, f"{file} is damaged: {one_line(error)}", "put a sound one there")
    if not found:
        words = f"there is no certificate in {file}"
        return Finding(subject, words, "put one there in PEM form (-----BEGIN CERTIFICATE-----)")
    return _judged(subject, file, found, days, renew)


def _judged(subject: str, file: Path, found: list[Validity], days: int, renew: str) -> Finding:
    now = datetime.now(UTC)
    first, last = max(each.begins for each in found), min(each.ends for each in found)
    if first > now:
        words = f"{file} is valid from {first:%Y-%m-%d %H:%M} UTC on, which is later"
        return Finding(subject, words, "set the clock right, or wait, or use another certificate")
    left = last - now
    when = f"{last:%Y-%m-%d %H:%M} UTC"
    if left <= timedelta(0):
        return Finding(subject, f"{file} has expired on {when}", renew)
    if left <= timedelta(days=days):
        return Finding(subject, f"{file} expires in {left.days} days, on {when}", renew)
    return Finding(subject, f"{file} is valid until {when}, {left.days} days more")


def _key(key: Path, cert: Path | None) -> Finding:
    text = _read("private key", key, "the private key in PEM form")
    if isinstance(text, Finding):
        return text
    if "PRIVATE KEY-----" not in text:
        words = f"there is no private key in {key}"
        return Finding("private key", words, "put it there in PEM form")
    if "ENCRYPTED" in text:
        words = f"{key} has a password, which nobody types for a service"
        return Finding("private key", words, "take it off: openssl pkey -in KEY -out NEW")
    fault = None if cert is None else _misfit(cert, key)
    if fault is not None:
        return fault
    mode = key.stat().st_mode & 0o777
    if mode & _OTHERS:
        words = f"{key} fits, and others than its owner may read or write it (mode {mode:o})"
        return Finding("private key", words, f"chmod 600 {key}", is_note=True)
    return Finding("private key", f"{key} fits the certificate" if cert else f"{key} is there")


def _misfit(cert: Path, key: Path) -> Finding | None:
    """Return why the two cannot be used together, by what OpenSSL says of them."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password="")
    except ssl.SSLError as error:
        if "MISMATCH" in (error.reason or ""):
            words = f"{key} is not the key of the certificate in {cert}"
            return Finding("private key", words, "put the two that belong together there")
        words = f"{cert} and {key} cannot be used: {one_line(error.reason or error)}"
        return Finding("private key", words, "put sound ones in PEM form there")
    except OSError:
        return None  # the certificate's own finding says it
    return None


def _ca(file: Path, days: int) -> Finding:
    found = _dates("client CA", file, days, renew="put the CA's new certificate beside it")
    if found.mending:
        return found
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_verify_locations(file)
    except OSError as error:
        words = f"{file} cannot be used: {one_line(error)}"
        return Finding("client CA", words, "put sound certificates there")
    if not context.get_ca_certs():
        words = f"{file} has certificates, and none of a CA: nobody could call"
        return Finding("client CA", words, "put the certificate that signs callers' ones there")
    return found
