"""Shared libraries of the GPU: ONNX Runtime falls back to the CPU where one is missing."""

import contextlib
import ctypes
import io
from pathlib import Path

from boxgauge.cli.diagnosis.finding import Finding
from boxgauge.cli.failures import installing, one_line

DRIVER = "libcuda.so.1"
_PROVIDERS = {
    "cuda": "libonnxruntime_providers_cuda.so",
    "tensorrt": "libonnxruntime_providers_tensorrt.so",
}


def library_findings(wanted: tuple[str, ...]) -> list[Finding]:
    """Judge the driver's library, and those that the providers need, by loading them.

    Args:
        wanted: Providers that are asked for.
    """
    asked = [name for name in _PROVIDERS if name in wanted]
    if not asked:
        return []
    error = load_fault(DRIVER)
    findings = [
        Finding("NVIDIA driver", f"{DRIVER} does not load: {error}", _DRIVER_MENDING)
        if error
        else Finding("NVIDIA driver", f"{DRIVER} loads")
    ]
    import onnxruntime

    folder = Path(onnxruntime.__file__).parent / "capi"
    with contextlib.redirect_stdout(io.StringIO()):  # it says what it does not find there
        preload = getattr(onnxruntime, "preload_dlls", None)
        if preload is not None:
            preload()
    for name in asked:
        findings.append(provider_library_finding(name, folder / _PROVIDERS[name]))
    return findings


def provider_library_finding(name: str, library: Path) -> Finding:
    """Judge one provider's library: there, and with all that it needs."""
    extra = "gpu" if name == "cuda" else name
    if not library.exists():
        words = f"this ONNX Runtime is built without it: no {library.name}"
        mending = f"pip uninstall -y onnxruntime && {installing(extra)}"
        return Finding(f"libraries of {name}", words, mending)
    load_fault(str(library.with_name("libonnxruntime_providers_shared.so")))
    error = load_fault(str(library))
    if error:
        return Finding(f"libraries of {name}", error, f"{installing(extra)}, which brings them")
    return Finding(f"libraries of {name}", "all load")


def load_fault(library: str) -> str:
    """Return why a shared library does not load, or ""."""
    try:
        ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        return one_line(error)
    return ""


_DRIVER_MENDING = (
    "install the NVIDIA driver; in a container, run it with the NVIDIA runtime (--gpus all)"
)
