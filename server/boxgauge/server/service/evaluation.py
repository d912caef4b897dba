"""`boxgauge.v1.EvaluationService`: a closed set of frames, one exact report."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from boxgauge.engine import Engine, EvaluationSettings, ObjectClass, evaluate
from boxgauge.frames import (
    Frames,
    GroundTruths,
    ImageId,
    InvalidInputError,
    Predictions,
    UnavailableError,
    ground_truth_faults,
    prediction_faults,
    refuse_first,
)
from boxgauge.server.callers import CALLER
from boxgauge.server.monitor.book import check_size
from boxgauge.server.monitor.ledger import Ledger, Share
from boxgauge.server.monitor.sides import Arrivals
from boxgauge.server.observability.tracing import span
from boxgauge.server.service.gate import Gate
from boxgauge.server.wire.frames_in import arrivals
from boxgauge.server.wire.reports_out import report_out
from boxgauge.server.wire.settings_wire import classes_in, evaluation_in
from boxgauge.v1 import evaluation_pb2 as pb
from boxgauge.v1 import evaluation_pb2_grpc as rpc

Context = Any  # grpc's context, of which nothing is used here
F = TypeVar("F", bound=Frames)
IDLE_S = 60.0  # a call may hold its frames, and bring no more, for so long
MAX_WAITING_EVALUATIONS = 256


class _CancelledError(Exception):
    """Raised within the computing thread once nobody waits for it."""


@dataclass(slots=True)
class Gathered:
    """The frames of one call so far."""

    share: Share
    predictions: list[Predictions] = field(default_factory=list)
    ground_truths: list[GroundTruths] = field(default_factory=list)
    predicted: set[ImageId] = field(default_factory=set)
    labelled: set[ImageId] = field(default_factory=set)

    def add(self, came: Arrivals) -> None:
        """Keep the frames of one message.

        Raises:
            InvalidInputError: A frame cannot be read, holds what may not be, or came before.
            ResourceExhaustedError: More would be held than may be.
        """
        if came.refused:
            raise came.refused[0].error
        for predictions in came.predictions:
            faults = prediction_faults(predictions.frames, probability=False)
            self._check("predictions", predictions.frames, faults, self.predicted)
            self.predictions.append(predictions.frames)
        for ground_truths in came.ground_truths:
            faults = ground_truth_faults(ground_truths.frames)
            self._check("ground_truths", ground_truths.frames, faults, self.labelled)
            self.ground_truths.append(ground_truths.frames)

    def _check(
        self,
        side: str,
        frames: Frames,
        faults: dict[int, InvalidInputError],
        seen: set[ImageId],
    ) -> None:
        refuse_first(side, frames, faults)
        for image_id in frames.image_ids:
            if image_id in seen:
                raise InvalidInputError.at(side, repr(image_id), "once an image")
            seen.add(image_id)
        self.share.take(len(frames.labels), len(frames))


class EvaluationService(rpc.EvaluationServiceServicer):
    """Evaluates what one call brings, and keeps nothing.

    Args:
        engine: Computes.
        executor: Where it computes.
        gate: What evaluations pass, so that the executor is not theirs alone.
        ledger: Frames being gathered count as held.
    """

    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        gate: Gate,
        ledger: Ledger,
    ) -> None:
        self._engine = engine
        self._executor = executor
        self._gate = gate
        self._ledger = ledger

    async def Evaluate(  # noqa: N802 (gRPC's name)
        self, request_iterator: AsyncIterator[pb.EvaluateRequest], context: Context
    ) -> pb.EvaluateResponse:
        """Gather frames until the caller closes its side, then return the report."""
        gathered = Gathered(self._ledger.share())
        given: tuple[tuple[ObjectClass, ...], EvaluationSettings] | None = None
        try:
            while (request := await _next(request_iterator, IDLE_S)) is not None:
                if request.HasField("settings") != (given is None):
                    found = "absent from it" if given is None else "in a later one"
                    raise InvalidInputError.at("settings", found, "in the first message alone")
                if given is None:
                    given = (
                        classes_in(request.settings.classes),
                        evaluation_in(request.settings.evaluation),
                    )
                    check_size(*given)
                with span("decode"):
                    gathered.add(arrivals(request.frames))
                del request
            if given is None:
                raise InvalidInputError.at("settings", "no message", "in the first message")
            return await self._evaluate(gathered, *given)
        finally:
            gathered.share.release()

    async def _evaluate(
        self, gathered: Gathered, classes: tuple[ObjectClass, ...], settings: EvaluationSettings
    ) -> pb.EvaluateResponse:
        is_cancelled = False

        def progress(_: int) -> None:
            if is_cancelled:
                raise _CancelledError

        def run() -> pb.EvaluateResponse:
            made = evaluate(
                self._engine,
                _joined(Predictions.from_arrays([], [], [], [], []), gathered.predictions),
                _joined(GroundTruths.from_arrays([], [], [], []), gathered.ground_truths),
                classes,
                settings,
                progress=progress,
            )
            return pb.EvaluateResponse(
                report=report_out(made.report), dropped_detections=made.dropped
            )

        try:
            with span("evaluate", images=len(gathered.labelled)):
                return await self._gate.run(CALLER.get(), self._executor, run)
        except asyncio.CancelledError:
            is_cancelled = True
            raise


async def _next(
    requests: AsyncIterator[pb.EvaluateRequest], idle_s: float
) -> pb.EvaluateRequest | None:
    """Return the next request, None after the last, and give up who brings none for so long."""
    try:
        async with asyncio.timeout(idle_s):
            return await anext(requests, None)
    except TimeoutError:
        raise UnavailableError(
            f"no message for {idle_s:g} s: an evaluation holds its frames in memory, and"
            " must be sent without long pauses",
            field="request",
        ) from None


def _joined(empty: F, batches: Sequence[F]) -> F:
    return type(empty).concatenate(batches) if batches else empty
