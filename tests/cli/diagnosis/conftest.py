"""Certificates as the command ``openssl`` makes them."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tools import require_tool


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    cert: Path
    key: Path


Make = Callable[..., Pair]


def openssl(*arguments: object) -> str:
    command = [require_tool("openssl"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that makes a certificate of so many days; -1: it has expired."""

    def made(name: str, *, days: int = 90, is_ca: bool = False) -> Pair:
        pair = Pair(tmp_path / f"{name}.pem", tmp_path / f"{name}.key")
        asked, extensions = tmp_path / f"{name}.csr", tmp_path / f"{name}.ext"
        extensions.write_text(f"basicConstraints=CA:{'TRUE' if is_ca else 'FALSE'}\n")
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        openssl("req", "-new", *curve, "-subj", "/CN=x", "-keyout", pair.key, "-out", asked)
        signed = ("-signkey", pair.key, "-days", days, "-extfile", extensions, "-out", pair.cert)
        openssl("x509", "-req", "-in", asked, *signed)
        pair.key.chmod(0o600)
        return pair

    return made
