"""A monitor that comes and goes beside the load: made, told frames, reset, deleted, at random.

What it was told since it was made or reset is known, and so what the service must say of it: that,
and nothing of before. An operation that nobody answered has happened as a whole or not at all, and
is asked for again.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc
import numpy as np
from grpc import aio
from promises import promised
from senders import Place, frames_of, is_passing
from traffic_script import CAMERAS, create_request

from boxgauge.client import ground_truth_batch, prediction_batch
from boxgauge.client.async_sending import EOF
from boxgauge.client.requests import observe_request
from boxgauge.v1 import monitor_pb2, monitor_pb2_grpc

CREATE, TELL, RESET, DELETE = "create", "tell", "reset", "delete"
# What may be asked for where there is one, and how often.
SHARES = {TELL: 0.5, RESET: 0.25, DELETE: 0.25}
DONE, REFUSED, UNANSWERED = "done", "refused", "unanswered"
MODEL, TIMEOUT_S = "passing", 60.0
_AGAIN_S = 0.02

# The numbers of the messages that it was told since it was made or reset; None: there is none.
Life = tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a service says of it, which is other for every life that it may have had."""

    labelled: int = 0
    images: int = 0
    boxes: int = 0
    detections: int = 0
    positives: int = 0
    notes: int = 0
    slices: tuple[str, ...] = ()


@dataclass
class Passing:
    """One such monitor, and who asks for what becomes of it.

    Attributes:
        name: Says which tally it has.
        begin_s: Event times follow it.
        answered: Operations by kind that were acknowledged.
        found: Unanswered ones, by kind and whether they were found to have happened.
        refused: By kind; nothing of them had happened.
        asked: The one under way; empty: none.
        last: The last error.
        looks: How often it was looked at and was as it must be.
        lives: All that it may have been, one after the other.
    """

    name: str
    begin_s: int
    answered: Counter[str] = field(default_factory=Counter)
    found: Counter[tuple[str, bool]] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    asked: str = ""
    last: aio.AioRpcError | None = None
    looks: int = 0
    lives: list[Life] = field(default_factory=lambda: [None])
    _life: Life = None
    _messages: int = 0

    @property
    def may_be(self) -> list[Life]:
        """What it may be now: more than one where an operation is not answered."""
        return [self._life, self._wanted(self.asked)] if self.asked else [self._life]

    async def step(self, place: Place, chance: random.Random) -> None:
        """Look at it, have one operation done, whatever becomes of the service meanwhile.

        Raises:
            BrokenPromiseError: It is not as it must be.
        """
        await self.look(place)
        operation = chance.choices([*SHARES], [*SHARES.values()])[0]
        await self.done(place, CREATE if self._life is None else operation)

    async def done(self, place: Place, operation: str) -> None:
        """Ask for an operation until it is acknowledged."""
        while await self.ask(await place.found(), operation) != DONE:
            await self.look(place)

    async def ask(self, address: str, operation: str) -> str:
        """Ask for an operation once, and say what came of that: done, refused or unanswered."""
        wanted, self.asked = self._wanted(operation), operation
        self.lives.append(wanted)
        try:
            async with _connected(address) as stub:
                await self._ask(stub, operation)
        except aio.AioRpcError as error:
            self.last = error
            # Found to be gone already, where nobody had answered.
            is_gone = error.code() is grpc.StatusCode.NOT_FOUND
            if not (is_gone and operation == DELETE and self._life is None):
                if not is_passing(error):
                    raise
                if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                    return UNANSWERED
                self.refused[operation] += 1
                self._is(self._life)
                return REFUSED
        self.answered[operation] += 1
        self._messages += operation == TELL
        self._is(wanted)
        return DONE

    async def look(self, place: Place) -> None:
        """See that it is what it may be; what was not answered has happened or has not.

        Raises:
            BrokenPromiseError: It is anything else: lost, half done, or with what was before.
        """
        while True:
            try:
                said = await seen(await place.found(), self.name)
                break
            except aio.AioRpcError as error:
                if not is_passing(error):
                    raise
                await asyncio.sleep(_AGAIN_S)
        lives = self.may_be
        could = [facts_of(each) for each in lives]
        claim = f"{self.name}, {self.asked or 'nothing'} asked: {said}, not of {could}"
        promised(is_kept=said in could, claim=claim)
        self.looks += 1
        if self.asked:
            # A reset of one that was told nothing changes nothing that could be seen.
            self.found[self.asked, said == could[1]] += 1
            self._is(lives[could.index(said)])

    def _is(self, life: Life) -> None:
        self._life, self.asked = life, ""
        self.lives.append(life)

    def _knows(self, message: int) -> bool:
        return self._life is not None and message in self._life

    def _wanted(self, operation: str) -> Life:
        """Return what it is once this has happened."""
        if operation == DELETE:
            return None
        if operation == TELL and not self._knows(self._messages):
            return (*(self._life or ()), self._messages)
        return () if operation == RESET else self._life or ()

    async def _ask(self, stub: monitor_pb2_grpc.MonitorServiceStub, operation: str) -> None:
        if operation == CREATE:
            await stub.CreateMonitor(create_request(self.name, self.begin_s), timeout=TIMEOUT_S)
        elif operation == RESET:
            reset = monitor_pb2.ResetMonitorRequest(monitor=self.name)
            await stub.ResetMonitor(reset, timeout=TIMEOUT_S)
        elif operation == DELETE:
            delete = monitor_pb2.DeleteMonitorRequest(monitor=self.name)
            await stub.DeleteMonitor(delete, timeout=TIMEOUT_S)
        else:
            message = message_of(self.name, self.begin_s, self._messages)
            answer = await stub.Observe(iter([message]), timeout=TIMEOUT_S).read()
            promised(is_kept=answer is not EOF, claim="a stream ends well once it is answered")
            all_of_it = frames_of(message)
            counts = all_of_it, all_of_it * self._knows(self._messages)
            is_taken = (answer.accepted, answer.unchanged) == counts
            promised(is_kept=is_taken, claim=f"{counts} frames of {self.name} are taken: {answer}")


