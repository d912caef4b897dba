"""The short way into a result file says what the long way says, or leaves it to that."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boxgauge.formats import coco_detections, read_detections, read_ground_truth
from boxgauge.formats.coco_ground_truth import CocoGroundTruth
from boxgauge.formats.plain_results import plain_results
from boxgauge.frames import InvalidInputError

numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70)
unread = st.sampled_from([None, True, "7", [], {}, 3.0, 2.5, -(2**63), 2**64])
odd = unread | st.just(10**400)
images = st.sampled_from([3, 7, "a"])
records = st.fixed_dictionaries(
    {
        "image_id": images | images | odd,
        "category_id": st.integers(1, 3) | st.integers(1, 3) | odd,
        "bbox": st.lists(numbers, min_size=4, max_size=4) | st.lists(numbers | odd, max_size=5),
        "score": numbers | numbers | odd,
    },
    optional={"id": unread, "caption": unread, "segmentation": unread},
)
few = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


def outcome(path: Path, truth: CocoGroundTruth, *, strict: bool) -> object:
    """Return what reading the file gives: columns as bytes, or the error's words."""
    try:
        found, notes = read_detections(path, truth, strict=strict)
    except InvalidInputError as error:
        return str(error)
    return [each.tobytes() for each in (found.counts, *found.columns)], notes


@settings(max_examples=300, **few)
@given(rows=st.lists(records, max_size=4), strict=st.booleans())
def test_both_ways_agree(
    rows: list[Any], strict: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = {"images": [{"id": 3}, {"id": 7}, {"id": "a"}], "annotations": []}
    content["categories"] = [{"id": 1}]
    truth_path, path = tmp_path / "gt.json", tmp_path / "dt.json"
    truth_path.write_text(json.dumps(content))
    path.write_text(json.dumps(rows))
    truth = read_ground_truth(truth_path)
    short = outcome(path, truth, strict=strict)
    with monkeypatch.context() as patch:
        patch.setattr(coco_detections, "plain_results", lambda _text: None)
        assert outcome(path, truth, strict=strict) == short


def test_plain_results_take_the_short_way() -> None:
    row = {"image_id": 3, "category_id": 2, "bbox": [0, 0.1, 2, 1e-3], "score": 1, "id": [None]}
    found = plain_results(json.dumps([row, row | {"image_id": "a"}]).encode())
    assert found is not None
    assert found.image_ids == [3, "a"]
    assert found.labels.tolist() == [2, 2]
    np.testing.assert_array_equal(found.boxes, [[0, 0.1, 2, 1e-3]] * 2)
    assert found.scores.tolist() == [1, 1]


@pytest.mark.parametrize(
    "text", ["[]", "{}", "[", '[{"image_id": 1}]', '[{"image_id": NaN}]', "[null]", '"\xff"']
)
def test_all_else_takes_the_long_way(text: str) -> None:
    assert plain_results(text.encode("latin-1")) is None
