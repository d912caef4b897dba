"""The first run of everything that monitors run, so that no caller has to wait for it."""

from collections.abc import Callable
from functools import partial

import numpy as np

from boxgauge.engine.engine import Engine
from boxgauge.engine.evaluate import evaluate
from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.matching import match_images
from boxgauge.engine.online.calibration import Calibration
from boxgauge.engine.online.comparing import paired
from boxgauge.engine.online.drift import drift
from boxgauge.engine.online.estimate import Estimator
from boxgauge.engine.online.exact_store import ExactStore
from boxgauge.engine.online.facts import ImageFacts
from boxgauge.engine.online.loss_graphs import usable_losses
from boxgauge.engine.online.prediction_tally import PredictionTally
from boxgauge.engine.online.quality_of_window import quality
from boxgauge.engine.online.sketch_store import SketchStore
from boxgauge.engine.online.window_rows import WindowColumns, WindowRows
from boxgauge.engine.online.windows import HOUR_US, MINUTE_US, Ring, Window
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.frames import GroundTruths, Predictions

_CLASSES = (ObjectClass(1, "one"), ObjectClass(2, "other"))
# As many images as drift and estimates ask for before they run their graphs.
_IMAGES = 64
_START_US = 24 * HOUR_US
# All that reports and comparisons of windows run.
REPORT_GRAPHS = (
    "calibration_errors",
    "certified_report",
    "clustered_difference",
    "distribution_distances",
    "expected_average_precision",
    "f_beta",
    "left_out_report",
    "precision_recall",
)


def warm_up(engine: Engine) -> None:
    """Match, count, report, compare and estimate over a made scene, and run every loss.

    What a graph's first run does beyond later ones (memory, kernels, modules that are loaded when
    they are used) is over then. Keeps nothing.

    Args:
        engine: Holds all graphs that monitors use.
    """
    predictions, truths = _scene()
    evaluate(engine, predictions, truths, _CLASSES, EvaluationSettings())
    report_warm_up(engine)()


def report_warm_up(engine: Engine) -> Callable[[], None]:
    """Return work that makes each kind of report once.

    Args:
        engine: Holds all graphs that monitors use; the work itself wants `REPORT_GRAPHS` only.
    """
    settings = EvaluationSettings()
    predictions, truths = _scene()
    images = MatchedImages(predictions, truths, match_images(engine, predictions, truths, settings))
    facts = _facts()
    asked = engine, _CLASSES, settings, Ring(), usable_losses(engine)
    sketch, exact = SketchStore(*asked), ExactStore(*asked)
    sketch.add(images, facts)
    exact.add(images, facts)
    windows = (
        sketch.rows(sketch.snapshot(Window())),
        exact.rows(exact.snapshot(Window())),
    )
    tally = PredictionTally(_CLASSES, settings)
    tally.add(predictions, predictions.image_ids)
    estimator = Estimator(engine, _CLASSES, settings)
    estimator.add(images)
    return partial(_report, engine, settings, windows, tally, estimator.snapshot())


def _report(
    engine: Engine,
    settings: EvaluationSettings,
    windows: tuple[WindowRows, WindowColumns],
    tally: PredictionTally,
    calibration: Calibration,
) -> None:
    for window in windows:
        quality(engine, _CLASSES, settings, window)
        paired(engine, _CLASSES, settings, window, window)
    drift(engine, tally, tally, 0.01)
    calibration.estimate(tally)


def _scene() -> tuple[Predictions, GroundTruths]:
    """Return images with a detection that is right, one that is wrong, and a miss."""
    ids = list(range(_IMAGES))
    found, missed, background = [10, 10, 40, 30], [200, 60, 120, 110], [100, 100, 20, 20]
    draw = np.random.default_rng(0)
    predictions = Predictions.from_arrays(
        ids,
        [2] * _IMAGES,
        np.array([found, background] * _IMAGES, np.float64),
        [1, 2] * _IMAGES,
        draw.uniform(0.05, 0.95, 2 * _IMAGES),
    )
    truths = GroundTruths.from_arrays(
        ids, [2] * _IMAGES, np.array([found, missed] * _IMAGES, np.float64), [1, 2] * _IMAGES
    )
    return predictions, truths


def _facts() -> ImageFacts:
    ids = range(_IMAGES)
    return ImageFacts(
        times_us=_START_US + np.arange(_IMAGES, dtype=np.int64) * MINUTE_US,
        slices=tuple(() for _ in ids),
        clusters=tuple(ids),
        sources=tuple("" for _ in ids),
        delays_us=np.zeros(_IMAGES, np.int64),
    )
