"""LVIS's evaluation as loops over the records of its files: the slow reference.

numpy is here for its sums alone, so that means agree in all bits.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

Record = dict[str, Any]

THRESHOLDS = [float(each) for each in np.linspace(0.5, 0.95, 10)]
POINTS = [float(each) for each in np.linspace(0, 1, 101)]
AREAS = [(0, 1e10), (0, 1024), (1024, 9216), (9216, 1e10)]


def overlap(a: list[float], b: list[float]) -> float:
    """Return the IoU of two boxes, left, top, width, height."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def match(
    detections: list[Record],
    truths: list[Record],
    iou: float,
    area: tuple[float, float],
    open_: bool,
) -> tuple[list[tuple[float, int]], int]:
    """Return (score, outcome) of one image's detections of one class, and its positives.

    Outcomes are 0 false positive, 1 true positive, 2 ignored.
    """

    def outside(value: float) -> bool:
        return value < area[0] or value > area[1]

    ignored = [bool(each.get("ignore")) or outside(each["area"]) for each in truths]
    order = sorted(range(len(truths)), key=lambda g: ignored[g])
    taken: set[int] = set()
    rows = []
    for each in sorted(detections, key=lambda each: -each["score"]):
        best, chosen = min(iou, 1 - 1e-10), None
        for g in order:
            if g in taken:
                continue
            if chosen is not None and not ignored[chosen] and ignored[g]:
                break
            found = overlap(each["bbox"], truths[g]["bbox"])
            if found >= best:
                best, chosen = found, g
        if chosen is None:
            left_out = open_ or outside(each["bbox"][2] * each["bbox"][3])
            rows.append((each["score"], 2 if left_out else 0))
        else:
            taken.add(chosen)
            rows.append((each["score"], 2 if ignored[chosen] else 1))
    return rows, ignored.count(False)


def curve(rows: list[tuple[float, int]], positives: int) -> tuple[list[float], float]:
    """Return precision at 101 recalls and the recall reached."""
    precision, recall, tp, fp = [], [], 0, 0
    for _, outcome in sorted(rows, key=lambda row: -row[0]):
        tp, fp = tp + (outcome == 1), fp + (outcome == 0)
        precision.append(tp / (fp + tp + 2.0**-52))
        recall.append(tp / positives)
    for i in range(len(precision) - 1, 0, -1):
        precision[i - 1] = max(precision[i - 1], precision[i])
    at = []
    for point in POINTS:
        i = next((i for i, reached in enumerate(recall) if reached >= point), None)
        at.append(0.0 if i is None else precision[i])
    return at, recall[-1] if recall else 0.0


def judged(document: Record, results: list[Record], most: int) -> Iterator[tuple[Record, Record]]:
    """Yield (image, detection) of what is evaluated: the best, of classes that were looked for."""
    for image in document["images"]:
        rows = [each for each in results if each["image_id"] == image["id"]]
        if len(rows) > most:
            rows = sorted(rows, key=lambda each: -each["score"])[:most]
        present = {
            each["category_id"]
            for each in document["annotations"]
            if each["image_id"] == image["id"]
        }
        for each in rows:
            if each["category_id"] in present | set(image["neg_category_ids"]):
                yield image, each


def statistics(document: Record, results: list[Record], most: int = 300) -> list[float | None]:
    """Return AP, AP50, AP75, APs, APm, APl, APr, APc, APf, AR, ARs, ARm, ARl."""
    images = sorted(document["images"], key=lambda image: image["id"])
    categories = sorted(document["categories"], key=lambda each: each["id"])
    kept = [*judged(document, results, most)]
    shape = (len(THRESHOLDS), len(categories), len(AREAS))
    precision, recall = np.full((*shape, len(POINTS)), -1.0), np.full(shape, -1.0)
    for t, k, a in np.ndindex(shape):
        rows, positives = [], 0
        for image in images:
            ours = image["id"], categories[k]["id"]
            more, found = match(
                [each for owner, each in kept if (owner["id"], each["category_id"]) == ours],
                [
                    each
                    for each in document["annotations"]
                    if (each["image_id"], each["category_id"]) == ours
                ],
                THRESHOLDS[t],
                AREAS[a],
                ours[1] in image["not_exhaustive_category_ids"],
            )
            rows += more
            positives += found
        if positives:
            precision[t, k, a], recall[t, k, a] = curve(rows, positives)
    precision = precision.transpose(0, 3, 1, 2)
    groups = [[k for k, each in enumerate(categories) if each["frequency"] == f] for f in "rcf"]
    return [
        *(
            mean(each)
            for each in (precision[..., 0], precision[:1, ..., 0], precision[5:6, ..., 0])
        ),
        *(mean(precision[..., a]) for a in (1, 2, 3)),
        *(mean(precision[:, :, group, 0]) for group in groups),
        *(mean(recall[..., a]) for a in range(4)),
    ]


def mean(values: "np.ndarray[Any, Any]") -> float | None:
    """Return the mean of what is defined."""
    defined = values[values > -1]
    return float(np.mean(defined)) if defined.size else None
