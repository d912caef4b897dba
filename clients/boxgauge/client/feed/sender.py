"""Sends what is in a spool, in order, until the service has answered for it."""

import asyncio
import logging
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

from boxgauge.client.acknowledgements import Acknowledgement, RefusedFrame
from boxgauge.client.async_monitors import AsyncMonitorClient
from boxgauge.client.feed.backoff import Backoff
from boxgauge.client.feed.frames_in import FrameBatch
from boxgauge.client.feed.options import FeedOptions
from boxgauge.client.feed.outbox import Careful, Outbox, Outgoing
from boxgauge.client.feed.refusals import (
    is_fault_of_a_message,
    may_be_taken_later,
    refusal_of,
    waits_for_room,
)
from boxgauge.client.feed.segments import Names
from boxgauge.client.feed.spool import Position, Spool
from boxgauge.frames import BoxGaugeError, ResourceExhaustedError, UnavailableError

_LOG = logging.getLogger(__name__)


class Sender:
    """Streams frames; where the service stops answering, it waits and begins there again.

    Everything happens in one event loop.

    Args:
        spool: Where frames come from.
        connect: Makes a client.
        prepare: Called with each new client and the monitor's name, before anything is sent.
        options: Batches, waits and bounds.
        on_refused: Told of each frame that the service refuses for good.

    Attributes:
        outbox: To be told of new frames.
        sent: Frames sent, repeats among them.
        retried: Of those, frames sent again.
        acknowledged: Frames taken by the service.
        refused: Frames refused for good.
        failures: Attempts that failed since the last answer.
        last_error: What the last failure was; empty after an answer.
    """

    def __init__(
        self,
        spool: Spool,
        connect: Callable[[], AsyncMonitorClient],
        prepare: Callable[[AsyncMonitorClient, str], Awaitable[None]],
        options: FeedOptions,
        on_refused: Callable[[RefusedFrame], None],
    ) -> None:
        self._spool = spool
        self._connect = connect
        self._prepare = prepare
        self._options = options
        self._on_refused = on_refused
        self._backoff = Backoff(options.first_retry_s, options.most_retry_s, random.random)
        self.outbox = Outbox(spool, options)
        self._settled = asyncio.Event()
        self._in_flight: deque[Outgoing] = deque()
        self._furthest = spool.done
        self._careful = Careful(spool.done, options.batch_images)
        self._attempts = 0
        self.sent = self.retried = self.acknowledged = self.refused = self.failures = 0
        self.last_error = ""

    async def run(self) -> None:
        """Send for ever; no failure ends it, for what is recorded later is to be sent too."""
        while True:
            try:
                await self._stream()
            except BoxGaugeError as error:
                if is_fault_of_a_message(error) and self._in_flight:
                    self._look_closer(error)
                    continue
                # A full service gets one frame: what little room there is goes to the first that
                # waits, not to frames of its message that are held already.
                self._go_carefully(1 if waits_for_room(error) else self._options.batch_images)
                await self._wait(str(error), at_least_s=error.retry_after_s or 0.0)
            except Exception as fault:  # noqa: BLE001  # it must not lose frames either
                _LOG.exception("the feed failed and goes on")
                await self._wait(f"{type(fault).__name__}: {fault}")

    async def flush(self, timeout_s: float) -> None:
        """Return when everything recorded until now is acknowledged or refused.

        Raises:
            UnavailableError: Time is up; what is left stays in the spool.
        """
        wanted = self._spool.end
        try:
            with self.outbox.hurry():
                async with asyncio.timeout(timeout_s):
                    while self._spool.done < wanted:
                        self._settled.clear()
                        await self._settled.wait()
        except TimeoutError:
            left = self._spool.appended - self._spool.acknowledged
            why = f": {self.last_error}" if self.last_error else ""
            raise UnavailableError(
                f"{left} frames wait to be acknowledged after {timeout_s:g} s and stay in the "
                f"spool{why}"
            ) from None

    async def _stream(self) -> None:
        """Send until the stream ends: at frames of other names, or of a fault."""
        names = await self.outbox.names_at(self._spool.done)
        start = self._spool.done
        self._in_flight.clear()
        window = 1 if start < self._careful.until else self._options.window
        async with self._connect() as client:
            try:
                async with asyncio.timeout(None) as limit:
                    await self._prepare(client, names.monitor)
                    messages = self._messages(start, names, limit)
                    answers = client.observe(
                        names.monitor, messages, model=names.model, window=window
                    )
                    async with aclosing(answers):
                        async for answer in answers:
                            self._settle(answer)
                            self._expect_answer(limit)
            except TimeoutError:
                waited = self._options.answer_timeout_s
                raise UnavailableError(f"no answer from {client.target} in {waited:g} s") from None

    async def _messages(
        self, start: Position, names: Names, limit: asyncio.Timeout
    ) -> AsyncIterator[list[FrameBatch]]:
        async for each in self.outbox.messages(start, names, self._careful):
            if each.ends:
                self.sent += len(each.ends)
                self.retried += sum(end <= self._furthest for end in each.ends)
                self._furthest = max(self._furthest, each.end)
                self._in_flight.append(each)
                if len(self._in_flight) == 1:
                    self._expect_answer(limit)
                yield each.batches
            elif self._in_flight:
                self._in_flight[-1] = replace(self._in_flight[-1], end=each.end)
            else:
                self._acknowledge(each.end, 0)

    def _expect_answer(self, limit: asyncio.Timeout) -> None:
        now = asyncio.get_running_loop().time()
        limit.reschedule(now + self._options.answer_timeout_s if self._in_flight else None)

    def _settle(self, answer: Acknowledgement) -> None:
        """Take the service's answer to the message that was sent first."""
        full = next((each for each in answer.refused if waits_for_room(each)), None)
        if full is not None:
            raise ResourceExhaustedError(full.message, field=full.field, value=full.value)
        later = [each for each in answer.refused if may_be_taken_later(each)]
        if later and self._attempts + 1 < self._options.refused_attempts:
            self._attempts += 1
            raise ResourceExhaustedError(later[0].message, field=later[0].field)
        if self.failures:
            _LOG.info("the service answers again after %d failures", self.failures)
        self._attempts = self.failures = 0
        self.last_error = ""
        self._backoff.succeeded()
        message = self._in_flight.popleft()
        self.acknowledged += answer.accepted
        for each in answer.refused:
            self._refuse(each)
        self._acknowledge(message.end, len(message.ends))

    def _look_closer(self, error: BoxGaugeError) -> None:
        """Find the frame that ended the stream, and refuse it once it was alone."""
        first = self._in_flight[0]
        # One message at a time: it is this one.
        if first.end <= self._careful.until and len(first.ends) == 1:
            self._refuse(refusal_of(first.frames[0], error))
            self._acknowledge(first.end, 1)
        else:
            self._go_carefully(1)

    def _go_carefully(self, most: int) -> None:
        """Send what was under way again, one message at a time.

        A stream that ends while several messages are under way does not always say why: gRPC
        may fail a write with a status of its own making, and drop answers that were not read.
        """
        if self._in_flight:
            until = max(self._in_flight[-1].end, self._careful.until)
            again = self._spool.done < self._careful.until
            self._careful = Careful(until, min(most, self._careful.most) if again else most)

    def _acknowledge(self, end: Position, frames: int) -> None:
        self._spool.acknowledge(end, frames)
        self._settled.set()

    def _refuse(self, refused: RefusedFrame) -> None:
        self.refused += 1
        try:
            self._on_refused(refused)
        except Exception:  # noqa: BLE001  # the caller's own
            _LOG.exception("on_refused failed")

    async def _wait(self, why: str, *, at_least_s: float = 0.0) -> None:
        self.failures += 1
        self.last_error = why
        # On top, so that those who are told the same do not come back together.
        wait_s = at_least_s + self._backoff.wait_s()
        # An outage of hours is one warning.
        level = logging.WARNING if self.failures == 1 else logging.INFO
        _LOG.log(level, "the feed tries again in %.1f s: %s", wait_s, why)
        await asyncio.sleep(wait_s)
