"""COCO result files: what a detector said."""

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from boxgauge.formats.coco_ground_truth import CocoGroundTruth, check_boxes
from boxgauge.formats.json_file import parse_json, read_text
from boxgauge.formats.labelled_images import LabelledImages
from boxgauge.formats.plain_results import ResultColumns, plain_results
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
    results, columns = _read(Path(path), strict=strict)
    owner = _owners(results, columns.image_ids, ground_truth)
    check_boxes(results, columns.boxes, strict=strict)
    scores = columns.scores
    if not strict and not np.isfinite(scores).all():
        k = int(np.argmin(np.isfinite(scores)))
        raise results.fault(f"[{k}].score", float(scores[k]), "finite")

    order = np.argsort(owner, kind="stable")
    predictions = Predictions(
        image_ids=ground_truth.image_ids,
        counts=np.bincount(owner, minlength=len(ground_truth.image_ids)),
        boxes=columns.boxes[order],
        labels=columns.labels[order],
        scores=scores[order],
    )
    notes = () if len(order) else ("the result file is empty: no detections at all",)
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


def _read(path: Path, *, strict: bool) -> tuple[Records, ResultColumns]:
    """Return the results by columns, and what names a record that is at fault."""
    text = read_text(path)
    columns = plain_results(text)
    if columns is not None:
        return Records(str(path), "", []), columns
    document = parse_json(path, text)
    if isinstance(document, dict):
        wanted = "results (a list), not an object with keys"
        raise fault(str(path), "the file", list(document), wanted)
    results = Records.check(str(path), "", document)
    if strict:
        _check_first(results)
    image_ids = results.column("image_id")
    if not set(map(type, image_ids)) <= {int, str}:
        image_ids = results.image_ids("image_id")
    return results, ResultColumns(
        image_ids,
        results.integers("category_id"),
        results.boxes("bbox"),
        results.numbers("score"),
    )


def _check_first(results: Records) -> None:
    """Refuse what pycocotools refuses by its look at the first result."""
    if not results.rows:
        raise fault(results.file, "[0]", [], "present in strict mode (pycocotools: IndexError)")
    if "caption" in results.rows[0]:
        raise results.fault("[0].caption", results.rows[0]["caption"], "absent: not box results")


def _owners(
    results: Records, image_ids: list[Any], ground_truth: CocoGroundTruth | LabelledImages
) -> Int64:
    """Return the position of each result's image in the ground truth."""
    positions = {image_id: k for k, image_id in enumerate(ground_truth.image_ids)}
    try:
        return np.fromiter(map(positions.__getitem__, image_ids), np.int64, len(image_ids))
    except KeyError:
        k = next(k for k, each in enumerate(image_ids) if each not in positions)
        check_image_id_of(results, k, "image_id", image_ids[k])
        raise results.fault(
            f"[{k}].image_id", image_ids[k], f"an image of {ground_truth.file}"
        ) from None
