"""Both sides of some images, matched and ready to be resampled."""

from dataclasses import replace
from typing import TypeVar

from boxgauge.engine import Engine, EvaluationSettings, evaluate
from boxgauge.engine.analysis import ResamplingTally
from boxgauge.frames import Frames, GroundTruths, Predictions
from tests.engine.sides import CLASSES

COCO = EvaluationSettings()
F = TypeVar("F", bound=Frames)


def tally_of(engine: Engine, predictions: Predictions, truths: GroundTruths) -> ResamplingTally:
    """Return the images as a tally of all classes."""
    tally = ResamplingTally(CLASSES, COCO)
    evaluate(engine, predictions, truths, CLASSES, COCO, accumulators=[tally])
    return tally


def numbered(frames: F) -> F:
    """Return the images under new ids, as they stand."""
    return replace(frames, image_ids=tuple(range(len(frames))))
