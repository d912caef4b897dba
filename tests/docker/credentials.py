"""Certificates and tokens as `docker/credentials.sh` makes them, for tests of the real thing."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.docker.paths import DOCKER, ROOT
from tests.tools import require_tool

FOLDERS = os.pathsep.join(str(ROOT / name) for name in ("proto", "server", "exporters", "clients"))


@dataclass(frozen=True)
class Credentials:
    """A folder of them.

    Attributes:
        folder: Where they lie.
        command: What makes tokens.
    """

    folder: Path
    command: Path

    def run(self, *arguments: str) -> str:
        """Run the script; return what it says."""
        done = subprocess.run(
            [DOCKER / "credentials.sh", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"FOLDER": str(self.folder), "BOXGAUGE": str(self.command)},
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    @property
    def ca(self) -> Path:
        return self.folder / "client" / "ca.crt"

    @property
    def scrape_token(self) -> Path:
        return self.folder / "scrape" / "token"

    @property
    def settings(self) -> dict[str, str]:
        """The service's."""
        server = self.folder / "server"
        return {
            "tls_cert": str(server / "tls.crt"),
            "tls_key": str(server / "tls.key"),
            "tokens": str(server / "tokens"),
            "reload_interval_s": "0.1",
        }

    @property
    def access(self) -> dict[str, Any]:
        """A client's, with all rights."""
        return {"tls_ca": self.ca, "token_file": self.folder / "client" / "admin.token"}

    @property
    def options(self) -> tuple[str, ...]:
        """Those of a command."""
        return "--tls-ca", str(self.ca), "--token-file", str(self.access["token_file"])


def make_credentials(folder: Path) -> Credentials:
    """Make them in a new folder."""
    require_tool("openssl")
    command = folder.parent / "boxgauge"
    command.write_text(
        f'#!/bin/sh\nPYTHONPATH={FOLDERS} exec {sys.executable} -m boxgauge.cli "$@"\n',
        encoding="utf-8",
    )
    command.chmod(0o755)
    made = Credentials(folder, command)
    made.run()
    return made
