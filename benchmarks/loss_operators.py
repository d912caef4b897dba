"""Time single operators of the losses, eager and exported, which bounds what a graph can gain.

    python benchmarks/loss_operators.py

Microseconds of processor time a call, one thread, medians of 7, measured in turns. Where many rows
hide what a call costs, a graph of n operators is at best the sum of its operators.
"""

import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from losses import graph, microseconds, value
from timing import machine
from torch import Generator, Tensor

from boxgauge.export import Entry, Port
from boxgauge.export.onnx_export import export_forward

SIZES = (100, 100_000, 1_000_000)
OPERATORS: dict[str, Callable[[Tensor], Tensor]] = {
    "abs": torch.abs,
    "neg": torch.neg,
    "relu": torch.relu,
    "mul": lambda x: x * x,
    "exp": torch.exp,
    "log": torch.log,
    "log1p": torch.log1p,
    "masked_fill": lambda x: x.masked_fill(x < 0.5, 0.0),
}


def _draw(n: int, generator: Generator) -> tuple[Tensor]:
    return (torch.rand(n, generator=generator),)


def export(folder: Path, name: str, kernel: Callable[[Tensor], Tensor]) -> int:
    """Write the graph of one operator and return how many nodes it has."""
    entry = Entry(
        name=name,
        family="metric",
        kernel=kernel,
        inputs=(Port("x", "float32", ("n",)),),
        outputs=(Port("y", "float32", ("n",)),),
        example=_draw,
        reference="this script",
    )
    model = export_forward(entry)
    file = folder / name / "1" / "model.onnx"
    file.parent.mkdir(parents=True)
    file.write_bytes(model.SerializeToString())
    return len(model.graph.node)


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    # Says at every export that torchvision, which is not wanted, is not there.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    print(f"{machine()}, torch {torch.__version__}\n")
    columns = [f"{side} {n:,}" for n in SIZES for side in ("eager", "ONNX Runtime")]
    print("| µs a call | nodes | " + " | ".join(columns) + " |")
    print("|" + " --- |" * (2 + len(columns)))
    with tempfile.TemporaryDirectory() as folder:
        for i, (name, kernel) in enumerate(OPERATORS.items()):
            nodes = export(Path(folder), f"operator_{i}", kernel)
            cells = []
            for n in SIZES:
                inputs = _draw(n, Generator().manual_seed(n))
                runs = {
                    "eager": value(kernel, *inputs),
                    "onnx": graph(Path(folder), f"operator_{i}", *inputs),
                }
                cells += [f"{us:,.0f}" for us in microseconds(runs).values()]
            print(f"| {name} | {nodes} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
