import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from boxgauge.formats import read_detections, read_ground_truth, write_detections
from boxgauge.frames import InvalidInputError, Predictions

Document = dict[str, Any]
Results = list[Document]
Write = Callable[[str, object], Path]
Float64 = NDArray[np.float64]


def test_every_image_is_a_side(write: Write, ground_truth: Document, detections: Results) -> None:
    truth = read_ground_truth(write("gt.json", ground_truth))
    predictions, notes = read_detections(write("dt.json", detections), truth)
    assert predictions.image_ids == (3, 5, 7)
    assert predictions.counts.tolist() == [1, 0, 2]
    assert predictions.scores.tolist() == [0.25, 0.5, 0.125]
    assert predictions.labels.tolist() == [2, 1, 9]
    assert notes == ()


def test_no_detection_is_an_answer_except_in_strict_mode(
    write: Write, ground_truth: Document
) -> None:
    truth = read_ground_truth(write("gt.json", ground_truth))
    path = write("dt.json", [])
    predictions, notes = read_detections(path, truth)
    assert predictions.counts.tolist() == [0, 0, 0]
    assert len(notes) == 1
    with pytest.raises(InvalidInputError, match="pycocotools: IndexError"):
        read_detections(path, truth, strict=True)


BAD = [
    ({"image_id": 8}, "dt.json: [1].image_id must be an image of "),
    ({"image_id": "3"}, "dt.json: [1].image_id must be an image of "),
    ({"image_id": True}, "dt.json: [1].image_id must be an integer or a string: got True"),
    ({"image_id": None}, "dt.json: [1].image_id must be an integer or a string: got None"),
    ({"score": math.nan}, "dt.json: [1].score must be finite: got nan"),
    ({"score": -math.inf}, "dt.json: [1].score must be finite: got -inf"),
    ({"score": "0.5"}, "dt.json: [1].score must be a number: got '0.5'"),
    ({"score": True}, "dt.json: [1].score must be a number: got True"),
    ({"bbox": [0, 0, 1, -2]}, "dt.json: [1].bbox[3] must be at least 0 (height): got -2.0"),
    ({"bbox": [0, math.nan, 1, 2]}, "dt.json: [1].bbox[1] must be finite (top): got nan"),
    ({"bbox": []}, "dt.json: [1].bbox must be a list of 4 numbers: got []"),
    ({"bbox": list(range(99))}, "dt.json: [1].bbox must be a list of 4 numbers: got [0, 1"),
    ({"category_id": 1.5}, "dt.json: [1].category_id must be a 64-bit integer: got 1.5"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_a_fault_names_file_record_field_and_value(
    write: Write, ground_truth: Document, detections: Results, change: Document, message: str
) -> None:
    truth = read_ground_truth(write("gt.json", ground_truth))
    detections[1] |= change
    with pytest.raises(InvalidInputError, match=re.escape(message)) as caught:
        read_detections(write("dt.json", detections), truth)
    assert len(str(caught.value).split("dt.json: ")[1]) < 250


@pytest.mark.parametrize("key", ["image_id", "category_id", "bbox", "score"])
def test_a_missing_key_is_named(
    write: Write, ground_truth: Document, detections: Results, key: str
) -> None:
    truth = read_ground_truth(write("gt.json", ground_truth))
    del detections[2][key]
    with pytest.raises(InvalidInputError, match=rf"\[2\]\.{key} must be present: got "):
        read_detections(write("dt.json", detections), truth)


def test_ground_truth_in_the_place_of_results_is_refused(
    write: Write, ground_truth: Document
) -> None:
    path = write("gt.json", ground_truth)
    with pytest.raises(InvalidInputError, match="must be results"):
        read_detections(path, read_ground_truth(path))


def test_strict_takes_what_pycocotools_takes(
    write: Write, ground_truth: Document, detections: Results
) -> None:
    truth = read_ground_truth(write("gt.json", ground_truth))
    detections[1] |= {"score": math.nan, "bbox": [0, 0, -1, 2]}
    predictions, _ = read_detections(write("dt.json", detections), truth, strict=True)
    assert np.isnan(predictions.scores[0])
    assert predictions.boxes[0].tolist() == [0, 0, -1, 2]
    detections[0]["caption"] = "a cat"
    with pytest.raises(InvalidInputError, match="not box results"):
        read_detections(write("dt.json", detections), truth, strict=True)


def test_whole_floats_are_ids(write: Write, ground_truth: Document, detections: Results) -> None:
    truth = read_ground_truth(write("gt.json", ground_truth))
    detections[1] |= {"image_id": 5.0, "category_id": 2.0}
    predictions, _ = read_detections(write("dt.json", detections), truth)
    assert predictions.counts.tolist() == [0, 1, 2]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    boxes=arrays.arrays(np.float64, (3, 4), elements=st.floats(0, 1e100)),
    scores=arrays.arrays(np.float64, 3, elements=st.floats(allow_nan=False, allow_infinity=False)),
)
def test_what_is_written_reads_back_in_all_bits(
    write: Write, ground_truth: Document, boxes: Float64, scores: Float64
) -> None:
    truth = read_ground_truth(write("gt.json", ground_truth))
    wanted = Predictions.from_arrays((3, 5, 7), [2, 0, 1], boxes, [1, 2, 1], scores)
    path = write("dt.json", [])
    write_detections(path, wanted)
    read, _ = read_detections(path, truth)
    assert read.counts.tolist() == wanted.counts.tolist()
    for ours, theirs in zip(read.columns, wanted.columns, strict=True):
        assert ours.tobytes() == theirs.tobytes()
