"""Time losses and their gradients: plain formulas, peers, eager, compiled and ONNX Runtime.

    python benchmarks/losses.py

One thread each. A table a loss: microseconds of processor time a call, medians of 7, at 100 to
1,000,000 rows;
``value`` is the loss of each row, ``gradient`` the loss and the gradient of its sum. All of
them get the same inputs, and what they return is compared first.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import onnxruntime
import torch
from loss_peers import Contest, Loss, contests
from timing import machine
from torch import Tensor

import boxgauge.losses

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
REPEATS = 7
ROOT = Path(__file__).resolve().parents[1]
# A repetition lasts at least this long: clocks and noise drown a single call on 100 rows.
SHORTEST_S = 0.02
ONNX = "BoxGauge, ONNX Runtime"
EAGER = "BoxGauge, eager"

Run = Callable[[], object]
# Microseconds at each size, by mode and implementation.
Table = dict[str, dict[str, list[float]]]


def implementations(contest: Contest) -> dict[str, Loss]:
    """Return each PyTorch implementation by its name in the table."""
    own: Loss = getattr(boxgauge.losses, contest.name)
    return {
        "plain formula, eager": contest.plain,
        "plain formula, compiled": torch.compile(contest.plain, dynamic=True),
        **{f"{peer}, eager": loss for peer, loss in contest.peers.items()},
        EAGER: own,
        "BoxGauge, compiled": torch.compile(own, dynamic=True),
    }


def value(loss: Loss, pred: Tensor, target: Tensor) -> Run:
    """Return a call of the loss without gradients."""

    def run() -> Tensor:
        with torch.no_grad():
            return loss(pred, target)

    return run


def gradient(loss: Loss, pred: Tensor, target: Tensor) -> Run:
    """Return a call of the loss and of its backward pass."""
    variable = pred.clone().requires_grad_()

    def run() -> Tensor:
        (slope,) = torch.autograd.grad(loss(variable, target).sum(), variable)
        return slope

    return run


def graph(graphs: Path, name: str, *inputs: Tensor) -> Run:
    """Return a run of an exported graph."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(graphs / name / "1" / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    names = [each.name for each in session.get_inputs()]
    feeds = {name: tensor.numpy() for name, tensor in zip(names, inputs, strict=True)}
    last = session.get_outputs()[-1].name
    outputs = [each.name for each in session.get_outputs()]
    return lambda: torch.from_numpy(session.run(outputs, feeds)[outputs.index(last)])


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


def timed(
    contest: Contest, graphs: Path, sizes: Sequence[int]
) -> dict[str, dict[str, list[float]]]:
    """Return, for value and gradient, the microseconds of each implementation at each size.

    Raises:
        ValueError: Two implementations disagree by more than 1e-4.
    """
    table: Table = {"value": {}, "gradient": {}}
    losses = implementations(contest)
    for n in sizes:
        pair = contest.draw(n, torch.Generator().manual_seed(n))
        for mode, of in (("value", value), ("gradient", gradient)):
            runs = {name: of(loss, *pair) for name, loss in losses.items()}
            suffix = "_gradient" if mode == "gradient" else ""
            runs[ONNX] = graph(graphs, contest.name + suffix, *pair)
            for name, run in runs.items():
                worst = difference(run, runs[EAGER])
                if not worst <= 1e-4:
                    raise ValueError(f"{contest.name}, {mode}, {name}: off by {worst}")
            for name, time_us in microseconds(runs).items():
                table[mode].setdefault(name, []).append(time_us)
    return table


def shown(contest: Contest, table: Table, sizes: Sequence[int]) -> str:
    """Return the Markdown of one loss."""
    columns = [f"{mode} {n:,}" for mode in table for n in sizes]
    lines = [f"### `{contest.name}`", "", "| µs a call | " + " | ".join(columns) + " |"]
    lines.append("|" + " --- |" * (1 + len(columns)))
    for name in table["value"]:
        cells = [f"{each:,.0f}" for mode in table for each in table[mode][name]]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    ratios = [
        f"{eager / onnx:.1f}×"
        for mode in table
        for eager, onnx in zip(table[mode][EAGER], table[mode][ONNX], strict=True)
    ]
    lines.append("| **eager / ONNX Runtime** | " + " | ".join(ratios) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print a table for each loss."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--graphs", type=Path, default=ROOT / "graphs")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--only", nargs="+", help="names of losses")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{machine()}, torch {torch.__version__}; one thread, medians of {REPEATS}\n")
    for contest in contests():
        if options.only is None or contest.name in options.only:
            table = timed(contest, options.graphs, options.sizes)
            print(shown(contest, table, options.sizes) + "\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
