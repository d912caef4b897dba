"""What matching found out about a batch of images: all that a tally needs, by columns."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from boxgauge.frames import ImageId

# Mean losses are kept as integers in these units, so that sums can be taken back exactly.
FIXED_POINT = 2.0**32
# How many numbers `ImageSums` has for an image.
SUMS = 6


@dataclass(frozen=True, slots=True, eq=False)
class ImageSums:
    """Per image: counts and sums of losses, int64 [images] each.

    Attributes:
        detections: Detections, before any maximum.
        giou: Sum of 1 - GIoU over matched pairs, in units of 2^-32.
        giou_pairs: Matched pairs.
        bce: Sum of binary cross entropy in nats, in units of 2^-32.
        bce_count: Detections that are matched or not, and not ignored.
        not_probability: Of those, scores outside [0, 1], for which there is no cross entropy.
    """

    detections: NDArray[np.int64]
    giou: NDArray[np.int64]
    giou_pairs: NDArray[np.int64]
    bce: NDArray[np.int64]
    bce_count: NDArray[np.int64]
    not_probability: NDArray[np.int64]

    def rows(self) -> NDArray[np.int64]:
        """Return the sums as [images, 6], in the order of the attributes."""
        return np.stack([getattr(self, each.name) for each in fields(self)], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """The outcome of every detection and ground truth of a batch of images.

    Attributes:
        image_ids: One id an image.
        counts: Detections of each image, int64 [images].
        labels: Class id of each detection, int64 [d].
        scores: Confidence, float64 [d].
        ranks: Place by score in its image and class, int64 [d]; from the last of
            ``max_detections`` on it was not evaluated, and its outcome means nothing.
        codes: Row of ``patterns`` that says what became of each detection, int64 [d].
        patterns: Outcomes over areas and thresholds, packed: one bytes string each, [p]; one
            may stand in several rows, or in one that no code names.
        partners: The ground truth that each took over the first area range, at the operating
            point's threshold: its place in its image, or -1, int64 [d].
        truth_counts: Ground truths of each image, int64 [images].
        truth_labels: Class id of each ground truth, int64 [g].
        truth_counted: Area ranges in which it has to be found, one bit each, uint32 [g].
        sums: Per image.
    """

    image_ids: tuple[ImageId, ...]
    counts: NDArray[np.int64]
    labels: NDArray[np.int64]
    scores: NDArray[np.float64]
    ranks: NDArray[np.int64]
    codes: NDArray[np.int64]
    patterns: NDArray[np.bytes_]
    partners: NDArray[np.int64]
    truth_counts: NDArray[np.int64]
    truth_labels: NDArray[np.int64]
    truth_counted: NDArray[np.uint32]
    sums: ImageSums

    def __len__(self) -> int:
        return len(self.image_ids)

    def select(self, images: ArrayLike) -> "Matches":
        """Return the matches of the images at these positions, in this order."""
        chosen = np.asarray(images, dtype=np.int64)
        rows = rows_of(self.counts, chosen)
        truths = rows_of(self.truth_counts, chosen)
        known, codes = occurring(self.codes[rows], len(self.patterns))
        return Matches(
            tuple(self.image_ids[k] for k in chosen.tolist()),
            self.counts[chosen],
            self.labels[rows],
            self.scores[rows],
            self.ranks[rows],
            codes,
            self.patterns[known],
            self.partners[rows],
            self.truth_counts[chosen],
            self.truth_labels[truths],
            self.truth_counted[truths],
            ImageSums(*(column[chosen] for column in self.sums.rows().T)),
        )

    def evaluated(self, most: int) -> "Matches":
        """Return the matches without the detections beyond ``most`` an image and class."""
        kept = self.ranks < most
        if kept.all():
            return self
        images = np.repeat(np.arange(len(self), dtype=np.int64), self.counts)
        return replace(
            self,
            counts=np.bincount(images[kept], minlength=len(self)),
            labels=self.labels[kept],
            scores=self.scores[kept],
            ranks=self.ranks[kept],
            codes=self.codes[kept],
            partners=self.partners[kept],
        )

    @classmethod
    def concatenate(cls, parts: "list[Matches]") -> "Matches":
        """Return the parts as one, in order; at least one part."""
        if len(parts) == 1:
            return parts[0]
        joined: dict[str, Any] = {
            each.name: np.concatenate([getattr(part, each.name) for part in parts])
            for each in fields(cls)
            if each.name not in ("image_ids", "sums")
        }
        ids = tuple(image_id for part in parts for image_id in part.image_ids)
        sums = np.concatenate([part.sums.rows() for part in parts])
        sizes = [len(part.patterns) for part in parts]
        rows = [len(part.codes) for part in parts]
        joined["codes"] += np.repeat(np.cumsum(sizes) - sizes, rows)
        return cls(image_ids=ids, sums=ImageSums(*sums.T), **joined)


def occurring(codes: NDArray[np.int64], most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the codes below ``most`` that occur, ascending, and the place of each among these."""
    is_used = np.zeros(most, np.bool_)
    is_used[codes] = True
    return np.flatnonzero(is_used), (np.cumsum(is_used) - 1)[codes]


