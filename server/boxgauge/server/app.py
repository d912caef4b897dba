"""The composition root: builds every object of the service once, starts and stops it."""

import asyncio
import itertools
import logging
import resource
import signal
import sys
import time
from contextlib import AsyncExitStack
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Self

import orjson
from prometheus_client import CollectorRegistry

from boxgauge.engine import Engine, ModelRepository, available_cores, find_graphs
from boxgauge.engine.online.warm_up import warm_up
from boxgauge.frames import ProviderError, UnavailableError
from boxgauge.server.allocator import give_back_freed, keep_memory_compact
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
from boxgauge.server.observability.logs import configure_logs
from boxgauge.server.observability.loop_lag import watch_loop
from boxgauge.server.page.history import History
from boxgauge.server.page.on_loop import on_loop
from boxgauge.server.page.routes import Pages
from boxgauge.server.page.shelf import Shelf
from boxgauge.server.page.source import MonitorEntry
from boxgauge.server.recovery import opened_journal
from boxgauge.server.security.security import Security
from boxgauge.server.service.admin import AdminService
from boxgauge.server.service.evaluation import EvaluationService
from boxgauge.server.service.gates import Gates
from boxgauge.server.service.inference import InferenceService
from boxgauge.server.service.monitors import WINDOW, MonitorService
from boxgauge.server.service.runner import Runner
from boxgauge.server.settings import Settings, traces_endpoint
from boxgauge.server.telemetry import Telemetry

_LOG = logging.getLogger(__name__)
_LIST_S = 5.0  # how long a page may wait for the event loop to list the monitors

# Of the time, what refreshing exported reports and writing checkpoints may take at most: the rest
# is for frames, and for reports that somebody waits for.
_REFRESHING_SHARE, _TENDING_SHARE = 0.25, 0.1
# What frames under way get to be counted, once no call brings more.
_SETTLE_S = 1.0
# Little comes in so short a time: looking through it takes some milliseconds.
_SET_ASIDE_S = 3.0
_TRIM_PASSES = 20  # of these between two times that freed memory is given back
# Between two rounds of refreshing, as a share of the interval.
_LEAST_PAUSE = 0.1


