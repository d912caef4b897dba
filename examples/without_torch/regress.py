"""Train a box regression with ONNX Runtime and numpy alone: no PyTorch, no gradient by hand.

    python examples/without_torch/regress.py

A small network looks at noisy pictures of one bright rectangle each and says where it is. The
network is a few lines of numpy; the loss and its gradient with respect to the boxes come from
one run of a gradient graph a step, which is all that a trainer in any language needs. Takes
about five seconds on one core.
"""

import argparse
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# ONNX Runtime would report its use to its maker: said before its import, it does not.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime

GRAPHS = Path(__file__).resolve().parents[2] / "graphs"
SIDE = 24  # of a picture, in pixels

Floats = NDArray[np.float32]


def pictures(n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return n noisy pictures [n, 576] and the boxes of their rectangles [n, 4], in pixels."""
    sides = rng.uniform(5, 16, (n, 2))
    corner = rng.uniform(0, SIDE - sides)
    boxes = np.concatenate((corner, corner + sides), 1)
    at = np.arange(SIDE) + 0.5
    inside = [(at > boxes[:, [k]]) & (at < boxes[:, [k + 2]]) for k in (0, 1)]
    bright = inside[1][:, :, None] & inside[0][:, None, :]
    noisy = bright + rng.normal(0, 0.3, bright.shape)
    return noisy.reshape(n, -1).astype(np.float32), boxes.astype(np.float32)


class BoxLoss:
    """A gradient graph: the loss of each pair, and what moves the predictions."""

    def __init__(self, file: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"]
        )
        self.inputs = [port.name for port in self._session.get_inputs()]

    def __call__(self, pred: Floats, target: Floats) -> tuple[Floats, Floats]:
        """Return the loss [n] and the gradient of its sum with respect to ``pred`` [n, 4]."""
        loss, slope = self._session.run(
            ["loss", "grad_pred"], {"pred": np.ascontiguousarray(pred), "target": target}
        )
        return loss, slope


@dataclass
class Network:
    """One hidden layer of rectified units; the outputs are corners, in pixels."""

    weights: list[Floats]
    moments: list[tuple[Floats, Floats]] = field(init=False)
    steps: int = 0

    def __post_init__(self) -> None:
        self.moments = [(np.zeros_like(w), np.zeros_like(w)) for w in self.weights]

    def __call__(self, images: Floats) -> tuple[Floats, Floats]:
        """Return the boxes [n, 4], and the hidden layer, which the way back needs."""
        first, first_bias, second, second_bias = self.weights
        hidden = np.maximum(images @ first + first_bias, 0)
        return hidden @ second + second_bias, hidden

    def learn(self, images: Floats, hidden: Floats, slope: Floats, rate: float) -> None:
        """Take one step of Adam, given the gradient with respect to the boxes."""
        back = (slope @ self.weights[2].T) * (hidden > 0)
        gradients = (images.T @ back, back.sum(0), hidden.T @ slope, slope.sum(0))
        self.steps += 1
        for weight, (mean, square), gradient in zip(
            self.weights, self.moments, gradients, strict=True
        ):
            mean[...] += 0.1 * (gradient - mean)
            square[...] += 0.001 * (gradient**2 - square)
            unbiased = mean / (1 - 0.9**self.steps)
            spread = np.sqrt(square / (1 - 0.999**self.steps)) + 1e-8
            weight[...] -= np.float32(rate) * unbiased / spread


def untrained(hidden: int, rng: np.random.Generator) -> Network:
    """Return a network that begins by saying the middle of the picture."""
    pixels = SIDE * SIDE
    first = rng.normal(0, (2 / pixels) ** 0.5, (pixels, hidden))
    second = rng.normal(0, 0.1 / hidden**0.5, (hidden, 4))
    middle = np.array([0.25, 0.25, 0.75, 0.75]) * SIDE
    layers = (first, np.zeros(hidden), second, middle)
    return Network([layer.astype(np.float32) for layer in layers])


def mean_iou(pred: Floats, target: Floats) -> float:
    """Return the mean overlap of paired boxes."""
    low, high = np.maximum(pred[:, :2], target[:, :2]), np.minimum(pred[:, 2:], target[:, 2:])
    common = np.clip(high - low, 0, None).prod(1)
    areas = [np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(1) for boxes in (pred, target)]
    return float((common / (areas[0] + areas[1] - common)).mean())


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, and print loss and overlap on pictures that were not trained on."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--graphs", type=Path, default=GRAPHS, help="folder of the graphs")
    parser.add_argument("--loss", default="giou_loss", help="any loss of pred and target")
    parser.add_argument("--steps", type=int, default=2000)
    options = parser.parse_args(arguments)
    if options.steps < 4:
        parser.error(f"--steps must be at least 4: got {options.steps}")
    file = options.graphs / f"{options.loss}_gradient" / "1" / "model.onnx"
    if not file.is_file():
        parser.error(f"there is no {file}: export the graphs, or name another --loss")
    loss_of = BoxLoss(file)
    if loss_of.inputs != ["pred", "target"]:
        taken = ", ".join(loss_of.inputs)
        parser.error(f"--loss must take pred and target: {options.loss} takes {taken}")

    rng = np.random.default_rng(0)
    unseen, truth = pictures(1000, rng)
    network = untrained(128, rng)
    started = time.perf_counter()
    for step in range(options.steps + 1):
        if step % (options.steps // 4) == 0:
            pred, _ = network(unseen)
            loss, _ = loss_of(pred, truth)
            print(f"step {step:5d}  loss {loss.mean():.4f}  mean IoU {mean_iou(pred, truth):.4f}")
        images, target = pictures(128, rng)
        pred, hidden = network(images)
        _, slope = loss_of(pred, target)
        rate = 2e-3 * (1 - step / (options.steps + 1))
        network.learn(images, hidden, slope / len(pred), rate)
    print(f"{time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
