"""What a detector found on real images, again and again, and a version of it that went wrong."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from boxgauge.client import ground_truth_batch, prediction_batch
from boxgauge.formats import read_detections, read_ground_truth
from boxgauge.frames import GroundTruths, Predictions
from boxgauge.v1 import frames_pb2

SHRUNK_TO = 0.75
SOURCE = "random"


@dataclass(frozen=True, slots=True)
class Shot:
    """One image as it is taken: which scene it shows, and when.

    Attributes:
        number: Counts from 0; the image's id.
        event_time: Seconds since 1970.
        is_bad: The detector's bad version looks at it.
    """

    number: int
    event_time: float
    is_bad: bool


class Footage:
    """The scenes of a COCO pair in turn, without end; each time under another id.

    The bad version is the good one, its boxes shrunk about their centres to three quarters of their
    width and height: what a wrong resize on the way out of a detector does. Scores and classes
    are the same, so that scores alone do not give it away.
    """

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        truth = read_ground_truth(folder / "ground_truth.json")
        self.classes = {each.id: each.name for each in truth.classes}
        found, _ = read_detections(folder / "detections.json", truth)
        order = np.random.default_rng(7).permutation(len(found)).tolist()
        self._good = found.take(order)
        self._bad = _shrunk(self._good)
        self._truth = truth.frames.take(order)

    def predictions(self, shots: list[Shot]) -> list[frames_pb2.PredictionBatch]:
        """Return what the detector says of these images, a message part a version."""
        parts = []
        for source, is_bad in ((self._good, False), (self._bad, True)):
            of_it = [each for each in shots if each.is_bad is is_bad]
            if of_it:
                parts.append(self._part(source, of_it))
        return parts

    def labels(self, shots: list[Shot]) -> frames_pb2.GroundTruthBatch:
        """Return what is really on these images."""
        truth: GroundTruths = self._truth.take(self._scenes(shots))
        return ground_truth_batch(
            [each.number for each in shots],
            truth.counts,
            truth.boxes,
            truth.labels,
            areas=truth.areas,
            crowd=truth.crowd,
            ignore=truth.ignore,
            sources=[SOURCE] * len(shots),
        )

    def _part(self, source: Predictions, shots: list[Shot]) -> frames_pb2.PredictionBatch:
        scenes = self._scenes(shots)
        found = source.take(scenes)
        return prediction_batch(
            [each.number for each in shots],
            found.counts,
            found.boxes,
            found.labels,
            found.scores,
            event_times=[each.event_time for each in shots],
            # A scene that comes again says nothing new: the interval must not count it twice.
            clusters=[f"scene {scene}" for scene in scenes],
        )

    def _scenes(self, shots: list[Shot]) -> list[int]:
        return [each.number % len(self._good) for each in shots]


def _shrunk(good: Predictions) -> Predictions:
    left, top, width, height = good.boxes.T
    gap = (1 - SHRUNK_TO) / 2
    boxes = np.stack(
        [left + width * gap, top + height * gap, width * SHRUNK_TO, height * SHRUNK_TO], axis=1
    )
    return Predictions(good.image_ids, good.counts, boxes, good.labels, good.scores)