class App:
    """One service: ``async with App(settings) as app`` runs it, leaving drains it.

    Args:
        settings: Where it listens and what it may use.
        registry: Where its metrics live; a new one if none is given.
        engine: One that is open already; else the settings say which to open.

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
        self._garbage = Garbage()
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
        shelf = Shelf(History(), lambda: self._listed(loop))
        self.telemetry.follow(shelf)
        metrics = MetricsServer(
            self.telemetry.scraped,
            lambda: self._is_ready,
            Pages(shelf),
            gate=self.security.gate,
            context=self.security.ssl_context,
        )
        port = metrics.start(settings.metrics_host, settings.metrics_port)
        stack.callback(metrics.stop)
        self.security.watcher.start()
        stack.callback(self.security.watcher.stop)
        scheme = "http" if self.security.ssl_context() is None else "https"
        self.metrics_url = f"{scheme}://{settings.metrics_host}:{port}/metrics"

        workings = self.telemetry.workings
        release = package_version()
        traces = stack.enter_context(traces_to(traces_endpoint(settings), release))
        executor = ObservedExecutor(settings.workers, workings.waiting("executor"))
        patient = ObservedExecutor(1, workings.waiting("executor"))
        for each in (executor, patient):
            stack.callback(each.shutdown, wait=False, cancel_futures=True)
        if self._given_engine is None:
            self.engine = await loop.run_in_executor(executor, open_engine, settings)
        else:
            self.engine = self._given_engine
        self.engine.observe_run = self.telemetry.ran

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
            journal=journal,
            ledger=ledger,
            telemetry=self.telemetry,
            clock_us=lambda: time.time_ns() // 1000,
            max_models=settings.max_models,
            max_waiting=settings.max_concurrent_streams * WINDOW,
            max_tally_bytes=settings.max_tally_bytes,
            max_journal_bytes=settings.max_journal_bytes,
            patient=patient,
        )
        self.book = Book(around, max_monitors=settings.max_monitors)
        stack.push_async_callback(self.book.tend)
        stack.push_async_callback(self.book.stop)
        replayed = await self.book.restore()
        self.telemetry.recovered(replayed, time.monotonic() - began)
        if self._given_engine is None:
            # After the drain, so that no long run keeps the process; before what waits for runs.
            stack.callback(self.engine.stop)
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
        for task in (
            self._refresh(),
            self._tend(),
            self._set_aside(),
            watch_loop(workings.lagged),
        ):
            stack.callback(asyncio.create_task(task).cancel)
        stack.callback(draining.set)
        stack.callback(traces.flush)
        stack.callback(server.refuse)
        self._garbage.set_aside()
        self._is_ready = True

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

    async def _refresh(self) -> None:
        """Keep the exported reports up to date: those of all images at every interval.

        What is left of the interval is for slices.
        """
        interval_s = self.settings.report_interval_s
        due = time.monotonic()
        while True:
            due = max(due + interval_s, time.monotonic() + _LEAST_PAUSE * interval_s)
            await asyncio.sleep(due - time.monotonic())
            await self.book.refresh(_rest, until=due + (1 - _LEAST_PAUSE) * interval_s)

    async def _tend(self) -> None:
        """Forget what is too old, and write checkpoints: in a share of the time at most."""
        rest_s = self.settings.checkpoint_interval_s
        while True:
            await asyncio.sleep(rest_s)
            started = time.monotonic()
            await self.book.tend()
            worked_s = time.monotonic() - started
            rest_s = max(self.settings.checkpoint_interval_s, worked_s / _TENDING_SHARE)

    async def _set_aside(self) -> None:
        """Keep the collector of garbage from what stays, and memory from what does not."""
        for passes in itertools.count(1):
            await asyncio.sleep(_SET_ASIDE_S)
            self._garbage.set_aside()
            if passes % _TRIM_PASSES == 0:
                # Not on the loop: it waits for threads that are just taking memory.
                await asyncio.to_thread(give_back_freed)


async def _rest(worked_s: float) -> None:
    """Rest after refreshing for so long."""
    await asyncio.sleep(worked_s * (1 / _REFRESHING_SHARE - 1))


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


def open_engine(settings: Settings) -> Engine:
    """Return the engine over the verified graphs, on the providers asked for.

    Raises:
        GraphError: Graphs are missing, corrupt or foreign.
        ProviderError: The first provider is required and was not obtained.
    """
    repository = ModelRepository.open(find_graphs(settings.graphs))
    engine = Engine.open(
        repository,
        providers=settings.providers,
        threads=settings.threads,
        workers=min(settings.workers, available_cores()),
        engine_cache=settings.engine_cache,
    )
    wanted = settings.providers[0]
    if engine.provider != wanted:
        found = f"provider {wanted} was asked for and {engine.provider} obtained"
        if settings.require_provider:
            raise ProviderError(found, field="providers", value=engine.provider)
        _LOG.warning("%s", found)
    if settings.warm_up:
        started = time.perf_counter()
        warm_up(engine)
        _LOG.info("warmed up in %.2f s", time.perf_counter() - started)
    return engine


def package_version() -> str:
    """Return the version installed, or "unknown" in a bare source tree."""
    try:
        return version("boxgauge")
    except PackageNotFoundError:
        return "unknown"


def serve(settings: Settings) -> None:
    """Run the service until SIGTERM or SIGINT, then drain; returns when all is stopped.

    Prints one line of JSON on standard output once it is ready: ``address`` of gRPC,
    ``metrics`` URL, ``provider`` in use and the number of ``graphs``.

    Raises:
        BoxGaugeError: It could not start; the message is one line.
    """
    configure_logs(settings.log_level, settings.log_format)
    # A connection takes a descriptor, and the usual soft limit is lower than what may be.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    keep_memory_compact()
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        # Also what makes signals work at all where this is process 1 of a container.
        loop.add_signal_handler(each, stopped.set)
    async with App(settings) as app:
        ready = {
            "event": "ready",
            "address": app.address,
            "metrics": app.metrics_url,
            "provider": app.engine.provider,
            "graphs": len(app.engine.repository.graphs),
        }
        sys.stdout.write(orjson.dumps(ready).decode() + "\n")
        sys.stdout.flush()
        await stopped.wait()
        _LOG.info("draining for at most %s s", settings.drain_s)
    _LOG.info("stopped")
