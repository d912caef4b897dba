"""Random LVIS files: federated labels, all frequencies, ties, areas on the edges."""

from typing import Any

import numpy as np

Record = dict[str, Any]

SIDES = (20.0, 32.0, 40.0, 96.0, 100.0)
CLASSES = 6


def draw(seed: int, images: int) -> tuple[Record, list[Record]]:
    """Return a ground truth document and results of LVIS's form."""
    rng = np.random.default_rng(seed)
    categories = [
        {"id": 2 * k + 1, "name": f"class {k}", "frequency": str(rng.choice([*"rcf"]))}
        for k in range(CLASSES)
    ]
    ids = [each["id"] for each in categories]
    frames = []
    truths: list[Record] = []
    results: list[Record] = []
    for k in rng.permutation(images).tolist():
        present = rng.permutation(ids)[: rng.integers(0, 4)].tolist()
        absent = [each for each in ids if each not in present]
        frames.append(
            {
                "id": k + 1,
                "width": 640,
                "height": 480,
                "neg_category_ids": absent[: rng.integers(0, 3)],
                "not_exhaustive_category_ids": [x for x in ids if rng.random() < 0.25],
            }
        )
        boxes = [box(rng) for _ in range(rng.integers(1, 6) if present else 0)]
        for bbox in boxes:
            area = bbox[2] * bbox[3] * float(rng.choice([1, 1, 0.9]))
            truth = {"image_id": k + 1, "category_id": int(rng.choice(present)), "area": area}
            if rng.random() < 0.1:
                truth["ignore"] = 1
            truths.append({"id": len(truths) + 1, "bbox": bbox, "segmentation": [], **truth})
        for _ in range(rng.integers(0, 15)):
            near = boxes and rng.random() < 0.7
            results.append(
                {
                    "image_id": k + 1,
                    # 99 is no category: it takes a place among the best all the same.
                    "category_id": int(rng.choice([*ids, *present, *present, 99])),
                    "bbox": jittered(rng, boxes[rng.integers(len(boxes))]) if near else box(rng),
                    "score": float(rng.integers(0, 9)) / 8,
                }
            )
    document = {"images": frames, "categories": categories, "annotations": truths}
    return document, results


def box(rng: np.random.Generator) -> list[float]:
    """Return a box of coarse place and size."""
    x, y = (rng.integers(0, 4, 2) * 16.0).tolist()
    return [x, y, float(rng.choice(SIDES)), float(rng.choice(SIDES))]


def jittered(rng: np.random.Generator, near: list[float]) -> list[float]:
    """Return a box beside another one, often the same."""
    moved = np.array(near) + rng.choice([0, 0, 0, 2, -3, 0.25], 4)
    return np.maximum(moved, 1).tolist()  # type: ignore[no-any-return]
