"""What a store keeps of each image beside its detections, by columns."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.units import group_of
from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.matches import SUMS
from boxgauge.engine.online.facts import ImageFacts
from boxgauge.engine.online.loss_graphs import LOSS_EDGES, LOSS_NUMBERS, LossGraphs
from boxgauge.engine.online.window_rows import GROUPS
from boxgauge.engine.settings import EvaluationSettings
from boxgauge.frames import ImageId

# Sources of labels that are told apart, in the order in which they are first seen.
MAX_SOURCES = 16
OTHER_SOURCE = "__other__"
# Upper ends of the bins of label delays, in microseconds: from a second to some four years,
# a quarter of an octave each.
DELAY_ENDS_US = np.rint(2.0 ** (np.arange(109) / 4) * 1e6).astype(np.int64)

Int64 = NDArray[np.int64]
Unsigned = NDArray[np.unsignedinteger[Any]]


class Sources:
    """Numbers the sources of labels; those beyond the 16th share the last number."""

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        self._codes = {name: code for code, name in enumerate(names)}

    @property
    def names(self) -> tuple[str, ...]:
        """The sources by number; the number after the last one is of all others."""
        return tuple(self._codes)

    def code(self, source: str) -> int:
        """Return the number of a source, a new one if there is room."""
        if source not in self._codes and len(self._codes) < MAX_SOURCES and source != OTHER_SOURCE:
            self._codes[source] = len(self._codes)
        return self._codes.get(source, MAX_SOURCES)


@dataclass(frozen=True, slots=True, eq=False)
class ImageColumns:
    """One entry an image.

    Attributes:
        counts: True and false positives at the operating point, and evaluated scores outside
            [0, 1], int64 [images, 3].
        sums: As in `ImageSums`, int64 [images, 6].
        errors: False positives and false negatives at the operating point, int64.
        delays_us: From the event time to the label, int64.
        first_loss: Mean of the first configured loss, float64; NaN without values.
        loss_numbers: As in `LossValues`.
        loss_bins: Likewise.
        groups: By the cluster, 0 to 31, uint8.
        sources: Number of the label's source, uint8.
    """

    counts: Int64
    sums: Int64
    errors: Int64
    delays_us: Int64
    first_loss: NDArray[np.float64]
    loss_numbers: Int64
    loss_bins: Unsigned
    groups: NDArray[np.uint8]
    sources: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.errors)

    @classmethod
    def empty(cls, losses: int) -> "ImageColumns":
        """Return no images."""
        return cls(
            np.zeros((0, 3), np.int64),
            np.zeros((0, SUMS), np.int64),
            np.zeros(0, np.int64),
            np.zeros(0, np.int64),
            np.zeros(0, np.float64),
            np.zeros((0, losses, LOSS_NUMBERS), np.int64),
            np.zeros((0, losses, len(LOSS_EDGES)), np.uint8),
            np.zeros(0, np.uint8),
            np.zeros(0, np.uint8),
        )

    @classmethod
    def joined(cls, parts: "list[ImageColumns]") -> "ImageColumns":
        """Return at least one part as one, in order."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            *(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(cls))
        )

    def take(self, images: NDArray[Any]) -> "ImageColumns":
        """Return the images at these positions, in this order."""
        return ImageColumns(*(getattr(self, each.name)[images] for each in fields(self)))

    @property
    def nbytes(self) -> int:
        """Bytes that the columns take."""
        return sum(getattr(self, each.name).nbytes for each in fields(self))


def observe(
    images: MatchedImages,
    facts: ImageFacts,
    outcomes: NDArray[np.uint8],
    losses: LossGraphs,
    settings: EvaluationSettings,
    sources: Sources,
) -> ImageColumns:
    """Return the columns of matched images.

    Args:
        images: Matched.
        facts: Of these images, in this order.
        outcomes: As `operating_outcomes` has them.
        losses: The configured ones.
        settings: With which the images were matched.
        sources: Where new sources of labels get their numbers.
    """
    matches = images.matches
    n = len(matches)
    image = np.repeat(np.arange(n), matches.counts)
    shown = matches.scores >= settings.score_threshold
    evaluated = matches.ranks < settings.max_detections[-1]
    improbable = evaluated & ~((matches.scores >= 0) & (matches.scores <= 1))
    tp, fp, wrong = (
        np.bincount(image[each], minlength=n)
        for each in (shown & (outcomes == 1), shown & (outcomes == 0), improbable)
    )
    truth_image = np.repeat(np.arange(n), matches.truth_counts)
    positives = np.bincount(truth_image[matches.truth_counted & 1 == 1], minlength=n)
    values = losses.values(images, outcomes)
    return ImageColumns(
        np.stack([tp, fp, wrong], axis=1),
        matches.sums.rows(),
        fp + positives - tp,
        facts.delays_us.astype(np.int64),
        values.first_means(),
        values.numbers,
        values.bins,
        groups_of(facts.clusters),
        np.array([sources.code(each) for each in facts.sources], np.uint8),
    )


def groups_of(clusters: tuple[ImageId, ...]) -> NDArray[np.uint8]:
    """Return the jackknife's group of each cluster."""
    return np.array([group_of(each, GROUPS) for each in clusters], np.uint8)
