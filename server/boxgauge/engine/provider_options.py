"""What an execution provider is asked for, graph by graph. TensorRT: not yet run on a GPU."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from boxgauge.engine.repository import GraphSpec, InputRange

Options = dict[str, str]
# Enough of a sha256 to tell graphs apart in the name of a folder.
_DIGITS = 16


def suited(spec: GraphSpec, providers: Sequence[str]) -> tuple[str, ...]:
    """Return the providers that the graph may be given to.

    TensorRT is left out unless the manifest says that it takes all of the graph and has a profile
    of it. It would take others too: in part, and float64 by casting it to float32 without a word.
    """
    takes = spec.tensorrt and bool(spec.profile)
    return tuple(name for name in providers if name != "tensorrt" or takes)


def options(spec: GraphSpec, provider: str, cache: Path | None, runtime: str) -> Options:
    """Return the options of a provider for one graph.

    Args:
        spec: The graph.
        provider: Short name; only TensorRT has options here.
        cache: Folder in which TensorRT keeps what it builds; None: it keeps nothing.
        runtime: Version of ONNX Runtime, which an engine belongs to.
    """
    if provider != "tensorrt":
        return {}
    found = {
        # Without a profile the engine is built anew each time that sizes leave those seen before.
        f"trt_profile_{which}_shapes": ",".join(
            f"{each.name}:{'x'.join(map(str, getattr(each, which)))}" for each in spec.profile
        )
        for which in ("min", "opt", "max")
    }
    if cache is not None:
        of_runtime = cache / f"onnxruntime-{runtime}"
        # ONNX Runtime names an engine by the graph's structure, without its constants: the digest
        # keeps an engine of other constants from being taken for this one's.
        folder = of_runtime / f"{spec.name}-{spec.sha256[:_DIGITS]}"
        found |= {
            "trt_engine_cache_enable": "1",
            "trt_engine_cache_path": str(folder),
            # How long each kernel takes on this GPU: shared, so that later builds are quicker.
            "trt_timing_cache_enable": "1",
            "trt_timing_cache_path": str(of_runtime),
        }
    return found


def is_within(profile: Sequence[InputRange], inputs: Mapping[str, NDArray[Any]]) -> bool:
    """Say whether an engine of the profile takes inputs of these sizes; empty ones it does not."""
    return all(
        least <= size <= most
        for each in profile
        for least, size, most in zip(each.min, inputs[each.name].shape, each.max, strict=True)
    )
