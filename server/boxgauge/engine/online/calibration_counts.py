"""What labelled images teach about scores: outcomes by class and bin of score."""

from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Self

import numpy as np

from boxgauge.engine.analysis.outcomes import operating_outcomes
from boxgauge.engine.class_places import class_places
from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.online.class_precision import moved_odds, rising
from boxgauge.engine.online.prediction_bins import SCORE, Float64, Int64, PredictionBins
from boxgauge.engine.settings import EvaluationSettings

# What it has beside the number of images.
COLUMNS = ("outcomes", "positives", "squares", "products")
FALSE_POSITIVE, TRUE_POSITIVE, IGNORED = range(3)
# So many detections of a class and bin, or objects of a class, are worth as much as what is
# expected of them beforehand.
PRIOR = 10.0
# Bins of score, this wide in the logit, in which an image's detections say how many objects
# it has; so many images are worth as much as what is expected beforehand.
_COARSE_STARTS = np.arange(-3, 4)
_PRIOR_IMAGES = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationCounts:
    """Counts of labelled images; never changed.

    Attributes:
        images: How many.
        outcomes: Detections by class, bin of score and outcome, int64 [classes, bins, 3].
        positives: Objects to be found by class, int64 [classes].
        squares: Sums over images of products of their numbers, 1 and then the detections of
            each coarse bin of score, int64 [coarse + 1, coarse + 1].
        products: Sums of the products of these numbers and the image's objects to be found.
    """

    images: int
    outcomes: Int64
    positives: Int64
    squares: Int64
    products: Int64

    @classmethod
    def empty(cls, bins: PredictionBins) -> Self:
        """Return the counts of no images."""
        classes, coarse = len(bins.class_ids), len(_COARSE_STARTS) + 2
        return cls(
            0,
            np.zeros((classes, bins.sizes[SCORE], 3), np.int64),
            np.zeros(classes, np.int64),
            np.zeros((coarse, coarse), np.int64),
            np.zeros(coarse, np.int64),
        )

    @classmethod
    def of(cls, images: MatchedImages, bins: PredictionBins, settings: EvaluationSettings) -> Self:
        """Return the counts of matched images, at the operating point's IoU, over all areas.

        Raises:
            InvalidInputError: A label is no class.
        """
        matches, width = images.matches, bins.sizes[SCORE]
        n, classes = len(matches), len(bins.class_ids)
        label, score = class_places(bins.class_ids, matches.labels), bins.score_bins(matches.scores)
        cell = (label * width + score) * 3 + operating_outcomes(matches, settings)
        outcomes = np.bincount(cell, minlength=classes * width * 3)
        is_counted = matches.truth_counted & 1 == 1
        truth = class_places(bins.class_ids, matches.truth_labels[is_counted])
        truth_image = np.repeat(np.arange(n), matches.truth_counts)[is_counted]

        coarse = len(_COARSE_STARTS) + 1
        place = np.repeat(np.arange(n), matches.counts) * coarse + coarse_of(bins)[score]
        numbers = np.bincount(place, minlength=n * coarse).reshape(n, coarse)
        numbers = np.concatenate([np.ones((n, 1), np.int64), numbers], axis=1)
        return cls(
            n,
            outcomes.reshape(classes, width, 3),
            np.bincount(truth, minlength=classes),
            numbers.T @ numbers,
            numbers.T @ np.bincount(truth_image, minlength=n),
        )

    def plus(self, other: Self, sign: int = 1) -> Self:
        """Return the sum, or with -1 the difference, whose counts may be below 0."""
        return replace(
            self,
            **{
                each.name: getattr(self, each.name) + sign * getattr(other, each.name)
                for each in fields(self)
            },
        )

    @property
    def is_possible(self) -> bool:
        """Whether no count is below 0."""
        lowest = (int(getattr(self, name).min(initial=0)) for name in COLUMNS)
        return min(self.images, *lowest) >= 0

    def rates(self) -> tuple[Float64, Float64]:
        """Return how many of the detections of a class and bin are true and false positives.

        Beforehand a class has the precision of all classes together, which never falls with
        the score, moved in its log odds by one number a class; its own counts in a bin weigh
        the more the more they are. What is left are detections that count neither way.
        """
        tp, fp, ignored = (self.outcomes[:, :, k] for k in (TRUE_POSITIVE, FALSE_POSITIVE, IGNORED))
        counted = tp + fp
        seen = counted + ignored
        common = rising(tp.sum(0), counted.sum(0))
        expected = moved_odds(common, tp, counted)
        precision = (tp + PRIOR * expected) / (counted + PRIOR)
        share = (counted.sum(0) + 1) / (seen.sum(0) + 1)
        kept = (counted + PRIOR * share) / (seen + PRIOR)
        return kept * precision, kept * (1 - precision)

    def expected_positives(
        self, tp: Float64, detections: Int64, images: int, bins: PredictionBins
    ) -> Float64:
        """Return how many objects of each class are to be expected.

        In all there are as many as the numbers of detections by coarse bin of score made
        likely on labelled images, by linear regression; beforehand as many as the expected
        true positives over the share of objects that were found. Classes share what is missed
        as they did there.

        Args:
            tp: Expected true positives by class and bin of score.
            detections: By class and bin of score.
            images: How many the detections are of.
            bins: Of the scores.
        """
        found = self.outcomes[:, :, TRUE_POSITIVE].sum(1)
        common = min((found.sum() + 1) / (self.positives.sum() + 1), 1.0)
        recalls = np.minimum((found + PRIOR * common) / (self.positives + PRIOR), 1.0)
        of_class = tp.sum(1)
        missed = of_class * (1 - recalls) / recalls

        coarse = coarse_of(bins)
        ours = self.outcomes.sum(2)
        seen = np.bincount(coarse, ours.sum(0), len(_COARSE_STARTS) + 1)
        hits = np.bincount(coarse, self.outcomes[:, :, TRUE_POSITIVE].sum(0), len(seen))
        before = np.append(0.0, hits / np.maximum(seen, 1) / common)
        ridge = np.diag(np.maximum(np.diag(self.squares), 1) * _PRIOR_IMAGES / max(self.images, 1))
        change = np.linalg.solve(self.squares + ridge, self.products - self.squares @ before)
        numbers = np.append(images, np.bincount(coarse, detections.sum(0), len(seen)))
        total = max(float(numbers @ (before + change)), 0.0)
        left = max(total - float(of_class.sum()), 0.0)
        scale = left / missed.sum() if missed.any() else 0.0
        positives: Float64 = of_class + missed * scale
        return positives


@lru_cache(maxsize=64)
def coarse_of(bins: PredictionBins) -> Int64:
    """Return the coarse bin of each bin of score."""
    starts = np.append(0.0, bins.score_starts)
    return np.searchsorted(1 / (1 + np.exp(-_COARSE_STARTS)), starts + 1e-9, side="right")
