"""Looks at the loop's state from other threads: on the loop, in time, or not at all."""

import asyncio
import threading

import pytest

from boxgauge.frames import NotFoundError, UnavailableError
from boxgauge.server.page.on_loop import on_loop


async def test_the_look_is_taken_on_the_loop_s_own_thread() -> None:
    loop = asyncio.get_running_loop()
    seen = await asyncio.to_thread(on_loop, loop, threading.get_ident, timeout_s=10)
    assert seen == threading.get_ident()


async def test_what_the_look_raises_is_raised_to_who_asked() -> None:
    def fail() -> None:
        raise NotFoundError("none", field="monitor", value="x")

    with pytest.raises(NotFoundError):
        await asyncio.to_thread(on_loop, asyncio.get_running_loop(), fail, timeout_s=10)


async def test_a_loop_that_is_busy_is_not_waited_for_and_not_looked_at_later() -> None:
    looks: list[int] = []
    refused = threading.Event()

    def ask() -> None:
        with pytest.raises(UnavailableError):
            on_loop(loop, lambda: looks.append(1), timeout_s=0.01)
        refused.set()

    loop = asyncio.get_running_loop()
    thread = threading.Thread(target=ask)
    thread.start()
    assert refused.wait(10)  # the loop is busy here all the while
    thread.join()
    await asyncio.sleep(0)  # its turn comes, too late
    assert looks == []


def test_a_closed_loop_is_unavailable() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    with pytest.raises(UnavailableError):
        on_loop(loop, lambda: None, timeout_s=10)