def pack_patterns(tp: NDArray[np.bool_], ignored: NDArray[np.bool_]) -> NDArray[np.bytes_]:
    """Return one bytes string a detection for its outcomes, given as [areas·thresholds, d]."""
    combinations, detections = tp.shape
    side = -(-combinations // 8)
    # Packed along rows of one detection: packing along the first axis is four times slower.
    bits = np.zeros((detections, 2, side * 8), dtype=np.bool_)
    bits[:, 0, :combinations] = tp.T
    bits[:, 1, :combinations] = ignored.T
    packed = np.packbits(bits.reshape(detections, 2 * side * 8), axis=1)
    return packed.view(f"S{2 * side}").reshape(detections)


def unpack_patterns(patterns: Sequence[bytes], areas: int, thresholds: int) -> NDArray[np.int64]:
    """Return outcomes [p, areas, thresholds]: 0 false positive, 1 true positive, 2 ignored."""
    combinations = areas * thresholds
    width = pattern_bytes(areas, thresholds)
    # numpy fills up with the zero bytes that it strips from the ends of its strings.
    packed = np.array(patterns, dtype=f"S{width}").view(np.uint8)
    bits = np.unpackbits(packed.reshape(-1, 2, width // 2), axis=2)[:, :, :combinations]
    outcomes: NDArray[np.int64] = bits[:, 0].astype(np.int64) + 2 * bits[:, 1]
    return outcomes.reshape(-1, areas, thresholds)


def outcomes_at(
    patterns: NDArray[np.bytes_], threshold: int, areas: int, thresholds: int
) -> NDArray[np.uint8]:
    """Return the outcomes at one threshold over the first area range, uint8 [p]."""
    width = pattern_bytes(areas, thresholds)
    packed = patterns.astype(f"S{width}", copy=False).view(np.uint8).reshape(-1, 2, width // 2)
    byte, shift = threshold // 8, 7 - threshold % 8
    bits = (packed[:, :, byte] >> shift) & 1
    outcomes: NDArray[np.uint8] = bits[:, 0] + 2 * bits[:, 1]
    return outcomes


def pattern_bytes(areas: int, thresholds: int) -> int:
    """Return the bytes of one packed pattern: true positives first, then what is ignored."""
    return 2 * -(-areas * thresholds // 8)


def rows_of(counts: NDArray[np.int64], images: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows of the chosen images, in their order."""
    first = np.cumsum(counts) - counts
    chosen = counts[images]
    shift = np.repeat(first[images] - (np.cumsum(chosen) - chosen), chosen)
    return shift + np.arange(int(chosen.sum()), dtype=np.int64)
