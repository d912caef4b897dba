import json
import shutil
from pathlib import Path

import pytest

from .conftest import Boxgauge

KEYS = {
    "name", "version", "family", "topic", "inputs", "outputs", "gradient", "parity", "opset",
    "tensorrt", "obstacles", "profile",
}  # fmt: skip


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
    assert giou["obstacles"] == []
    assert giou["profile"][0] == {
        "name": "pred", "min": [1, 4], "opt": [1000, 4], "max": [100_000, 4]
    }  # fmt: skip
    assert (giou["topic"], giou["opset"]) == ("boxes", 20)
    assert by_name["match"]["topic"] is None
    assert by_name["match"]["profile"] == []
    assert "float64 tensors are not taken" in by_name["match"]["obstacles"]
    assert 0 <= giou["parity"] <= 1e-5


def test_the_table_has_a_row_for_each_graph_and_its_gradient(
    boxgauge: Boxgauge, graphs_dir: Path
) -> None:
    ended = boxgauge("graphs", "--graphs", graphs_dir)
    assert ended.status == 0
    graphs = json.loads((graphs_dir / "manifest.json").read_text())["graphs"]
    parity = {each["name"]: f"{each['parity']:.1e}" for each in graphs}
    ready = {each["name"]: each["tensorrt"] for each in graphs}
    rows = [line.split() for line in ended.out.splitlines() if line.split()]
    assert rows[0] == ["graph", "kind", "parity", "gradient", "opset", "TensorRT"]
    assert rows[2:] == [
        [
            each["name"],
            each["topic"] or each["family"],
            parity[each["name"]],
            parity.get(each["gradient_graph"], "–"),
            "20",
            "yes" if each["tensorrt"] else "no",
        ]
        for each in graphs
        if each["family"] != "gradient"
        and ready.get(each["gradient_graph"], each["tensorrt"]) == each["tensorrt"]
    ]


def test_a_row_says_which_of_the_two_graphs_is_ready_for_tensorrt(
    boxgauge: Boxgauge, graphs_dir: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(graphs_dir, tmp_path / "graphs"))
    manifest = json.loads((folder / "manifest.json").read_text())
    for each in manifest["graphs"]:
        if each["name"] in {"iou_loss_gradient", "giou_loss"}:
            each["tensorrt"] = False
    (folder / "manifest.json").write_text(json.dumps(manifest))
    lines = boxgauge("graphs", "--graphs", folder).out.splitlines()
    last = {line.split()[0]: line.split()[-1] for line in lines if line.split()}
    assert last["iou_loss"] == "value"
    assert last["giou_loss"] == "gradient"


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
    assert "sizes        pred [1,4] to [100000,4], best [1000,4]\n" in ended.out
    refused = boxgauge("graphs", "match", "--graphs", graphs_dir).out
    assert "TensorRT     no:\n             float64 tensors are not taken\n" in refused
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
