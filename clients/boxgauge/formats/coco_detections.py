"""COCO result files: what a detector said."""

from os import PathLike
from pathlib import Path

import numpy as np
import orjson

from boxgauge.formats.coco_ground_truth import CocoGroundTruth, check_boxes
from boxgauge.formats.json_file import read_json
from boxgauge.formats.labelled_images import LabelledImages
from boxgauge.formats.records import Int64, Records, check_image_id_of, fault
from boxgauge.frames import Predictions


def read_detections(
    path: str | PathLike[str],
    ground_truth: CocoGroundTruth | LabelledImages,
    *,
    strict: bool = False,
) -> tuple[Predictions, tuple[str, ...]]:
    """Return one side for each image of the ground truth, and notes in words.

    As in pycocotools' ``loadRes``: ids and areas that a result brings are not read, the
    order within an image is kept, images without results are empty sides. Categories
    are not judged here: whoever evaluates drops and counts the unlisted ones.

    Args:
        path: The file: a list of ``image_id, category_id, bbox, score``.
        ground_truth: What it answers.
        strict: Take what pycocotools takes (NaN scores, negative sizes) and refuse
            what it refuses (no result at all, or captions).

    Raises:
        InvalidInputError: The file cannot be read or holds what it may not; the
            message names file, record, field and value.
    """
    file = str(path)
    document = read_json(Path(path))
    if isinstance(document, dict):
        raise fault(file, "the file", list(document), "results (a list), not an object with keys")
    results = Records.check(file, "", document)
    if strict:
        _check_first(results)
    owner = _owners(results, ground_truth)
    labels = results.integers("category_id")
    boxes = results.boxes("bbox")
    check_boxes(results, boxes, strict=strict)
    scores = results.numbers("score")
    if not strict and not np.isfinite(scores).all():
        k = int(np.argmin(np.isfinite(scores)))
        raise results.fault(f"[{k}].score", float(scores[k]), "finite")

    order = np.argsort(owner, kind="stable")
    predictions = Predictions(
        image_ids=ground_truth.image_ids,
        counts=np.bincount(owner, minlength=len(ground_truth.image_ids)),
        boxes=boxes[order],
        labels=labels[order],
        scores=scores[order],
    )
    notes = () if results.rows else ("the result file is empty: no detections at all",)
    return predictions, notes


def write_detections(path: str | PathLike[str], predictions: Predictions) -> None:
    """Write predictions as a COCO result file; every double round-trips.

    Raises:
        InvalidInputError: A number is NaN or infinite, which JSON cannot hold.
    """
    for name, column in (("boxes", predictions.boxes), ("scores", predictions.scores)):
        if not np.isfinite(column).all():
            raise fault(str(path), name, float(column[~np.isfinite(column)][0]), "finite")
    owners = [predictions.image_ids[k] for k in predictions.image_index.tolist()]
    columns = (predictions.labels, predictions.boxes, predictions.scores)
    rows = [
        {"image_id": image_id, "category_id": label, "bbox": box, "score": score}
        for image_id, label, box, score in zip(
            owners, *(column.tolist() for column in columns), strict=True
        )
    ]
    Path(path).write_bytes(orjson.dumps(rows))


def _check_first(results: Records) -> None:
    """Refuse what pycocotools refuses by its look at the first result."""
    if not results.rows:
        raise fault(results.file, "[0]", [], "present in strict mode (pycocotools: IndexError)")
    if "caption" in results.rows[0]:
        raise results.fault("[0].caption", results.rows[0]["caption"], "absent: not box results")


def _owners(results: Records, ground_truth: CocoGroundTruth | LabelledImages) -> Int64:
    """Return the position of each result's image in the ground truth."""
    named = results.column("image_id")
    if not set(map(type, named)) <= {int, str}:
        named = list(results.image_ids("image_id"))
    positions = {image_id: k for k, image_id in enumerate(ground_truth.image_ids)}
    try:
        return np.array([positions[each] for each in named], dtype=np.int64)
    except KeyError:
        k = next(k for k, each in enumerate(named) if each not in positions)
        check_image_id_of(results, k, "image_id", named[k])
        raise results.fault(
            f"[{k}].image_id", named[k], f"an image of {ground_truth.file}"
        ) from None
