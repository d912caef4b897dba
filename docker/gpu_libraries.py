"""Look for every library that ONNX Runtime's GPU providers need; runs in the image, without a GPU.

    python docker/gpu_libraries.py "gpu tensorrt"

Takes the locks that were installed. All that a provider links against must be there, but for the
driver's own libraries, which come from the machine. And where TensorRT is there, each option that
the service gives to it must be one that it knows, if it looks at them before it asks for a GPU.
More cannot be said without one.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import onnxruntime

from boxgauge.engine import ModelRepository, find_graphs
from boxgauge.engine.provider_options import options

PROVIDERS = {"gpu": "cuda", "tensorrt": "tensorrt"}
DRIVER = re.compile(r"libcuda\.so|libnvidia-")


def missing(provider: str) -> list[str]:
    """Return the libraries that a provider links against and the loader does not find."""
    folder = Path(onnxruntime.__file__).parent / "capi"
    listed = subprocess.run(  # noqa: S603  the image's own
        ["/usr/bin/ldd", folder / f"libonnxruntime_providers_{provider}.so"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.findall(r"^\s*(\S+) => not found", listed.stdout, re.M)
    return [name for name in found if not DRIVER.match(name)]


def refused(wanted: dict[str, str]) -> str:
    """Return what ONNX Runtime says against options of TensorRT, "" if nothing."""
    repository = ModelRepository.open(find_graphs(Path(os.environ["BOXGAUGE_GRAPHS"])))
    model = repository.model(repository.graphs["giou_loss"])
    try:
        onnxruntime.InferenceSession(
            model, providers=[("TensorrtExecutionProvider", wanted)], enable_fallback=0
        )
    except Exception as error:  # noqa: BLE001  # whatever a foreign library throws
        return str(error).splitlines()[0]
    return ""


def knows_options() -> bool:
    """Print whether the service's options are known, and return it."""
    spec = ModelRepository.open(find_graphs(Path(os.environ["BOXGAUGE_GRAPHS"]))).graphs[
        "giou_loss"
    ]
    ours = options(spec, "tensorrt", Path("engines"), onnxruntime.__version__)
    nonsense = refused(ours | {"trt_no_such_option": "1"})
    if "trt_no_such_option" not in nonsense:
        # TensorRT gave up before it looked, as it may without a GPU: this says nothing of them.
        sys.stdout.write(f"options of tensorrt were not looked at: {nonsense!r}\n")
        return True
    said = refused(ours)
    known = not any(name in said for name in ours)
    sys.stdout.write(f"options of tensorrt are {'known' if known else said}\n")
    return known


def main(locks: list[str]) -> bool:
    """Print what was found, and return whether it is all."""
    is_whole = True
    for lock in locks:
        lacking = missing(PROVIDERS[lock])
        is_whole = is_whole and not lacking
        state = (
            f"lacks {', '.join(lacking)}" if lacking else "finds its libraries, but the driver's"
        )
        sys.stdout.write(f"provider {PROVIDERS[lock]} {state}\n")
    if is_whole and "tensorrt" in locks:
        is_whole = knows_options()
    return is_whole


if __name__ == "__main__":
    raise SystemExit(not main(sys.argv[1].split()))
