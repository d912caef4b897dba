"""Detections and ground truth shaped like COCO val2017, made from a seed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from boxgauge.frames import GroundTruths, Predictions

CLASSES = 80
DETECTIONS_PER_IMAGE = 100
WIDTH, HEIGHT = 640.0, 480.0

# val2017: 36,781 ground truths on 5,000 images, 446 of them crowds, 30% of them persons.
_TRUTHS_PER_IMAGE = 36_781 / 5_000
_MOST_TRUTHS = 40
_CROWDS = 0.0121
_FIRST_CLASS = 0.3
_CLASSES_PER_IMAGE = 4
_FOUND, _FOUND_TWICE, _MISLABELLED = 0.9, 0.35, 0.05

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Workload:
    """Both sides of some images as columns; boxes are left, top, width, height, pixels."""

    image_ids: Int64
    truth_counts: Int64
    truth_boxes: Float64
    truth_labels: Int64
    truth_areas: Float64
    truth_crowd: NDArray[np.bool_]
    boxes: Float64
    labels: Int64
    scores: Float64

    @property
    def counts(self) -> Int64:
        """Detections of each image."""
        return np.full(len(self.image_ids), DETECTIONS_PER_IMAGE)

    def predictions(self) -> Predictions:
        """Return the detections as frames."""
        ids = self.image_ids.tolist()
        return Predictions.from_arrays(ids, self.counts, self.boxes, self.labels, self.scores)

    def ground_truths(self) -> GroundTruths:
        """Return the ground truth as frames."""
        return GroundTruths.from_arrays(
            self.image_ids.tolist(),
            self.truth_counts,
            self.truth_boxes,
            self.truth_labels,
            areas=self.truth_areas,
            crowd=self.truth_crowd,
        )

    def coco_ground_truth(self) -> dict[str, Any]:
        """Return the ground truth as the content of a COCO file."""
        images = np.repeat(self.image_ids, self.truth_counts).tolist()
        columns = zip(
            images,
            self.truth_labels.tolist(),
            self.truth_boxes.tolist(),
            self.truth_areas.tolist(),
            self.truth_crowd.tolist(),
            strict=True,
        )
        size = {"width": int(WIDTH), "height": int(HEIGHT)}
        return {
            "info": {},
            "images": [{"id": each, "file_name": "", **size} for each in self.image_ids.tolist()],
            "categories": [{"id": k, "name": str(k)} for k in range(1, CLASSES + 1)],
            "annotations": [
                {
                    "id": k,
                    "image_id": image,
                    "category_id": label,
                    "bbox": box,
                    "area": area,
                    "iscrowd": int(crowd),
                }
                for k, (image, label, box, area, crowd) in enumerate(columns, 1)
            ],
        }

    def coco_detections(self) -> Float64:
        """Return the rows that ``loadRes`` takes: image, box, score, class, [n, 7]."""
        images = np.repeat(self.image_ids, self.counts).astype(np.float64)
        return np.column_stack([images, self.boxes, self.scores, self.labels.astype(np.float64)])

    def write_coco(self, ground_truth: Path, detections: Path) -> None:
        """Write both sides as COCO files."""
        ground_truth.write_bytes(orjson.dumps(self.coco_ground_truth()))
        columns = zip(
            np.repeat(self.image_ids, self.counts).tolist(),
            self.labels.tolist(),
            self.boxes.tolist(),
            self.scores.tolist(),
            strict=True,
        )
        keys = ("image_id", "category_id", "bbox", "score")
        results = [dict(zip(keys, each, strict=True)) for each in columns]
        detections.write_bytes(orjson.dumps(results))


def make_workload(images: int, *, seed: int, truths: int | None = None) -> Workload:
    """Return the workload of a seed.

    Most ground truths are detected with a jittered box and a high score, some twice, some
    under another class; the rest of each image's detections are background with low scores.

    Args:
        images: How many, at least 1.
        seed: Equal seeds give equal workloads.
        truths: Ground truths of each image; by default as uneven as val2017's.
    """
    random = np.random.default_rng(seed)
    image_ids = np.sort(random.choice(600_000, images, replace=False) + 1)
    counts = _uneven_counts(images, random) if truths is None else np.full(images, truths)
    own_classes = random.choice(CLASSES, (images, _CLASSES_PER_IMAGE), p=_class_shares())

    image = np.repeat(np.arange(images), counts)
    labels = _labels(own_classes, image, random)
    boxes = _boxes(len(image), random)
    areas = (boxes[:, 2] * boxes[:, 3] * random.uniform(0.4, 0.9, len(image))).round(4)
    crowd = random.random(len(image)) < _CROWDS

    hit = np.flatnonzero(~crowd & (random.random(len(image)) < _FOUND))
    again = hit[random.random(len(hit)) < _FOUND_TWICE]
    hit_boxes = np.concatenate(
        [_jittered(boxes[hit], 0.06, random), _jittered(boxes[again], 0.2, random)]
    )
    hit_scores = np.concatenate(
        [random.beta(4, 2, len(hit)), random.beta(1.5, 5, len(again))],
    )
    hit = np.concatenate([hit, again])
    hit_labels = labels[hit].copy()
    other = random.random(len(hit)) < _MISLABELLED
    hit_labels[other] = random.integers(1, CLASSES + 1, int(other.sum()))

    missing = DETECTIONS_PER_IMAGE - np.bincount(image[hit], minlength=images)
    empty = np.repeat(np.arange(images), missing)
    dt_image = np.concatenate([image[hit], empty])
    dt_scores = np.concatenate([hit_scores, random.beta(1, 14, len(empty))]).round(5)
    order = np.lexsort((-dt_scores, dt_image))
    return Workload(
        image_ids,
        counts,
        boxes,
        labels,
        areas,
        crowd,
        np.concatenate([hit_boxes, _boxes(len(empty), random)])[order],
        np.concatenate([hit_labels, _background_labels(own_classes, empty, random)])[order],
        dt_scores[order],
    )


def _uneven_counts(images: int, random: np.random.Generator) -> Int64:
    """Return counts with a long tail whose sum is val2017's share, 1% of them 0."""
    weights = random.gamma(1.2, 1.0, images) * (random.random(images) > 0.01)
    wanted = round(images * _TRUTHS_PER_IMAGE)
    counts = np.zeros(images, np.int64)
    while (left := wanted - int(counts.sum())) > 0:
        open_weights = np.where(counts < _MOST_TRUTHS, weights + 1e-9, 0)
        more = random.multinomial(left, open_weights / open_weights.sum())
        counts = np.minimum(counts + more, _MOST_TRUTHS)
    return counts


