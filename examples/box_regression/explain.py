"""Check the explanation of docs/box-regression.md: the way there, and one change at a time.

    python examples/box_regression/explain.py

On 2% of the cases by default, for every loss, for other options of some, and for variants of
the paper's four: how it ends, how many cases overlap their target by when, and how large the
boxes are on the way. With ``--results``, the folder of a full run, also whether the direction
of a centre matters.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from contestants import CONTESTANTS
from gradients import graph_gradient
from numpy.typing import NDArray
from options import OPTIONS
from protocol import CENTRES, MIDDLE, cases_at, draw_centres
from regression_results import Result, load
from variants import VARIANTS, autograd_gradient
from ways import PLATEAU, mean, row, ways

from boxgauge.engine import Engine, ModelRepository, find_graphs


def directions(centres: NDArray[np.float64], results: Sequence[Result]) -> list[str]:
    """Return the lines of a table: mean final error by direction, of centres 2 to 3 away."""
    away = centres - MIDDLE
    # 0 along an axis, 45 on a diagonal.
    angle = np.degrees(np.arctan2(np.abs(away).min(axis=1), np.abs(away).max(axis=1)))
    far = np.linalg.norm(away, axis=1) >= 2
    bands = [far & (angle >= low) & (angle < low + 15) for low in (0, 15, 30)]
    lines = [row("loss", "0 to 15° off an axis", "15 to 30°", "30 to 45°"), "|---|--:|--:|--:|"]
    lines += [
        row(each.label, *(f"{mean(each.by_centre[band]):.4f}" for band in bands))
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
        f"{len(cases.anchors):,} cases. Error: mean of all. Diagonal: apart along both axes.\n"
        "Met: share of the cases apart at first that overlap by that step. Area: mean of those.\n"
        f"Net / path: how far a coordinate got from step {PLATEAU[0]} to {PLATEAU[-1]}, by how"
        " far it went.\n"
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


if __name__ == "__main__":
    main()
