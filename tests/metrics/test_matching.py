"""The matching kernel against a greedy loop, and its own laws."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from boxgauge.export.examples.exact import hard_scenes, scenes
from boxgauge.metrics import match_detections
from boxgauge.metrics.matching import Matching
from boxgauge.metrics.reach import within_reach
from tests.greedy import match_greedily

INPUTS = [
    "dt_image",
    "dt_label",
    "dt_boxes",
    "dt_scores",
    "gt_image",
    "gt_label",
    "gt_boxes",
    "gt_areas",
    "gt_crowd",
    "gt_ignore",
    "iou_thresholds",
    "area_ranges",
    "max_detections",
]


def draw(n: int, seed: int) -> tuple[Tensor, ...]:
    return scenes(n, torch.Generator().manual_seed(seed))


def for_all(found: Matching) -> tuple[Tensor, Tensor]:
    """Return match and ignored of all detections, [a, t, d]."""
    shape = (*found.match.shape[:2], found.rank.shape[0])
    match = torch.full(shape, -1)
    ignored = found.outside[:, None, :].expand(shape).clone()
    match[:, :, found.candidate] = found.match
    ignored[:, :, found.candidate] = found.ignored
    return match, ignored


def assert_greedy(inputs: tuple[Tensor, ...]) -> None:
    found = match_detections(*inputs)
    match, ignored = for_all(found)
    wanted = match_greedily(*(each.numpy() for each in inputs))
    np.testing.assert_array_equal(found.rank, wanted.rank)
    np.testing.assert_array_equal(match, wanted.match)
    np.testing.assert_array_equal(ignored, wanted.ignored)
    np.testing.assert_array_equal(found.gt_ignored, wanted.gt_ignored)
    assert found.candidate.unique().shape == found.candidate.shape


@settings(max_examples=150, deadline=None)
@given(n=st.integers(0, 60), seed=st.integers(0, 2**31))
def test_is_the_greedy_matching(n: int, seed: int) -> None:
    assert_greedy(draw(n, seed))


@pytest.mark.parametrize("case", range(5))
def test_is_the_greedy_matching_in_hard_cases(case: int) -> None:
    assert_greedy([*hard_scenes(torch.Generator().manual_seed(1))][case])


def test_detections_that_lose_take_the_next_best_ground_truth() -> None:
    inputs = dict(zip(INPUTS, draw(2, 0), strict=True))
    boxes = torch.tensor([[0, 0, 10, 10], [0, 0, 10, 10]], dtype=torch.float64)
    truths = torch.tensor([[0, 0, 10, 10], [0, 0, 10, 8]], dtype=torch.float64)
    zeros, off = torch.zeros(2, dtype=torch.int64), torch.zeros(2, dtype=torch.bool)
    inputs |= {
        "dt_image": zeros, "dt_label": zeros, "dt_boxes": boxes,
        "dt_scores": torch.tensor([0.5, 0.9], dtype=torch.float64),
        "gt_image": zeros, "gt_label": zeros, "gt_boxes": truths,
        "gt_areas": torch.tensor([100.0, 80.0], dtype=torch.float64),
        "gt_crowd": off, "gt_ignore": off,
        "iou_thresholds": torch.tensor([0.5, 0.9], dtype=torch.float64),
    }  # fmt: skip
    found = match_detections(**inputs)
    assert found.rank.tolist() == [1, 0]
    assert for_all(found)[0][0].tolist() == [[1, 0], [-1, 0]]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_images_do_not_touch_each_other(seed: int) -> None:
    inputs = dict(zip(INPUTS, draw(40, seed), strict=True))
    whole = match_detections(**inputs)
    for image in range(4):
        dt, gt = inputs["dt_image"] == image, inputs["gt_image"] == image
        part = {
            name: value[dt if name.startswith("dt_") else gt]
            if name.startswith(("dt_", "gt_"))
            else value
            for name, value in inputs.items()
        }
        alone = match_detections(**part)
        back = torch.cat([torch.nonzero(gt).squeeze(1), torch.tensor([-1])])
        (match, ignored), (alone_match, alone_ignored) = for_all(whole), for_all(alone)
        assert torch.equal(whole.rank[dt], alone.rank)
        assert torch.equal(match[:, :, dt], back[alone_match])
        assert torch.equal(ignored[:, :, dt], alone_ignored)


def test_many_equal_boxes_end_in_as_many_rounds() -> None:
    n = 25
    inputs = dict(zip(INPUTS, draw(n, 3), strict=True))
    for side in ("dt", "gt"):
        for name in (f"{side}_image", f"{side}_label"):
            inputs[name] = torch.zeros(n, dtype=torch.int64)
        inputs[f"{side}_boxes"] = torch.tensor([[0, 0, 40, 40]], dtype=torch.float64).repeat(n, 1)
    inputs["dt_scores"] = torch.linspace(0, 1, n, dtype=torch.float64)
    inputs["gt_areas"] = torch.full((n,), 1600, dtype=torch.float64)
    inputs["gt_crowd"] = inputs["gt_ignore"] = torch.zeros(n, dtype=torch.bool)
    inputs["max_detections"] = torch.tensor([100])
    match = for_all(match_detections(**inputs))[0][0, 0]
    # The best detection takes the last of equals, and so on down.
    assert match.tolist() == [*range(n)]


def crowded(detections: int, truths: int, seed: int) -> tuple[Tensor, ...]:
    """Return one image of one class, where nearly all boxes overlap nearly all others."""
    draw = torch.Generator().manual_seed(seed)

    def boxes(n: int) -> Tensor:
        side = torch.randint(90, 100, (n, 2), generator=draw)
        return torch.cat([torch.zeros_like(side), side], 1).double()

    usual = scenes(4, draw)
    targets = boxes(truths)
    return (
        torch.zeros(detections, dtype=torch.int64),
        torch.zeros(detections, dtype=torch.int64),
        boxes(detections),
        torch.randint(0, 9, (detections,), generator=draw).double(),
        torch.zeros(truths, dtype=torch.int64),
        torch.zeros(truths, dtype=torch.int64),
        targets,
        torch.rand(truths, generator=draw).double() * 10000,
        torch.rand(truths, generator=draw) < 0.05,
        torch.rand(truths, generator=draw) < 0.2,
        *usual[10:12],
        torch.tensor([30]),
    )


@settings(max_examples=40, deadline=None)
@given(detections=st.integers(0, 35), truths=st.integers(0, 80), seed=st.integers(0, 2**31))
def test_what_is_out_of_reach_does_not_matter(detections: int, truths: int, seed: int) -> None:
    assert_greedy(crowded(detections, truths, seed))


def test_few_detections_on_very_many_ground_truths_keep_few_pairs() -> None:
    detections, truths = 10, 1000
    pair_dt = torch.arange(detections).repeat_interleave(truths)
    ignored = torch.zeros(2, detections * truths, dtype=torch.bool)
    ignored[1, ::2] = True
    kept = within_reach(pair_dt, pair_dt, ignored, detections)
    # The best r + 1 of all, and the best r + 1 of either half.
    assert torch.bincount(pair_dt[kept]).tolist() == [2 * (r + 1) for r in range(detections)]
