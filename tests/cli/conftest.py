"""The command, called as a user calls it."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from boxgauge.cli.main import main
from tests.served import served


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str


Boxgauge = Callable[..., Ended]


@pytest.fixture
def boxgauge(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Boxgauge:
    def run(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["boxgauge", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        status = ended.value.code
        return Ended(status if isinstance(status, int) else 0, printed.out, printed.err)

    return run


@pytest.fixture
def ground_truth() -> dict[str, Any]:
    return {
        "images": [{"id": 1}, {"id": 2}, {"id": 3}],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog [red]"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], "area": 100},
            {"id": 2, "image_id": 2, "category_id": 1, "bbox": [5, 5, 40, 40], "area": 1600},
        ],
    }


@pytest.fixture
def detections() -> list[dict[str, Any]]:
    return [
        {"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], "score": 0.9},
        {"image_id": 2, "category_id": 1, "bbox": [5, 5, 40, 30], "score": 0.8},
        {"image_id": 3, "category_id": 9, "bbox": [5, 5, 40, 30], "score": 0.7},
    ]


@pytest.fixture
def pair(
    tmp_path: Path, ground_truth: dict[str, Any], detections: list[dict[str, Any]]
) -> tuple[Path, Path]:
    gt, dt = tmp_path / "ground_truth.json", tmp_path / "detections.json"
    gt.write_text(json.dumps(ground_truth))
    dt.write_text(json.dumps(detections))
    return gt, dt


@pytest.fixture(params=["coco_val2014_100", "voc2007_100"])
def shared_pair(request: pytest.FixtureRequest) -> tuple[Path, Path, list[str]]:
    """Return ground truth, detections and pycocotools' 12 statistics as hex doubles."""
    folder = os.environ.get("BOXGAUGE_DATA")
    if not folder:
        pytest.skip("BOXGAUGE_DATA names no folder of shared data")
    pair = Path(folder) / request.param
    expected = json.loads((Path(folder) / "expected.json").read_text())[request.param]["hex"]
    return pair / "ground_truth.json", pair / "detections.json", expected


@pytest.fixture(scope="session")
def target(graphs_dir: Path) -> Iterator[str]:
    with served(graphs_dir) as address:
        yield address
