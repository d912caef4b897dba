"""Every graph that the lint calls ready, on a TensorRT engine of its profile: equal to the CPU.

Not yet run on a GPU.
"""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from boxgauge.engine import Engine, ModelRepository, available_providers
from boxgauge.export import Entry, Manifest, catalog, read_manifest
from boxgauge.export.gradient import gradient_entry
from boxgauge.export.parity import TOLERANCES, open_session, relative_error
from boxgauge.export.profile import shapes

pytestmark = pytest.mark.gpu

READY = {
    each.name: each
    for entry in catalog().values()
    if entry.tensorrt
    for each in ((entry, gradient_entry(entry)) if entry.gradient_of else (entry,))
}


def missing() -> str | None:
    """Return what is not here of what an engine needs."""
    if "tensorrt" not in available_providers():
        return "ONNX Runtime has no TensorRT provider here"
    listing = shutil.which("nvidia-smi")
    if listing is None or subprocess.run([listing, "-L"], check=False).returncode != 0:
        return "there is no CUDA device here"
    try:
        ctypes.CDLL("libnvinfer.so.10")
    except OSError:
        return "TensorRT's libraries are not installed"
    return None


@pytest.fixture(scope="module")
def records(graphs_dir: Path) -> Manifest:
    if reason := missing():
        pytest.skip(f"not yet run on a GPU: {reason}")
    return read_manifest(graphs_dir)


@pytest.mark.parametrize("name", READY)
def test_an_engine_of_the_profile_equals_the_cpu(
    name: str, records: Manifest, graphs_dir: Path
) -> None:
    entry: Entry = READY[name]
    record = records[name]
    model = (graphs_dir / record.file).read_bytes()
    options = onnxruntime.SessionOptions()
    # Without it, what TensorRT does not take would go to the CPU without a word.
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    engine = onnxruntime.InferenceSession(
        model,
        options,
        providers=[("TensorrtExecutionProvider", shapes(record.profile)), "CPUExecutionProvider"],
    )
    assigned = {part.ep_name for part in engine.get_provider_graph_assignment_info()}
    assert assigned == {"TensorrtExecutionProvider"}

    cpu = open_session(name, model)
    most = record.profile[0].max[0]
    for n in (1, 2, min(1000, most)):
        inputs = entry.example(n, torch.Generator().manual_seed(n))
        feeds = {port.name: x.numpy() for port, x in zip(entry.inputs, inputs, strict=True)}
        for port, actual, expected in zip(
            entry.outputs, engine.run(None, feeds), cpu.run(None, feeds), strict=True
        ):
            assert np.isfinite(actual).all(), port.name
            assert relative_error(actual, expected) <= TOLERANCES["float32"], port.name


def test_engines_are_kept_and_other_sizes_go_to_the_next_provider(
    records: Manifest, graphs_dir: Path, tmp_path: Path
) -> None:
    repository = ModelRepository.open(graphs_dir)
    asked, name = ("tensorrt", "cuda", "cpu"), "giou_loss"
    most = records[name].profile[0].max[0]
    built: list[dict[Path, int]] = []
    for _ in range(2):
        engine = Engine.open(repository, providers=asked, names=[name], engine_cache=tmp_path)
        assert engine.provider == "tensorrt"
        for n in (0, 1, most, most + 1):
            boxes = np.tile(np.array([0, 0, 2, 2], np.float32), (n, 1))
            loss = engine.run(name, {"pred": boxes, "target": boxes})["loss"]
            assert loss.shape == (n,)
            assert np.abs(loss).max(initial=0) < 1e-6
        built.append({path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.engine")})
        assert len(built[-1]) == 1
    assert built[0] == built[1]
