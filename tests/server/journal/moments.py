"""Moments that tests need of a journal: calls that wait together, and a disk that is full."""

import asyncio
import resource
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import pytest

from boxgauge.frames import ResourceExhaustedError
from boxgauge.server.journal import Journal

WAIT_S = 20.0
FULL = pytest.mark.skipif(sys.platform == "win32", reason="files cannot be bounded there")


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file of this process grow past its first page: the journal's log cannot."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@asynccontextmanager
async def held_up(journal: Journal) -> AsyncIterator[None]:
    """Keep the journal's thread from going on, so that what is asked of it waits together."""
    goes_on, is_held = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        is_held.set()
        goes_on.wait(WAIT_S)

    task = asyncio.create_task(journal._do(hold))  # no part of the journal's promises
    try:
        await asyncio.to_thread(is_held.wait, WAIT_S)
        yield
    finally:
        goes_on.set()
        with suppress(
            ResourceExhaustedError
        ):  # rows are removed beside it, for which room is taken
            await task


async def until_asked(journal: Journal, calls: int) -> None:
    """Wait until so many calls wait for the journal's thread."""
    deadline = time.monotonic() + WAIT_S
    while journal._calls._writer._waiting.qsize() < calls:
        assert time.monotonic() < deadline
        await asyncio.sleep(0)
