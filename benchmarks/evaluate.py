"""Evaluation of a COCO-val2017-shaped workload, against other evaluators.

    python benchmarks/evaluate.py                    arrays → 12 statistics, 5,000 images
    python benchmarks/evaluate.py --files            two JSON files → 12 statistics
    python benchmarks/evaluate.py --scale 1 4 16     how the cost grows

Each tool runs in a process of its own, one after the other. Inside the timing: from the
detections as arrays (or from the files) to the numbers. Before it: the imports, the workload,
the ground truth in each tool's own form (an indexed COCO object, or frames; of files nothing),
and opening the graphs.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from timing import machine, measure
from tools import TOOLS, release
from workload import make_workload

REFERENCE = "pycocotools"
SLOW = (REFERENCE, "torchmetrics", "supervision")
FAST = (
    "vernier", "hotcoco", "hotcoco, streaming", "ultrafast-pycocotools", "BoxGauge",
    "BoxGauge, 2 workers",
)  # fmt: skip

Found = dict[str, Any] | str


def main() -> None:
    """Print the tables, or, in a worker, one tool's figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--slow-repeats", type=int, help="of tools that take a minute each")
    parser.add_argument(
        "--tools",
        nargs="+",
        choices=TOOLS,
        help=f"all by default; without {REFERENCE} the first is what the others are compared with",
    )
    parser.add_argument("--files", action="store_true", help="start from JSON files")
    parser.add_argument("--scale", nargs="+", type=int, help="times the images, fast tools alone")
    parser.add_argument("--worker", choices=TOOLS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        work(given)
        return
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.")
    if given.scale:
        scale(given)
    else:
        compare(given)


def work(given: argparse.Namespace) -> None:
    """Measure one tool and print its cost, or why it cannot run, as the last line."""
    tool = TOOLS[given.worker]
    try:
        if given.folder:
            # Not every tool reads files; those that do not are left out beforehand.
            run = tool.files(given.folder / "gt.json", given.folder / "dt.json")  # type: ignore[misc]
        else:
            run = tool.arrays(make_workload(given.images, seed=given.seed))
    except (ImportError, RuntimeError) as error:
        print(json.dumps(f"{type(error).__name__}: {error}".splitlines()[0]))
        return
    print(json.dumps(asdict(measure(run, given.repeats))))


def compare(given: argparse.Namespace) -> None:
    """Print one table of all tools."""
    workload = make_workload(given.images, seed=given.seed)
    print(
        f"{given.images} images, {len(workload.truth_labels)} ground truths"
        f" ({int(workload.truth_crowd.sum())} crowds), {len(workload.labels)} detections,"
        f" seed {given.seed}; medians of {given.repeats}"
        f"{f' (slow tools {given.slow_repeats})' if given.slow_repeats else ''}.\n",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        if given.files:
            workload.write_coco(Path(folder) / "gt.json", Path(folder) / "dt.json")
        tools = [
            name
            for name in given.tools or TOOLS
            if not given.files or TOOLS[name].files is not None
        ]
        found = {
            name: in_own_process(name, given, given.images, folder if given.files else None)
            for name in tools
        }
    reference = REFERENCE if REFERENCE in tools else tools[0]
    print(f"| | wall s | CPU s | × {reference} (CPU) | × {reference} (wall) | peak MiB | equal |")
    print("|---|---|---|---|---|---|---|")
    for name in tools:
        print(row(name, found[name], found[reference]))


def scale(given: argparse.Namespace) -> None:
    """Print the CPU seconds of the fast tools at several sizes."""
    tools = given.tools or FAST
    detections = [each * given.images * 100 for each in given.scale]
    print(f"CPU seconds (µs a detection), seed {given.seed}; medians of {given.repeats}.\n")
    print("| detections | " + " | ".join(f"{each:,}" for each in detections) + " |")
    print("|---" * (len(detections) + 1) + "|")
    for name in tools:
        cells = []
        for times, total in zip(given.scale, detections, strict=True):
            found = in_own_process(name, given, times * given.images, None)
            cells.append(
                found
                if isinstance(found, str)
                else f"{found['cpu_s']:.2f} ({found['cpu_s'] / total * 1e6:.2f})"
            )
        print(f"| {name} {release(name) or ''} | {' | '.join(cells)} |", flush=True)


def in_own_process(tool: str, given: argparse.Namespace, images: int, folder: str | None) -> Found:
    """Return a tool's cost, or in words why there is none."""
    if release(tool) is None:
        return "not installed"
    print(f"measuring {tool}, {images} images", file=sys.stderr, flush=True)
    command = [sys.executable, __file__, "--worker", tool, "--images", str(images)]
    repeats = given.slow_repeats if tool in SLOW else None
    command += ["--seed", str(given.seed), "--repeats", str(repeats or given.repeats)]
    if folder:
        command += ["--folder", folder]
    # Peers print while they index, so the figures are the last line.
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    cost: Found = json.loads(output.splitlines()[-1])
    return cost


def row(tool: str, cost: Found, reference: Found) -> str:
    """Return a tool's row of the table."""
    name = f"{tool} {release(tool) or ''}".strip()
    if isinstance(cost, str):
        return f"| {name} | {cost} | | | | | |"
    peak = "unknown" if cost["peak_mib"] is None else f"{cost['peak_mib']:.0f}"
    if isinstance(reference, str):
        times, equal = ["", ""], "no reference"
    else:
        times = [f"{reference[each] / cost[each]:.1f}" for each in ("cpu_s", "wall_s")]
        equal = agreement(cost["result"], reference["result"])
    cells = [f"{cost['wall_s']:.2f}", f"{cost['cpu_s']:.2f}", *times, peak, equal]
    return f"| {name} | {' | '.join(cells)} |"


def agreement(ours: list[float], theirs: list[float]) -> str:
    """Say how far the numbers are from the reference's, of which there may be more."""
    wanted = theirs[: len(ours)]
    off = max(abs(a - b) for a, b in zip(ours, wanted, strict=True))
    said = "bits" if ours == wanted else f"within {off:.1e}"
    return said if len(ours) == len(theirs) else f"{said} ({len(ours)} of {len(theirs)})"


if __name__ == "__main__":
    main()
