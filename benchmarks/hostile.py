"""Send a million hostile inputs through every loss and gradient graph; count what is not finite.

    python benchmarks/hostile.py

Rows of ``hostile_inputs.draw``, in ONNX Runtime: batches of 100,000 for graphs of one value a
row, batches of 0 to 1,000 rows for graphs of one value a batch. Beside them the same logits
go through binary cross entropy and focal loss as PyTorch's exporter writes them from the
usual definitions. Exits with 1 if any output of ours is not finite.
"""

import argparse
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from hostile_inputs import draw
from timing import machine

ROOT = Path(__file__).resolve().parents[1]
_BATCH = 100_000
_RANKINGS = (0, 1, 2, 3, 10, 100, 1_000)
# Symbols other than the first axis.
_SIZES = {"p": 7, "k": 4, "b": 9, "bins": 10, "m": 5}


def batches(per_row: bool, rows: int, rng: np.random.Generator) -> Iterator[int]:
    """Yield sizes that add up to at least ``rows``, 0 among them."""
    yield 0
    left = rows
    while left > 0:
        n = min(_BATCH, left) if per_row else int(rng.choice(_RANKINGS))
        yield n
        left -= n


def count(
    session: onnxruntime.InferenceSession, graph: dict[str, Any], rows: int
) -> tuple[int, int]:
    """Return how many rows went in, and how many numbers that came out are not finite."""
    rng = np.random.default_rng(0)
    tried = broken = 0
    symbol = graph["inputs"][0]["shape"][0]
    for n in batches(graph["per_pair"], rows, rng):
        feeds = draw(graph["inputs"], _SIZES | {symbol: n}, rng)
        tried += n
        for output in session.run(None, feeds):
            broken += int(np.count_nonzero(~np.isfinite(output)))
    return tried, broken


def stock(folder: Path) -> dict[str, Path]:
    """Return the usual definitions as PyTorch's exporter writes them."""
    import torch
    from torch import Tensor, nn
    from torch.nn import functional

    class BinaryCrossEntropy(nn.Module):
        def forward(self, logits: Tensor, target: Tensor) -> Tensor:
            return functional.binary_cross_entropy_with_logits(logits, target, reduction="none")

    class Focal(nn.Module):
        def forward(self, logits: Tensor, target: Tensor) -> Tensor:
            prob = logits.sigmoid()
            entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
            p_t = prob * target + (1 - prob) * (1 - target)
            return (0.25 * target + 0.75 * (1 - target)) * (1 - p_t) ** 2 * entropy

    files = {}
    example = (torch.randn(7), torch.ones(7))
    axes = {0: torch.export.Dim("n", min=0)}
    for module in (BinaryCrossEntropy(), Focal()):
        name = type(module).__name__
        files[name] = folder / f"{name}.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the exporter about itself
            program = torch.onnx.export(
                module, example, dynamo=True, dynamic_shapes=(axes, axes), verbose=False
            )
        if program is None:
            raise RuntimeError(f"torch.onnx.export returned nothing for {name}")
        program.save(files[name])
    return files


def open_session(file: Path) -> onnxruntime.InferenceSession:
    """Return a session on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def main() -> int:
    """Print a table; return 1 if a graph of ours gave a number that is not finite."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--graphs", type=Path, default=ROOT / "graphs")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="+", help="names of graphs")
    options = parser.parse_args()
    print(machine() + "\n\n| graph | rows | not finite |\n| --- | --- | --- |")
    started, total, broken = time.perf_counter(), 0, 0
    graphs = json.loads((options.graphs / "manifest.json").read_text(encoding="utf-8"))["graphs"]
    for graph in graphs:
        wanted = graph["family"] in {"loss", "gradient"}
        if wanted and (options.only is None or graph["name"] in options.only):
            tried, found = count(open_session(options.graphs / graph["file"]), graph, options.rows)
            total, broken = total + tried, broken + found
            print(f"| `{graph['name']}` | {tried:,} | {found:,} |", flush=True)
    print(f"| **all of BoxGauge's** | {total:,} | {broken:,} |")
    ports = [{"name": n, "dtype": "float32", "shape": ["n"]} for n in ("logits", "target")]
    with tempfile.TemporaryDirectory() as folder:
        for name, file in stock(Path(folder)).items():
            graph = {"inputs": ports, "per_pair": True}
            tried, found = count(open_session(file), graph, options.rows)
            print(f"| {name}, as exported by torch | {tried:,} | {found:,} |")
    print(f"\n{time.perf_counter() - started:.0f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
