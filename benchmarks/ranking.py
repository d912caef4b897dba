"""The exact ranking losses against the loops over positives that the papers publish.

    python benchmarks/ranking.py [--graphs graphs] [--largest 1000000]

Prints CPU seconds of a loss and its gradient on one thread: the loop once, each of ours the
median of seven runs, and the largest differences between the two. The gradient graph in ONNX
Runtime stands beside where ``--graphs`` has it. The logits are those of a detector half-way
through its training: positives a little above the negatives, most of which are above some positive.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from ranking_loops import Outcome, alrp_loop, ap_loop, rank_sort_loop
from timing import machine, measure
from torch import Tensor

from boxgauge.losses import alrp_loss, ap_loss, rank_sort_loss

_SIZES = ((10**4, 10**2), (10**5, 10**3), (10**6, 10**4))
_DELTA = {"ap_loss": 0.5, "alrp_loss": 1.0, "rank_sort_loss": 0.5}
_LOOPS: dict[str, Callable[..., Outcome]] = {
    "ap_loss": ap_loop,
    "alrp_loss": alrp_loop,
    "rank_sort_loss": rank_sort_loop,
}
_REPEATS = 7


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--graphs", type=Path)
    options.add_argument("--largest", type=int, default=10**6)
    given = options.parse_args()
    torch.set_num_threads(1)
    print(f"{machine()}, torch {torch.__version__}, one thread\n")
    head = (
        "loss | logits | positives | loop, s | ours, s | times | graph, s | loss off | update off"
    )
    print(f"| {head} |")
    print("|---|---|---|---|---|---|---|---|---|")
    for rows, positives in _SIZES:
        if rows <= given.largest:
            for name, inputs in _inputs(rows, positives).items():
                print(_line(name, inputs, given.graphs), flush=True)


def _inputs(rows: int, positives: int) -> dict[str, tuple[Tensor, ...]]:
    """Return the inputs of each loss: one scene, float32."""
    generator = torch.Generator().manual_seed(0)
    target = torch.zeros(rows)
    target[torch.randperm(rows, generator=generator)[:positives]] = 1
    logits = 2 * torch.randn(rows, generator=generator) - 4 + 3 * target
    iou = 0.3 + 0.7 * torch.rand(rows, generator=generator)
    return {
        "ap_loss": (logits, target),
        "alrp_loss": (logits, target, 1 - iou),
        "rank_sort_loss": (logits, target * iou),
    }


def _line(name: str, inputs: tuple[Tensor, ...], graphs: Path | None) -> str:
    loop, loop_s = _once(partial(_LOOPS[name], *inputs, _DELTA[name]))
    ours = measure(partial(_ours, name, inputs), _REPEATS)
    loss_off = abs(loop.loss - ours.result.loss)
    update_off = float((loop.update - ours.result.update).abs().max())
    path = graphs / f"{name}_gradient" / "1" / "model.onnx" if graphs else None
    graph = f"{_graph_seconds(path, inputs):.4f}" if path and path.exists() else ""
    return (
        f"| {name} | {len(inputs[0])} | {int((inputs[1] > 0).sum())} | {loop_s:.3f} "
        f"| {ours.cpu_s:.4f} | {loop_s / ours.cpu_s:.0f} | {graph} "
        f"| {loss_off:.1e} | {update_off:.1e} |"
    )


def _once(run: Callable[[], Outcome]) -> tuple[Outcome, float]:
    """Return what a run gives and its CPU seconds: the largest take minutes, without a warm-up."""
    started = time.process_time()
    outcome = run()
    return outcome, time.process_time() - started


def _ours(name: str, inputs: tuple[Tensor, ...]) -> Outcome:
    # Double, so that what differs from the loop is the arithmetic and not the output's type.
    logits = inputs[0].double().requires_grad_()
    if name == "ap_loss":
        loss = ap_loss(logits, inputs[1])
    elif name == "alrp_loss":
        error = inputs[2].double().requires_grad_()
        loss = alrp_loss(logits, inputs[1], error).loss
    else:
        loss = rank_sort_loss(logits, inputs[1]).loss
    loss.sum().backward()
    return Outcome(loss.item(), logits.grad if logits.grad is not None else logits)


def _graph_seconds(path: Path, inputs: tuple[Tensor, ...]) -> float:
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    settings.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    names = [port.name for port in session.get_inputs()]
    feeds = {n: np.asarray(x) for n, x in zip(names, inputs, strict=True)}
    return measure(partial(session.run, None, feeds), _REPEATS).cpu_s


if __name__ == "__main__":
    main()
