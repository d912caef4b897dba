import json
import shutil
from pathlib import Path

import pytest

from .conftest import Boxgauge

KEYS = {"name", "version", "family", "inputs", "outputs", "gradient", "parity", "tensorrt"}


def test_the_list_names_every_graph_of_the_manifest(boxgauge: Boxgauge, graphs_dir: Path) -> None:
    ended = boxgauge("graphs", "--json", "--graphs", graphs_dir)
    assert ended.status == 0
    listed = json.loads(ended.out)
    manifest = json.loads((graphs_dir / "manifest.json").read_text())
    assert {each["name"] for each in listed} == {each["name"] for each in manifest["graphs"]}
    assert all(each.keys() >= KEYS for each in listed)
    by_name = {each["name"]: each for each in listed}
    giou = by_name["giou_loss"]
    assert giou["gradient"] is True
    assert giou["gradient_graph"] == "giou_loss_gradient"
    assert giou["inputs"][0] == {"name": "pred", "dtype": "float32", "shape": ["n", 4]}
    assert by_name["giou_loss_gradient"]["gradient_of"] == "giou_loss"
    assert giou["tensorrt"] is True
    assert 0 <= giou["parity"] <= 1e-5


def test_the_table_names_every_graph(boxgauge: Boxgauge, graphs_dir: Path) -> None:
    ended = boxgauge("graphs", "--graphs", graphs_dir)
    assert ended.status == 0
    manifest = json.loads((graphs_dir / "manifest.json").read_text())
    first_words = [line.split()[0] for line in ended.out.splitlines() if line.split()]
    assert {each["name"] for each in manifest["graphs"]} <= set(first_words)


def test_the_table_fits_into_80_columns(
    boxgauge: Boxgauge, graphs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "80")
    wide = boxgauge("graphs", "--graphs", graphs_dir).out.splitlines()
    assert max(map(len, wide)) <= 80
    assert "…" not in "".join(wide)


def test_one_graph_shows_its_signature(boxgauge: Boxgauge, graphs_dir: Path) -> None:
    ended = boxgauge("graphs", "giou_loss_gradient", "--graphs", graphs_dir)
    assert ended.status == 0
    assert "inputs       pred f32[n,4]\n             target f32[n,4]\n" in ended.out
    assert "grad_pred f32[n,4]" in ended.out
    assert "gradient of  giou_loss\n" in ended.out
    (one,) = json.loads(boxgauge("graphs", "match", "--json", "--graphs", graphs_dir).out)
    assert one["name"] == "match"


def test_an_unknown_graph_is_refused(boxgauge: Boxgauge, graphs_dir: Path) -> None:
    ended = boxgauge("graphs", "no_such", "--graphs", graphs_dir)
    assert ended.status == 2
    assert ended.err.startswith("boxgauge: there is no graph 'no_such'; there are ")


def test_the_folder_may_come_from_the_environment(
    boxgauge: Boxgauge, graphs_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOXGAUGE_GRAPHS", str(graphs_dir))
    assert boxgauge("graphs", "--json").status == 0


def test_a_corrupt_graph_is_one_line(boxgauge: Boxgauge, graphs_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "graphs"
    shutil.copytree(graphs_dir, folder)
    model = folder / "giou_loss" / "1" / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"?")
    ended = boxgauge("graphs", "--graphs", folder)
    assert ended.status == 2
    assert "giou_loss" in ended.err
    assert ended.err.count("\n") == 1
