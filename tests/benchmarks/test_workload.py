"""The benchmarks' workload is the one stated, and the scripts run."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("proto", "server", "exporters", "clients")


@pytest.fixture(autouse=True)
def _scripts_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")


def test_the_workload_has_the_shape_of_val2017() -> None:
    from workload import make_workload

    made = make_workload(5000, seed=0)
    assert len(made.truth_labels) == 36_781
    assert len(made.scores) == 500_000
    assert 0.005 < made.truth_crowd.mean() < 0.02
    shares = np.bincount(made.truth_labels, minlength=81)[1:] / 36_781
    assert len(shares) == 80
    assert shares.min() > 0
    assert shares.max() > 5 * np.median(shares)
    assert (np.bincount(np.repeat(np.arange(5000), made.counts)) == 100).all()
    assert ((made.scores >= 0) & (made.scores <= 1)).all()


def test_equal_seeds_give_equal_workloads() -> None:
    from workload import make_workload

    one, same, other = (make_workload(20, seed=seed).boxes for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_forms_of_one_workload_agree() -> None:
    from workload import make_workload

    made = make_workload(20, seed=0)
    rows = made.coco_detections()
    np.testing.assert_array_equal(rows[:, 1:5], made.predictions().boxes)
    annotations = made.coco_ground_truth()["annotations"]
    truths = made.ground_truths()
    np.testing.assert_array_equal([each["bbox"] for each in annotations], truths.boxes)
    np.testing.assert_array_equal([each["iscrowd"] for each in annotations], truths.crowd)


def test_evaluation_runs_and_its_statistics_are_pycocotools(graphs_dir: Path) -> None:
    pytest.importorskip("pycocotools")
    lines = _run("evaluate.py", graphs_dir, "--images", "50", "--repeats", "1")
    own = [line for line in lines if line.startswith("| BoxGauge")]
    assert len(own) == 2  # on one core and on two
    assert all(line.endswith("| bits |") for line in own)


def test_evaluation_from_files_gives_the_same(graphs_dir: Path) -> None:
    pytest.importorskip("pycocotools")
    tools = ("--tools", "pycocotools", "BoxGauge")
    lines = _run("evaluate.py", graphs_dir, "--files", "--images", "50", "--repeats", "1", *tools)
    assert lines[-1].startswith("| BoxGauge")
    assert lines[-1].endswith("| bits |")


def test_the_scale_runs(graphs_dir: Path) -> None:
    options = ("--images", "20", "--repeats", "1", "--tools", "BoxGauge", "--scale", "1", "2")
    lines = _run("evaluate.py", graphs_dir, *options)
    assert lines[-3] == "| detections | 2,000 | 4,000 |"
    assert lines[-1].startswith("| BoxGauge")


def test_the_profile_of_an_evaluation_names_the_graphs(graphs_dir: Path) -> None:
    lines = _run("profile_evaluate.py", graphs_dir, "--images", "50", "--repeats", "1")
    assert {"graph match", "graph report"} <= {line.split("|")[1].strip() for line in lines[5:]}


def test_a_peer_that_is_missing_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    import evaluate
    import tools

    peer = tools.Tool("boxgauge-no-such-peer", tools.boxgauge_arrays)
    monkeypatch.setitem(tools.TOOLS, "peer", peer)
    found = evaluate.in_own_process("peer", argparse.Namespace(), 1, None)
    assert evaluate.row("peer", found, found) == "| peer | not installed | | | | | |"


def test_streaming_runs(graphs_dir: Path) -> None:
    lines = _run("stream.py", graphs_dir, "--images", "50", "--repeats", "1")
    assert [line.split("|")[1].strip() for line in lines[-3:]] == ["1", "16", "64"]


def test_the_profile_runs(graphs_dir: Path) -> None:
    lines = _run("profile_stream.py", graphs_dir, "--images", "50")
    assert any("onnxruntime" in line for line in lines)


def _run(script: str, graphs: Path, *options: str) -> list[str]:
    path = os.pathsep.join(str(ROOT / each) for each in FOLDERS)
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / script), *options],
        env={**os.environ, "PYTHONPATH": path, "BOXGAUGE_GRAPHS": str(graphs)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
