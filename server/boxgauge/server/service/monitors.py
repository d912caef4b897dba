"""`boxgauge.v1.MonitorService` over the book of monitors."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing
from typing import Any

from boxgauge.frames import InvalidInputError, NotFoundError, UnavailableError
from boxgauge.server.callers import CALLER
from boxgauge.server.monitor.book import Book
from boxgauge.server.monitor.intake import Observed
from boxgauge.server.monitor.monitor import Monitor
from boxgauge.server.monitor.together import TAKE_AT_ONCE
from boxgauge.server.observability import calls
from boxgauge.server.observability.tracing import begin_span, span
from boxgauge.server.service.gate import Gate
from boxgauge.server.service.pipeline import in_order
from boxgauge.server.service.punctual import Punctual
from boxgauge.server.wire.frames_in import arrivals, frame_count
from boxgauge.server.wire.monitor_wire import definition_in, definition_out
from boxgauge.server.wire.quality_out import comparison_out
from boxgauge.server.wire.reports_out import monitor_report_out, refusal_out, window_out
from boxgauge.server.workings import Workings
from boxgauge.v1 import monitor_pb2 as pb
from boxgauge.v1 import monitor_pb2_grpc as rpc

# Messages of one stream under way: enough to batch small ones, little enough to bound memory.
WINDOW = 8
# Frames under way, of all streams: three groups of `monitor/together.py`, of which one is
# journalled, one matched and one counted. More would only make others wait behind them.
AT_ONCE = 768
_IMAGE_BYTES = 4096  # of one with 100 detections: a message of few and full images counts as more
_LEAST_BYTES = 4096  # that a message holds while it waits, however small it is
# Of what may wait in all, the part that may wait for monitors whose tallies are made anew.
_ASIDE = 8
MAX_AGE_S = 86_400.0
PART = 2**20  # bytes of a tally in one message
_MAX_INT = 2**63 - 1  # that an attribute of a span holds

Context = Any  # grpc's context, of which nothing is used here


class MonitorService(rpc.MonitorServiceServicer):
    """Watches detectors in production.

    Args:
        book: The monitors.
        gate: What messages of frames pass, each with the images that it is worth.
        workings: Told how long messages take.
        draining: Set once the service stops; watches end then.
    """

    def __init__(self, book: Book, gate: Gate, workings: Workings, draining: asyncio.Event) -> None:
        self._book = book
        self._gate = gate
        self._workings = workings
        self._draining = draining
        self._punctual = Punctual()

    async def CreateMonitor(  # noqa: N802 (gRPC's name)
        self, request: pb.CreateMonitorRequest, context: Context
    ) -> pb.CreateMonitorResponse:
        """Create a monitor, or return the same one again."""
        monitor = await self._book.create(request.monitor, definition_in(request.settings))
        return pb.CreateMonitorResponse(monitor=_monitor(monitor))

    async def ListMonitors(  # noqa: N802 (gRPC's name)
        self, request: pb.ListMonitorsRequest, context: Context
    ) -> pb.ListMonitorsResponse:
        """List all monitors by name."""
        return pb.ListMonitorsResponse(monitors=[_monitor(each) for each in self._book.list()])

    async def ResetMonitor(  # noqa: N802 (gRPC's name)
        self, request: pb.ResetMonitorRequest, context: Context
    ) -> pb.ResetMonitorResponse:
        """Forget a monitor's images."""
        await self._book.get(request.monitor).reset()
        return pb.ResetMonitorResponse()

    async def DeleteMonitor(  # noqa: N802 (gRPC's name)
        self, request: pb.DeleteMonitorRequest, context: Context
    ) -> pb.DeleteMonitorResponse:
        """Remove a monitor."""
        await self._book.delete(request.monitor)
        return pb.DeleteMonitorResponse()

    async def Observe(  # noqa: N802 (gRPC's name)
        self, request_iterator: AsyncIterator[pb.ObserveRequest], context: Context
    ) -> AsyncIterator[pb.ObserveResponse]:
        """Answer each message once its frames are in the reports."""
        caller, left_s = CALLER.get(), context.time_remaining()
        deadline = math.inf if left_s is None else asyncio.get_running_loop().time() + left_s
        self._gate.check(caller, deadline)

        def start(request: pb.ObserveRequest) -> "asyncio.Task[pb.ObserveResponse]":
            return asyncio.create_task(self._observed(request, deadline))

        with self._punctual.expected(caller, left_s, self._gate.rate) as first:
            async with aclosing(in_order(request_iterator, start, window=WINDOW)) as answers:
                async for answer in answers:
                    first.answered()
                    yield answer

    async def GetReport(  # noqa: N802 (gRPC's name)
        self, request: pb.GetReportRequest, context: Context
    ) -> pb.GetReportResponse:
        """Return the report over everything acknowledged before the call."""
        if not 0 <= request.max_age_s <= MAX_AGE_S:
            raise InvalidInputError.at("max_age_s", request.max_age_s, f"in [0, {MAX_AGE_S:g}]")
        monitor = self._book.get(request.monitor)
        with span("report"):
            made = await monitor.report(
                request.model, request.window, request.slice, request.max_age_s
            )
        return pb.GetReportResponse(model=made.model, report=monitor_report_out(made))

    async def WatchReport(  # noqa: N802 (gRPC's name)
        self, request: pb.WatchReportRequest, context: Context
    ) -> AsyncIterator[pb.WatchReportResponse]:
        """Return a report now and after changes, at most one every interval.

        A reset takes what is watched away until it is seen again; deletion ends the call.
        """
        interval_s = request.interval_s or 1.0
        if not 0.1 <= interval_s <= 3600:
            raise InvalidInputError.at("interval_s", request.interval_s, "0.1 to 3600, or 0")
        monitor = self._book.get(request.monitor)
        model, is_answered = request.model, False
        while True:
            # Read first: what changes while the report is made is told with the next one.
            version = monitor.version
            try:
                with span("report"):
                    made = await monitor.report(model, request.window, request.slice)
            except NotFoundError as error:
                if not is_answered or error.field not in ("model", "slice"):
                    raise
            else:
                # The first answer chooses the model; another one may come later.
                model, is_answered = made.model, True
                yield pb.WatchReportResponse(model=model, report=monitor_report_out(made))
            await self._unless_draining(_change(monitor, version, interval_s))

    async def CompareModels(  # noqa: N802 (gRPC's name)
        self, request: pb.CompareModelsRequest, context: Context
    ) -> pb.CompareModelsResponse:
        """Compare two models on the images that both have predicted."""
        monitor = self._book.get(request.monitor)
        with span("report"):
            made = await monitor.compare(
                request.champion, request.challenger, request.window, request.slice
            )
        return pb.CompareModelsResponse(comparison=comparison_out(made))

    async def ExportTallies(  # noqa: N802 (gRPC's name)
        self, request: pb.ExportTalliesRequest, context: Context
    ) -> AsyncIterator[pb.ExportTalliesResponse]:
        """Return tallies in parts."""
        monitor = self._book.get(request.monitor)
        async for tally in monitor.tallies(request.model, request.window):
            ends = range(PART, len(tally.data) + PART, PART)
            for end in ends:
                yield pb.ExportTalliesResponse(
                    model=tally.model,
                    slice=tally.slice,
                    window=window_out(tally.window, tally.span),
                    part=tally.data[end - PART : end],
                    is_last=end >= len(tally.data),
                )

    async def _observed(self, request: pb.ObserveRequest, deadline: float) -> pb.ObserveResponse:
        """Take one message once it is the caller's turn; those of a stream keep their order."""
        since = time.perf_counter()
        calls.at_monitor(request.monitor)
        message = begin_span(
            "message", sequence=min(request.sequence, _MAX_INT), monitor=calls.monitor()
        )
        try:
            with message.use():
                observed = await self._taken(request, deadline)
        finally:
            message.end()
        self._workings.answered(observed.accepted + len(observed.refused), since)
        return pb.ObserveResponse(
            sequence=request.sequence,
            accepted=observed.accepted,
            unchanged=observed.unchanged,
            errors=[refusal_out(each) for each in observed.refused],
        )

    async def _taken(self, request: pb.ObserveRequest, deadline: float) -> Observed:
        frames, size = frame_count(request.frames), request.ByteSize()
        parts = max(1, -(-frames // TAKE_AT_ONCE))
        cost = min(max(1, frames, size // _IMAGE_BYTES) // parts, AT_ONCE // 2)
        granted = await self._gate.enter(
            CALLER.get(), cost=cost, size=max(size, _LEAST_BYTES), deadline=deadline
        )
        gate = self._gate
        try:
            monitor = self._book.get(request.monitor)
            recovery = monitor.recovery
            # What waits for one monitor keeps no place that others need, nor all of the memory.
            most = gate.all_held.most
            if recovery.is_under_way and _ASIDE * (gate.aside + granted.size) > most:
                raise recovery.refusal()

            async def again() -> None:
                await gate.again(granted)
                if recovery.is_under_way:
                    gate.step_aside(granted)

            with span("decode"):
                came = arrivals(request.frames)
            waiting = monitor.observe(request.model, came, between=again)
        except BaseException:
            granted.leave()
            raise
        untold = recovery.told(lambda: gate.step_aside(granted))

        def ended(_: object) -> None:
            untold()
            granted.leave()

        waiting.add_done_callback(ended)
        # Shielded: a stream that is cancelled must not take back frames it has brought.
        return await asyncio.shield(waiting)

    async def _unless_draining(self, event: Coroutine[Any, Any, None]) -> None:
        either = {asyncio.create_task(event), asyncio.create_task(self._draining.wait())}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in either:
                task.cancel()
        if self._draining.is_set():
            raise UnavailableError("the service is stopping: watch again elsewhere or later")


async def _change(monitor: Monitor, version: int, interval_s: float) -> None:
    await asyncio.sleep(interval_s)
    await monitor.change_after(version)


def _monitor(monitor: Monitor) -> pb.Monitor:
    return pb.Monitor(
        name=monitor.name,
        settings=definition_out(monitor.definition),
        models=monitor.models,
        labelled_images=monitor.labelled_images,
        held_boxes=monitor.held_boxes,
        slices=monitor.slices,
        watermark_us=monitor.watermark_us,
        outcomes=[
            pb.OutcomeCount(outcome=name, count=count) for name, count in monitor.outcomes.items()
        ],
        tally_bytes=monitor.tally_bytes,
    )
