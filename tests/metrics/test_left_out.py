"""The kernel of the jackknife against one curve at a time."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from boxgauge.export.examples.certified import groups, hard_groups
from boxgauge.metrics import left_out_precision


def area(hits: NDArray[np.float64], seen: NDArray[np.float64], positives: int) -> float:
    """Return the area under the envelope of one curve, -1 without positives."""
    if positives == 0:
        return -1.0
    total, best = 0.0, 0.0
    for step in reversed(range(len(hits))):
        counted = seen[: step + 1].sum()
        if counted:
            best = max(best, hits[: step + 1].sum() / counted)
        total += hits[step] * best
    return total / positives


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(0, 5))
def test_each_group_is_left_out_of_each_curve(seed: int, n: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    for inputs in (groups(n, draw), *hard_groups(draw)):
        found = left_out_precision(*inputs).numpy()
        hits, seen, positives = (each.numpy() for each in inputs)
        for g, s in np.ndindex(*positives.shape):
            kept = np.arange(len(positives)) != g
            wanted = area(
                hits[:, kept, s].sum(axis=1),
                seen[:, kept, s].sum(axis=1),
                int(positives[kept, s].sum()),
            )
            np.testing.assert_allclose(found[g, s], wanted, rtol=1e-6)
