from pathlib import Path

import pytest

from boxgauge.cli import probes

from .conftest import Boxgauge


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
