"""Where the time of an evaluation goes: CPU milliseconds of each graph and each step between.

    python benchmarks/profile_evaluate.py [--images 5000] [--repeats 5]

A step's time is its own and that of numpy under it, without the steps and graphs that it
calls, each of which has a row of its own.
"""

import argparse
import functools
import importlib
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from timing import machine
from tools import boxgauge_arrays
from workload import make_workload

from boxgauge.engine import Engine, ExactTally

# Where each step is looked up by whoever calls it, its name there, and what it does.
STEPS = (
    ("boxgauge.engine.evaluate", "evaluate", "sides in the order of images"),
    ("boxgauge.engine.evaluate", "match_images", "batches within bounds"),
    ("boxgauge.engine.matching", "number_cells", "cells: images and classes"),
    ("boxgauge.engine.matching", "choosing", "order of choosing, ranks"),
    ("boxgauge.engine.matching", "_run", "inputs of the matching graph"),
    ("boxgauge.engine.matching", "outcomes", "outcomes and patterns"),
    ("boxgauge.engine.matching", "image_sums", "inputs and sums of the losses"),
    (ExactTally, "add", "tally: add"),
    (ExactTally, "report", "order of the report, means"),
)


class Clock:
    """Charges CPU time to the innermost step that is running."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._inner = [0.0]

    def charged(self, run: Callable[..., Any], name: str | None) -> Callable[..., Any]:
        """Return the function with its time charged to ``name``, or to its first argument."""

        @functools.wraps(run)
        def timed(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            self._inner.append(0.0)
            started = time.process_time()
            try:
                return run(*args, **kwargs)
            finally:
                passed = time.process_time() - started
                step = f"graph {args[1]}" if name is None else name
                self.seconds[step] += passed - self._inner.pop()
                self._inner[-1] += passed

        return timed


def main() -> None:
    """Print a table of CPU milliseconds, the dearest first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    clock = Clock()
    for owner, name, what in STEPS:
        place = importlib.import_module(owner) if isinstance(owner, str) else owner
        setattr(place, name, clock.charged(getattr(place, name), what))
    Engine.run = clock.charged(Engine.run, None)  # type: ignore[method-assign]
    # Looked up only now, so that the benchmark's call is charged too.
    package, module = (
        importlib.import_module(f"boxgauge.engine{each}") for each in ("", ".evaluate")
    )
    package.evaluate = module.evaluate  # type: ignore[attr-defined]
    run = clock.charged(
        boxgauge_arrays(make_workload(given.images, seed=given.seed)), "arrays into frames"
    )
    run()
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(given.repeats):
        clock.seconds.clear()
        run()
        for step, seconds in clock.seconds.items():
            found[step].append(seconds * 1000)
    medians = {step: statistics.median(each) for step, each in found.items()}
    total = sum(medians.values())
    print(f"{machine()}.\n{given.images} images; medians of {given.repeats}.\n")
    print("| step | CPU ms | share |\n|---|---|---|")
    for step, spent in sorted(medians.items(), key=lambda each: -each[1]):
        print(f"| {step} | {spent:.0f} | {spent / total:.0%} |")
    print(f"| all | {total:.0f} | |")


if __name__ == "__main__":
    main()
