"""What became of each detection at the operating point, and which of them count."""

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.matches import Matches, outcomes_at
from boxgauge.engine.operating import operating_threshold
from boxgauge.engine.settings import EvaluationSettings


def operating_outcomes(matches: Matches, settings: EvaluationSettings) -> NDArray[np.uint8]:
    """Return 0 false positive, 1 true positive, 2 ignored or not evaluated: uint8 [d].

    At the operating point's IoU threshold, over the first area range.
    """
    shape = len(settings.areas), len(settings.iou_thresholds)
    of_pattern = outcomes_at(matches.patterns, operating_threshold(settings), *shape)
    outcomes: NDArray[np.uint8] = np.where(
        matches.ranks < settings.max_detections[-1], of_pattern[matches.codes], np.uint8(2)
    )
    return outcomes


def counted_rows(
    images: MatchedImages, settings: EvaluationSettings, score_threshold: float
) -> tuple[NDArray[np.int64], int]:
    """Return the detections that count, and how many were left out as no probability."""
    scores = images.matches.scores
    counts = (operating_outcomes(images.matches, settings) != 2) & (scores >= score_threshold)
    is_probability = (scores >= 0) & (scores <= 1)
    return np.flatnonzero(counts & is_probability), int((counts & ~is_probability).sum())
