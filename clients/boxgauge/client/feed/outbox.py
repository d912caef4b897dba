"""Cuts a spool into messages, each one when it is full or its frames have waited."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from boxgauge.client.feed.frames_in import FrameBatch, frame_from
from boxgauge.client.feed.merging import Message
from boxgauge.client.feed.options import FeedOptions
from boxgauge.client.feed.segments import Names
from boxgauge.client.feed.spool import Position, Spool, Spooled


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message.

    Attributes:
        ends: The place behind each of its frames.
        frames: Them, of distinct images; none where the spool cannot be read.
        batches: Them, put together.
        end: The place behind the message.
    """

    ends: tuple[Position, ...]
    frames: tuple[FrameBatch, ...]
    batches: list[FrameBatch]
    end: Position


@dataclass(frozen=True, slots=True)
class Careful:
    """How to go on after a failure: up to a place, one message at a time.

    Attributes:
        until: The place behind what was under way when it failed.
        most: Frames a message.
    """

    until: Position
    most: int


class Outbox:
    """Reads frames in order, for one stream after another.

    Args:
        spool: Where they come from.
        options: How many go together, and how long they wait for each other.
    """

    def __init__(self, spool: Spool, options: FeedOptions) -> None:
        self._spool = spool
        self._options = options
        self._wake = asyncio.Event()
        self._taken = 0
        self._hurries = 0

    def notice(self) -> None:
        """Look at the spool again: there is more in it."""
        self._wake.set()

    def wants_notice(self, number: int) -> bool:
        """Say whether `notice` is needed after a frame: it is the first, or fills a message.

        May be asked in any thread. Of frames that are recorded at the same time exactly one
        has the number of the first.
        """
        waiting = number - self._taken
        return waiting == 1 or (waiting > 0 and waiting % self._options.batch_images == 0)

    @contextmanager
    def hurry(self) -> Iterator[None]:
        """Let no frame wait for others."""
        self._hurries += 1
        self._wake.set()
        try:
            yield
        finally:
            self._hurries -= 1

    async def names_at(self, place: Position) -> Names:
        """Return whose frame comes next, once there is one."""
        while True:
            self._wake.clear()
            self._taken, end = self._spool.appended, self._spool.end
            if found := self._spool.read(place):
                self._taken = self._spool.acknowledged
                return found[0].names
            if end > place:  # it cannot be read any more
                self._spool.acknowledge(end, 0)
                place = end
            await self._wake.wait()

    async def messages(
        self, start: Position, names: Names, careful: Careful
    ) -> AsyncIterator[Outgoing]:
        """Yield messages, and end where the frames of others begin.

        Args:
            start: The place to begin at.
            names: Whose frames are wanted.
            careful: If it ends behind ``start``: how many frames a message holds up to there,
                after which there is none.
        """
        place, held = start, deque[Spooled]()
        hurried = start < careful.until
        most = careful.most if hurried else self._options.batch_images
        while not (hurried and place >= careful.until):
            if not held:
                await self._due(at_once=hurried)
                appended, end = self._spool.appended, self._spool.end
                held.extend(self._spool.read(place))
                if not held:
                    self._taken, place = appended, end
                    yield Outgoing((), (), [], end)
                    continue
            if held[0].names != names:
                return
            cut = _cut(held, most, self._options.batch_bytes)
            self._taken += len(cut.ends)
            place = cut.end
            yield cut

    async def _due(self, *, at_once: bool) -> None:
        """Return when there are frames that fill a message, or have waited long enough."""
        clock = asyncio.get_running_loop().time
        since: float | None = None
        while True:
            self._wake.clear()
            waiting = self._spool.appended - self._taken
            if waiting >= self._options.batch_images or (waiting and (at_once or self._hurries)):
                return
            left = None
            if waiting:
                since = clock() if since is None else since
                left = since + self._options.batch_age_s - clock()
                if left <= 0:
                    return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), left)


def _cut(held: deque[Spooled], most: int, most_bytes: int) -> Outgoing:
    """Take a message from the front: frames of one owner, each side of an image once."""
    message, names, size = Message(), held[0].names, 0
    ends: list[Position] = []
    frames: list[FrameBatch] = []
    while held and held[0].names == names and len(ends) < most and size < most_bytes:
        frame = frame_from(held[0].payload)
        if not message.add(frame):
            break
        taken = held.popleft()
        size += len(taken.payload)
        ends.append(taken.end)
        frames.append(frame)
    return Outgoing(tuple(ends), tuple(frames), message.batches(), ends[-1])
