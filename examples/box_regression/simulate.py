"""Regress 1,715,000 boxes with the exact gradients of every box loss: which gets there?

    python examples/box_regression/simulate.py --images docs/images

The simulation of the DIoU paper (protocol.py), with the gradients of the exported gradient
graphs. Prints a table and draws two figures; ``--fraction 0.02`` does so in a minute or two.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

# One thread a process, also for the small matrix products of numpy; read at its import.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from contestants import CONTESTANTS, Contestant
from descent import descend
from gradients import Gradient, graph_gradient, graph_iou
from numpy.typing import NDArray
from protocol import CASES_AT_A_CENTRE, CENTRES, Cases, Floats, cases_at, draw_centres, rates
from regression_plots import draw_curves, draw_maps
from regression_results import Result, load, save, summarise, table

from boxgauge.engine import Engine, ModelRepository, find_graphs
from boxgauge.frames import GraphError

# Centres at a time: the boxes of a batch, 275 kB, stay in a core's cache.
_BATCH = 50


def run(
    label: str,
    centres: NDArray[np.float64],
    gradient_to: Callable[[Floats], Gradient],
    iou_to: Callable[[Floats], Gradient],
) -> Result:
    """Return what comes of one loss: its gradient given the targets of a batch."""
    started = time.process_time()
    courses = [
        descend(cases, gradient_to(cases.targets), iou_to(cases.targets), rates())
        for cases in _batches(centres)
    ]
    return summarise(label, courses, CASES_AT_A_CENTRE, time.process_time() - started)


def run_graph(contestant: Contestant, centres: NDArray[np.float64], graphs: Path) -> Result:
    """Return what comes of one loss by its exported gradient graph."""
    repository = ModelRepository.open(graphs)
    engine = Engine.open(repository, names=("iou_loss", f"{contestant.graph}_gradient"))
    return run(
        contestant.label,
        centres,
        partial(graph_gradient, engine, contestant),
        partial(graph_iou, engine),
    )


def simulate(
    contestants: Sequence[Contestant], centres: NDArray[np.float64], graphs: Path, *, jobs: int = 1
) -> Iterator[Result]:
    """Yield each loss's result in order, ``jobs`` of them at a time on a core each."""
    one = partial(run_graph, centres=centres, graphs=graphs)
    if jobs == 1:
        yield from map(one, contestants)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(one, contestants)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, print, save and draw."""
    options = _options(arguments)
    if options.redraw:
        centres, results = load(options.results)
    else:
        centres = draw_centres(max(1, round(CENTRES * options.fraction)), options.seed)
        taking_part = [each for each in CONTESTANTS if each.graph in options.loss]
        results = []
        for result in simulate(taking_part, centres, options.graphs, jobs=options.jobs):
            results.append(result)
            print(
                f"{result.label}: {result.cases:,} cases, mean error {result.curve[-1]:.4f},"
                f" {result.cpu_s:.0f} CPU s",
                file=sys.stderr,
                flush=True,
            )
        save(options.results, centres, results)
    print(table(results))
    images = options.images or options.results
    images.mkdir(parents=True, exist_ok=True)
    draw_curves(results, images / "box-regression.png")
    draw_maps(centres, results, images / "box-regression-map.png")


def _batches(centres: NDArray[np.float64]) -> Iterator[Cases]:
    for first in range(0, len(centres), _BATCH):
        yield cases_at(centres[first : first + _BATCH])


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    names = [each.graph for each in CONTESTANTS]
    add("--fraction", type=_share, default=1.0, help="share of the 5,000 centres (default: all)")
    add("--loss", nargs="+", choices=names, default=names, help="these alone (default: all)")
    add("--seed", type=int, default=0, help="of the centres (default: 0)")
    add("--jobs", type=int, default=1, help="losses at a time, a core each (default: 1)")
    add("--graphs", type=Path, help="folder of exported graphs (default: ./graphs)")
    add("--results", type=Path, default=Path("build/box-regression"), help="folder to write to")
    add("--images", type=Path, help="folder of the figures (default: that of the results)")
    add("--redraw", action="store_true", help="print and draw earlier results, run nothing")
    options = parser.parse_args(arguments)
    if not options.redraw:
        try:
            options.graphs = find_graphs(options.graphs)
        except GraphError as error:
            parser.error(str(error))
    return options


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"must be above 0 and at most 1: got {text}")
    return share


if __name__ == "__main__":
    main()
