"""A CA, its certificates, and one that nobody trusts; a service with tokens."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from boxgauge.server.app import App
from boxgauge.server.security.scopes import Scope
from boxgauge.server.security.token_file import append_token, new_token
from tests.server.security.pki import Authority, Issued


@dataclass(frozen=True)
class Pki:
    """What the tests of TLS share; nothing of it is changed by them."""

    authority: Authority
    foreign: Authority
    server: Issued
    client: Issued
    other_client: Issued

    @property
    def tls(self) -> dict[str, object]:
        """Settings of a service with TLS."""
        return {"tls_cert": self.server.cert, "tls_key": self.server.key}

    @property
    def mutual(self) -> dict[str, object]:
        """Settings of a service that asks callers for certificates, too."""
        return self.tls | {"tls_client_ca": self.authority.cert}

    @property
    def trusting(self) -> dict[str, Path]:
        """Options of a client that trusts the service."""
        return {"tls_ca": self.authority.cert}

    @property
    def known(self) -> dict[str, Path]:
        """Options of a client that the service trusts as well."""
        return self.trusting | {"tls_cert": self.client.cert, "tls_key": self.client.key}


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    folder = tmp_path_factory.mktemp("pki")
    authority, foreign = Authority(folder, "authority"), Authority(folder, "foreign")
    return Pki(
        authority=authority,
        foreign=foreign,
        server=authority.issue("server"),
        client=authority.issue("camera-7", names=["URI:spiffe://plant/camera-7"]),
        other_client=foreign.issue("camera-8"),
    )


class TokensFile:
    """A file of tokens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def add(self, scopes: str, *monitors: str) -> str:
        """Return a new token with these rights, which are given with commas."""
        shown, token = new_token([Scope(each) for each in scopes.split(",")], monitors)
        append_token(self.path, token)
        return shown

    def remove(self, token: str) -> None:
        """Revoke a token."""
        lines = self.path.read_text().splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(token.split("_")[1])]
        assert len(kept) == len(lines) - 1
        self.path.write_text("".join(kept))


@pytest.fixture
def tokens(tmp_path: Path) -> TokensFile:
    return TokensFile(tmp_path / "tokens")


def bearer(token: str) -> Sequence[tuple[str, str]]:
    """Return the metadata of a call with a token."""
    return (("authorization", f"Bearer {token}"),)


async def until(holds: Callable[[], bool | Awaitable[bool]], timeout_s: float = 10.0) -> None:
    """Return once something holds; it must within the time."""
    async with asyncio.timeout(timeout_s):
        while True:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.01)


def value_of(app: App, series: str) -> float:
    """Return what the service exports as this series."""
    lines = app.telemetry.text().decode().splitlines()
    (found,) = (each for each in lines if each.startswith(f"{series} "))
    return float(found.rpartition(" ")[2])
