from inspect import unwrap

import pytest
import torch

from boxgauge.losses import Reduction, reduce

LOSS = torch.tensor([1.0, 2.0, 6.0])
WEIGHT = torch.tensor([2.0, 0.0, 0.5])


@pytest.mark.parametrize(
    ("reduction", "weighted", "expected"),
    [
        pytest.param("mean", False, [3.0], id="mean"),
        pytest.param("sum", False, [9.0], id="sum"),
        pytest.param("none", False, [1.0, 2.0, 6.0], id="none"),
        pytest.param("mean", True, [5 / 3], id="weighted-mean-divides-by-the-count"),
        pytest.param("sum", True, [5.0], id="weighted-sum"),
        pytest.param("none", True, [2.0, 0.0, 3.0], id="weighted-none"),
    ],
)
def test_worked_values(reduction: Reduction, weighted: bool, expected: list[float]) -> None:
    actual = reduce(LOSS, reduction, WEIGHT if weighted else None)
    torch.testing.assert_close(actual, torch.tensor(expected))


def test_the_mean_is_the_default_and_counts_every_axis() -> None:
    assert reduce(torch.ones(2, 3)).tolist() == [1.0]


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_nothing_reduces_to_zero_with_an_empty_gradient(reduction: Reduction) -> None:
    loss = torch.zeros(0, requires_grad=True)
    reduced = reduce(loss, reduction)
    assert reduced.tolist() == [0.0]
    reduced.backward()
    assert loss.grad is not None
    assert loss.grad.shape == (0,)


def test_an_unknown_reduction_is_refused() -> None:
    with pytest.raises(ValueError, match="got 'average'"):
        # Unwrapped: here the tests' own type checker would refuse it first.
        unwrap(reduce)(LOSS, "average")


@pytest.mark.parametrize("shape", [(3, 1), (2, 3), (2, 1)], ids=str)
def test_a_weight_that_would_multiply_the_rows_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="weights must broadcast to the shape of the loss"):
        reduce(LOSS, "sum", torch.ones(shape))


def test_one_weight_for_all_rows_is_broadcast() -> None:
    assert reduce(LOSS, "sum", torch.tensor([2.0])).tolist() == [18.0]
