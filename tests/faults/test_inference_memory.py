"""Large requests of `ModelInfer` at the same moment: what they take of a process' memory."""

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest
from grpc import aio

from boxgauge.oip import inference_pb2 as pb
from tests.faults.test_overload import OWN, assert_refused
from tests.integration.servers import Served, served
from tests.server.calls import Calls
from tests.server.test_inference import request

MIB = 2**20
REQUESTS, MIB_EACH, BOUND_MIB = 24, 12, 128
OPTIONS = (*OWN, ("grpc.max_receive_message_length", -1))
# What one run takes while it is under way, and what the C library keeps of what was freed.
RUNS_MIB = 160


def resident_mib(service: Served, which: str) -> float:
    lines = Path(f"/proc/{service.process.pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(which))) / 1024


async def is_answered(calls: Calls, asked: pb.ModelInferRequest) -> bool:
    try:
        answer = await calls.inference.ModelInfer(asked)
    except aio.AioRpcError as error:
        assert_refused(error)
        return False
    assert len(answer.raw_output_contents) == 2
    return True


@pytest.mark.skipif(sys.platform != "linux", reason="reads what the kernel says of memory")
async def test_large_requests_at_the_same_moment_stay_within_the_bound(graphs_dir: Path) -> None:
    rows = MIB_EACH * MIB // 32
    boxes = np.tile(np.array([0, 0, 8, 8], np.float32), (rows, 1))
    asked = request("giou_loss_gradient", pred=boxes, target=boxes)
    with served(graphs_dir, max_waiting_bytes=BOUND_MIB * MIB) as service:
        async with AsyncExitStack() as stack:
            channels = [
                await stack.enter_async_context(
                    aio.insecure_channel(service.address, options=OPTIONS)
                )
                for _ in range(REQUESTS)
            ]
            callers = [Calls(each) for each in channels]
            await callers[0].inference.ModelInfer(
                request("giou_loss", pred=boxes[:1], target=boxes[:1])
            )
            before = resident_mib(service, "VmRSS")
            answered = await asyncio.gather(*(is_answered(each, asked) for each in callers))
            most = resident_mib(service, "VmHWM")
        coming = REQUESTS * MIB_EACH  # held by gRPC until they are complete
        assert most < before + coming + BOUND_MIB + RUNS_MIB
        assert any(answered)
