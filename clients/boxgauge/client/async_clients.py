"""Asynchronous clients, on ``grpc.aio``."""

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self, TypeVar

import grpc.aio

from boxgauge.client.acknowledgements import Acknowledgement, acknowledgement_from
from boxgauge.client.async_status import stream_translated
from boxgauge.client.channels import CALL_TIMEOUT_S, OPTIONS, WINDOW
from boxgauge.client.checks import check_target, check_text, check_window, closed
from boxgauge.client.comparisons import Comparison, comparison_from
from boxgauge.client.messages import Batch, check_source
from boxgauge.client.monitor_settings import MonitorSettings
from boxgauge.client.monitors import Monitor, monitor_from
from boxgauge.client.reports import (
    EvaluationResult,
    MonitorReport,
    evaluation_result_from,
    monitor_report_from,
)
from boxgauge.client.requests import (
    compare_request,
    create_request,
    evaluate_request,
    export_request,
    first_evaluate_request,
    observe_request,
    report_request,
    watch_request,
)
from boxgauge.client.settings import EvaluationSettings
from boxgauge.client.status import translated
from boxgauge.client.tallies import ExportedTally, TallyParts
from boxgauge.v1 import evaluation_pb2, evaluation_pb2_grpc, monitor_pb2, monitor_pb2_grpc

T = TypeVar("T")
_EOF = grpc.aio.EOF  # type: ignore[attr-defined]  # the stubs lack it
Batches = Iterable[Batch | Sequence[Batch]] | AsyncIterable[Batch | Sequence[Batch]]