def _class_shares() -> Float64:
    rest = 1 / np.arange(2, CLASSES + 1) ** 0.7
    return np.concatenate([[_FIRST_CLASS], (1 - _FIRST_CLASS) * rest / rest.sum()])


def _labels(own_classes: Int64, image: Int64, random: np.random.Generator) -> Int64:
    """Return classes, of which an image shows few."""
    return own_classes[image, random.integers(0, _CLASSES_PER_IMAGE, len(image))] + 1


def _background_labels(own_classes: Int64, image: Int64, random: np.random.Generator) -> Int64:
    """Return classes that a detector suspects: half of them are not in the image."""
    anything = random.choice(CLASSES, len(image), p=_class_shares()) + 1
    return np.where(random.random(len(image)) < 0.5, _labels(own_classes, image, random), anything)


def _boxes(n: int, random: np.random.Generator) -> Float64:
    """Return boxes inside the image, about 40% of them small and a quarter large."""
    sides = np.exp(random.normal(4.0, 1.0, n))[:, None] * np.exp(random.normal(0, 0.3, (n, 2)))
    sides = np.clip(sides, 2, (WIDTH * 0.98, HEIGHT * 0.98))
    corner = random.random((n, 2)) * ((WIDTH, HEIGHT) - sides)
    return np.concatenate([corner, sides], axis=1).round(2)


def _jittered(boxes: Float64, share: float, random: np.random.Generator) -> Float64:
    """Return the boxes moved and resized by a share of their size, normally distributed."""
    sides = np.concatenate([boxes[:, 2:], boxes[:, 2:]], axis=1)
    moved = boxes + random.normal(0, share, boxes.shape) * sides
    moved[:, 2:] = np.maximum(moved[:, 2:], 1)
    return moved.round(2)
