"""Two models on the same images, compared by the command."""

import json
from pathlib import Path
from typing import Any

from .conftest import Boxgauge

SAMPLE = Path(__file__).parents[2] / "examples" / "sample"
GT, DT = SAMPLE / "ground_truth.json", SAMPLE / "detections.json"


def worse(path: Path) -> Path:
    """Write the sample's detections without every third one."""
    kept: list[dict[str, Any]] = json.loads(DT.read_text())
    del kept[::3]
    path.write_text(json.dumps(kept))
    return path


def test_a_model_does_not_differ_from_itself(boxgauge: Boxgauge, graphs_dir: Path) -> None:
    few = ("--replicates", 9, "--graphs", graphs_dir, "--json")
    document = json.loads(boxgauge("compare", "--gt", GT, DT, DT, *few).out)
    ap = document["statistics"]["AP"]
    assert (ap["difference"], ap["low"], ap["high"], ap["p_value"]) == (0, 0, 0, 1)


def test_a_worse_model_is_told_from_chance(
    boxgauge: Boxgauge, graphs_dir: Path, tmp_path: Path
) -> None:
    b = worse(tmp_path / "b.json")
    few = ("--replicates", 99, "--graphs", graphs_dir)
    document = json.loads(boxgauge("compare", "--gt", GT, DT, b, *few, "--json").out)
    ap = document["statistics"]["AP"]
    assert ap["high"] < 0
    assert ap["p_value"] == 0.01
    printed = boxgauge("compare", "--gt", GT, DT, b, *few).out
    assert f"{ap['difference']:+.4f}" in printed
    assert "0.010" in printed
    assert "nan" not in printed


def test_federated_labels_are_not_compared(boxgauge: Boxgauge) -> None:
    ended = boxgauge("compare", "--gt", GT, DT, DT, "--format", "lvis")
    assert ended.status == 2
    assert ended.err == "boxgauge: --format must be auto, coco, voc or yolo: got lvis\n"


def test_detections_of_other_images_are_refused(
    boxgauge: Boxgauge, graphs_dir: Path, tmp_path: Path
) -> None:
    row = {"image_id": 10**9, "category_id": 1, "bbox": [0, 0, 9, 9], "score": 0.5}
    b = tmp_path / "b.json"
    b.write_text(json.dumps([row]))
    ended = boxgauge("compare", "--gt", GT, DT, b, "--graphs", graphs_dir)
    assert ended.status == 2
    assert "[0].image_id must be an image of" in ended.err
    assert ended.err.count("\n") == 1
