"""A small COCO pair to write, spoil and read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Write = Callable[[str, object], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(name: str, value: object) -> Path:
        path = tmp_path / name
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path

    return to_file


@pytest.fixture
def ground_truth() -> dict[str, Any]:
    return {
        "images": [{"id": 7}, {"id": 3}, {"id": 5}],
        "categories": [{"id": 2, "name": "dog"}, {"id": 1, "name": "cat"}],
        "annotations": [
            {"id": 10, "image_id": 7, "category_id": 1, "bbox": [0, 0, 10, 10], "area": 55.5},
            {"id": 11, "image_id": 3, "category_id": 2, "bbox": [1, 2, 3, 4], "area": 12},
            {
                "id": 12,
                "image_id": 7,
                "category_id": 2,
                "bbox": [5.5, 5, 2, 2],
                "area": 4,
                "iscrowd": 1,
                "ignore": 1,
            },
        ],
    }


@pytest.fixture
def detections() -> list[dict[str, Any]]:
    return [
        {"image_id": 7, "category_id": 1, "bbox": [0, 0, 9, 10], "score": 0.5},
        {"image_id": 3, "category_id": 2, "bbox": [1, 2, 3, 4], "score": 0.25},
        {"image_id": 7, "category_id": 9, "bbox": [0, 0, 1, 1], "score": 0.125},
    ]
