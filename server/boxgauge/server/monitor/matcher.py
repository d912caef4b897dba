"""Matches pairs of sides in the engine, many messages and streams in one run."""

from concurrent.futures import Executor

import numpy as np

from boxgauge.engine import Batcher, Engine, EvaluationSettings, Matches, match_images
from boxgauge.server.monitor.join import Pair
from boxgauge.server.monitor.rows import unpack_ground_truths, unpack_predictions

# Boxes of one run: some 50 ms of matching, so that nobody waits long behind a run.
MAX_BOXES = 200_000


class Matcher:
    """Matches pairs of one monitor; what arrives while a run is busy is run together."""

    def __init__(
        self, engine: Engine, settings: EvaluationSettings, executor: Executor, *, max_waiting: int
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._batcher: Batcher[list[Pair], Matches] = Batcher(
            self._run,
            weight=_boxes,
            max_weight=MAX_BOXES,
            max_waiting=max_waiting,
            executor=executor,
        )

    async def match(self, pairs: list[Pair]) -> Matches:
        """Return the matches of these pairs, in their order; at least one pair.

        Raises:
            ResourceExhaustedError: Too many wait, or one image has too many candidate pairs.
        """
        return await self._batcher.submit(pairs)

    def _run(self, items: list[list[Pair]]) -> list[Matches]:
        pairs = [pair for item in items for pair in item]
        image_ids = tuple(pair.image_id for pair in pairs)
        matches = match_images(
            self._engine,
            unpack_predictions(image_ids, [pair.predictions.rows for pair in pairs]),
            unpack_ground_truths(image_ids, [pair.ground_truth.rows for pair in pairs]),
            self._settings,
        )
        if len(items) == 1:
            return [matches]
        ends = np.cumsum([len(item) for item in items])
        return [
            matches.select(np.arange(end - len(item), end))
            for item, end in zip(items, ends, strict=True)
        ]


def _boxes(pairs: list[Pair]) -> int:
    return sum(pair.predictions.boxes + pair.ground_truth.boxes for pair in pairs)