async def seen(address: str, name: str) -> Facts | None:
    """Return what a service says of a monitor; None: there is none."""
    async with _connected(address) as stub:
        listed = await stub.ListMonitors(monitor_pb2.ListMonitorsRequest(), timeout=TIMEOUT_S)
        for each in listed.monitors:
            if each.name != name:
                continue
            held = {"labelled": each.labelled_images, "boxes": each.held_boxes}
            told = {**held, "slices": tuple(each.slices)}
            if not each.models:
                return Facts(**told)
            request = monitor_pb2.GetReportRequest(monitor=name, model=MODEL)
            report = (await stub.GetReport(request, timeout=TIMEOUT_S)).report
            return Facts(
                **told,
                images=report.images,
                detections=report.detections,
                positives=report.positives,
                notes=len(report.notes),
            )
    return None


def facts_of(life: Life) -> Facts | None:
    """Return what must be said of one that was told this."""
    if life is None:
        return None
    images = sum(_images(k) for k in life)
    detections = sum(_detections(k) * _images(k) for k in life)
    cameras = sorted({CAMERAS[k % len(CAMERAS)] for k in life})
    slices = [f"camera={each}" for each in cameras]
    return Facts(
        labelled=images,
        images=images,
        boxes=images + detections,
        detections=detections,
        positives=images,
        slices=tuple(slices),
    )


def message_of(monitor: str, begin_s: int, k: int) -> monitor_pb2.ObserveRequest:
    """Return the k-th message: both sides of a few images of its own."""
    images = _images(k)
    ids = [f"{k}/{image}" for image in range(images)]
    box = np.array([10.0, 10.0, 20.0, 20.0])
    rows = _detections(k) * images
    offsets = np.arange(rows)[:, None] % 7 * np.array([1.0, 1.0, 0.0, 0.0])
    predicted = prediction_batch(
        ids,
        [_detections(k)] * images,
        box + offsets,
        np.ones(rows, np.int64),
        (np.arange(rows) % 10 + 1) / 16,
        event_times=[begin_s + 60 * (k % 180)] * images,
        tags={"camera": [CAMERAS[k % len(CAMERAS)]] * images},
    )
    truth = ground_truth_batch(
        ids, [1] * images, np.tile(box, (images, 1)), np.ones(images, np.int64)
    )
    request = observe_request(monitor, MODEL, k, predicted)
    request.MergeFrom(observe_request(monitor, MODEL, k, truth))
    return request


def _images(k: int) -> int:
    return 2 + k % 3


def _detections(k: int) -> int:
    return 1 + k % 4


@asynccontextmanager
async def _connected(address: str) -> AsyncIterator[monitor_pb2_grpc.MonitorServiceStub]:
    options = (("grpc.enable_retries", 0), ("grpc.use_local_subchannel_pool", 1))
    async with aio.insecure_channel(address, options=options) as channel:
        yield monitor_pb2_grpc.MonitorServiceStub(channel)  # type: ignore[no-untyped-call]
