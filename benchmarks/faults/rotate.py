"""Replace certificates and CAs of a running service while clients call, and count what fails.

    python benchmarks/faults/rotate.py --seconds 60

The service is a process of its own, with TLS, certificates of callers and tokens. Some clients keep
their connection, others make a new one for each call, as many as they can. Meanwhile the service's
certificate is replaced again and again; at every fourth time a new CA of callers is added, the
clients take certificates of it, and the old one is removed. Each change counts only once both ports
show the new certificate to new connections. Needs the exported graphs in ``graphs/`` and openssl.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT), str(ROOT / "benchmarks")]

from served import Served, serve  # noqa: E402  # after the path
from timing import machine  # noqa: E402

from boxgauge.client import AsyncMonitorClient  # noqa: E402
from boxgauge.frames import BoxGaugeError  # noqa: E402
from boxgauge.server.security.scopes import Scope  # noqa: E402
from boxgauge.server.security.token_file import append_token, new_token  # noqa: E402
from tests.server.security.live import Live, der, presented  # noqa: E402
from tests.server.security.pki import Authority  # noqa: E402

CA_EVERY = 4
SHOWN_S = 10.0


@dataclass(slots=True)
class Callers:
    """Clients that call all the time.

    Attributes:
        address: Of the service.
        access: What new connections are made with.
        calls: Over connections that stay, and over new ones.
        failed: How often calls failed with what.
    """

    address: str
    access: dict[str, object]
    calls: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    _using: dict[object, object] = field(default_factory=dict)
    _switched: asyncio.Event = field(default_factory=asyncio.Event)

    async def switch(self, access: dict[str, object]) -> None:
        """Return once every client uses this for its connections, and nothing else any more."""
        self._switched.clear()
        self.access = access
        await self._switched.wait()

    async def keep(self) -> None:
        """Call over one connection, until there is something else to make one with."""
        while True:
            access = self._taken()
            async with AsyncMonitorClient(self.address, **access) as client:  # type: ignore[arg-type]
                while access is self.access:
                    await self._call(client, "kept")

    async def renew(self) -> None:
        """Call over a new connection each time."""
        while True:
            async with AsyncMonitorClient(self.address, **self._taken()) as client:  # type: ignore[arg-type]
                await self._call(client, "new")

    def _taken(self) -> dict[str, object]:
        self._using[asyncio.current_task()] = self.access
        if all(each is self.access for each in self._using.values()):
            self._switched.set()
        return self.access

    async def _call(self, client: AsyncMonitorClient, kind: str) -> None:
        try:
            await client.list_monitors()
        except BoxGaugeError as error:
            self.failed[f"{kind}: {error}"] += 1
        self.calls[kind] += 1


class Rotation:
    """Replaces what the service is given.

    Attributes:
        certificates: How often the service's own was replaced.
        cas: How often that of the callers was.
    """

    def __init__(self, folder: Path, live: Live, served: Served, callers: Callers) -> None:
        self._folder = folder
        self._live = live
        self._served = served
        self._callers = callers
        self.certificates = self.cas = 0

    async def run(self, authority: Authority, first: Authority, until: float) -> None:
        """Replace until the time is up.

        Args:
            authority: Of the service.
            first: Of the callers, to begin with.
            until: `time.monotonic`.
        """
        old = first
        while time.monotonic() < until:
            if self.certificates % CA_EVERY == CA_EVERY - 1:
                new = await asyncio.to_thread(Authority, self._folder, f"callers-{self.cas + 1}")
                mine = await asyncio.to_thread(new.issue, "caller")
                await self._replace(authority, old, new)
                own: dict[str, object] = {"tls_cert": mine.cert, "tls_key": mine.key}
                await self._callers.switch(self._callers.access | own)
                old = new
                self.cas += 1
            await self._replace(authority, old)

    async def _replace(self, authority: Authority, *cas: Authority) -> None:
        made = await asyncio.to_thread(authority.issue, f"server-{self.certificates}")
        self._live.issued(made, *(each.cert for each in cas))
        wanted, until = der(made.cert), time.monotonic() + SHOWN_S
        for address in (self._served.address, urlsplit(self._served.metrics_url).netloc):
            while await asyncio.to_thread(presented, address) != wanted:
                if time.monotonic() > until:
                    raise SystemExit(f"{address} still shows the old certificate")
                await asyncio.sleep(0.01)
        self.certificates += 1


async def rotated(seconds: float, clients: int, folder: Path) -> tuple[Callers, Rotation, float]:
    """Return what was called and what was replaced, and in how many seconds."""
    authority, first = Authority(folder, "authority"), Authority(folder, "callers-0")
    live, mine = Live(folder), first.issue("caller")
    live.issued(authority.issue("server"), first.cert)
    token, kept = new_token([Scope.READ], ["*"])
    append_token(folder / "tokens", kept)
    settings = live.settings | {
        "tls_client_ca": live.folder / "ca.pem",
        "tokens": folder / "tokens",
        "ephemeral": True,
        "graphs": os.environ.get("BOXGAUGE_GRAPHS", ROOT / "graphs"),
    }
    with serve(**settings) as served:
        access: dict[str, object] = {
            "tls_ca": authority.cert,
            "tls_cert": mine.cert,
            "tls_key": mine.key,
            "token": token,
        }
        callers = Callers(served.address, access)
        rotation = Rotation(folder, live, served, callers)
        tasks = [
            asyncio.create_task(each)
            for _ in range(clients)
            for each in (callers.keep(), callers.renew())
        ]
        started = time.monotonic()
        await rotation.run(authority, first, started + seconds)
        lasted_s = time.monotonic() - started
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        faults = [each for each in ended if not isinstance(each, asyncio.CancelledError)]
        if faults:
            raise SystemExit(f"a client ended: {faults[0]!r}")
    return callers, rotation, lasted_s


def main() -> None:
    """Print one table; exit status 1 if a call failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--clients", type=int, default=2, help="of each of the two kinds")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        callers, rotation, lasted_s = asyncio.run(
            rotated(asked.seconds, asked.clients, Path(folder))
        )
    print(machine())
    print()
    print(
        "| seconds | certificates replaced | CAs replaced | calls over kept connections "
        "| calls over new connections | failed calls |"
    )
    print("|---|---|---|---|---|---|")
    failed = sum(callers.failed.values())
    print(
        f"| {lasted_s:.0f} | {rotation.certificates} | {rotation.cas} | {callers.calls['kept']:,} "
        f"| {callers.calls['new']:,} | {failed} |"
    )
    for words, count in callers.failed.most_common(5):
        print(f"\n{count} × {words}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
