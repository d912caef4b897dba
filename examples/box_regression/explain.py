"""Check the explanation of docs/box-regression.md: the way there, and one change at a time.

    python examples/box_regression/explain.py

On 2% of the cases by default, for every loss, for other options of some, and for variants of
the paper's four: how it ends, how many cases overlap their target by when, and how large the
boxes are on the way. With ``--results``, the folder of a full run, also whether the direction
of a centre matters.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from contestants import CONTESTANTS
from descent import descend
from gradients import Gradient, graph_gradient
from numpy.typing import NDArray
from options import OPTIONS
from protocol import CENTRES, MIDDLE, Cases, Floats, cases_at, draw_centres, rates
from regression_results import GOOD, Result, load
from variants import VARIANTS, autograd_gradient

from boxgauge.engine import Engine, ModelRepository, find_graphs

STEPS = (0, 25, 50, 100, 200)
_HEAD = (
    "loss",
    *(f"error {step}" for step in STEPS[2:]),
    f"below {GOOD}",
    *(f"met by {step}" for step in STEPS[1:]),
    *(f"area {step}" for step in STEPS),
)


def eager_iou(targets: Floats) -> Gradient:
    """Return the function that gives each box's IoU with its target, [n]."""
    return partial(_iou, targets=targets)


def ways(cases: Cases, gradients: Mapping[str, Callable[[Floats], Gradient]]) -> list[str]:
    """Return the lines of the table of ways, a loss each."""
    iou = eager_iou(cases.targets)
    apart = iou(cases.anchors) == 0
    lines = [_row(*_HEAD), "|---|" + "--:|" * (len(_HEAD) - 1)]
    for label, gradient_to in gradients.items():
        at: dict[int, Floats] = {}

        def watch(step: int, boxes: Floats, at: dict[int, Floats] = at) -> None:
            if step in STEPS:
                at[step] = boxes.copy()

        course = descend(cases, gradient_to(cases.targets), iou, rates(), watch=watch)
        errors = [course.error_sums[step] / len(course.final) for step in STEPS[2:]]
        met = [float((iou(at[step])[apart] > 0).mean()) for step in STEPS[1:]]
        areas = [float(at[step][apart, 2:].prod(axis=1).mean(dtype=np.float64)) for step in STEPS]
        lines.append(
            _row(
                label,
                *(f"{each:.3g}" for each in errors),
                f"{(course.final < GOOD).mean():.1%}",
                *(f"{each:.1%}" for each in met),
                *(f"{each:.3g}" for each in areas),
            )
        )
    return lines


def directions(centres: NDArray[np.float64], results: Sequence[Result]) -> list[str]:
    """Return the lines of a table: mean final error by direction, of centres 2 to 3 away."""
    away = centres - MIDDLE
    # 0 along an axis, 45 on a diagonal.
    angle = np.degrees(np.arctan2(np.abs(away).min(axis=1), np.abs(away).max(axis=1)))
    far = np.linalg.norm(away, axis=1) >= 2
    bands = [far & (angle >= low) & (angle < low + 15) for low in (0, 15, 30)]
    lines = [_row("loss", "0 to 15° off an axis", "15 to 30°", "30 to 45°"), "|---|--:|--:|--:|"]
    lines += [
        _row(each.label, *(f"{each.by_centre[band].mean():.4f}" for band in bands))
        for each in results
    ]
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fraction", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--graphs", type=Path)
    parser.add_argument("--results", type=Path)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)

    cases = cases_at(draw_centres(max(1, round(CENTRES * options.fraction)), options.seed))
    repository = ModelRepository.open(find_graphs(options.graphs))
    engine = Engine.open(repository, names=[f"{each.graph}_gradient" for each in CONTESTANTS])
    print(
        f"{len(cases.anchors):,} cases. Error: mean over all. Met: share of the cases apart at\n"
        "first that overlap by that step. Area: mean of the cases apart at first.\n"
    )
    graphs = {each.label: partial(graph_gradient, engine, each) for each in CONTESTANTS}
    print("\n".join(ways(cases, graphs)))
    print("\nOther options than the graphs':\n")
    print("\n".join(ways(cases, OPTIONS)))
    print("\nThe paper's four, one thing changed each:\n")
    variants = {label: partial(autograd_gradient, loss) for label, loss in VARIANTS.items()}
    print("\n".join(ways(cases, variants)))
    if options.results is not None:
        print("\nCentres 2 to 3 away, by direction, mean error at the end:\n")
        print("\n".join(directions(*load(options.results))))


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _iou(boxes: Floats, targets: Floats) -> Floats:
    low = np.maximum(boxes[:, :2] - boxes[:, 2:] / 2, targets[:, :2] - targets[:, 2:] / 2)
    high = np.minimum(boxes[:, :2] + boxes[:, 2:] / 2, targets[:, :2] + targets[:, 2:] / 2)
    overlap = np.clip(high - low, 0, None).prod(axis=1)
    union = boxes[:, 2:].prod(axis=1) + targets[:, 2:].prod(axis=1) - overlap
    return np.asarray(overlap / union, dtype=np.float32)


if __name__ == "__main__":
    main()
