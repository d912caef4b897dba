"""Credentials in files that are replaced as one, as Kubernetes and certbot do it."""

import os
import shutil
import ssl
from pathlib import Path

from tests.server.security.pki import Issued


class Live:
    """A folder that is a link to its newest version.

    Attributes:
        folder: Where ``cert.pem``, ``key.pem`` and ``ca.pem`` are.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._version = 0
        self.folder = place / "live"

    def put(self, cert: Path, key: Path, *cas: Path) -> None:
        """Replace all files at once; several CAs are trusted together."""
        self._version += 1
        version = self._place / f"version-{self._version}"
        version.mkdir()
        shutil.copy(cert, version / "cert.pem")
        shutil.copy(key, version / "key.pem")
        (version / "ca.pem").write_bytes(b"".join(each.read_bytes() for each in cas))
        link = self._place / "link"
        link.symlink_to(version)
        os.replace(link, self.folder)

    def issued(self, made: Issued, *cas: Path) -> None:
        """Replace all files by a certificate and its key."""
        self.put(made.cert, made.key, *cas)

    @property
    def settings(self) -> dict[str, object]:
        """Of a service that is given them."""
        return {
            "tls_cert": self.folder / "cert.pem",
            "tls_key": self.folder / "key.pem",
            "reload_interval_s": 0.02,
        }


def presented(address: str) -> bytes:
    """Return the certificate that a new connection is shown, DER."""
    host, _, port = address.rpartition(":")
    pem = ssl.get_server_certificate((host, int(port)), timeout=5)
    return ssl.PEM_cert_to_DER_cert(pem)


def der(cert: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(cert.read_text())