class _AsyncClient:
    """A channel to one service, closed at the end of an ``async with`` block.

    Args:
        target: HOST:PORT.
        credentials: TLS; None: plain text.
        timeout_s: Longest wait for the answer to a call that is not a stream.
    """

    def __init__(
        self,
        target: str,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> None:
        self.target = check_target(target)
        self._closed = False
        self._timeout_s = timeout_s
        self._channel = (
            grpc.aio.insecure_channel(target, options=OPTIONS)
            if credentials is None
            else grpc.aio.secure_channel(target, credentials, options=OPTIONS)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the channel; calls that still run are cancelled."""
        self._closed = True
        await self._channel.close(None)

    def _check_open(self) -> None:
        if self._closed:
            raise closed(self.target)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        self._check_open()
        with translated(self.target):
            yield


class AsyncMonitorClient(_AsyncClient):
    """`MonitorClient` for asyncio; the methods mean the same."""

    def __init__(
        self,
        target: str,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> None:
        super().__init__(target, credentials=credentials, timeout_s=timeout_s)
        self._stub = monitor_pb2_grpc.MonitorServiceStub(self._channel)  # type: ignore[no-untyped-call]  # generated

    async def create_monitor(
        self,
        monitor: str,
        classes: Mapping[int, str],
        settings: EvaluationSettings | MonitorSettings = EvaluationSettings(),  # noqa: B008  # frozen
    ) -> Monitor:
        """Return the new monitor; the same again is ok."""
        request = create_request(monitor, classes, settings)
        with self._translated():
            answer = await self._stub.CreateMonitor(request, timeout=self._timeout_s)
        return monitor_from(answer.monitor)

    async def list_monitors(self) -> tuple[Monitor, ...]:
        """Return all monitors by name."""
        with self._translated():
            answer = await self._stub.ListMonitors(
                monitor_pb2.ListMonitorsRequest(), timeout=self._timeout_s
            )
        return tuple(monitor_from(each) for each in answer.monitors)

    async def reset_monitor(self, monitor: str) -> None:
        """Forget all images of a monitor and keep its settings."""
        request = monitor_pb2.ResetMonitorRequest(monitor=check_text(monitor, "monitor"))
        with self._translated():
            await self._stub.ResetMonitor(request, timeout=self._timeout_s)

    async def delete_monitor(self, monitor: str) -> None:
        """Remove a monitor."""
        request = monitor_pb2.DeleteMonitorRequest(monitor=check_text(monitor, "monitor"))
        with self._translated():
            await self._stub.DeleteMonitor(request, timeout=self._timeout_s)

    async def observe(
        self,
        monitor: str,
        batches: Batches,
        *,
        model: str = "",
        window: int = WINDOW,
    ) -> AsyncGenerator[Acknowledgement, None]:
        """Send each item as one message and yield the answers in order.

        Nothing is sent before the first answer is asked for. At most ``window``
        messages are unanswered at a time. A refused frame is an answer, not an error;
        what ``batches`` raises is raised here.
        """
        check_source(batches)
        self._check_open()
        free = asyncio.Semaphore(check_window(window))
        call = self._stub.Observe()
        requests = _numbered(monitor, model, batches, free)
        sender = asyncio.create_task(_send(call, requests))
        reader = asyncio.create_task(call.read())
        try:
            async with stream_translated(self.target, call):
                while await _first_of(reader, sender) is not _EOF:
                    answer = reader.result()
                    reader = asyncio.create_task(call.read())
                    free.release()
                    yield acknowledgement_from(answer)
                await sender
        finally:
            call.cancel()
            sender.cancel()
            reader.cancel()
            await asyncio.gather(sender, reader, return_exceptions=True)

    async def get_report(
        self,
        monitor: str,
        *,
        model: str = "",
        window: str = "",
        slice: str = "",
        max_age_s: float = 0,
    ) -> MonitorReport:
        """Return a report of a window and slice; by default over everything acknowledged."""
        request = report_request(monitor, model, window, slice, max_age_s)
        with self._translated():
            return monitor_report_from(await self._stub.GetReport(request, timeout=self._timeout_s))

    async def watch_report(
        self,
        monitor: str,
        *,
        model: str = "",
        window: str = "",
        slice: str = "",
        interval_s: float = 1.0,
    ) -> AsyncIterator[MonitorReport]:
        """Yield a report now and after changes, at most one every ``interval_s``."""
        request = watch_request(monitor, model, window, slice, interval_s)
        self._check_open()
        call = self._stub.WatchReport(request)
        try:
            async with stream_translated(self.target, call):
                async for answer in call:
                    yield monitor_report_from(answer)
        finally:
            call.cancel()

    async def compare_models(
        self, monitor: str, champion: str, challenger: str, *, window: str = "", slice: str = ""
    ) -> Comparison:
        """Return how two models differ on the images that both have predicted."""
        request = compare_request(monitor, champion, challenger, window, slice)
        with self._translated():
            answer = await self._stub.CompareModels(request, timeout=self._timeout_s)
        return comparison_from(answer.comparison)

    async def export_tallies(
        self, monitor: str, *, model: str = "", window: str = ""
    ) -> AsyncIterator[ExportedTally]:
        """Yield the tally of each model and slice."""
        request = export_request(monitor, model, window)
        self._check_open()
        call, parts = self._stub.ExportTallies(request), TallyParts(self.target)
        try:
            async with stream_translated(self.target, call):
                async for answer in call:
                    if (tally := parts.add(answer)) is not None:
                        yield tally
            parts.end()
        finally:
            call.cancel()


class AsyncEvaluationClient(_AsyncClient):
    """`EvaluationClient` for asyncio."""

    def __init__(
        self,
        target: str,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> None:
        super().__init__(target, credentials=credentials, timeout_s=timeout_s)
        self._stub = evaluation_pb2_grpc.EvaluationServiceStub(self._channel)  # type: ignore[no-untyped-call]  # generated

    async def evaluate(
        self,
        classes: Mapping[int, str],
        batches: Batches,
        settings: EvaluationSettings = EvaluationSettings(),  # noqa: B008  # frozen
    ) -> EvaluationResult:
        """Return the exact report over all frames; a missing side counts as empty."""
        check_source(batches)
        first = first_evaluate_request(classes, settings)

        async def requests() -> AsyncIterator[evaluation_pb2.EvaluateRequest]:
            yield first
            async for item in _each(batches):
                yield evaluate_request(item)

        self._check_open()
        call = self._stub.Evaluate()
        try:
            async with stream_translated(self.target, call):
                await _send(call, requests())
                return evaluation_result_from(await call)
        finally:
            call.cancel()


async def _numbered(
    monitor: str, model: str, batches: Batches, free: asyncio.Semaphore
) -> AsyncIterator[monitor_pb2.ObserveRequest]:
    sequence = 0
    async for item in _each(batches):
        await free.acquire()
        yield observe_request(monitor, model, sequence, item)
        sequence += 1


async def _each(batches: Batches) -> AsyncIterator[Batch | Sequence[Batch]]:
    if isinstance(batches, AsyncIterable):
        async for item in batches:
            yield item
    else:
        for item in batches:
            yield item


async def _send(call: Any, requests: AsyncIterator[Any]) -> None:  # noqa: ANN401  # two call types
    # A service that ended the call early says why in its status, which is read next.
    with suppress(asyncio.InvalidStateError):
        async for request in requests:
            await call.write(request)
        await call.done_writing()


async def _first_of(reader: asyncio.Task[T], sender: asyncio.Task[None]) -> T:
    """Return the next answer, or raise at once what the sender ran into."""
    if not sender.done():
        await asyncio.wait([reader, sender], return_when=asyncio.FIRST_COMPLETED)
    if sender.done() and not reader.done():
        await sender
    return await reader
