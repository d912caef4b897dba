"""Matches joined images in the engine, many messages and streams in one run."""

import time
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from boxgauge.engine import (
    Batcher,
    Engine,
    EvaluationSettings,
    MatchedImages,
    match_images,
)
from boxgauge.frames import GroundTruths, Predictions
from boxgauge.server.monitor.rows import unpack_ground_truths, unpack_predictions
from boxgauge.server.monitor.steps import Joined
from boxgauge.server.observability.tracing import span
from boxgauge.server.workings import Workings

# Boxes of one run: some 50 ms of matching, so that nobody waits long behind a run.
MAX_BOXES = 200_000


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Images that wait for a run, and since when."""

    joined: Sequence[Joined]
    since: float


class Matcher:
    """Matches images of one monitor; what arrives while a run is busy is run together.

    Args:
        engine: Holds the graphs.
        settings: Thresholds of the monitor.
        executor: Where runs happen.
        max_waiting: Calls that may wait for a run.
        workings: Told of each run; None: nobody is.
    """

    def __init__(
        self,
        engine: Engine,
        settings: EvaluationSettings,
        executor: Executor,
        *,
        max_waiting: int,
        workings: Workings | None = None,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._workings = workings
        self._batcher: Batcher[_Waiting, MatchedImages] = Batcher(
            self._run,
            weight=lambda item: _boxes(item.joined),
            max_weight=MAX_BOXES,
            max_waiting=max_waiting,
            executor=executor,
        )

    async def match(self, joined: Sequence[Joined]) -> MatchedImages:
        """Return these images matched, in their order; at least one.

        Raises:
            ResourceExhaustedError: Too many wait, or one image has too many candidate pairs.
        """
        with span("match", images=len(joined)):
            return await self._batcher.submit(_Waiting(joined, time.perf_counter()))

    def _run(self, items: list[_Waiting]) -> list[MatchedImages]:
        began = time.perf_counter()
        sides = [_unpacked(each.joined) for each in items]
        predictions = Predictions.concatenate([each for each, _ in sides])
        truths = GroundTruths.concatenate([each for _, each in sides])
        if self._workings is not None:
            pairs = int((predictions.counts * truths.counts).sum())
            waited_s = [began - item.since for item in items]
            self._workings.matched(len(predictions), pairs, waited_s)
        matches = match_images(self._engine, predictions, truths, self._settings)
        if len(items) == 1:
            return [MatchedImages(predictions, truths, matches)]
        ends = np.cumsum([len(item.joined) for item in items]).tolist()
        return [
            MatchedImages(*each, matches.select(np.arange(end - len(item.joined), end)))
            for each, item, end in zip(sides, items, ends, strict=True)
        ]


def _unpacked(joined: Sequence[Joined]) -> tuple[Predictions, GroundTruths]:
    ids = tuple(each.image_id for each in joined)
    return (
        unpack_predictions(ids, [each.predictions.rows for each in joined]),
        unpack_ground_truths(ids, [each.truth.rows for each in joined]),
    )


def _boxes(joined: Sequence[Joined]) -> int:
    return sum(each.predictions.boxes + each.truth.boxes for each in joined)
