"""What both feeds are made of: a spool, a sender, and who they are for."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Unpack

from boxgauge.client.access import AccessOptions, access_to
from boxgauge.client.acknowledgements import RefusedFrame
from boxgauge.client.async_monitors import AsyncMonitorClient
from boxgauge.client.checks import check_name, check_target
from boxgauge.client.feed.counters import FeedCounters
from boxgauge.client.feed.options import FeedOptions
from boxgauge.client.feed.segments import Names
from boxgauge.client.feed.sender import Sender
from boxgauge.client.feed.spool import Spool
from boxgauge.client.monitor_settings import MonitorSettings
from boxgauge.client.requests import create_request
from boxgauge.client.settings import EvaluationSettings
from boxgauge.frames import FailedPreconditionError, UnavailableError

_LOG = logging.getLogger(__name__)
_OPTIONS = FeedOptions()


class FeedParts:
    """A feed before anything runs; see `AsyncFeed` for the arguments."""

    def __init__(
        self,
        target: str,
        monitor: str,
        model: str = "",
        *,
        spool: Path | str,
        classes: Mapping[int, str] | None = None,
        settings: EvaluationSettings | MonitorSettings | None = None,
        options: FeedOptions = _OPTIONS,
        on_refused: Callable[[RefusedFrame], None] | None = None,
        **access: Unpack[AccessOptions],
    ) -> None:
        self._target = check_target(target)
        self._names = Names(
            check_name(monitor, "monitor"), check_name(model, "model") if model else ""
        )
        self._folder = Path(spool)
        self._classes = classes
        self._settings = settings or EvaluationSettings()
        if classes is not None:
            create_request(monitor, classes, self._settings)  # refuses here what it would later
        self._options = options
        self._on_refused = on_refused or _log_refused
        access_to(target, **access)  # refuses here what connecting would later
        self._access = access
        self._spool: Spool | None = None
        self._sender: Sender | None = None

    @property
    def counters(self) -> FeedCounters:
        """What was done so far."""
        spool, sender = self._open_spool(), self._open_sender()
        return FeedCounters(
            recorded=spool.appended - spool.recovered,
            recovered=spool.recovered,
            sent=sender.sent,
            retried=sender.retried,
            acknowledged=sender.acknowledged,
            refused=sender.refused,
            lost=spool.lost,
            spooled=spool.appended - spool.acknowledged,
            spool_bytes=spool.size,
            damaged_bytes=spool.damaged_bytes,
            torn_bytes=spool.torn_bytes,
            failures=sender.failures,
            last_error=sender.last_error,
        )

    def _begin(self) -> None:
        """Open the spool and make what sends; in the event loop that is to send."""
        if self._spool is not None:
            raise FailedPreconditionError("the feed was started before: make a new one")
        self._spool = Spool(
            self._folder,
            self._names,
            max_bytes=self._options.max_spool_bytes,
            fsync=self._options.fsync,
        )
        self._sender = Sender(
            self._spool, self._connect, self._prepare, self._options, self._on_refused
        )

    def _append(self, payload: bytes) -> bool:
        """Put a frame into the spool; say whether what sends is to be told of it."""
        number = self._open_spool().append(payload)
        return self._open_sender().outbox.wants_notice(number)

    def _open_spool(self) -> Spool:
        if self._spool is None:
            raise _not_started()
        return self._spool

    def _open_sender(self) -> Sender:
        if self._sender is None:
            raise _not_started()
        return self._sender

    def _connect(self) -> AsyncMonitorClient:
        return AsyncMonitorClient(self._target, **self._access)

    async def _prepare(self, client: AsyncMonitorClient, monitor: str) -> None:
        """Create the feed's monitor where it is missing; what others have left is not its own."""
        if self._classes is not None and monitor == self._names.monitor:
            await client.create_monitor(monitor, self._classes, self._settings)


def _not_started() -> FailedPreconditionError:
    return FailedPreconditionError("the feed is not started: use it in a with block")


def log_left(error: UnavailableError) -> None:
    """Log what a feed that closes leaves in its spool."""
    _LOG.warning("the feed closes: %s", error)


def _log_refused(refused: RefusedFrame) -> None:
    _LOG.warning("refused: %s of image %r: %s", refused.side, refused.image_id, refused.message)
