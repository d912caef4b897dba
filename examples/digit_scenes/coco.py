"""Write scenes and detections as COCO files, and let pycocotools score them."""

import contextlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from detections import Detections
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from scene import Scene
from scenes import CANVAS, CLASSES


def ground_truth(scenes: Sequence[Scene], *, description: str) -> dict[str, Any]:
    """Return the scenes in COCO's ground-truth form; image ids count from 1.

    ``area`` is the box's, width times height: the scenes carry no masks.
    """
    annotations: list[dict[str, Any]] = []
    for image_id, scene in enumerate(scenes, 1):
        rows = zip(scene.boxes.tolist(), scene.labels.tolist(), scene.iscrowd.tolist(), strict=True)
        for (left, top, right, bottom), label, crowd in rows:
            width, height = right - left, bottom - top
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_id,
                    "category_id": label + 1,
                    "bbox": [left, top, width, height],
                    "area": width * height,
                    "iscrowd": int(crowd),
                }
            )
    return {
        "info": {"description": description},
        "images": [
            {"id": image_id, "width": CANVAS, "height": CANVAS, "file_name": f"val-{image_id}.png"}
            for image_id in range(1, len(scenes) + 1)
        ],
        "categories": [{"id": i, "name": name} for i, name in enumerate(CLASSES, 1)],
        "annotations": annotations,
    }


def results(found: Sequence[Detections]) -> list[dict[str, Any]]:
    """Return detections in COCO's results form, image by image, best first, in float64."""
    return [
        {
            "image_id": image_id,
            "category_id": label + 1,
            "bbox": [left, top, right - left, bottom - top],
            "score": score,
        }
        for image_id, detections in enumerate(found, 1)
        for (left, top, right, bottom), score, label in zip(
            detections.boxes.tolist(),
            detections.scores.tolist(),
            detections.labels.tolist(),
            strict=True,
        )
    ]


def write(content: object, path: Path) -> None:
    """Write compact JSON; every double reads back as the same double."""
    path.write_text(json.dumps(content, separators=(",", ":"), allow_nan=False) + "\n")


def score(ground_truth_path: Path, detections_path: Path) -> list[float]:
    """Print pycocotools' table of two files and return its 12 statistics."""
    with contextlib.redirect_stdout(io.StringIO()):  # its progress lines, not its table
        truth = COCO(str(ground_truth_path))
        evaluation = COCOeval(truth, truth.loadRes(str(detections_path)), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    evaluation.summarize()
    return [float(value) for value in evaluation.stats]
