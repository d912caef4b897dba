"""From matched images to the numbers that a sketch store counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.outcomes import operating_outcomes
from boxgauge.engine.class_places import class_places
from boxgauge.engine.engine import Engine
from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.matches import occurring
from boxgauge.engine.online.facts import ImageFacts
from boxgauge.engine.online.loss_graphs import LossGraphs
from boxgauge.engine.online.observed import ImageColumns, Sources, observe
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.engine.sketch.counting import buckets_of_ranks
from boxgauge.engine.sketch.grouped import (
    GROUP_BITS,
    LABEL_BITS,
    Tallied,
    group_of_id,
    grouped_ids,
)
from boxgauge.engine.sketch.keys import falling_keys
from boxgauge.engine.sketch.patterns import codes_of, most_patterns, with_patterns
from boxgauge.engine.sketch.tally import SketchTally
from boxgauge.frames import ImageId, InvalidInputError

Int64 = NDArray[np.int64]
UInt64 = NDArray[np.uint64]

# Of the number of a ground truth, above its group: an area range each, then the class.
_AREA_BITS = 32
_PATTERN_BYTES = 200


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """A batch of images.

    Attributes:
        image_ids: One id an image.
        counts: Evaluated detections of each image, int64 [images].
        ids: Of these, in the finest bins, as `GroupedRows` has them.
        truth_counts: Ground truths of each image, int64 [images].
        truth_ids: Class, area ranges and group as one number each.
        columns: What else is kept of each image.
    """

    image_ids: tuple[ImageId, ...]
    counts: Int64
    ids: UInt64
    truth_counts: Int64
    truth_ids: UInt64
    columns: ImageColumns

    @classmethod
    def joined(cls, parts: "Sequence[Encoded]") -> "Encoded":
        """Return at least one batch as one, in order."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            tuple(image_id for each in parts for image_id in each.image_ids),
            np.concatenate([each.counts for each in parts]),
            np.concatenate([each.ids for each in parts]),
            np.concatenate([each.truth_counts for each in parts]),
            np.concatenate([each.truth_ids for each in parts]),
            ImageColumns.joined([each.columns for each in parts]),
        )

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        arrays = (self.counts, self.ids, self.truth_counts, self.truth_ids)
        return sum(each.nbytes for each in arrays) + self.columns.nbytes


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """What codes stand for.

    Attributes:
        patterns: Code of each pattern of outcomes.
        sources: Of labels.
    """

    patterns: dict[bytes, int]
    sources: Sources

    @property
    def nbytes(self) -> int:
        """Bytes that the patterns take."""
        return _PATTERN_BYTES * len(self.patterns)


class Encoder:
    """Turns matched images into numbers.

    Args:
        engine: Holds the loss graphs.
        classes: What is evaluated; at most 32,768.
        settings: With which thresholds, as for a `SketchTally`.
        losses: Names of the losses to compute.

    Raises:
        InvalidInputError: There are too many classes, area ranges or maxima, or a loss is none
            that can be computed of matched pairs or scores.

    Attributes:
        names: What the codes of the images that were taken in stand for.
    """

    def __init__(
        self,
        engine: Engine,
        classes: tuple[ObjectClass, ...],
        settings: EvaluationSettings,
        losses: Sequence[str],
    ) -> None:
        # A sketch has the same bounds, but for the classes.
        self.classes = SketchTally(classes, settings).classes
        if len(classes) > 2**LABEL_BITS:
            raise InvalidInputError.at("classes", len(classes), f"at most {2**LABEL_BITS}")
        self.settings = settings
        self.names = Names({}, Sources())
        self.losses = LossGraphs(engine, losses)
        self._most_patterns = most_patterns(settings)
        self._class_ids = np.array([each.id for each in self.classes], dtype=np.int64)
        self._maxima = np.array(settings.max_detections, dtype=np.int64)

    def encode(self, images: MatchedImages, facts: ImageFacts) -> tuple[Encoded, Names]:
        """Return the images' numbers, and the names as they are to be if these are taken in.

        Raises:
            InvalidInputError: A label is no class of the store.
            ResourceExhaustedError: There would be too many patterns of outcomes.
        """
        outcomes = operating_outcomes(images.matches, self.settings)
        matches = images.matches.evaluated(self.settings.max_detections[-1])
        label = class_places(self._class_ids, matches.labels)
        truth_label = class_places(self._class_ids, matches.truth_labels)
        sources = Sources(self.names.sources.names)
        columns = observe(images, facts, outcomes, self.losses, self.settings, sources)
        used, place = occurring(matches.codes, len(matches.patterns))
        listed = matches.patterns[used].tolist()
        patterns = with_patterns(self.names.patterns, listed, self._most_patterns)
        ids = grouped_ids(
            label,
            falling_keys(matches.scores),
            buckets_of_ranks(self._maxima, matches.ranks),
            codes_of(patterns, listed)[place],
            np.repeat(columns.groups.astype(np.int64), matches.counts),
        )
        truth = truth_label.astype(np.uint64) << np.uint64(_AREA_BITS)
        truth |= matches.truth_counted.astype(np.uint64)
        truth_group = np.repeat(columns.groups.astype(np.uint64), matches.truth_counts)
        encoded = Encoded(
            matches.image_ids,
            matches.counts,
            ids,
            matches.truth_counts,
            truth << np.uint64(GROUP_BITS) | truth_group,
            columns,
        )
        return encoded, Names(patterns, sources)

    def adopt(self, patterns: Sequence[bytes]) -> Int64:
        """Return the code of each pattern; new ones are taken in.

        Raises:
            ResourceExhaustedError: There would be too many.
        """
        found = with_patterns(self.names.patterns, patterns, self._most_patterns)
        self.names = Names(found, self.names.sources)
        return codes_of(found, patterns)

    def keep(self, used: Iterable[Int64]) -> Int64:
        """Forget the patterns whose codes are nowhere; return the new code of each old one."""
        known = tuple(self.names.patterns)
        is_used = np.zeros(len(known), np.bool_)
        for codes_of_some in used:
            is_used[codes_of_some] = True
        kept = [known[k] for k in np.flatnonzero(is_used).tolist()]
        self.names = Names({each: k for k, each in enumerate(kept)}, self.names.sources)
        codes: Int64 = np.cumsum(is_used) - 1
        return codes


def positives_by_group(truths: Tallied, groups: int, classes: int, areas: int) -> Int64:
    """Return the ground truths to be found, int64 [groups, classes, areas]."""
    group = group_of_id(truths.ids).astype(np.int64)
    label, counted = truth_parts(truths.ids)
    found = np.zeros((groups, classes, areas), np.int64)
    for a in range(areas):
        within = counted >> a & 1 == 1
        counts = truths.counts[within].astype(np.int64)
        np.add.at(found[:, :, a], (group[within], label[within]), counts)
    return found


def truth_parts(ids: UInt64) -> tuple[Int64, Int64]:
    """Return class and area ranges, one bit each, of the numbers of ground truths."""
    numbers = ids >> np.uint64(GROUP_BITS)
    areas = numbers & np.uint64(2**_AREA_BITS - 1)
    return (numbers >> np.uint64(_AREA_BITS)).astype(np.int64), areas.astype(np.int64)
