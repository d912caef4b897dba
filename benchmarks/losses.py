"""Time losses and their gradients: plain formulas, peers, eager, compiled and ONNX Runtime.

    python benchmarks/losses.py

One thread each; microseconds of processor time a call, medians of 7, measured in turns. First all
losses of boxes at 100 boxes, eager and in ONNX Runtime; then a table a loss, at 100 to 1,000,000
rows. ``value`` is the loss of each row, ``gradient`` the loss and the gradient of its sum. All of
them get the same inputs, and what they return is compared first.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import onnxruntime
import torch
from loss_peers import Contest, Loss, contests
from timing import machine
from torch import Generator, Tensor

import boxgauge.losses
from boxgauge.export import Entry
from boxgauge.export.catalog import catalog

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
FEW = 100
REPEATS = 7
ROOT = Path(__file__).resolve().parents[1]
# A repetition lasts at least this long: clocks and noise drown a single call on 100 rows.
SHORTEST_S = 0.02
ONNX = "BoxGauge, ONNX Runtime"
EAGER = "BoxGauge, eager"

Run = Callable[[], object]
Kernel = Callable[..., Tensor]
# Microseconds at each size, by mode and implementation; none where it is not installed.
Table = dict[str, dict[str, list[float]]]


def implementations(contest: Contest) -> dict[str, Loss | None]:
    """Return each PyTorch implementation by its name in the table, None where not installed."""
    own: Loss = getattr(boxgauge.losses, contest.name)
    return {
        "plain formula, eager": contest.plain,
        "plain formula, compiled": torch.compile(contest.plain, dynamic=True),
        **{f"{peer}, eager": loss for peer, loss in contest.peers.items()},
        EAGER: own,
        "BoxGauge, compiled": torch.compile(own, dynamic=True),
    }


def value(loss: Kernel, *inputs: Tensor) -> Run:
    """Return a call of the loss without gradients."""

    def run() -> Tensor:
        with torch.no_grad():
            return loss(*inputs)

    return run


def gradient(loss: Kernel, pred: Tensor, *others: Tensor) -> Run:
    """Return a call of the loss and of its backward pass."""
    variable = pred.clone().requires_grad_()

    def run() -> Tensor:
        (slope,) = torch.autograd.grad(loss(variable, *others).sum(), variable)
        return slope

    return run


def graph(graphs: Path, name: str, *inputs: Tensor, output: int = -1) -> Run:
    """Return a run of an exported graph, all of its outputs computed and one handed on."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(graphs / name / "1" / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    names = [each.name for each in session.get_inputs()]
    feeds = {name: tensor.numpy() for name, tensor in zip(names, inputs, strict=True)}
    return lambda: torch.from_numpy(session.run(None, feeds)[output])


def microseconds(runs: Mapping[str, Run]) -> dict[str, float]:
    """Return the median processor time of a call of each, measured in turns."""
    calls = {
        name: max(1, round(SHORTEST_S / max(_seconds(run, 1), 1e-7))) for name, run in runs.items()
    }
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(REPEATS):
        for name, run in runs.items():
            times[name].append(_seconds(run, calls[name]))
    return {name: statistics.median(each) * 1e6 for name, each in times.items()}


def _seconds(run: Run, calls: int) -> float:
    run()  # what ran before has left the caches in its own state
    began = time.process_time()
    for _ in range(calls):
        run()
    return (time.process_time() - began) / calls


def difference(run: Run, reference: Run) -> float:
    """Return max|a - b| / max(1, max|b|) of what two runs return."""
    actual, expected = (torch.as_tensor(each()).detach().flatten() for each in (run, reference))
    worst = (actual - expected).abs().max() / expected.abs().max().clamp(min=1)
    return float(worst)


def checked(runs: Mapping[str, Run]) -> dict[str, float]:
    """Return the microseconds of runs that agree.

    Raises:
        ValueError: One is off the eager one by more than 1e-4.
    """
    for name, run in runs.items():
        worst = difference(run, runs[EAGER])
        if not worst <= 1e-4:
            raise ValueError(f"{name}: off by {worst}")
    return microseconds(runs)


def timed(contest: Contest, graphs: Path, sizes: Sequence[int]) -> Table:
    """Return, for value and gradient, the microseconds of each implementation at each size."""
    losses = implementations(contest)
    table: Table = {mode: {name: [] for name in (*losses, ONNX)} for mode in ("value", "gradient")}
    for n in sizes:
        pair = contest.draw(n, Generator().manual_seed(n))
        for mode, of in (("value", value), ("gradient", gradient)):
            runs = {name: of(loss, *pair) for name, loss in losses.items() if loss is not None}
            suffix = "_gradient" if mode == "gradient" else ""
            runs[ONNX] = graph(graphs, contest.name + suffix, *pair)
            for name, time_us in checked(runs).items():
                table[mode][name].append(time_us)
    return table


def shown(contest: Contest, table: Table, sizes: Sequence[int]) -> str:
    """Return the Markdown of one loss."""
    columns = [f"{mode} {n:,}" for mode in table for n in sizes]
    lines = [f"### `{contest.name}`", "", "| µs a call | " + " | ".join(columns) + " |"]
    lines.append("|" + " --- |" * (1 + len(columns)))
    for name in table["value"]:
        cells = [f"{each:,.0f}" for mode in table for each in table[mode][name]]
        lines.append(f"| {name} | " + " | ".join(cells or ["not installed"]) + " |")
    ratios = [
        f"{eager / onnx:.1f}×"
        for mode in table
        for eager, onnx in zip(table[mode][EAGER], table[mode][ONNX], strict=True)
    ]
    lines.append("| **eager / ONNX Runtime** | " + " | ".join(ratios) + " |")
    return "\n".join(lines)


def few_boxes(graphs: Path) -> str:
    """Return the Markdown of all losses of boxes at a hundred boxes, from the catalog."""
    lines = [
        f"### All losses of boxes, {FEW} boxes",
        "",
        "| µs a call | value, eager | ONNX | times | gradient, eager | ONNX | times |",
        "|" + " --- |" * 7,
    ]
    for entry in catalog().values():
        if entry.topic == "boxes":
            inputs = entry.example(FEW, Generator().manual_seed(FEW))
            first = partial(_first_output, entry)
            cells = []
            for run, name, output in (
                (value(first, *inputs), entry.name, 0),
                (gradient(first, *inputs), f"{entry.name}_gradient", -1),
            ):
                us = checked({EAGER: run, ONNX: graph(graphs, name, *inputs, output=output)})
                cells += [f"{us[EAGER]:.0f}", f"{us[ONNX]:.0f}", f"{us[EAGER] / us[ONNX]:.1f}×"]
            lines.append(f"| {entry.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _first_output(entry: Entry, *inputs: Tensor) -> Tensor:
    return entry(*inputs)[0]


def main() -> None:
    """Print a table for each loss."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--graphs", type=Path, default=ROOT / "graphs")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--only", nargs="+", help="names of losses")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{machine()}, torch {torch.__version__}; one thread, medians of {REPEATS}\n")
    if options.only is None:
        print(few_boxes(options.graphs) + "\n", flush=True)
    for contest in contests():
        if options.only is None or contest.name in options.only:
            table = timed(contest, options.graphs, options.sizes)
            print(shown(contest, table, options.sizes) + "\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
