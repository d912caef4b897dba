"""The asynchronous client of monitors."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Unpack

from boxgauge.client.access import AccessOptions
from boxgauge.client.acknowledgements import Acknowledgement, acknowledgement_from
from boxgauge.client.async_channel import AsyncClient
from boxgauge.client.async_sending import EOF, Batches, each_of, next_answer, send_all
from boxgauge.client.async_status import stream_translated
from boxgauge.client.channels import CALL_TIMEOUT_S, WINDOW
from boxgauge.client.checks import check_text, check_window
from boxgauge.client.comparisons import Comparison, comparison_from
from boxgauge.client.messages import check_source
from boxgauge.client.monitor_settings import MonitorSettings
from boxgauge.client.monitors import Monitor, monitor_from
from boxgauge.client.reports import MonitorReport, monitor_report_from
from boxgauge.client.requests import (
    compare_request,
    create_request,
    export_request,
    observe_request,
    report_request,
    watch_request,
)
from boxgauge.client.settings import EvaluationSettings
from boxgauge.client.tallies import ExportedTally, TallyParts
from boxgauge.v1 import monitor_pb2, monitor_pb2_grpc


class AsyncMonitorClient(AsyncClient):
    """`MonitorClient` for asyncio; the methods mean the same."""

    def __init__(
        self,
        target: str,
        *,
        timeout_s: float = CALL_TIMEOUT_S,
        **access: Unpack[AccessOptions],
    ) -> None:
        super().__init__(target, timeout_s=timeout_s, **access)
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
            answer = await self._stub.CreateMonitor(
                request, timeout=self._timeout_s, metadata=self._metadata
            )
        return monitor_from(answer.monitor)

    async def list_monitors(self) -> tuple[Monitor, ...]:
        """Return all monitors by name."""
        with self._translated():
            answer = await self._stub.ListMonitors(
                monitor_pb2.ListMonitorsRequest(),
                timeout=self._timeout_s,
                metadata=self._metadata,
            )
        return tuple(monitor_from(each) for each in answer.monitors)

    async def reset_monitor(self, monitor: str) -> None:
        """Forget all images of a monitor and keep its settings."""
        request = monitor_pb2.ResetMonitorRequest(monitor=check_text(monitor, "monitor"))
        with self._translated():
            await self._stub.ResetMonitor(request, timeout=self._timeout_s, metadata=self._metadata)

    async def delete_monitor(self, monitor: str) -> None:
        """Remove a monitor."""
        request = monitor_pb2.DeleteMonitorRequest(monitor=check_text(monitor, "monitor"))
        with self._translated():
            await self._stub.DeleteMonitor(
                request, timeout=self._timeout_s, metadata=self._metadata
            )

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
        call = self._stub.Observe(metadata=self._metadata)
        requests = _numbered(monitor, model, batches, free)
        sender = asyncio.create_task(send_all(call, requests))
        reader = asyncio.create_task(call.read())
        try:
            async with stream_translated(self.target, call):
                while await next_answer(reader, sender) is not EOF:
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
            return monitor_report_from(
                await self._stub.GetReport(
                    request, timeout=self._timeout_s, metadata=self._metadata
                )
            )

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
        call = self._stub.WatchReport(request, metadata=self._metadata)
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
            answer = await self._stub.CompareModels(
                request, timeout=self._timeout_s, metadata=self._metadata
            )
        return comparison_from(answer.comparison)

    async def export_tallies(
        self, monitor: str, *, model: str = "", window: str = ""
    ) -> AsyncIterator[ExportedTally]:
        """Yield the tally of each model and slice."""
        request = export_request(monitor, model, window)
        self._check_open()
        call, parts = (
            self._stub.ExportTallies(request, metadata=self._metadata),
            TallyParts(self.target),
        )
        try:
            async with stream_translated(self.target, call):
                async for answer in call:
                    if (tally := parts.add(answer)) is not None:
                        yield tally
            parts.end()
        finally:
            call.cancel()


async def _numbered(
    monitor: str, model: str, batches: Batches, free: asyncio.Semaphore
) -> AsyncIterator[monitor_pb2.ObserveRequest]:
    sequence = 0
    async for item in each_of(batches):
        await free.acquire()
        yield observe_request(monitor, model, sequence, item)
        sequence += 1
