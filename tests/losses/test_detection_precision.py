from fractions import Fraction
from itertools import pairwise

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from boxgauge.losses import detection_precision_loss, iou_loss
from tests.losses.strategies import gradient, laws, probabilities
from tests.reference import soft_precision as reference

Rows = list[tuple[float, int, float]]

# A coarse grid makes ties frequent, at the best positive too.
tied_logits = st.integers(-8, 8).map(lambda step: step / 2)
labels = st.sampled_from([0, 0, 1])
rows = st.lists(st.tuples(tied_logits | st.floats(-9, 9), labels, probabilities()), max_size=30)
temperatures = st.sampled_from([0.05, 0.25, 1.0, 4.0])


def columns(rows: Rows, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    table = torch.tensor(rows, dtype=torch.float64).reshape(-1, 3)
    logits, target, quality = table.to(dtype).unbind(-1)
    return logits.clone(), target.clone(), quality.clone()


def loss_and_gradients(
    logits: Tensor, target: Tensor, quality: Tensor, **options: float
) -> tuple[Tensor, Tensor, Tensor]:
    logits, quality = logits.detach().requires_grad_(), quality.detach().requires_grad_()
    loss = detection_precision_loss(logits, target, quality, **options)
    assert loss.shape == (1,)
    slopes = torch.autograd.grad(loss.sum(), (logits, quality))
    return loss.detach(), *slopes


@pytest.mark.parametrize(
    ("logits", "target", "quality", "recall", "expected"),
    [
        # A single recall of 1/2 puts the threshold at the positives' mean, where d = 1/2.
        pytest.param([0], [1], [0.75], 0.5, Fraction(1, 4), id="one-box-of-three-quarters"),
        pytest.param([0, 0], [1, 0], [1, 0], 0.5, Fraction(1, 2), id="a-tie-with-background"),
        pytest.param([0, 0], [1, 1], [1, 0.5], 0.5, Fraction(1, 4), id="mean-quality-of-a-tie"),
        pytest.param([0, 9e3], [1, 0], [1, 0], 0.5, Fraction(2, 3), id="background-far-above"),
        pytest.param([0, -9e3], [1, 0], [1, 0], 0.5, 0, id="background-far-below"),
        pytest.param([0, -9e3], [1, 0], [0, 1], 0.5, 1, id="a-box-that-misses"),
        pytest.param([0, 5e3], [1, -1], [1, 1], 0.5, 0, id="ignored-row"),
        # Positives at ±9e3, of mean 0: the upper one is kept alone.
        pytest.param([9e3, -9e3], [1, 1], [0.5, 1], 0.5, Fraction(1, 2), id="only-what-is-kept"),
        # A threshold 1.6 spreads above the mean stops at the best, which is kept by half.
        pytest.param([1e3, -1e3, 1e3], [1, 1, 0], [1, 1, 0], 0.05, Fraction(1, 2), id="best"),
        # One 1.6 spreads below keeps both positives and the background between them.
        pytest.param([1e3, -1e3, 0], [1, 1, 0], [1, 1, 0], 0.95, Fraction(1, 3), id="all-kept"),
        pytest.param([3, 1], [0, 0], [1, 1], 0.5, 0, id="no-positives"),
        pytest.param([], [], [], 0.5, 0, id="no-rows"),
    ],
)
def test_worked_values(
    logits: list[float],
    target: list[float],
    quality: list[float],
    recall: float,
    expected: Fraction,
) -> None:
    loss = detection_precision_loss(
        torch.tensor(logits).float(),
        torch.tensor(target).float(),
        torch.tensor(quality).float(),
        recalls=[recall],
        temperature=1.0,
    )
    torch.testing.assert_close(loss, torch.tensor([float(expected)]))


@given(rows=rows, temperature=temperatures)
@laws
def test_equals_the_scalar_formulas_with_their_gradients(rows: Rows, temperature: float) -> None:
    # Closer than this, rounding decides which positive is best, and the derivative jumps.
    scores = sorted({x for x, label, _ in rows if label == 1})
    assume(all(high - low > 1e-9 for low, high in pairwise(scores)))
    recalls = (0.1, 0.3, 0.5, 0.8)
    loss, by_logit, by_quality = loss_and_gradients(
        *columns(rows), recalls=recalls, temperature=temperature
    )
    expected = reference.detection_precision_loss(
        *([row[i] for row in rows] for i in range(3)), recalls, temperature
    )
    torch.testing.assert_close(loss.item(), expected[0], atol=1e-9, rtol=0)
    torch.testing.assert_close(by_logit.tolist(), expected[1], atol=1e-9, rtol=0)
    torch.testing.assert_close(by_quality.tolist(), expected[2], atol=1e-9, rtol=0)


@pytest.mark.parametrize("temperature", [0.25, 1.0])
def test_its_gradients_are_derivatives(temperature: float) -> None:
    rng = torch.Generator().manual_seed(3)
    logits = torch.randn(20, generator=rng, dtype=torch.float64).requires_grad_()
    quality = torch.rand(20, generator=rng, dtype=torch.float64).requires_grad_()
    target = (torch.arange(20) % 3 == 0).double()

    def loss(logits: Tensor, quality: Tensor) -> Tensor:
        return detection_precision_loss(logits, target, quality, temperature=temperature)

    assert torch.autograd.gradcheck(loss, (logits, quality))
    assert torch.autograd.gradgradcheck(loss, (logits, quality))


@given(rows=rows, temperature=temperatures)
@laws
def test_is_bounded_by_the_worst_and_a_perfect_ranking(rows: Rows, temperature: float) -> None:
    logits, target, quality = columns(rows)
    loss, by_logit, by_quality = loss_and_gradients(
        logits, target, quality, temperature=temperature
    )
    best = quality[target == 1].max().item() if (target == 1).any() else 1.0
    assert 1 - best - 1e-9 <= loss.item() <= 1 + 1e-9
    assert by_logit.sum().item() == pytest.approx(0, abs=1e-9)
    # A score of background never pays, and a better box always does.
    assert (by_logit[target == 0] >= 0).all()
    assert (by_quality <= 0).all()
    assert (by_quality[target == 0] == 0).all()


@given(rows=rows, shift=st.floats(-5, 5), scale=st.sampled_from([0.5, 2.0, 4.0]))
@laws
def test_only_differences_in_units_of_the_temperature_matter(
    rows: Rows, shift: float, scale: float
) -> None:
    logits, target, quality = columns(rows)
    moved = detection_precision_loss(
        (logits + shift) * scale, target, quality, temperature=0.25 * scale
    )
    torch.testing.assert_close(moved, detection_precision_loss(logits, target, quality))


@given(rows=rows, seed=st.integers(0, 99))
@laws
def test_the_order_of_rows_does_not_matter(rows: Rows, seed: int) -> None:
    logits, target, quality = columns(rows)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
    shuffled = detection_precision_loss(logits[order], target[order], quality[order])
    torch.testing.assert_close(shuffled, detection_precision_loss(logits, target, quality))


@given(rows=rows, score=st.floats(-9, 9))
@laws
def test_one_more_background_candidate_never_helps(rows: Rows, score: float) -> None:
    before = detection_precision_loss(*columns(rows))
    after = detection_precision_loss(*columns([*rows, (score, 0, 1.0)]))
    assert after.item() >= before.item() - 1e-9


@given(rows=rows)
@laws
def test_ignored_rows_change_nothing(rows: Rows) -> None:
    logits, target, quality = columns([*rows, (3.0, -1, float("nan")), (50.0, 7, 0.5)])
    loss, by_logit, by_quality = loss_and_gradients(logits, target, quality)
    torch.testing.assert_close(loss, detection_precision_loss(*columns(rows)))
    assert by_logit[-2:].tolist() == by_quality[-2:].tolist() == [0, 0]


def test_a_positive_is_pushed_up_exactly_where_it_is_better_than_what_is_kept() -> None:
    # All four are kept by half, at a precision of 1.3 / 4, so their pushes sum to 0 and
    # nothing is left to move the threshold.
    logits, target = torch.zeros(4), torch.tensor([1.0, 1, 0, 0])
    quality = torch.tensor([1.0, 0.3, 0, 0])
    _, by_logit, _ = loss_and_gradients(logits, target, quality, recalls=[0.5], temperature=1.0)
    torch.testing.assert_close(by_logit, -0.25 / 2 * (quality - 1.3 / 4))
    assert by_logit[0] < 0 < by_logit[1]


def test_becomes_the_precision_of_hard_decisions() -> None:
    logits = torch.tensor([3.0, 2.0, 1.0, -1.0, 2.5, 0.5, -2.0])
    target = torch.tensor([1.0, 1, 1, 1, 0, 0, 0])
    quality = torch.tensor([0.9, 0.8, 0.7, 0.6, 0, 0, 0])
    # The positives' mean is 1.25: two of them are kept, and one false.
    loss = detection_precision_loss(logits, target, quality, recalls=[0.5], temperature=1e-4)
    torch.testing.assert_close(loss, torch.tensor([1 - (0.9 + 0.8) / 3]))


def test_a_box_is_pulled_as_surely_as_it_is_kept() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 10]], requires_grad=True)
    objects = torch.tensor([[2.0, 0, 12, 10], [2, 0, 12, 10]])
    logits = torch.tensor([2.0, -2.0])
    quality = 1 - iou_loss(boxes, objects)
    pull = gradient(detection_precision_loss(logits, torch.ones(2), quality), boxes).abs().sum(-1)
    assert pull[0] > pull[1] > 0


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([-1e4, 1e4, 0.0, 1e-30]) | st.floats(-1e4, 1e4, width=32),
            labels,
            st.sampled_from([0.0, 1.0, -3.0, 1e30]) | probabilities(),
        )
    ),
    temperature=st.sampled_from([1e-6, 0.25, 1e6]),
)
@laws
def test_hostile_candidates_stay_finite_and_bounded(rows: Rows, temperature: float) -> None:
    loss, by_logit, by_quality = loss_and_gradients(
        *columns(rows, torch.float32), temperature=temperature
    )
    assert -1e-6 <= loss.item() <= 1 + 1e-6
    assert by_logit.isfinite().all()
    assert by_quality.isfinite().all()


