"""Random detection problems made to hit COCO's corner cases, for us and for pycocotools."""

import contextlib
import copy
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from boxgauge.engine import COCO_AREAS, AreaRange, EvaluationSettings
from boxgauge.frames import GroundTruths, Predictions

Record = dict[str, Any]
Rng = np.random.Generator

# Sides of squares whose areas stand on COCO's edges, 32² = 1024 and 96² = 9216, and of others.
SIDES = (20.0, 32.0, 40.0, 96.0, 100.0)
# Areas as annotations may state them: unlike w·h, on both edges, and one ULP beside them.
AREAS = (
    0.0,
    1024.0,
    9216.0,
    *(float(np.nextafter(edge, to)) for edge in (1024.0, 9216.0) for to in (0.0, 1e5)),
)
SCORES = (0.1, 0.5, 0.5, 0.75, 1.0, 0.0, -0.0, -2.5)


@dataclass(frozen=True)
class Scene:
    """A ground truth document and results, as COCO writes them."""

    images: list[int]
    categories: list[int]
    annotations: list[Record]
    results: list[Record]

    def frames(self) -> tuple[Predictions, GroundTruths]:
        """Return both sides; the images stand in the order of the document."""
        results = by_image(self.images, self.results)
        truths = by_image(self.images, self.annotations)
        predictions = Predictions.from_arrays(
            self.images,
            [len(rows) for rows in results],
            *(column(results, key) for key in ("bbox", "category_id", "score")),
        )
        return predictions, GroundTruths.from_arrays(
            self.images,
            [len(rows) for rows in truths],
            *(column(truths, key) for key in ("bbox", "category_id")),
            areas=column(truths, "area"),
            crowd=column(truths, "iscrowd").astype(bool),
            ignore=column(truths, "ignore").astype(bool),
            ids=column(truths, "id"),
        )


@dataclass(frozen=True)
class Expected:
    """pycocotools' own arrays and statistics, -1 where undefined."""

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    scores: NDArray[np.float64]
    statistics: list[float]


def by_image(images: list[int], records: list[Record]) -> list[list[Record]]:
    return [[each for each in records if each["image_id"] == image] for image in images]


def column(rows: list[list[Record]], key: str) -> NDArray[Any]:
    """Return one key of all records, image by image."""
    return np.array([each[key] for side in rows for each in side])


