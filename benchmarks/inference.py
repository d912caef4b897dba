"""`ModelInfer` under load: many small requests at a time, and large ones beyond the bound on bytes.

Small: callers that each keep some requests under way, which the service runs together. Large: as
many as are asked for at the same moment, each tried again until it is answered; what they take of
the service's memory is what its kernel says was the most.
"""

import argparse
import asyncio
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from grpc import aio
from served import Served, serve
from timing import machine

from boxgauge.oip import inference_pb2 as pb
from boxgauge.oip import inference_pb2_grpc as rpc

MIB = 2**20
# A connection of its own each: another caller. Answers of gradients are as large as requests.
OPTIONS = (("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1))
AGAIN_S = 0.05


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8, help="of small requests, each time")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--large", type=int, default=24, help="large requests at the same moment")
    parser.add_argument("--mib", type=float, default=12, help="of tensors in a large request")
    parser.add_argument("--rounds", type=int, default=3, help="of large requests")
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.\n", flush=True)
    with serve() as served:
        asyncio.run(_small(served, given))
    for graphs in (("giou_loss",), ("giou_loss_gradient",), SEVERAL):
        with serve() as served:
            asyncio.run(_large(served, given, graphs))


SEVERAL = ("giou_loss", "diou_loss", "ciou_loss", "giou_loss_gradient")


async def _small(served: Served, given: argparse.Namespace) -> None:
    print("| small requests | a second | a CPU second of the service | p50 ms | p99 ms |")
    print("|---|---|---|---|---|")
    for callers, window, rows in ((8, 32, 16), (8, 32, 1024), (1, 1, 16)):
        rates, per_cpu, latencies = [], [], []
        for _ in range(given.repeats):
            async with _stubs(served, callers) as stubs:
                cpu, began = served.cpu_seconds(), time.monotonic()
                taken = await _closed_loop(
                    stubs, window, _request("giou_loss", rows), given.seconds
                )
                seconds, cpu = time.monotonic() - began, served.cpu_seconds() - cpu
            rates.append(len(taken) / seconds)
            per_cpu.append(len(taken) / cpu)
            latencies += taken
        p50, p99 = np.percentile(latencies, (50, 99)) * 1000
        print(
            f"| {callers} callers, {window} at a time, {rows} pairs"
            f" | {statistics.median(rates):,.0f} | {statistics.median(per_cpu):,.0f}"
            f" | {p50:.1f} | {p99:.1f} |",
            flush=True,
        )
    print()


async def _closed_loop(
    stubs: Sequence[Any], window: int, request: pb.ModelInferRequest, seconds: float
) -> list[float]:
    """Return how long each request took."""
    latencies: list[float] = []
    until = time.monotonic() + seconds

    async def keep_asking(stub: Any) -> None:  # noqa: ANN401 (gRPC's stubs have no types)
        while (began := time.monotonic()) < until:
            await stub.ModelInfer(request)
            latencies.append(time.monotonic() - began)

    await asyncio.gather(*(keep_asking(stub) for stub in stubs for _ in range(window)))
    return latencies


async def _large(served: Served, given: argparse.Namespace, graphs: Sequence[str]) -> None:
    rows = int(given.mib * MIB) // 32
    outcomes: Counter[str] = Counter()
    before = served.resident_mib()
    async with _stubs(served, given.large) as stubs:
        for _ in range(given.rounds):
            asked = [_request(graphs[k % len(graphs)], rows) for k in range(given.large)]
            await asyncio.gather(
                *(_until_answered(*each, outcomes) for each in zip(stubs, asked, strict=True))
            )
    print(
        f"{given.large} requests of {given.mib:g} MiB at the same moment, {given.rounds} times,"
        f" of {', '.join(graphs)}: {outcomes['OK']} answered,"
        f" {outcomes['RESOURCE_EXHAUSTED']} refused before; resident {before:.0f} MiB before,"
        f" {_most_mib(served):.0f} at most, {served.resident_mib():.0f} after",
        flush=True,
    )


async def _until_answered(stub: Any, request: Any, outcomes: Counter[str]) -> None:  # noqa: ANN401
    while True:
        try:
            await stub.ModelInfer(request)
        except aio.AioRpcError as refused:
            outcomes[refused.code().name] += 1
            if refused.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                raise
            await asyncio.sleep(AGAIN_S)
        else:
            outcomes["OK"] += 1
            return


@asynccontextmanager
async def _stubs(served: Served, count: int) -> AsyncIterator[list[Any]]:
    async with AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(aio.insecure_channel(served.address, options=OPTIONS))
            for _ in range(count)
        ]
        stubs: list[Any] = [rpc.GRPCInferenceServiceStub(each) for each in channels]  # type: ignore[no-untyped-call]  # generated
        await asyncio.gather(*(each.ServerReady(pb.ServerReadyRequest()) for each in stubs))
        yield stubs


def _request(graph: str, rows: int) -> pb.ModelInferRequest:
    corners = np.random.default_rng(7).uniform(0, 100, (2, rows, 2, 2)).astype(np.float32)
    corners.sort(axis=2)
    tensors = zip(("pred", "target"), corners.reshape(2, rows, 4), strict=True)
    request = pb.ModelInferRequest(model_name=graph)
    for name, boxes in tensors:
        request.inputs.add(name=name, datatype="FP32", shape=boxes.shape)
        request.raw_input_contents.append(boxes.tobytes())
    return request


def _most_mib(served: Served) -> float:
    lines = Path(f"/proc/{served.process}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1024


if __name__ == "__main__":
    main()
