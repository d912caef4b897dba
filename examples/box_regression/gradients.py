"""The gradient of a loss by (cx, cy, w, h), from its exported gradient graph."""

from collections.abc import Callable

import numpy as np
from contestants import Contestant
from protocol import Floats

from boxgauge.engine import Engine

# What a descent asks for: the slope of the loss at each box, both in (cx, cy, w, h).
Gradient = Callable[[Floats], Floats]

# corners = centres @ _TO_CORNERS, and so by the chain rule
# gradient by centres = gradient by corners @ _TO_CORNERS.T
_TO_CORNERS = np.array(
    [[1, 0, 1, 0], [0, 1, 0, 1], [-0.5, 0, 0.5, 0], [0, -0.5, 0, 0.5]], dtype=np.float32
)
_STATE = "next_"


def corners(boxes: Floats) -> Floats:
    """Return (cx, cy, w, h) as (x1, y1, x2, y2)."""
    return np.asarray(boxes @ _TO_CORNERS, dtype=np.float32)


def by_centres(gradient: Floats) -> Floats:
    """Return the gradient by (cx, cy, w, h), given that by the corners."""
    return np.asarray(gradient @ _TO_CORNERS.T, dtype=np.float32)


def graph_gradient(engine: Engine, contestant: Contestant, targets: Floats) -> Gradient:
    """Return the gradient of a loss towards ``targets``, as ONNX Runtime computes it.

    A running state (Wise-IoU's mean loss) begins at 1, the loss of boxes apart, and is kept
    from call to call: a mini-batch of its own for each function that this returns.
    """
    name = f"{contestant.graph}_gradient"
    spec = engine.graph(name)
    inputs = {port.name for port in spec.inputs}
    in_corners = "pred" in inputs
    pred, target = ("pred", "target") if in_corners else ("pred_cxcywh", "target_cxcywh")
    scale = np.float32(contestant.pixels)
    fixed = {
        extra: np.tile(np.asarray(row, dtype=np.float32) * scale, (len(targets), 1))
        for extra, row in contestant.extras.items()
    }
    fixed[target] = (corners(targets) if in_corners else targets) * scale
    state = {
        port.name.removeprefix(_STATE): np.ones(1, dtype=np.float32)
        for port in spec.outputs
        if port.name.startswith(_STATE)
    }

    def gradient(boxes: Floats) -> Floats:
        given = (corners(boxes) if in_corners else boxes) * scale
        outputs = engine.run(name, {pred: given, **fixed, **state})
        for held in state:
            state[held] = outputs[_STATE + held]
        slope = outputs[f"grad_{pred}"] * scale
        return by_centres(slope) if in_corners else slope

    return gradient


def graph_iou(engine: Engine, targets: Floats) -> Gradient:
    """Return the function that gives each box's IoU with its target, [n]."""
    wanted = corners(targets)

    def iou(boxes: Floats) -> Floats:
        loss = engine.run("iou_loss", {"pred": corners(boxes), "target": wanted})["loss"]
        return np.asarray(1 - loss, dtype=np.float32)

    return iou
