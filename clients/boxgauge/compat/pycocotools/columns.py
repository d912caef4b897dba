"""Annotations, one dict each, as the columns that the engine takes."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.frames import (
    GroundTruths,
    InvalidInputError,
    Predictions,
    sane_numbers,
    wanted_number,
)

Annotation = dict[str, Any]
Columns = dict[str, NDArray[Any]]


def truth_columns(annotations: Sequence[Annotation]) -> Columns:
    """Return the columns of ground truths.

    Raises:
        InvalidInputError: A record lacks a field, or holds what cannot be read.
    """
    columns = _placed(annotations)
    columns["areas"] = _numbers(annotations, "area", np.float64)
    columns["crowd"] = np.array([bool(each.get("iscrowd", 0)) for each in annotations], np.bool_)
    columns["ids"] = _numbers(annotations, "id", np.int64)
    return columns


def detection_columns(annotations: Sequence[Annotation]) -> Columns:
    """Return the columns of detections.

    Raises:
        InvalidInputError: As for ground truths, or an area is not that of the box: the
            engine computes it.
    """
    columns = _placed(annotations)
    columns["scores"] = _numbers(annotations, "score", np.float64)
    boxes = columns["boxes"]
    areas = boxes[:, 2] * boxes[:, 3]
    given = np.array(
        [each.get("area", area) for each, area in zip(annotations, areas.tolist(), strict=True)],
        np.float64,
    )
    # Whoever computed it in float32 meant the same.
    wrong = ~np.isclose(given, areas, rtol=1e-6, equal_nan=True)
    if wrong.any():
        k = int(np.argmax(wrong))
        raise InvalidInputError.at(f"annotations[{k}].area", given[k], f"w·h = {areas[k]}")
    return columns


def ground_truths(
    columns: Columns, images: Sequence[Any], categories: Sequence[Any]
) -> GroundTruths:
    """Return the ground truths of these images and categories; see `_frames`."""
    ids, counts, rows, labels = _frames(columns, images, categories)
    crowd = columns["crowd"][rows]
    return GroundTruths(
        ids,
        counts,
        columns["boxes"][rows],
        labels,
        columns["areas"][rows],
        crowd,
        np.zeros_like(crowd),
        columns["ids"][rows],
    )


def predictions(columns: Columns, images: Sequence[Any], categories: Sequence[Any]) -> Predictions:
    """Return the detections of these images and categories; see `_frames`."""
    ids, counts, rows, labels = _frames(columns, images, categories)
    return Predictions(ids, counts, columns["boxes"][rows], labels, columns["scores"][rows])


def _frames(
    columns: Columns, images: Sequence[Any], categories: Sequence[Any]
) -> tuple[tuple[Any, ...], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return image ids, boxes of each, the rows to take, and their labels: places of categories."""
    image, category = _places(columns["images"], images), _places(columns["labels"], categories)
    known = np.flatnonzero((image >= 0) & (category >= 0))
    rows = known[np.argsort(image[known], kind="stable")]
    ids = tuple(each.item() if isinstance(each, np.generic) else each for each in images)
    return ids, np.bincount(image[rows], minlength=len(ids)), rows, category[rows]


def _places(values: NDArray[Any], known: Sequence[Any]) -> NDArray[np.int64]:
    """Return the place of each value among the known ones, -1 for any other."""
    if not len(known) or not len(values):
        return np.full(len(values), -1)
    listed = np.asarray(known)
    order = np.argsort(listed, kind="stable")
    found = np.searchsorted(listed, values, sorter=order).clip(max=len(listed) - 1)
    places = order[found]
    return np.where(listed[places] == values, places, -1)


def _placed(annotations: Sequence[Annotation]) -> Columns:
    """Return the columns that both sides have."""
    boxes = _values(annotations, "bbox")
    for k, box in enumerate(boxes):
        if len(box) != 4:
            raise InvalidInputError.at(f"annotations[{k}].bbox", box, "4 numbers")
    flat = np.fromiter(chain.from_iterable(boxes), np.float64, 4 * len(boxes))
    _check_reasonable(flat)
    return {
        "images": np.array(_values(annotations, "image_id")),
        "labels": np.array(_values(annotations, "category_id")),
        "boxes": flat.reshape(-1, 4),
    }


def _check_reasonable(flat: NDArray[np.float64]) -> None:
    """Refuse numbers whose products would leave float64; negative sizes pass, as they do there."""
    sane = sane_numbers(flat.reshape(-1, 4), negative_sizes=True)
    if not sane.all():
        k, side = divmod(int(np.argmin(sane)), 4)
        value = float(flat[4 * k + side])
        raise InvalidInputError.at(f"annotations[{k}].bbox[{side}]", value, wanted_number(value))


def _numbers(annotations: Sequence[Annotation], key: str, dtype: type) -> NDArray[Any]:
    """Return one number a record; numpy's own scalars are numbers too."""
    values = _values(annotations, key)
    array = np.asarray(values)
    if values and (array.ndim != 1 or array.dtype.kind not in "biuf"):
        k, value = next(
            (k, value)
            for k, value in enumerate(values)
            if not isinstance(value, int | float | np.number)
        )
        raise InvalidInputError.at(f"annotations[{k}].{key}", repr(value), "a number")
    return array.astype(dtype)


def _values(annotations: Sequence[Annotation], key: str) -> list[Any]:
    try:
        return [each[key] for each in annotations]
    except KeyError:
        k = next(k for k, each in enumerate(annotations) if key not in each)
        raise InvalidInputError.at(f"annotations[{k}].{key}", "nothing", "given") from None
