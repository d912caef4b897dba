"""Write what uq-detr, which has its own matching, makes of seeded images.

    pip install uq-detr==0.1.1
    python tests/metrics/golden/make_uq_detr.py > tests/metrics/golden/uq_detr.json

It lets bins span a class's scores, and a bin have its upper edge: with a score of 0 and one of
1 in each class, and none at another edge, its bins are those of [0, 1].
"""

import json
import sys
from importlib.metadata import version

import numpy as np
from uq_detr import Detections, GroundTruth, dece, laece

IMAGES, CLASSES, BINS = 10, (1, 2), 25


def main() -> None:
    """Print images and errors as JSON."""
    random = np.random.default_rng(5)
    images = []
    for k in range(IMAGES):
        n, m = int(random.integers(4, 12)), int(random.integers(2, 7))
        truths = np.concatenate([random.random((m, 2)) * 60, 20 + random.random((m, 2)) * 40], 1)
        near = truths[random.integers(0, m, n)] + random.normal(0, 4, (n, 4))
        labels, truth_labels = random.choice(CLASSES, n), random.choice(CLASSES, m)
        # Odd thousandths: never k / 25.
        scores = (2 * random.integers(0, 500, n) + 1) / 1000
        if k < len(CLASSES):
            labels[:2], scores[:2] = CLASSES[k], (0.0, 1.0)
        images.append(
            {
                "boxes": near.tolist(),
                "labels": labels.tolist(),
                "scores": scores.tolist(),
                "truths": truths.tolist(),
                "truth_labels": truth_labels.tolist(),
            }
        )
    sides = (
        [Detections(_corners(i["boxes"]), i["scores"], i["labels"]) for i in images],
        [GroundTruth(_corners(i["truths"]), i["truth_labels"]) for i in images],
    )
    asked = {"tp_criterion": "greedy", "iou_threshold": 0.5, "n_bins": BINS}
    found = {
        "made_by": "make_uq_detr.py",
        "tools": {name: version(name) for name in ("uq-detr", "numpy")},
        "bins": BINS,
        "d_ece": dece(*sides, **asked).score,
        "mean_la_ece": laece(*sides, **asked).score,
        "images": images,
    }
    json.dump(found, sys.stdout)


def _corners(boxes: list[list[float]]) -> np.ndarray:
    corners = np.array(boxes)
    corners[:, 2:] += corners[:, :2]
    return corners


if __name__ == "__main__":
    main()
