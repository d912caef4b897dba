"""Streams that are idle after large messages: what they keep of a process' memory."""

import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from grpc import aio

from boxgauge.v1 import monitor_pb2
from tests.faults.test_inference_memory import MIB, OPTIONS, resident_mib
from tests.integration.servers import served
from tests.server.calls import Calls
from tests.server.test_inference import request

STREAMS, MIB_EACH = 16, 12
# What a run takes, and what the C library keeps of what was freed.
KEPT_MIB = 90


def _inferred(calls: Calls) -> tuple[Any, Any]:
    boxes = np.tile(np.array([0, 0, 8, 8], np.float32), (MIB_EACH * MIB // 32, 1))
    return calls.inference.ModelStreamInfer(), request("giou_loss", pred=boxes, target=boxes)


def _observed(calls: Calls) -> tuple[Any, Any]:
    # Without frames it is taken, whatever its model is called, and nothing of it is kept.
    large = monitor_pb2.ObserveRequest(monitor="cam", model="m" * (MIB_EACH * MIB))
    return calls.monitors.Observe(), large


@pytest.mark.skipif(sys.platform != "linux", reason="reads what the kernel says of memory")
@pytest.mark.parametrize("begun", [_inferred, _observed], ids=["ModelStreamInfer", "Observe"])
async def test_a_stream_keeps_no_message_that_it_has_answered(
    graphs_dir: Path, begun: Callable[[Calls], tuple[Any, Any]]
) -> None:
    with served(graphs_dir) as service:
        async with AsyncExitStack() as stack:
            channel = await stack.enter_async_context(
                aio.insecure_channel(service.address, options=OPTIONS)
            )
            calls = Calls(channel)
            await calls.create()
            idle = []
            before = 0.0
            for _ in range(STREAMS):
                stream, large = begun(calls)
                await stream.write(large)
                await stream.read()
                idle.append(stream)
                before = before or resident_mib(service, "VmRSS")
            assert resident_mib(service, "VmRSS") < before + KEPT_MIB
            for each in idle:
                each.cancel()
