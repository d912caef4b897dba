"""A service in a process of its own, and its memory and file descriptors over time."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from load import pinned
from served import Served, serve


@dataclass
class Watch:
    """What was seen while something ran.

    Attributes:
        times: Seconds since the first sample, of each.
        mib: Resident memory.
        files: Open file descriptors.
        cpu_s: Seconds of the service's processor time.
    """

    times: list[float] = field(default_factory=list)
    mib: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    cpu_s: float = 0.0


@contextmanager
def served_on_core(core: int | None, **settings: object) -> Iterator[Served]:
    """Run the service, pinned to a core where one is given."""
    if core is None:
        with serve(**settings) as served:
            yield served
        return
    running = pinned(core)
    running.__enter__()
    service = serve(**settings)
    try:
        served = service.__enter__()
    finally:
        running.__exit__(None, None, None)
    try:
        yield served
    finally:
        service.__exit__(None, None, None)


@asynccontextmanager
async def watched(served: Served, every_s: float = 0.5) -> AsyncIterator[Watch]:
    """Take samples while this lasts, at its begin and at its end."""
    watch = Watch()
    began, cpu_before = time.monotonic(), served.cpu_seconds()

    def sample() -> None:
        watch.times.append(time.monotonic() - began)
        watch.mib.append(served.resident_mib())
        watch.files.append(len(os.listdir(f"/proc/{served.process}/fd")))

    async def watching() -> None:
        while True:
            sample()
            await asyncio.sleep(every_s)

    task = asyncio.create_task(watching())
    try:
        yield watch
    finally:
        task.cancel()
        sample()
        watch.cpu_s = served.cpu_seconds() - cpu_before