def test_descent_ranks_the_well_placed_first_and_background_last() -> None:
    rng = torch.Generator().manual_seed(1)
    logits = (torch.randn(400, generator=rng) - 4).requires_grad_()
    target = (torch.arange(400) < 20).float()
    quality = torch.linspace(1, 0.05, 400 // 20).repeat(20)
    optimizer = torch.optim.Adam([logits], lr=0.1)
    for _ in range(300):
        optimizer.zero_grad()
        detection_precision_loss(logits, target, quality).sum().backward()
        optimizer.step()
    found = logits.detach()[:20]
    assert found.min() > logits[20:].max()
    assert found[:5].min() > found[-5:].max()


def test_half_precision_is_widened() -> None:
    logits = torch.tensor([0.0, 0.25], dtype=torch.float16, requires_grad=True)
    quality = torch.tensor([0.5, 0.0], dtype=torch.bfloat16, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = detection_precision_loss(logits, torch.tensor([1.0, 0.0]), quality)
    assert loss.dtype == torch.float32
    slopes = torch.autograd.grad(loss.sum(), (logits, quality))
    assert [slope.dtype for slope in slopes] == [torch.float16, torch.bfloat16]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"recalls": []}, "at least one recall is needed: got none"),
        ({"recalls": [0.5, 1.0]}, r"recalls must be in \[1e-6, 0\.999999\]: got 1\.0"),
        ({"recalls": [0.0]}, r"recalls must be in \[1e-6, 0\.999999\]: got 0\.0"),
        ({"temperature": 0.0}, r"temperature must be in \[1e-6, 1e6\]: got 0.0"),
        ({"temperature": float("nan")}, r"temperature must be in \[1e-6, 1e6\]: got nan"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        detection_precision_loss(torch.zeros(1), torch.zeros(1), torch.zeros(1), **options)


@pytest.mark.usefixtures("signatures_unchecked")
def test_qualities_that_do_not_pair_up_are_refused() -> None:
    with pytest.raises(ValueError, match=r"must pair up: got shapes \[2\] and \[1\]"):
        detection_precision_loss(torch.zeros(2), torch.zeros(2), torch.zeros(1))
