"""Certificates and CAs are replaced while clients call, and no call fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from boxgauge.client import AsyncMonitorClient
from boxgauge.frames import UnavailableError
from boxgauge.server.app import App
from tests.server.conftest import Serve
from tests.server.security.conftest import Pki, until, value_of
from tests.server.security.live import Live, der, presented
from tests.server.security.pki import Authority

CALLS_BETWEEN = 20
REFUSED = 'boxgauge_reloads_total{what="tls",outcome="refused"}'
STALE = 'boxgauge_reload_refused{what="tls"}'


class Callers:
    """Calls again and again: one client over one connection, one over a new one each time.

    Attributes:
        kept: Calls over the connection that stays.
        fresh: Calls over new ones.
    """

    def __init__(self, address: str, **access: object) -> None:
        self._address = address
        self.access = access
        self.kept = self.fresh = 0

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        """Call within the block; a call that fails is raised at its end."""
        tasks = [asyncio.create_task(each) for each in (self._keep(), self._renew())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for each in ended:
            assert isinstance(each, asyncio.CancelledError), each

    async def more(self) -> None:
        """Wait for further calls of both kinds."""
        kept, fresh = self.kept + CALLS_BETWEEN, self.fresh + CALLS_BETWEEN
        await until(lambda: self.kept >= kept and self.fresh >= fresh, 30)

    async def _keep(self) -> None:
        async with AsyncMonitorClient(self._address, **self.access) as client:  # type: ignore[arg-type]
            while True:
                await client.list_monitors()
                self.kept += 1

    async def _renew(self) -> None:
        while True:
            async with AsyncMonitorClient(self._address, **self.access) as client:  # type: ignore[arg-type]
                await client.list_monitors()
            self.fresh += 1


@pytest.fixture
def live(tmp_path: Path) -> Live:
    return Live(tmp_path)


async def shows(app: App, cert: Path) -> None:
    """Wait until new connections of both ports are shown this certificate."""
    for address in (app.address, urlsplit(app.metrics_url).netloc):

        async def is_new(address: str = address) -> bool:
            return await asyncio.to_thread(presented, address) == der(cert)

        await until(is_new)


async def test_certificates_are_rotated_under_load(serve: Serve, pki: Pki, live: Live) -> None:
    live.issued(pki.server)
    async with serve(**live.settings) as (app, _):
        callers = Callers(app.address, **pki.trusting)
        async with callers.calling():
            for k in range(4):
                new = pki.authority.issue(f"renewed-{k}")
                live.issued(new)
                await shows(app, new.cert)
                await callers.more()


async def test_the_ca_of_callers_is_rotated_under_load(
    serve: Serve, pki: Pki, live: Live, tmp_path: Path
) -> None:
    old, new = pki.authority, Authority(tmp_path, "new-authority")
    renewed = new.issue("camera-7")
    live.issued(pki.server, old.cert)
    settings = live.settings | {"tls_client_ca": live.folder / "ca.pem"}
    async with serve(**settings) as (app, _):

        async def may_connect(access: dict[str, Path]) -> bool:
            try:
                async with AsyncMonitorClient(app.address, **access) as client:
                    await client.list_monitors()
            except UnavailableError:
                return False
            return True

        later = pki.trusting | {"tls_cert": renewed.cert, "tls_key": renewed.key}
        assert not await may_connect(later)
        callers = Callers(app.address, **pki.known)
        async with callers.calling():
            live.issued(pki.server, old.cert, new.cert)
            await until(lambda: may_connect(later))
            await callers.more()
            callers.access = later
            await callers.more()
            live.issued(pki.server, new.cert)

            async def is_shut_out() -> bool:
                return not await may_connect(pki.known)

            await until(is_shut_out)
            await callers.more()


async def test_a_bad_certificate_leaves_the_last_good_one_and_is_told(
    serve: Serve, pki: Pki, live: Live, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = tmp_path / "audit"
    live.issued(pki.server)
    async with serve(**live.settings, audit_log=log) as (app, _):
        for k, bad in enumerate((pki.authority.issue("late", days=-1), pki.client), start=1):
            live.put(bad.cert, pki.server.key if bad is pki.client else bad.key)
            await until(lambda k=k: value_of(app, REFUSED) == k)  # type: ignore[misc]
            await shows(app, pki.server.cert)
        assert value_of(app, STALE) == 1
        assert "the last good ones stay" in caplog.text
        good = pki.authority.issue("good-again")
        live.issued(good)
        await shows(app, good.cert)
        await until(lambda: value_of(app, STALE) == 0)
    assert '"event":"reload","what":"tls","outcome":"REFUSED"' in log.read_text()
