"""Sizes that a TensorRT engine of a graph is built for: least, best and greatest of each input.

An engine takes only sizes within its profile and is fastest at the best ones. No profile can be
right for everybody: these are for one image or a batch of a few, and whoever needs others builds
with their own. The least is 1 throughout: TensorRT takes empty tensors in a profile, but that its
engines then return what these graphs do has not been seen. A caller that has no rows either runs
the graph on another provider or, since each output is known then, not at all.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from boxgauge.export.ports import Port, symbols

# TensorRT counts a tensor's elements in 32 bits unless told otherwise.
MAX_ELEMENTS = 2**31 - 1

_Sizes = tuple[int, int, int]

_ROWS: Mapping[str, _Sizes] = {
    # Boxes or logits: the positives of a few images; all anchors of one at 800 × 1333 pixels.
    "n": (1, 1_000, 100_000),
    "m": (1, 1_000, 100_000),
    # Classes: COCO's 80, LVIS's 1203.
    "k": (1, 80, 1_203),
    # Bins of a distribution: 16 and a last one in common detectors.
    "b": (1, 17, 64),
    # Bins of a histogram: 30 in the paper on gradient harmonizing.
    "bins": (1, 30, 100),
}

# With pixels, the first axis counts images, and the product of all three is what is bounded.
_MASKS: Mapping[str, _Sizes] = {
    "n": (1, 4, 16),
    "k": (1, 8, 32),
    "p": (1, 256 * 256, 512 * 512),
}

_OTHER: _Sizes = (1, 16, 256)


@dataclass(frozen=True)
class InputRange:
    """The shapes of one input that an engine is built for.

    Attributes:
        name: Of the input.
        min: Least size of each axis.
        opt: The sizes that the engine is tuned for.
        max: Greatest size of each axis.
    """

    name: str
    min: tuple[int, ...]
    opt: tuple[int, ...]
    max: tuple[int, ...]


def profile(inputs: Sequence[Port]) -> tuple[InputRange, ...]:
    """Return the range of each input that has a free size; inputs of fixed shape need none.

    Raises:
        ValueError: An input would have more elements than TensorRT can count.
    """
    sizes = _MASKS if "p" in symbols(inputs) else _ROWS
    ranges = []
    for port in inputs:
        if any(isinstance(size, str) for size in port.shape):
            axes = [
                (size, size, size) if isinstance(size, int) else sizes.get(size, _OTHER)
                for size in port.shape
            ]
            ranges.append(InputRange(port.name, *zip(*axes, strict=True)))
            if math.prod(ranges[-1].max) > MAX_ELEMENTS:
                raise ValueError(f"{port.name}: {ranges[-1].max} is too large for TensorRT")
    return tuple(ranges)


def shapes(ranges: Sequence[InputRange]) -> dict[str, str]:
    """Return the ranges as options of ONNX Runtime's TensorRT provider, which Triton passes on."""
    return {
        f"trt_profile_{which}_shapes": ",".join(
            f"{each.name}:{'x'.join(map(str, getattr(each, which)))}" for each in ranges
        )
        for which in ("min", "opt", "max")
    }
