import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.export.examples.errors import images
from boxgauge.metrics import image_overlaps
from tests.greedy import overlap


@given(n=st.integers(0, 25), seed=st.integers(0, 999))
@settings(deadline=None)
def test_agrees_with_a_loop_over_all_pairs(n: int, seed: int) -> None:
    inputs = images(n, torch.Generator().manual_seed(seed))
    found = image_overlaps(*inputs)
    dt_image, dt, gt_image, gt, crowd, least = (each.numpy() for each in inputs)
    wanted = [
        (d, g, overlap(dt[d], gt[g], crowd=bool(crowd[g])))
        for d in range(len(dt))
        for g in range(len(gt))
        if dt_image[d] == gt_image[g]
    ]
    wanted = [each for each in wanted if each[2] >= least[0]]
    assert list(zip(*(each.tolist() for each in found), strict=True)) == wanted
