"""`ModelInfer` beyond the bound on bytes: who is refused, what is held, and for how long."""

import asyncio
import gc
import re
import threading
import types
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import grpc
import numpy as np
import pytest
from grpc import aio

from boxgauge.engine import Engine
from boxgauge.frames import UnavailableError
from boxgauge.oip import inference_pb2 as pb
from boxgauge.server.app import App
from boxgauge.server.service.runner import held_bytes
from boxgauge.v1 import monitor_pb2
from tests.faults.serving import serving, until
from tests.faults.test_overload import OWN, assert_refused
from tests.server.calls import PREDICTIONS, TRUTHS, Calls, both, predictions, truths
from tests.server.test_inference import only_output, request

PAIRS = 4096  # 128 KiB of boxes, which take some 450 KiB
BOXES = np.tile(np.array([0, 0, 8, 8], np.float32), (PAIRS, 1))
LARGE = request("giou_loss", pred=BOXES, target=BOXES)
OUT_OF_RANGE = request(
    "confusion_matrix",
    dt_label=np.full(4, 99, np.int64),
    dt_truth=np.full(4, 99, np.int64),
    dt_scores=np.ones(4),
    positives=np.ones(3, np.int64),
    score_threshold=np.zeros(1),
)
SMALL = request("giou_loss", pred=BOXES[:1], target=BOXES[:1])


def waiting_bytes(app: App) -> float:
    found = re.search(rb"^boxgauge_waiting_bytes (\S+)$", app.telemetry.text(), re.M)
    assert found is not None
    return float(found[1])


@contextmanager
def held_up(app: App) -> Iterator[threading.Event]:
    """Let no run end before the event is set, which is on leaving at the latest."""
    go = threading.Event()
    observe = app.engine.observe_run

    def observed(name: str, rows: int, seconds: float) -> None:
        observe(name, rows, seconds)
        assert go.wait(30)

    app.engine.observe_run = observed
    try:
        yield go
    finally:
        go.set()
        app.engine.observe_run = observe


@asynccontextmanager
async def another(app: App) -> AsyncIterator[Calls]:
    """Connect once more, as another caller."""
    async with aio.insecure_channel(app.address, options=OWN) as channel:
        calls = Calls(channel)
        await calls.inference.ServerReady(pb.ServerReadyRequest())
        yield calls


def infer(calls: Calls, asked: pb.ModelInferRequest) -> "asyncio.Future[pb.ModelInferResponse]":
    return asyncio.ensure_future(calls.inference.ModelInfer(asked))


def ended(calls: Sequence["asyncio.Future[Any]"]) -> list[BaseException | None]:
    return [each.exception() for each in calls if each.done()]


def row(graph: str, pairs: int) -> pb.ModelInferRequest:
    """Return a request of one that is run together with others, or of one that is not."""
    if graph == "giou_loss":
        return request(graph, pred=BOXES[:pairs], target=BOXES[:pairs])
    flat = BOXES[:pairs].ravel()
    return request(graph, logits=flat, target=np.ones_like(flat))


@pytest.mark.parametrize("graph", ["giou_loss", "ap_loss"])
async def test_beyond_the_bound_who_has_the_most_waiting_gives_way(
    engine: Engine, graph: str
) -> None:
    large = row(graph, PAIRS)
    async with serving(engine, max_waiting_bytes=2 * 2**20, workers=2) as (app, calls):
        with held_up(app) as go:
            greedy: list[asyncio.Future[Any]] = []
            while not ended(greedy):
                before = waiting_bytes(app)
                greedy.append(infer(calls, large))
                await until(lambda: waiting_bytes(app) != before or bool(ended(greedy)))  # noqa: B023 (waited for here)
                assert waiting_bytes(app) <= 2 * 2**20
            assert len(greedy) >= 4
            assert_refused(*ended(greedy))
            # Another caller's is as large, and is not refused for it: one more of the first's is.
            async with another(app) as modest:
                asked = infer(modest, large)
                await until(lambda: len(ended(greedy)) == 2)
                assert not asked.done()
                go.set()
                await asked
            answers = await asyncio.gather(*greedy, return_exceptions=True)
        refused = [each for each in answers if isinstance(each, BaseException)]
        assert len(refused) == 2
        for each in refused:
            assert_refused(each)
        await until(lambda: waiting_bytes(app) == 0)


async def test_inference_and_frames_have_one_bound(engine: Engine) -> None:
    async with serving(engine, max_waiting_bytes=2**20) as (app, calls):
        await calls.create()
        sides = both(predictions(PREDICTIONS), truths(TRUTHS))
        with held_up(app) as go:
            inferred = infer(calls, LARGE)
            await until(lambda: waiting_bytes(app) > 0)
            one = waiting_bytes(app)
            observed = asyncio.create_task(calls.observe(sides))  # until it has been matched
            await until(lambda: waiting_bytes(app) > one)
            # With those frames there is no room for a second one that waits.
            greedy = [infer(calls, LARGE) for _ in range(2)]
            await until(lambda: bool(ended(greedy)))
            assert_refused(*ended(greedy))
            assert one < waiting_bytes(app) <= 2**20
            go.set()
            await asyncio.gather(inferred, observed)
            await asyncio.gather(*greedy, return_exceptions=True)
        await until(lambda: waiting_bytes(app) == 0)


