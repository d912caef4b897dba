"""How late the event loop is: what blocks it delays every call at once."""

import asyncio
from collections.abc import Callable

INTERVAL_S = 0.25


async def watch_loop(lagged: Callable[[float], None]) -> None:
    """Tell again and again how much later than due the loop did what was due."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + INTERVAL_S
        await asyncio.sleep(INTERVAL_S)
        lagged(max(0.0, loop.time() - due))