@st.composite
def scenes(draw: st.DrawFn, *, strict: bool = False) -> Scene:
    """Draw the shape of a scene, and its many numbers from a seed.

    With ``strict`` come the inputs that pycocotools gets wrong: the id 0 and ``ignore``.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    images = draw(st.lists(st.integers(-3, 60), min_size=1, max_size=7, unique=True))
    categories = draw(st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True))
    most = draw(st.sampled_from([0, 1, 4, 12]))
    has_ties, has_crowds = draw(st.booleans()), draw(st.booleans())
    # Now and then one image has more detections of a class than the 100 that count.
    flood = draw(st.sampled_from([0] * 11 + [130]))

    annotations: list[Record] = []
    results: list[Record] = []
    for image in images:
        truths = [
            annotation(rng, image, categories, has_crowds=has_crowds)
            for _ in range(rng.integers(0, most + 1))
        ]
        annotations += truths
        extra = flood if image == images[0] else 0
        results += [
            result(rng, image, [*categories, 77], truths, has_ties=has_ties)
            for _ in range(rng.integers(0, 2 * most + 1) + extra)
        ]
    rng.shuffle(annotations)
    rng.shuffle(results)
    first = 0 if strict else 1
    for k, each in enumerate(annotations, start=first):
        each["id"] = k
        each["ignore"] = int(strict and rng.random() < 0.3)
    return Scene(images, categories, annotations, results)


@st.composite
def asked(draw: st.DrawFn) -> EvaluationSettings:
    """Draw thresholds, area ranges and maxima of any number, and whether classes matter."""
    steps = st.lists(st.integers(6, 20), min_size=1, max_size=4, unique=True)
    areas = st.lists(
        st.sampled_from(
            [AreaRange("small", 0, 1024), AreaRange("odd", 500, 9216), AreaRange("none", 1, 2)]
        ),
        max_size=3,
        unique=True,
    )
    maxima = st.lists(st.sampled_from([1, 2, 3, 10, 100, 120]), min_size=1, max_size=5, unique=True)
    return EvaluationSettings(
        iou_thresholds=tuple(k / 20 for k in sorted(draw(steps))),
        areas=(COCO_AREAS[0], *draw(areas)),
        max_detections=tuple(sorted(draw(maxima))),
        class_agnostic=draw(st.booleans()),
    )


def as_params(asked: EvaluationSettings) -> dict[str, Any]:
    """Return what pycocotools calls the settings."""
    return {
        "iouThrs": np.array(asked.iou_thresholds),
        "areaRng": [[area.low, area.high] for area in asked.areas],
        "areaRngLbl": [area.name for area in asked.areas],
        "maxDets": [*asked.max_detections],
        "useCats": int(not asked.class_agnostic),
    }


def annotation(rng: Rng, image: int, categories: list[int], *, has_crowds: bool) -> Record:
    width, height = rng.choice(SIDES, 2).tolist()
    if rng.random() < 0.05:
        width = 0.0
    corner = rng.integers(0, 4, 2) * 10.0 if rng.random() < 0.7 else rng.uniform(0, 80, 2)
    area = width * height if rng.random() < 0.5 else float(rng.choice(AREAS))
    return {
        "image_id": image,
        "category_id": int(rng.choice(categories)),
        "bbox": [*corner.tolist(), width, height],
        "area": area,
        "iscrowd": int(has_crowds and rng.random() < 0.25),
    }


def result(
    rng: Rng, image: int, labels: list[int], truths: list[Record], *, has_ties: bool
) -> Record:
    score = float(rng.choice(SCORES)) if has_ties else float(rng.random())
    label = int(rng.choice(labels))
    box = rng.uniform(0, 100, 4).tolist()
    if truths and rng.random() < 0.85:
        near = truths[rng.integers(len(truths))]
        label = near["category_id"] if rng.random() < 0.9 else label
        left, top, width, height = near["bbox"]
        # Part of the truth: the overlap is k / 20, COCO's thresholds among them; or jittered.
        part = int(rng.integers(8, 21)) / 20
        box = [left, top, width, height * part]
        if rng.random() < 0.4:
            box = (np.array(near["bbox"]) + rng.normal(0, 3, 4)).clip(0).tolist()
    return {"image_id": image, "category_id": label, "bbox": box, "score": score}


def pycocotools(scene: Scene, **params: object) -> Expected:
    """Return what pycocotools computes, with these of its parameters set.

    Its summary knows three maxima and four areas only: with other parameters than ``useCats``
    there are no statistics.
    """
    with silence():
        evaluator = COCOeval(*_documents(scene), "bbox")
        for name, value in params.items():
            setattr(evaluator.params, name, value)
        evaluator.evaluate()
        evaluator.accumulate()
        if not params.keys() - {"useCats"}:
            evaluator.summarize()
    found = evaluator.eval
    statistics = np.asarray(evaluator.stats, dtype=np.float64).tolist()
    return Expected(found["precision"], found["recall"], found["scores"], statistics)


def _documents(scene: Scene) -> tuple[COCO, COCO]:
    truth, found = COCO(), COCO()
    truth.dataset = {
        "images": [{"id": each} for each in scene.images],
        "categories": [{"id": each, "name": str(each)} for each in scene.categories],
        "annotations": copy.deepcopy(scene.annotations),
    }
    truth.createIndex()
    if scene.results:
        return truth, truth.loadRes(copy.deepcopy(scene.results))
    # loadRes raises IndexError on no results at all; this is what it would make of them.
    found.dataset = truth.dataset | {"annotations": []}
    found.createIndex()
    return truth, found


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Swallow what pycocotools prints."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield
