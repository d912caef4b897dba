"""The composition root: builds every object of the service once, starts and stops it."""

import asyncio
import logging
import time
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry

from boxgauge.engine import Engine
from boxgauge.frames import UnavailableError
from boxgauge.server.garbage import Garbage
from boxgauge.server.grpc_server import GrpcServer
from boxgauge.server.journal import Journal
from boxgauge.server.metrics_http import MetricsServer
from boxgauge.server.monitor.book import Book
from boxgauge.server.monitor.ledger import Ledger
from boxgauge.server.monitor.monitor import Monitor
from boxgauge.server.monitor.surroundings import Surroundings
from boxgauge.server.observability.executor import ObservedExecutor
from boxgauge.server.observability.exporting import traces_to
from boxgauge.server.observability.loop_lag import watch_loop
from boxgauge.server.opened_engine import open_engine
from boxgauge.server.page.history import History
from boxgauge.server.page.on_loop import on_loop
from boxgauge.server.page.routes import Pages
from boxgauge.server.page.shelf import Shelf
from boxgauge.server.page.source import MonitorEntry
from boxgauge.server.recovery import opened_journal
from boxgauge.server.release import package_version
from boxgauge.server.reporting.helper import Helper
from boxgauge.server.reporting.lanes import Lanes
from boxgauge.server.reporting.opened_helper import opened_helper, warmed_up
from boxgauge.server.security.security import Security
from boxgauge.server.service.admin import AdminService
from boxgauge.server.service.evaluation import EvaluationService
from boxgauge.server.service.gates import Gates
from boxgauge.server.service.inference import InferenceService
from boxgauge.server.service.monitors import WINDOW, MonitorService
from boxgauge.server.service.runner import Runner
from boxgauge.server.settings import Settings, traces_endpoint
from boxgauge.server.telemetry import Telemetry
from boxgauge.server.upkeep import Upkeep

_LOG = logging.getLogger(__name__)
_LIST_S = 5.0  # how long a page may wait for the event loop to list the monitors

# What frames under way get to be counted, once no call brings more.
_SETTLE_S = 0.5


class App:
    """One service: ``async with App(settings) as app`` runs it, leaving drains it.

    Args:
        settings: Where it listens and what it may use.
        registry: Where its metrics live; a new one if none is given.
        engine: One that is open already; else the settings say which to open.
        garbage: Of a process that runs several services, one after the other; else it is new.

    Raises:
        InvalidInputError: What others can reach is not protected, or a file of it is bad.

    Attributes:
        address: ``host:port`` of gRPC, once started.
        metrics_url: Of the metrics, once started; the page is at ``/`` of it.
        security: Its certificates and tokens.
        telemetry: Its metrics.
        book: Its monitors, once started.
        journal: What they keep, once started.
        engine: Once started.
    """

    address: str
    metrics_url: str
    book: Book
    journal: Journal
    engine: Engine

    def __init__(
        self,
        settings: Settings,
        *,
        registry: CollectorRegistry | None = None,
        engine: Engine | None = None,
        garbage: Garbage | None = None,
    ) -> None:
        self.settings = settings
        registry = registry or CollectorRegistry()
        self.security = Security(settings, registry)
        self.telemetry = Telemetry(
            registry,
            max_series=settings.max_series,
            max_classes=settings.max_exported_classes,
        )
        self._given_engine = engine
        self._is_ready = False
        self._garbage = garbage or Garbage()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start everything.

        Raises:
            GraphError: Graphs are missing, corrupt or foreign.
            ProviderError: A required provider was not obtained.
            InvalidInputError: A port is taken, or there can be no such journal.
            DataLossError: The journal has lost what was acknowledged.
        """
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Drain: refuse new work, finish the running work within ``drain_s``, stop."""
        self._is_ready = False
        await self._stack.aclose()

    async def _start(self) -> None:
        settings, stack = self.settings, self._stack
        # Last of all, since looking through all of it takes its time.
        stack.callback(self._garbage.give_back)
        # First, so that a probe is answered while the graphs load.
        loop = asyncio.get_running_loop()
        self._answer_http(loop)
        self.security.watcher.start()
        stack.callback(self.security.watcher.stop)

        workings = self.telemetry.workings
        release = package_version()
        traces = stack.enter_context(traces_to(traces_endpoint(settings), release))
        executor = ObservedExecutor(settings.workers, workings.waiting("executor"))
        urgent, patient = (ObservedExecutor(1, workings.waiting("executor")) for _ in range(2))
        for each in (executor, urgent, patient):
            stack.callback(each.shutdown, wait=False, cancel_futures=True)
        if self._given_engine is None:
            self.engine = await loop.run_in_executor(executor, open_engine, settings)
        else:
            self.engine = self._given_engine
        self.engine.observe_run = self.telemetry.ran
        helper = self._helper()

        ledger = Ledger(settings.max_held_boxes, settings.max_held_images)
        self.telemetry.describe(version=release, provider=self.engine.provider, ledger=ledger)
        gates = Gates.of(settings)
        self.telemetry.waiting(lambda: gates.held.total, gates.held.most)
        began = time.monotonic()
        journal = self.journal = await opened_journal(settings, self.telemetry)
        stack.push_async_callback(journal.close)
        around = Surroundings(
            engine=self.engine,
            executor=executor,
            lanes=Lanes(urgent, patient, helper),
            journal=journal,
            ledger=ledger,
            telemetry=self.telemetry,
            clock_us=lambda: time.time_ns() // 1000,
            max_models=settings.max_models,
            max_waiting=settings.max_concurrent_streams * WINDOW,
            max_tally_bytes=settings.max_tally_bytes,
            max_journal_bytes=settings.max_journal_bytes,
        )
        self.book = Book(around, max_monitors=settings.max_monitors)
        stack.push_async_callback(self.book.tend)
        stack.push_async_callback(self.book.stop)
        replayed = await self.book.restore()
        self.telemetry.recovered(replayed, time.monotonic() - began)
        if self._given_engine is None:
            # After the drain, so that no long run keeps the process; before what waits for runs.
            stack.callback(self.engine.stop)
        if helper is not None:
            stack.callback(helper.stop)
        stack.push_async_callback(self._settle)

        draining = asyncio.Event()
        server = GrpcServer(
            settings,
            self.telemetry,
            MonitorService(self.book, gates.frames, workings, draining),
            EvaluationService(self.engine, executor, gates.evaluations, ledger),
            InferenceService(
                self.engine,
                Runner(
                    self.engine,
                    executor,
                    alone=gates.alone,
                    together=gates.together,
                    max_waiting=settings.max_concurrent_streams,
                ),
                lambda: self._is_ready,
                version=release,
            ),
            self.security,
            AdminService(journal, draining),
            traces.tracing,
        )
        stack.callback(traces.flush)
        self.address = f"{settings.host}:{await server.start()}"
        stack.push_async_callback(server.stop, settings.drain_s)
        kept_up = Upkeep(settings, self.book, self._garbage).tasks()
        for task in (*kept_up, watch_loop(workings.lagged)):
            stack.callback(asyncio.create_task(task).cancel)
        stack.callback(draining.set)
        stack.callback(traces.flush)
        stack.callback(server.refuse)
        if helper is not None and settings.warm_up:
            # Once it is ready: the first report waits for it, and nothing else does.
            patient.submit(warmed_up, helper, self.engine)
        self._garbage.set_aside()
        self._is_ready = True

    def _helper(self) -> Helper | None:
        """Return the process that makes reports, not started yet; None: threads make them."""
        if self._given_engine is not None or not self.settings.report_process:
            return None
        telemetry = self.telemetry
        helper = opened_helper(self.settings, telemetry.ran, telemetry.helper_ends.inc)
        telemetry.helper_memory(helper.resident_bytes)
        return helper

    def _answer_http(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve metrics, probes and the page."""
        settings, security = self.settings, self.security
        shelf = Shelf(History(), lambda: self._listed(loop))
        self.telemetry.follow(shelf)
        metrics = MetricsServer(
            self.telemetry.scraped,
            lambda: self._is_ready,
            Pages(shelf),
            gate=security.gate,
            context=security.ssl_context,
        )
        port = metrics.start(settings.metrics_host, settings.metrics_port)
        self._stack.callback(metrics.stop)
        scheme = "http" if security.ssl_context() is None else "https"
        self.metrics_url = f"{scheme}://{settings.metrics_host}:{port}/metrics"

    async def _settle(self) -> None:
        """Let frames that are journalled be counted, so that the last checkpoint covers them.

        What takes longer is ended with the engine: the next start counts it.
        """
        settling = asyncio.create_task(self.book.settle())
        await asyncio.wait({settling}, timeout=_SETTLE_S)

    def _listed(self, loop: asyncio.AbstractEventLoop) -> tuple[MonitorEntry, ...]:
        """Return all monitors; called by other threads than the loop's.

        Raises:
            UnavailableError: The service starts or stops, or its loop is stuck.
        """
        if not self._is_ready:
            raise UnavailableError("the service is starting or stopping: ask again later")
        return on_loop(
            loop, lambda: tuple(_entry(each) for each in self.book.list()), timeout_s=_LIST_S
        )


def _entry(monitor: Monitor) -> MonitorEntry:
    return MonitorEntry(
        name=monitor.name,
        tally=monitor.definition.tally.value,
        classes=len(monitor.classes),
        windows=tuple(each.name for each in monitor.definition.windows),
        models=tuple(monitor.models),
        slices=tuple(monitor.slices),
        labelled_images=monitor.labelled_images,
        watermark_us=monitor.watermark_us,
    )
