"""Certificates for tests, made by the command ``openssl``."""

import ssl
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.tools import require_tool

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, each in a file."""

    cert: Path
    key: Path


class Authority:
    """A CA of its own.

    Args:
        folder: Where its files are put.
        name: Of the CA.

    Attributes:
        cert: Its certificate.
    """

    def __init__(self, folder: Path, name: str, *, days: int = 30) -> None:
        self._folder = folder / name
        self._folder.mkdir()
        self.cert = self._folder / "ca.pem"
        self._key = self._folder / "ca.key"
        subject = ("-subj", f"/CN={name}", "-days", str(days))
        _openssl("req", "-x509", *CURVE, *subject, "-keyout", self._key, "-out", self.cert)

    def issue(
        self,
        name: str,
        *,
        names: Sequence[str] = ("DNS:localhost", "IP:127.0.0.1"),
        days: int = 30,
        key: Sequence[str] = CURVE,
    ) -> Issued:
        """Return a new certificate of this CA; a negative number of days has passed already."""
        made = Issued(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        asked, extension = self._folder / f"{name}.csr", self._folder / f"{name}.ext"
        extension.write_text(f"subjectAltName={','.join(names)}\n" if names else "")
        _openssl("req", "-new", *key, "-subj", f"/CN={name}", "-keyout", made.key, "-out", asked)
        _openssl(
            *("x509", "-req", "-in", asked, "-CA", self.cert, "-CAkey", self._key),
            *("-CAcreateserial", "-days", str(days), "-extfile", extension, "-out", made.cert),
        )
        return made


def expires_s(cert: Path) -> float:
    """Return when a certificate expires, seconds since 1970."""
    shown = _openssl("x509", "-in", cert, "-noout", "-enddate")
    return ssl.cert_time_to_seconds(shown.strip().removeprefix("notAfter="))


def _openssl(*arguments: str | Path) -> str:
    command = [require_tool("openssl"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
