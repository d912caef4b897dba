import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.frames import (
    MAX_PIXELS,
    BoxFormat,
    GroundTruths,
    Predictions,
    ground_truth_faults,
    prediction_faults,
)

GOOD = [0.0, 0.0, 1.0, 1.0]


def predictions(boxes: list[list[float]], scores: list[float], labels: list[int]) -> Predictions:
    """Return three images of which the middle one owns the boxes."""
    return Predictions.from_arrays([1, 2, 3], [0, len(boxes), 0], boxes, labels, scores)


@pytest.mark.parametrize(
    ("box", "score", "label", "message"),
    [
        ([0, 0, -3.0, 1], 0.5, 1, "boxes[1].w must be at least 0: got -3.0"),
        ([0, 0, 1, -0.5], 0.5, 1, "boxes[1].h must be at least 0: got -0.5"),
        ([math.nan, 0, 1, 1], 0.5, 1, "boxes[1].x must be finite: got nan"),
        ([0, math.inf, 1, 1], 0.5, 1, "boxes[1].y must be finite: got inf"),
        ([0, 0, math.inf, 1], 0.5, 1, "boxes[1].w must be finite: got inf"),
        ([0, -1e308, 1, 1], 0.5, 1, "boxes[1].y must be at most 1e+100 from 0: got -1e+308"),
        (GOOD, 1.5, 1, "scores[1] must be a probability in [0, 1]: got 1.5"),
        (GOOD, math.nan, 1, "scores[1] must be a probability in [0, 1]: got nan"),
        (GOOD, 0.5, 9, "labels[1] must be a class of this monitor: got 9"),
    ],
)
def test_a_fault_names_field_and_value(
    box: list[float], score: float, label: int, message: str
) -> None:
    batch = predictions([GOOD, box], [0.5, score], [1, label])
    faults = prediction_faults(batch, probability=True, classes=np.array([1, 2]))
    assert {k: str(fault) for k, fault in faults.items()} == {1: message}


def test_an_evaluation_takes_any_finite_score() -> None:
    batch = predictions([GOOD, GOOD], [-7.5, 1e300], [1, 1])
    assert prediction_faults(batch, probability=False) == {}
    bad = predictions([GOOD], [-math.inf], [1])
    (fault,) = prediction_faults(bad, probability=False).values()
    assert str(fault) == "scores[0] must be finite: got -inf"


@pytest.mark.parametrize("area", [-1.0, math.nan, math.inf])
def test_an_area_is_finite_and_not_negative(area: float) -> None:
    batch = GroundTruths.from_arrays([1], [1], [GOOD], [1], areas=[area])
    (fault,) = ground_truth_faults(batch).values()
    assert str(fault) == f"areas[0] must be finite and at least 0: got {area}"


def test_boxes_at_the_bound_have_areas_and_overlaps() -> None:
    box = [-MAX_PIXELS, MAX_PIXELS, MAX_PIXELS, MAX_PIXELS]
    batch = GroundTruths.from_arrays([1], [1], [box], [1])
    assert ground_truth_faults(batch) == {}
    assert batch.areas[0] == MAX_PIXELS**2


def test_sides_that_overflow_on_the_way_are_a_fault() -> None:
    corners = [[-1e308, 0, 1e308, 1]]
    batch = GroundTruths.from_arrays([1], [1], corners, [1], box_format=BoxFormat.XYXY)
    (fault,) = ground_truth_faults(batch).values()
    assert str(fault) == "boxes[0].x must be at most 1e+100 from 0: got -1e+308"


@given(st.lists(st.lists(st.booleans(), max_size=4), min_size=1, max_size=6))
def test_exactly_the_bad_images_are_named(spoiled: list[list[bool]]) -> None:
    flat = [bad for image in spoiled for bad in image]
    boxes = np.tile(GOOD, (len(flat), 1))
    boxes[flat, 3] = -1
    batch = Predictions.from_arrays(
        range(len(spoiled)),
        [len(image) for image in spoiled],
        boxes,
        [1] * len(flat),
        [0.5] * len(flat),
    )
    faults = prediction_faults(batch, probability=True)
    assert sorted(faults) == [k for k, image in enumerate(spoiled) if any(image)]
    for k, fault in faults.items():
        assert fault.field == f"boxes[{spoiled[k].index(True)}].h"
