"""Matches joined images in the engine, many messages and streams in one run."""

from collections.abc import Sequence
from concurrent.futures import Executor

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

# Boxes of one run: some 50 ms of matching, so that nobody waits long behind a run.
MAX_BOXES = 200_000


class Matcher:
    """Matches images of one monitor; what arrives while a run is busy is run together."""

    def __init__(
        self, engine: Engine, settings: EvaluationSettings, executor: Executor, *, max_waiting: int
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._batcher: Batcher[Sequence[Joined], MatchedImages] = Batcher(
            self._run,
            weight=_boxes,
            max_weight=MAX_BOXES,
            max_waiting=max_waiting,
            executor=executor,
        )

    async def match(self, joined: Sequence[Joined]) -> MatchedImages:
        """Return these images matched, in their order; at least one.

        Raises:
            ResourceExhaustedError: Too many wait, or one image has too many candidate pairs.
        """
        return await self._batcher.submit(joined)

    def _run(self, items: list[Sequence[Joined]]) -> list[MatchedImages]:
        sides = [_unpacked(each) for each in items]
        predictions = Predictions.concatenate([each for each, _ in sides])
        truths = GroundTruths.concatenate([each for _, each in sides])
        matches = match_images(self._engine, predictions, truths, self._settings)
        if len(items) == 1:
            return [MatchedImages(predictions, truths, matches)]
        ends = np.cumsum([len(item) for item in items]).tolist()
        return [
            MatchedImages(*each, matches.select(np.arange(end - len(item), end)))
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
