"""What an export depends on: the exporter's own sources and the versions of its producers."""

import hashlib
from pathlib import Path
from types import ModuleType

import onnx
import onnxscript
import torch

import boxgauge.losses
import boxgauge.metrics
from boxgauge.export.runtime import onnxruntime


def producer_versions() -> dict[str, str]:
    """Return the versions of everything that has a say in the bytes of a graph."""
    producers = (torch, onnx, onnxscript, onnxruntime)
    return {module.__name__: str(module.__version__) for module in producers}


def sources_digest() -> str:
    """Return the sha256 over all Python files of the losses, the metrics and the exporter.

    Names count as well as contents, the place of the checkout does not.
    """
    digest = hashlib.sha256()
    for package, folder in (
        ("losses", _folder(boxgauge.losses)),
        ("metrics", _folder(boxgauge.metrics)),
        ("export", Path(__file__).parent),
    ):
        for file in sorted(folder.rglob("*.py")):
            content = file.read_bytes()
            name = f"{package}/{file.relative_to(folder).as_posix()}"
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def _folder(package: ModuleType) -> Path:
    return Path(package.__path__[0])
