"""The synchronous client of monitors."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Unpack

from boxgauge.client.access import AccessOptions
from boxgauge.client.acknowledgements import Acknowledgement, acknowledgement_from
from boxgauge.client.channels import CALL_TIMEOUT_S, WINDOW
from boxgauge.client.checks import check_text, check_window
from boxgauge.client.comparisons import Comparison, comparison_from
from boxgauge.client.messages import Batch, check_source
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
from boxgauge.client.sync_channel import Client
from boxgauge.client.tallies import ExportedTally, TallyParts
from boxgauge.client.window import Window
from boxgauge.v1 import monitor_pb2, monitor_pb2_grpc


class MonitorClient(Client):
    """Streams frames to monitors and asks for their reports.

    Every method raises the `BoxGaugeError` that fits the service's status.
    """

    def __init__(
        self,
        target: str,
        *,
        timeout_s: float = CALL_TIMEOUT_S,
        **access: Unpack[AccessOptions],
    ) -> None:
        super().__init__(target, timeout_s=timeout_s, **access)
        self._stub = monitor_pb2_grpc.MonitorServiceStub(self._channel)  # type: ignore[no-untyped-call]  # generated

    def create_monitor(
        self,
        monitor: str,
        classes: Mapping[int, str],
        settings: EvaluationSettings | MonitorSettings = EvaluationSettings(),  # noqa: B008  # frozen
    ) -> Monitor:
        """Return the new monitor; the same again is ok.

        Args:
            monitor: Letters, digits, ``_-./``, 1 to 100 bytes.
            classes: Names by class id; labels outside are refused.
            settings: Fixed from now on; thresholds alone, or all that a monitor may be asked for.

        Raises:
            AlreadyExistsError: It exists with other settings.
        """
        request = create_request(monitor, classes, settings)
        with self._translated():
            answer = self._stub.CreateMonitor(
                request, timeout=self._timeout_s, metadata=self._metadata
            )
        return monitor_from(answer.monitor)

    def list_monitors(self) -> tuple[Monitor, ...]:
        """Return all monitors by name."""
        with self._translated():
            answer = self._stub.ListMonitors(
                monitor_pb2.ListMonitorsRequest(),
                timeout=self._timeout_s,
                metadata=self._metadata,
            )
        return tuple(monitor_from(each) for each in answer.monitors)

    def reset_monitor(self, monitor: str) -> None:
        """Forget all images of a monitor and keep its settings."""
        request = monitor_pb2.ResetMonitorRequest(monitor=check_text(monitor, "monitor"))
        with self._translated():
            self._stub.ResetMonitor(request, timeout=self._timeout_s, metadata=self._metadata)

    def delete_monitor(self, monitor: str) -> None:
        """Remove a monitor."""
        request = monitor_pb2.DeleteMonitorRequest(monitor=check_text(monitor, "monitor"))
        with self._translated():
            self._stub.DeleteMonitor(request, timeout=self._timeout_s, metadata=self._metadata)

    def observe(
        self,
        monitor: str,
        batches: Iterable[Batch | Sequence[Batch]],
        *,
        model: str = "",
        window: int = WINDOW,
    ) -> Iterator[Acknowledgement]:
        """Send each item as one message and yield the answers in order.

        Nothing is sent before the first answer is asked for. At most ``window``
        messages are unanswered at a time, so that neither side buffers without bound;
        whoever does not take the answers sends no more. A refused frame is an answer,
        not an error. ``batches`` is consumed in gRPC's sending thread; what it raises
        is raised here.

        Args:
            monitor: An existing monitor.
            batches: Predictions, ground truths or a sequence of both.
            model: Whose predictions these are; needed unless only ground truth is sent.
            window: Messages on their way at a time, at least 1.
        """
        check_source(batches)
        check_window(window)
        self._check_open()
        requests = Window(
            (observe_request(monitor, model, k, item) for k, item in enumerate(batches)), window
        )
        call = self._stub.Observe(iter(requests), metadata=self._metadata)
        try:
            with self._translated():
                for answer in call:
                    requests.answered()
                    yield acknowledgement_from(answer)
        finally:
            call.cancel()
            requests.close()

    def get_report(
        self,
        monitor: str,
        *,
        model: str = "",
        window: str = "",
        slice: str = "",
        max_age_s: float = 0,
    ) -> MonitorReport:
        """Return a report of a window and slice; by default over everything acknowledged.

        Args:
            monitor: Which one.
            model: Which model; may be left out when the monitor has seen exactly one.
            window: Name of one of its windows; empty: the first one.
            slice: ``key=value``; empty: all images.
            max_age_s: How old a report may be that is returned at once; 0: it reflects
                everything acknowledged before the call.
        """
        request = report_request(monitor, model, window, slice, max_age_s)
        with self._translated():
            return monitor_report_from(
                self._stub.GetReport(request, timeout=self._timeout_s, metadata=self._metadata)
            )

    def watch_report(
        self,
        monitor: str,
        *,
        model: str = "",
        window: str = "",
        slice: str = "",
        interval_s: float = 1.0,
    ) -> Iterator[MonitorReport]:
        """Yield a report now and after changes, at most one every ``interval_s``."""
        request = watch_request(monitor, model, window, slice, interval_s)
        self._check_open()
        call = self._stub.WatchReport(request, metadata=self._metadata)
        try:
            with self._translated():
                for answer in call:
                    yield monitor_report_from(answer)
        finally:
            call.cancel()

    def compare_models(
        self, monitor: str, champion: str, challenger: str, *, window: str = "", slice: str = ""
    ) -> Comparison:
        """Return how two models differ on the images that both have predicted.

        Args:
            monitor: Which one.
            champion: The first model.
            challenger: The second. A sketch monitor compares only what its settings list.
            window: Name of one of its windows; empty: the first one.
            slice: ``key=value``; empty: all images.
        """
        request = compare_request(monitor, champion, challenger, window, slice)
        with self._translated():
            answer = self._stub.CompareModels(
                request, timeout=self._timeout_s, metadata=self._metadata
            )
        return comparison_from(answer.comparison)

    def export_tallies(
        self, monitor: str, *, model: str = "", window: str = ""
    ) -> Iterator[ExportedTally]:
        """Yield the tally of each model and slice.

        Args:
            monitor: Which one.
            model: Which model; empty: all.
            window: Name of one of its windows; empty: the first one.
        """
        request = export_request(monitor, model, window)
        self._check_open()
        call, parts = (
            self._stub.ExportTallies(request, metadata=self._metadata),
            TallyParts(self.target),
        )
        try:
            with self._translated():
                for answer in call:
                    if (tally := parts.add(answer)) is not None:
                        yield tally
            parts.end()
        finally:
            call.cancel()
