"""Streams of images as matching leaves them: outcomes and scores, without boxes."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine import EvaluationSettings, ObjectClass
from boxgauge.engine.matches import SUMS, pack_patterns
from boxgauge.engine.online.window_rows import GROUPS, WindowColumns
from boxgauge.engine.online.windows import Span
from boxgauge.engine.settings import COCO_AREAS
from boxgauge.engine.tally_columns import TallyColumns

CLASSES = (ObjectClass(1, "common"), ObjectClass(2, "usual"), ObjectClass(3, "rare"))
SETTINGS = EvaluationSettings(areas=COCO_AREAS[:1], max_detections=(100,))
SHARES = (0.6, 0.3, 0.1)
CLUSTER = 20

_IOUS = np.array(SETTINGS.iou_thresholds)
_OBJECTS, _STRAY = 3.0, 4.0
# A pattern for each number of thresholds passed; every pair here is nested.
_PASSED = np.arange(len(_IOUS))[:, None] < np.arange(len(_IOUS) + 1)
_PATTERNS = tuple(pack_patterns(_PASSED, np.zeros_like(_PASSED)).tolist())

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Random = np.random.Generator


@dataclass(frozen=True, slots=True)
class Detector:
    """How good a detector is.

    Attributes:
        skill: Moves how well objects are found and framed.
    """

    skill: float = 0.0


@dataclass(frozen=True, slots=True)
class Process:
    """Where images come from.

    Attributes:
        cluster: Images of one sequence, which are as hard as one another.
        spread: Standard deviation of how hard sequences, or images, are.
    """

    cluster: int = 1
    spread: float = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What there is to be found, the same for any detector.

    Attributes:
        objects: Of each image.
        labels: Class of each object.
        hardness: Of each object's image, and of the object.
        luck: What every detector shares of its luck with each object.
    """

    objects: Int64
    labels: Int64
    hardness: Float64
    luck: Float64

    def __len__(self) -> int:
        return len(self.objects)


def draw_scene(process: Process, images: int, random: Random) -> Scene:
    """Return images; the last cluster may be cut short."""
    clusters = -(-images // process.cluster)
    hardness = np.repeat(random.normal(0, process.spread, clusters), process.cluster)[:images]
    objects = random.poisson(_OBJECTS, images)
    n = int(objects.sum())
    return Scene(
        objects,
        random.choice(len(CLASSES), n, p=SHARES),
        np.repeat(hardness, objects) + random.normal(0, 0.5, n),
        random.normal(0, 0.7, n),
    )


def draw_groups(process: Process, images: int, random: Random, *, known: bool = True) -> Int64:
    """Return the group of each image: by chance, as by a hash, of its sequence if that is known."""
    size = process.cluster if known else 1
    return np.repeat(random.integers(0, GROUPS, -(-images // size)), size)[:images]


def seen_by(detector: Detector, scene: Scene, groups: Int64, random: Random) -> WindowColumns:
    """Return what an exact store holds of the images as a detector sees them."""
    images, n = len(scene), len(scene.labels)
    of_object = np.repeat(np.arange(images), scene.objects)
    ease = 1.2 + detector.skill - scene.hardness + scene.luck + random.normal(0, 0.5, n)
    found = ease > 0
    iou = 1 / (1 + np.exp(-(0.9 + 0.45 * ease[found] + random.normal(0, 0.5, found.sum()))))
    stray = random.poisson(_STRAY, images)
    m = int(stray.sum())
    image = np.concatenate([of_object[found], np.repeat(np.arange(images), stray)])
    label = np.concatenate([scene.labels[found], random.choice(len(CLASSES), m, p=SHARES)])
    passed = np.concatenate([(iou[:, None] >= _IOUS).sum(axis=1), np.zeros(m, np.int64)])
    logits = np.concatenate(
        [0.3 + 0.9 * ease[found] + random.normal(0, 0.6, found.sum()), random.normal(-1.2, 1.2, m)]
    )
    order = np.argsort(image, kind="stable")
    columns = TallyColumns(
        scores=1 / (1 + np.exp(-logits[order])),
        codes=passed[order].astype(np.uint16),
        labels=label[order].astype(np.uint8),
        ranks=np.zeros(len(order), np.uint8),
        truth_labels=scene.labels.astype(np.uint8),
        truth_counted=np.ones(n, np.uint8),
        counts=np.bincount(image, minlength=images).astype(np.uint32),
        truth_counts=scene.objects.astype(np.uint32),
        sums=np.zeros((images, SUMS), np.int64),
    )
    ids = tuple(range(images))
    return WindowColumns(
        Span(0, 1), ids, columns, _PATTERNS, groups.astype(np.uint8), (), (), (), None
    )


def cut(window: WindowColumns, first: int, end: int) -> WindowColumns:
    """Return some images in a row."""
    images = np.arange(first, end)
    return replace(
        window,
        image_ids=window.image_ids[first:end],
        columns=window.columns.take(images),
        groups=window.groups[first:end],
    )
