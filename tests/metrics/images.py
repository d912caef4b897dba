"""Random scenes as detectors return them: one mapping of tensors an image."""

import torch
from torch import Tensor

from tests.integration.scenes import Record, Scene, by_image

Images = list[dict[str, Tensor]]


def listed(scene: Scene) -> Scene:
    """Return the scene with its images in ascending order, without unlisted categories."""
    results = [each for each in scene.results if each["category_id"] in scene.categories]
    return Scene(sorted(scene.images), scene.categories, scene.annotations, results)


def as_images(scene: Scene) -> tuple[Images, Images]:
    """Return both sides of each image, boxes as left, top, width, height."""
    return (
        [
            _tensors(rows, {"score": "scores"}, torch.float64)
            for rows in by_image(scene.images, scene.results)
        ],
        [
            _tensors(rows, {"area": "area"}, torch.float64)
            | _tensors(rows, {"iscrowd": "iscrowd", "ignore": "ignore"}, torch.bool)
            for rows in by_image(scene.images, scene.annotations)
        ],
    )


def _tensors(rows: list[Record], keys: dict[str, str], dtype: torch.dtype) -> dict[str, Tensor]:
    return {
        "boxes": torch.tensor([row["bbox"] for row in rows], dtype=torch.float64),
        "labels": torch.tensor([row["category_id"] for row in rows], dtype=torch.int64),
    } | {name: torch.tensor([row[key] for row in rows], dtype=dtype) for key, name in keys.items()}