async def test_what_a_run_holds_is_counted_until_it_ends_though_its_caller_has_gone(
    engine: Engine,
) -> None:
    async with serving(engine) as (app, calls):
        with held_up(app) as go:
            running = infer(calls, LARGE)
            await until(lambda: waiting_bytes(app) > 0)
            one = waiting_bytes(app)
            waits = infer(calls, LARGE)
            await until(lambda: waiting_bytes(app) == 2 * one)
            # One that waits takes nothing any more, one that runs takes all that it took.
            waits.cancel()
            await until(lambda: waiting_bytes(app) == one)
            running.cancel()
            await until(
                lambda: b'method="inference.GRPCInferenceService/ModelInfer"} 0.0' in rpcs(app)
            )
            assert waiting_bytes(app) == one
            go.set()
            await until(lambda: waiting_bytes(app) == 0)


def rpcs(app: App) -> bytes:
    lines = app.telemetry.text().splitlines()
    return b"\n".join(each for each in lines if each.startswith(b"boxgauge_rpcs_in_flight"))


async def test_what_is_counted_is_message_inputs_and_outputs(engine: Engine) -> None:
    spec = engine.graph("giou_loss")
    async with serving(engine) as (app, calls):
        with held_up(app) as go:
            asked = infer(calls, LARGE)
            await until(lambda: waiting_bytes(app) > 0)
            boxes = 2 * BOXES.nbytes
            wanted = 2 * LARGE.ByteSize() + boxes + 3 * PAIRS * 4
            assert waiting_bytes(app) == wanted
            assert held_bytes(spec, {"pred": BOXES, "target": BOXES}, LARGE.ByteSize()) == wanted
            go.set()
            np.testing.assert_array_equal(only_output(await asked), np.zeros(PAIRS, np.float32))
        # What has no bytes of its own is counted by its answer.
        empty = np.zeros((2**20, 0), np.float32)
        gradient = engine.graph("dice_loss_gradient")
        assert held_bytes(gradient, {"prob": empty, "target": empty}, 100) > 3 * 4 * 2**20


async def test_what_alone_is_more_than_the_bound_is_refused(engine: Engine) -> None:
    async with serving(engine, max_waiting_bytes=2**20) as (app, calls):
        boxes = np.tile(BOXES, (4, 1))
        with pytest.raises(aio.AioRpcError, match="giou_loss takes") as refused:
            await infer(calls, request("giou_loss", pred=boxes, target=boxes))
        assert_refused(refused.value)
        assert waiting_bytes(app) == 0


async def test_a_call_that_fails_leaves_nothing_to_the_garbage_collector(engine: Engine) -> None:
    """Else a message would stay in memory until the collector comes by, which may be in an hour."""
    async with serving(engine, max_waiting_bytes=2**20) as (app, calls):
        await calls.create()
        await infer(calls, SMALL)
        boxes = np.tile(BOXES, (4, 1))
        watch = monitor_pb2.WatchReportRequest(monitor="none")

        async def watched() -> None:
            async for _ in calls.monitors.WatchReport(watch):
                pytest.fail("it was answered")

        failing = (
            lambda: [infer(calls, request("none", pred=BOXES))],
            lambda: [infer(calls, request("giou_loss", pred=BOXES))],
            lambda: [infer(calls, request("giou_loss", pred=boxes, target=boxes))],
            lambda: [asyncio.ensure_future(calls.report("none"))],
            lambda: [asyncio.ensure_future(watched())],
            lambda: [
                asyncio.ensure_future(calls.observe(predictions(PREDICTIONS), monitor="none"))
            ],
        )
        for begin in failing:
            with uncollected() as found:
                (error,) = await asyncio.gather(*begin(), return_exceptions=True)
                assert isinstance(error, aio.AioRpcError)
                del error
                await until(lambda: not re.search(rb" [1-9]", rpcs(app)))
            assert found == []
        # And those whose runs fail, the latter by no fault of theirs.
        with uncollected() as found:
            with pytest.raises(aio.AioRpcError) as refused:
                await infer(calls, OUT_OF_RANGE)
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
            del refused
            await until(lambda: not re.search(rb" [1-9]", rpcs(app)))
        assert found == []
        observe = app.engine.observe_run
        for graph in ("giou_loss", "ap_loss"):
            app.engine.observe_run = failing_run
            with uncollected() as found:
                # Together, so that each is run again alone.
                sending = [infer(calls, row(graph, 8)) for _ in range(4)]
                answers = await asyncio.gather(*sending, return_exceptions=True)
                assert {type(each) for each in answers} == {aio.AioRpcError}
                del sending, answers
                await until(lambda: not re.search(rb" [1-9]", rpcs(app)))
            assert found == []
            app.engine.observe_run = observe
        assert waiting_bytes(app) == 0
        # And those that are refused after they have waited.
        with held_up(app) as go, uncollected() as found:
            sending = [infer(calls, LARGE) for _ in range(4)]
            await until(lambda: bool(ended(sending)))
            go.set()
            answers = await asyncio.gather(*sending, return_exceptions=True)
            assert {type(each) for each in answers} == {pb.ModelInferResponse, aio.AioRpcError}
            del sending, answers
            await until(lambda: not re.search(rb" [1-9]", rpcs(app)))
        assert found == []


def failing_run(_name: str, _rows: int, _seconds: float) -> None:
    raise UnavailableError("the engine was stopped")  # any other would be kept by the log


@contextmanager
def uncollected() -> Iterator[list[str]]:
    """Keep the collector off, and tell which errors and frames were left to it."""
    gc.unfreeze()
    gc.collect()
    gc.disable()
    left: list[str] = []
    try:
        yield left
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        kinds = BaseException | types.FrameType | types.TracebackType
        left += [repr(each) for each in gc.garbage if isinstance(each, kinds)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
