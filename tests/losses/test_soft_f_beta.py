"""Soft precision, recall and F-beta, which are one formula."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from boxgauge.losses import (
    dice_loss,
    soft_f_beta_loss,
    soft_precision_loss,
    soft_recall_loss,
)
from tests.losses.strategies import gradient, laws
from tests.losses.strategies import logits as any_logit
from tests.reference import soft_precision as reference

Rows = list[tuple[float, int]]
Loss = Callable[..., Tensor]

rows = st.lists(st.tuples(any_logit(9), st.sampled_from([0, 0, 1, -1])), max_size=30)
betas = st.sampled_from([0.0, 0.5, 1.0, 3.0])
options = st.fixed_dictionaries(
    {
        "threshold": st.sampled_from([0.01, 0.5, 0.9]),
        "temperature": st.sampled_from([0.1, 1.0, 5.0]),
        "smooth": st.sampled_from([0.01, 1.0, 20.0]),
    }
)
LOSSES = [
    pytest.param(soft_precision_loss, id="precision"),
    pytest.param(soft_recall_loss, id="recall"),
    pytest.param(soft_f_beta_loss, id="f1"),
    pytest.param(partial(soft_f_beta_loss, beta=0.5), id="f-half"),
]


def columns(rows: Rows, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    logits, target = [s for s, _ in rows], [t for _, t in rows]
    return torch.tensor(logits, dtype=dtype).requires_grad_(), torch.tensor(target, dtype=dtype)


@pytest.mark.parametrize(
    ("loss", "logits", "target", "expected"),
    [
        # One true positive is added to each, by the default smoothing.
        pytest.param(soft_precision_loss, [99, 99, -99], [1, 0, 1], Fraction(1, 3), id="precision"),
        pytest.param(soft_recall_loss, [99, 99, -99], [1, 0, 1], Fraction(1, 3), id="recall"),
        pytest.param(soft_precision_loss, [0, 0], [1, 0], Fraction(1, 4), id="precision-halves"),
        pytest.param(soft_f_beta_loss, [99, 99, 99, -99], [1, 0, 0, 1], Fraction(3, 7), id="f1"),
        pytest.param(
            partial(soft_f_beta_loss, beta=2), [99, 99, -99], [1, 0, 0], Fraction(1, 11), id="f2"
        ),
        pytest.param(soft_precision_loss, [-99, -99], [1, 1], 0, id="nothing-predicted"),
        pytest.param(soft_recall_loss, [-99, -99], [1, 1], Fraction(2, 3), id="all-missed"),
        pytest.param(soft_f_beta_loss, [-99, -99], [1, 1], Fraction(1, 2), id="f1-all-missed"),
        pytest.param(soft_precision_loss, [99, 99], [0, 0], Fraction(2, 3), id="no-positives"),
        pytest.param(soft_recall_loss, [99, 99], [0, 0], 0, id="recall-of-nothing"),
        pytest.param(soft_f_beta_loss, [99, 99], [0, 0], Fraction(1, 2), id="f1-no-positives"),
        pytest.param(soft_precision_loss, [99, 99], [1, -1], 0, id="ignored-row"),
        pytest.param(soft_f_beta_loss, [], [], 0, id="no-rows"),
    ],
)
def test_worked_values(
    loss: Loss, logits: list[float], target: list[float], expected: Fraction
) -> None:
    actual = loss(torch.tensor(logits).float(), torch.tensor(target).float())
    torch.testing.assert_close(actual, torch.tensor([float(expected)]))


@given(rows=rows, beta=betas, options=options)
@laws
def test_equals_the_scalar_formula_with_its_gradient(
    rows: Rows, beta: float, options: dict[str, float]
) -> None:
    logits, target = columns(rows)
    loss = soft_f_beta_loss(logits, target, beta=beta, **options)
    expected, slopes = reference.soft_f_beta_loss(
        [s for s, _ in rows], [t for _, t in rows], beta, **options
    )
    assert loss.shape == (1,)
    assert loss.item() == pytest.approx(expected, abs=1e-12)
    torch.testing.assert_close(gradient(loss, logits).tolist(), slopes, atol=1e-12, rtol=0)


@given(rows=rows, options=options)
@laws
def test_precision_and_recall_are_the_ends_of_f_beta(rows: Rows, options: dict[str, float]) -> None:
    logits, target = columns(rows)
    precision = soft_precision_loss(logits, target, **options)
    recall = soft_recall_loss(logits, target, **options)
    torch.testing.assert_close(precision, soft_f_beta_loss(logits, target, beta=0, **options))
    for beta in (1e9, 1e200, math.inf):
        torch.testing.assert_close(recall, soft_f_beta_loss(logits, target, beta=beta, **options))
    # F1 is the harmonic mean of the two.
    f1 = 1 - soft_f_beta_loss(logits, target, **options)
    torch.testing.assert_close(2 / f1, 1 / (1 - precision) + 1 / (1 - recall))


@given(rows=st.lists(st.tuples(any_logit(9), st.sampled_from([0, 1])), max_size=30))
@laws
def test_f1_is_the_dice_loss_of_the_probabilities(rows: Rows) -> None:
    logits, target = columns(rows)
    dice = dice_loss(logits.sigmoid()[None], target[None], smooth=6.0)
    torch.testing.assert_close(soft_f_beta_loss(logits, target, smooth=3.0), dice)


@pytest.mark.parametrize("loss", LOSSES)
@given(rows=rows, options=options)
@laws
def test_is_bounded_and_pushes_background_down(
    loss: Loss, rows: Rows, options: dict[str, float]
) -> None:
    logits, target = columns(rows)
    value = loss(logits, target, **options)
    assert -1e-12 <= value.item() < 1
    slopes = gradient(value, logits)
    assert (slopes[target == 1] <= 0).all()
    assert (slopes[target == 0] >= 0).all()
    assert (slopes[target == -1] == 0).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_its_gradient_is_the_derivative(loss: Loss) -> None:
    rng = torch.Generator().manual_seed(2)
    logits = torch.randn(20, generator=rng, dtype=torch.float64).requires_grad_()
    target = (torch.arange(20) % 4 == 0).double()
    assert torch.autograd.gradcheck(lambda x: loss(x, target), (logits,))


def test_becomes_the_metric_as_the_temperature_falls() -> None:
    logits = torch.tensor([2.0, 1, 0.9, -1])
    target = torch.tensor([1.0, 0, 1, 1])
    hard = {"threshold": 0.7, "temperature": 1e-3, "smooth": 1e-6}  # a logit of 0.847
    torch.testing.assert_close(
        soft_precision_loss(logits, target, **hard), torch.tensor([1 / 3]), atol=1e-5, rtol=0
    )
    torch.testing.assert_close(
        soft_recall_loss(logits, target, **hard), torch.tensor([1 / 3]), atol=1e-5, rtol=0
    )


@pytest.mark.parametrize("loss", LOSSES)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from([1e4, -1e4, 1e-30]) | any_logit(1e4), st.integers(0, 1))
    ),
    temperature=st.sampled_from([1e-6, 1.0, 1e6]),
    smooth=st.sampled_from([1e-16, 1.0, 1e6]),
)
@laws
def test_hostile_logits_stay_finite(
    loss: Loss, rows: Rows, temperature: float, smooth: float
) -> None:
    logits, target = columns(rows, torch.float32)
    value = loss(logits, target, temperature=temperature, smooth=smooth)
    assert -1e-6 <= value.item() <= 1
    assert gradient(value, logits).isfinite().all()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_widened(loss: Loss, dtype: torch.dtype) -> None:
    logits = torch.tensor([0.0, 2.0], dtype=dtype, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = loss(logits, torch.tensor([1.0, 0.0]))
    assert value.dtype == torch.float32
    assert gradient(value, logits).dtype == dtype


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beta": -1.0}, r"beta must be in \[0, inf\]: got -1.0"),
        ({"beta": math.nan}, r"beta must be in \[0, inf\]: got nan"),
        ({"threshold": 0.0}, r"threshold must be in \(0, 1\): got 0.0"),
        ({"threshold": 1.0}, r"threshold must be in \(0, 1\): got 1.0"),
        ({"temperature": 0.0}, r"temperature must be in \[1e-6, 1e6\]: got 0.0"),
        ({"smooth": 0.0}, r"smooth must be in \[1e-16, 1e6\]: got 0.0"),
        ({"smooth": math.inf}, r"smooth must be in \[1e-16, 1e6\]: got inf"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        soft_f_beta_loss(torch.zeros(1), torch.zeros(1), **options)
