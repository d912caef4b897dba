"""The VOC kernels: their own laws, and the running maximum against a loop."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.engine import Engine, ModelRepository
from boxgauge.export import catalog
from boxgauge.export.examples.voc import hard_outcomes, hard_scenes, outcomes, scenes
from boxgauge.metrics import match_voc, voc_average_precision
from boxgauge.metrics.running import maximum_from_here


@pytest.fixture(scope="module")
def engine(graphs_dir: Path) -> Engine:
    names = ["match_voc", "voc_average_precision"]
    return Engine.open(ModelRepository.open(graphs_dir), names=names)


@settings(max_examples=100, deadline=None)
@given(
    values=st.lists(st.floats(-9, 9), max_size=40),
    ends=st.sets(st.integers(0, 39), max_size=6),
)
def test_the_maximum_from_here_on_is_a_loop_s(values: list[float], ends: set[int]) -> None:
    n = len(values)
    last = [min((e for e in (*ends, n - 1) if e >= i and e < n), default=i) for i in range(n)]
    found = maximum_from_here(
        torch.tensor(values, dtype=torch.float64), torch.tensor(last, dtype=torch.int64)
    )
    assert found.tolist() == [max(values[i : end + 1]) for i, end in enumerate(last)]


@settings(max_examples=100, deadline=None)
@given(n=st.integers(0, 60), seed=st.integers(0, 2**31))
def test_each_object_is_found_once_at_most(n: int, seed: int) -> None:
    inputs = scenes(n, torch.Generator().manual_seed(seed))
    match, overlap, outcome = match_voc(*inputs)
    assert torch.equal(match >= 0, overlap > 0)
    for row in outcome:
        found = match[row == 1]
        assert len(found.unique()) == len(found)
        assert not inputs[7][found].any()
        assert inputs[7][match[row == 2]].all()


def test_graphs_and_kernels_give_the_same_bits(engine: Engine) -> None:
    generator = torch.Generator().manual_seed(4)
    for name, kernel, cases in (
        ("match_voc", match_voc, [scenes(300, generator), *hard_scenes(generator)]),
        (
            "voc_average_precision",
            voc_average_precision,
            [outcomes(2000, generator), outcomes(0, generator), *hard_outcomes(generator)],
        ),
    ):
        ports = catalog()[name].inputs
        for case in cases:
            ours = kernel(*case)
            inputs = {p.name: each.numpy() for p, each in zip(ports, case, strict=True)}
            for field, theirs in zip(ours._fields, engine.run(name, inputs).values(), strict=True):
                np.testing.assert_array_equal(getattr(ours, field).numpy(), theirs, err_msg=field)


def test_all_found_at_once_is_one() -> None:
    inputs = (torch.zeros(7, dtype=torch.int64), torch.rand(7).double())
    found = voc_average_precision(
        *inputs,
        torch.ones(1, 7, dtype=torch.int64),
        torch.tensor([7]),
        torch.from_numpy(np.linspace(0, 1, 11)),
    )
    assert found.all_point.item() == pytest.approx(1, abs=1e-15)
    assert (found.eleven_point.item(), found.recall.item()) == (1, 1)
