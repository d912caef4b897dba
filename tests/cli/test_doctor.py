import json
import socket
from pathlib import Path

import pytest

from boxgauge.cli import checks, probes

from .conftest import Boxgauge


@pytest.fixture(autouse=True)
def free_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the default ports be whose they are while other tests run."""
    for name in ("BOXGAUGE_PORT", "BOXGAUGE_METRICS_PORT"):
        monkeypatch.setenv(name, "0")


def test_a_sound_installation_is_well(boxgauge: Boxgauge, graphs_dir: Path) -> None:
    ended = boxgauge("doctor", "--graphs", graphs_dir)
    assert "ok   provider cpu: asked for CPUExecutionProvider and got it" in ended.out
    assert "BAD" not in ended.out
    assert ended.out.endswith("all is well\n")
    assert ended.status == 0


def test_two_runtimes_are_a_fault(
    boxgauge: Boxgauge, graphs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = ["onnxruntime", "onnxruntime-gpu"]
    monkeypatch.setattr(probes, "runtime_distributions", lambda: both)
    ended = boxgauge("doctor", "--graphs", graphs_dir)
    assert ended.status == 1
    assert "BAD  ONNX Runtime: onnxruntime and onnxruntime-gpu are both installed" in ended.out
    assert "mend: pip uninstall -y onnxruntime onnxruntime-gpu" in ended.out


def test_missing_graphs_are_a_fault_with_a_cure(
    boxgauge: Boxgauge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = boxgauge("doctor", "--graphs", tmp_path)
    assert ended.status == 1
    assert f"BAD  graphs: {tmp_path}: " in ended.out
    assert "boxgauge export" in ended.out
    assert ended.err == ""


def test_the_installed_runtime_is_found_once() -> None:
    assert probes.runtime_distributions() in (["onnxruntime"], ["onnxruntime-gpu"])
    assert probes.missing_modules(["numpy", "no_such_module"]) == ["no_such_module"]


def test_what_is_wrong_around_a_service_is_found_at_once(
    boxgauge: Boxgauge, graphs_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        for name, value in {
            "BOXGAUGE_PORT": str(port),
            "BOXGAUGE_JURNAL": "x",
            "BOXGAUGE_MAX_MODELS": "0",
            "BOXGAUGE_JOURNAL": str(tmp_path / "missing" / "journal.db"),
            "BOXGAUGE_PROVIDERS": "tensorrt,cpu",
        }.items():
            monkeypatch.setenv(name, value)
        ended = boxgauge("doctor", "--graphs", graphs_dir, "--json")
    assert ended.status == 1
    document = json.loads(ended.out)
    bad = {
        each["words"]: each["mending"] for each in document["findings"] if each["verdict"] == "bad"
    }
    assert document["faults"] == len(bad)
    assert bad[f"127.0.0.1:{port} is taken by another process"]
    assert bad["BOXGAUGE_JURNAL is set, and nothing reads it"].startswith("rename it to")
    assert bad[f"there is no folder {tmp_path / 'missing'}"].startswith("mkdir -p")
    assert any(words.startswith("BOXGAUGE_MAX_MODELS: ") for words in bad)
    wanted = "BOXGAUGE_PROVIDERS prefers tensorrt, which is not built in"
    assert any(words.startswith(wanted) for words in bad)
    assert document["versions"]["boxgauge"]


def test_graphs_of_a_newer_opset_are_a_fault(graphs_dir: Path, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load(graphs_dir / "iou_loss" / "1" / "model.onnx")
    model.opset_import[0].version = 9999
    newer = tmp_path / "model.onnx"
    newer.write_bytes(model.SerializeToString())
    files = {"iou_loss": newer, "giou_loss": graphs_dir / "giou_loss" / "1" / "model.onnx"}
    faults = probes.load_faults(files)
    assert [*faults] == ["iou_loss"]
    found = checks.loading_finding(faults, len(files))
    assert found.words.startswith("1 of 2 do not load, iou_loss for one: ")
    assert "9999" in found.words
    assert checks.loading_finding({}, 2).verdict == "ok"
