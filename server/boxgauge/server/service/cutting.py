"""How a call is ended whose answer cannot be sent."""

import asyncio
import gc
from typing import Any


def cut_off(call: "asyncio.Task[Any]") -> None:
    """End a call as CANCELLED although its client takes no more bytes.

    No status can be sent behind an answer that waits for its reader, and gRPC's asyncio server has
    no way to reset a stream. It does so once nothing holds the call any more: neither the task
    that runs its method nor the one around that, which waits for the client to go and of which
    gRPC tells nobody. That one is found by what it refers to.

    Args:
        call: The task that runs the method.
    """
    around = next((each for each in asyncio.all_tasks() if _holds(each, call)), None)
    call.cancel()
    if around is not None:
        around.cancel()


def _holds(task: "asyncio.Task[Any]", call: "asyncio.Task[Any]") -> bool:
    coroutine: object = task.get_coro()
    if getattr(coroutine, "__name__", "") != "_schedule_rpc_coro":
        return False
    return any(call in gc.get_referents(held) for held in gc.get_referents(coroutine))
