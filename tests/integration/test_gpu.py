"""Every graph on a CUDA device equals eager PyTorch on the CPU. Not yet run on a GPU."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from boxgauge.engine import Engine, ModelRepository, available_providers
from boxgauge.export import Entry, catalog
from boxgauge.export.gradient import gradient_entry
from boxgauge.export.parity import TOLERANCES, relative_error

pytestmark = pytest.mark.gpu

ENTRIES = {
    each.name: each
    for entry in catalog().values()
    for each in ((entry, gradient_entry(entry)) if entry.gradient_of else (entry,))
}


def missing() -> str | None:
    """Return what is not here of what a run on a GPU needs."""
    if "cuda" not in available_providers():
        return "ONNX Runtime has no CUDA provider here"
    listing = shutil.which("nvidia-smi")
    if listing is None or subprocess.run([listing, "-L"], check=False).returncode != 0:
        return "there is no CUDA device here"
    return None


@pytest.fixture(scope="module")
def on_gpu(graphs_dir: Path) -> Engine:
    if reason := missing():
        pytest.skip(f"not yet run on a GPU: {reason}")
    return Engine.open(ModelRepository.open(graphs_dir), providers=("cuda", "cpu"))


def test_the_provider_that_was_asked_for_is_the_one_that_runs(on_gpu: Engine) -> None:
    # With a device and a build for it, falling back to the CPU is a fault.
    assert on_gpu.provider == "cuda"


@pytest.mark.parametrize("n", [0, 1, 1000])
@pytest.mark.parametrize("name", ENTRIES)
def test_a_graph_on_the_gpu_equals_eager_code(name: str, n: int, on_gpu: Engine) -> None:
    entry: Entry = ENTRIES[name]
    inputs = entry.example(n, torch.Generator().manual_seed(n))
    feeds = {port.name: x.numpy() for port, x in zip(entry.inputs, inputs, strict=True)}
    found = on_gpu.run(name, feeds)
    for port, expected in zip(entry.outputs, entry(*inputs), strict=True):
        actual, wanted = found[port.name], expected.contiguous().numpy()
        if entry.family in {"matching", "report"} or not port.is_floating:
            np.testing.assert_array_equal(actual, wanted, err_msg=port.name)
        else:
            assert relative_error(actual, wanted) <= TOLERANCES[port.dtype], port.name
