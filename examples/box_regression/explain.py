"""Check the explanation of docs/box-regression.md: one change at a time, and the way there.

    python examples/box_regression/explain.py

Eager PyTorch on 2% of the cases by default: how each variant of the paper's losses ends, how
many cases overlap their target by then, and how large the boxes are on the way.
"""

import argparse
from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from descent import descend
from gradients import Gradient
from numpy.typing import NDArray
from protocol import CENTRES, Cases, Floats, cases_at, draw_centres, rates
from variants import VARIANTS, autograd_gradient

STEPS = (0, 25, 50, 100, 200)


class Watch:
    """Notes the boxes at ``STEPS``."""

    def __init__(self) -> None:
        self.boxes: dict[int, Floats] = {}

    def __call__(self, step: int, boxes: Floats) -> None:
        """Keep a copy, if it is time."""
        if step in STEPS:
            self.boxes[step] = boxes.copy()


def eager_iou(targets: Floats) -> Gradient:
    """Return the function that gives each box's IoU with its target, [n]."""
    return partial(_iou, targets=targets)


def rows(cases: Cases) -> tuple[list[str], list[str]]:
    """Return the lines of both tables, one a variant: errors, and the way there."""
    iou = eager_iou(cases.targets)
    apart = iou(cases.anchors) == 0
    errors, ways = [], []
    for label, loss in VARIANTS.items():
        watch = Watch()
        course = descend(cases, autograd_gradient(loss, cases.targets), iou, rates(), watch=watch)
        means = [course.error_sums[step] / len(course.final) for step in (50, 100, 200)]
        beside = [_mean(course.final[part]) for part in (~apart, apart)]
        good = (course.final < 0.01).mean()
        shown = (f"{means[0]:.3f}", f"{means[1]:.3f}", f"{means[2]:.4f}")
        errors.append(_row(label, *shown, *(f"{each:.4f}" for each in beside), f"{good:.1%}"))
        met = [(iou(watch.boxes[step])[apart] > 0).mean() for step in STEPS[1:]]
        areas = [_mean(watch.boxes[step][apart, 2:].prod(axis=1)) for step in STEPS]
        ways.append(
            _row(label, *(f"{each:.1%}" for each in met), *(f"{each:.2f}" for each in areas))
        )
    return errors, ways


def main(arguments: Sequence[str] | None = None) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fraction", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)

    centres = draw_centres(max(1, round(CENTRES * options.fraction)), options.seed)
    cases = cases_at(centres)
    errors, ways = rows(cases)
    print(f"{len(cases.anchors):,} cases: mean error\n")
    print(_row("loss", "step 50", "step 100", "step 200", "overlapping", "apart", "below 0.01"))
    print("|---|" + "--:|" * 6)
    print("\n".join(errors))
    print("\nCases apart at first: share that overlaps by step 25, 50, 100, 200; mean area at")
    print("step 0, 25, 50, 100, 200\n")
    print(_row("loss", *(f"met by {step}" for step in STEPS[1:]), *(f"area {s}" for s in STEPS)))
    print("|---|" + "--:|" * 9)
    print("\n".join(ways))


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _mean(values: NDArray[np.float32]) -> float:
    return float(values.mean(dtype=np.float64)) if len(values) else float("nan")


def _iou(boxes: Floats, targets: Floats) -> Floats:
    low = np.maximum(boxes[:, :2] - boxes[:, 2:] / 2, targets[:, :2] - targets[:, 2:] / 2)
    high = np.minimum(boxes[:, :2] + boxes[:, 2:] / 2, targets[:, :2] + targets[:, 2:] / 2)
    overlap = np.clip(high - low, 0, None).prod(axis=1)
    union = boxes[:, 2:].prod(axis=1) + targets[:, 2:].prod(axis=1) - overlap
    return np.asarray(overlap / union, dtype=np.float32)


if __name__ == "__main__":
    main()
