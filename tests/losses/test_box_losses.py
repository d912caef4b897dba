"""Laws that every loss of a pair of corner-form boxes keeps, but for those it says."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.losses.box_cases import Case, cases
from tests.losses.strategies import (
    Pair,
    box_pairs,
    gradient,
    hostile_box_pairs,
)

# Fewer draws than elsewhere, as each law is put to some 25 losses.
laws = settings(deadline=None, max_examples=20)

every_loss = cases()


@every_loss
@given(pair=box_pairs())
@laws
def test_is_bounded(case: Case, pair: Pair) -> None:
    values = case(*pair)
    assert values.shape == pair[0].shape[:1]
    assert ((values >= -1e-9) & (values <= case.most + 1e-9)).all()


@cases(where=lambda case: case.symmetric)
@given(pair=box_pairs())
@laws
def test_is_symmetric(case: Case, pair: Pair) -> None:
    a, b = pair
    torch.testing.assert_close(case(a, b), case(b, a))


@every_loss
@given(pair=box_pairs(torch.float32))
@laws
def test_equal_boxes_cost_nothing(case: Case, pair: Pair) -> None:
    a, _ = pair
    torch.testing.assert_close(case(a, a), torch.zeros(len(a)), atol=1e-6, rtol=0)


@cases(where=lambda case: case.scale_free)
@given(pair=box_pairs(), scale=st.floats(0.1, 100))
@laws
def test_scale_does_not_matter(case: Case, pair: Pair, scale: float) -> None:
    a, b = pair
    # SIoU's angle has a floor of its own, which shows where centres almost coincide.
    torch.testing.assert_close(case(a * scale, b * scale), case(a, b), atol=1e-6, rtol=1e-7)


@every_loss
@given(pair=box_pairs(), shift=st.floats(-100, 100))
@laws
def test_place_does_not_matter(case: Case, pair: Pair, shift: float) -> None:
    a, b = pair
    torch.testing.assert_close(case(a + shift, b + shift), case(a, b), atol=1e-7, rtol=1e-7)


@every_loss
@given(pair=box_pairs())
@laws
def test_inverted_corners_are_reordered(case: Case, pair: Pair) -> None:
    a, b = pair
    torch.testing.assert_close(case(a[:, [2, 1, 0, 3]], b[:, [0, 3, 2, 1]]), case(a, b))


@every_loss
@given(pair=hostile_box_pairs())
@laws
def test_hostile_boxes_stay_finite_and_bounded(case: Case, pair: Pair) -> None:
    a, b = pair
    for target in (b, a):
        pred = a.clone().requires_grad_()
        values = case(pred, target)
        assert values.isfinite().all()
        assert ((values >= -1e-5) & (values <= case.most + 1e-5)).all()
        assert gradient(values, pred).isfinite().all()


@every_loss
def test_no_pairs_give_no_losses_and_an_empty_gradient(case: Case) -> None:
    pred = torch.zeros(0, 4, requires_grad=True)
    values = case(pred, torch.zeros(0, 4))
    assert values.shape == (0,)
    assert gradient(values, pred).shape == (0, 4)


@every_loss
def test_a_pair_s_loss_does_not_depend_on_the_others(case: Case) -> None:
    pred = torch.tensor([[0.0, 0, 9, 9], [5, 5, 9, 8], [0, 0, 2, 2], [4, 4, 4, 4]])
    target = torch.tensor([[1.0, 2, 9, 9], [6, 5, 9, 9], [7, 7, 9, 9], [4, 4, 4, 4]])
    alone = [case(a, b) for a, b in zip(pred.split(1), target.split(1), strict=True)]
    torch.testing.assert_close(torch.cat(alone), case(pred, target))


@every_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_is_widened_before_areas_overflow(case: Case, dtype: torch.dtype) -> None:
    pred = torch.tensor([[0.0, 0.0, 400.0, 400.0]], dtype=dtype, requires_grad=True)
    target = torch.tensor([[0.0, 0.0, 400.0, 304.0]], dtype=dtype)
    values = case(pred, target)
    assert values.dtype == torch.float32
    torch.testing.assert_close(values, case(pred.float(), target.float()))
    assert gradient(values, pred).isfinite().all()


@every_loss
def test_autocast_changes_nothing(case: Case) -> None:
    pred = torch.tensor([[3.0, 2.0, 403.0, 402.0]], requires_grad=True)
    target = torch.tensor([[0.0, 0.0, 400.0, 300.0]])
    wanted = case(pred, target)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        values = case(pred, target)
    torch.testing.assert_close(values, wanted, atol=0, rtol=0)
    torch.testing.assert_close(gradient(values, pred), gradient(wanted, pred), atol=0, rtol=0)


@every_loss
def test_following_the_gradient_brings_a_box_to_its_target(case: Case) -> None:
    target = torch.tensor([[10.0, 10.0, 30.0, 40.0]])
    pred = torch.tensor([[18.0, 14.0, 44.0, 47.0]])
    start = case(pred, target).item()
    assert case(_descended(case, pred, target), target).item() < 0.2 * start


@cases(where=lambda case: case.attracts)
def test_boxes_apart_attract(case: Case) -> None:
    target = torch.tensor([[60.0, 10.0, 80.0, 30.0]])
    pred = torch.tensor([[10.0, 60.0, 30.0, 80.0]])
    _, up, right, _ = (_descended(case, pred, target) - pred)[0].tolist()
    # The facing sides only: GIoU leaves the others behind, and grows the box.
    assert up < -0.5
    assert right > 0.5


@cases(where=lambda case: not case.attracts)
def test_boxes_far_apart_do_not_attract(case: Case) -> None:
    pred = torch.tensor([[10.0, 60.0, 30.0, 80.0]], requires_grad=True)
    slope = gradient(case(pred, torch.tensor([[60.0, 10.0, 80.0, 30.0]])), pred)
    torch.testing.assert_close(slope, torch.zeros_like(slope))


def _descended(case: Case, start: Tensor, target: Tensor) -> Tensor:
    pred = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([pred], lr=0.5)
    for _ in range(40):
        optimizer.zero_grad()
        case(pred, target).sum().backward()
        optimizer.step()
    return pred.detach()
