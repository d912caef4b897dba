"""Evaluation of a COCO-val2017-shaped workload, against other evaluators.

Each tool runs in a process of its own, one after the other. Inside the timing: from the
detections as arrays to the 12 statistics. Before it: the imports, the workload, the ground
truth in each tool's own form (an indexed COCO object, or frames), and opening the graphs.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from timing import machine, measure
from tools import TOOLS, release
from workload import make_workload

REFERENCE = "pycocotools"


def main() -> None:
    """Print the table, or, in a worker, one tool's figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS))
    parser.add_argument("--worker", choices=TOOLS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        run = TOOLS[given.worker][1](make_workload(given.images, seed=given.seed))
        print(json.dumps(asdict(measure(run, given.repeats))))
        return
    workload = make_workload(given.images, seed=given.seed)
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.")
    print(
        f"{given.images} images, {len(workload.truth_labels)} ground truths"
        f" ({int(workload.truth_crowd.sum())} crowds), {len(workload.labels)} detections,"
        f" seed {given.seed}; medians of {given.repeats}.\n",
        flush=True,
    )
    costs = {
        tool: _in_own_process(tool, given) for tool in given.tools if release(tool) is not None
    }
    print(f"| | wall s | CPU s | × {REFERENCE} (CPU) | × {REFERENCE} (wall) | peak MiB | equal |")
    print("|---|---|---|---|---|---|---|")
    for tool in given.tools:
        print(row(tool, costs.get(tool), costs.get(REFERENCE)))


def _in_own_process(tool: str, given: argparse.Namespace) -> dict[str, Any]:
    print(f"measuring {tool}", file=sys.stderr, flush=True)
    command = [sys.executable, __file__, "--worker", tool]
    for name in ("images", "seed", "repeats"):
        command += [f"--{name}", str(getattr(given, name))]
    # Peers print while they index, so the figures are the last line.
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    cost: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    return cost


def row(tool: str, cost: dict[str, Any] | None, reference: dict[str, Any] | None) -> str:
    """Return a tool's row of the table; a cost of None says that it is not installed."""
    name = f"{tool} {release(tool) or ''}".strip()
    if cost is None:
        return f"| {tool} | not installed | | | | | |"
    peak = "unknown" if cost["peak_mib"] is None else f"{cost['peak_mib']:.0f}"
    if reference is None:
        times, equal = ["", ""], "no reference"
    else:
        times = [f"{reference[each] / cost[each]:.1f}" for each in ("cpu_s", "wall_s")]
        off = max(abs(a - b) for a, b in zip(cost["result"], reference["result"], strict=True))
        equal = "bits" if cost["result"] == reference["result"] else f"within {off:.1e}"
    cells = [f"{cost['wall_s']:.2f}", f"{cost['cpu_s']:.2f}", *times, peak, equal]
    return f"| {name} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
