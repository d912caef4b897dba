"""The service as a process: signals, and one line on standard output once it is ready."""

import asyncio
import logging
import resource
import signal
import sys

import orjson

from boxgauge.server.allocator import keep_memory_compact
from boxgauge.server.app import App
from boxgauge.server.observability.logs import configure_logs
from boxgauge.server.settings import Settings

_LOG = logging.getLogger(__name__)


def serve(settings: Settings) -> None:
    """Run the service until SIGTERM or SIGINT, then drain; returns when all is stopped.

    Prints one line of JSON on standard output once it is ready: ``address`` of gRPC,
    ``metrics`` URL, ``provider`` in use and the number of ``graphs``.

    Raises:
        BoxGaugeError: It could not start; the message is one line.
    """
    configure_logs(settings.log_level, settings.log_format)
    # A connection takes a descriptor, and the usual soft limit is lower than what may be.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    keep_memory_compact()
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        # Also what makes signals work at all where this is process 1 of a container.
        loop.add_signal_handler(each, stopped.set)
    async with App(settings) as app:
        ready = {
            "event": "ready",
            "address": app.address,
            "metrics": app.metrics_url,
            "provider": app.engine.provider,
            "graphs": len(app.engine.repository.graphs),
        }
        sys.stdout.write(orjson.dumps(ready).decode() + "\n")
        sys.stdout.flush()
        await stopped.wait()
        _LOG.info("draining for at most %s s", settings.drain_s)
    _LOG.info("stopped")
