import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import one_hot

from boxgauge.losses import soft_miou_loss
from tests.losses.strategies import gradient, laws
from tests.reference import masks as reference

Masks = list[list[float]]


@pytest.mark.parametrize(
    ("prob", "target", "expected"),
    [
        pytest.param([[1, 0], [0, 1]], [[1, 0], [0, 1]], 0, id="equal"),
        pytest.param([[1, 1], [0, 0]], [[1, 0], [0, 1]], 1 - (1 / 2 + 0) / 2, id="one-pixel-wrong"),
        pytest.param([[0.5, 0.5], [0.5, 0.5]], [[1, 0], [0, 1]], 2 / 3, id="undecided"),
        pytest.param([[1, 1], [0, 0]], [[1, 1], [0, 0]], 0, id="absent-class-is-right"),
        pytest.param([[0, 1], [1, 0]], [[1, 1], [0, 0]], 1 - 1 / 4, id="absent-class-is-wrong"),
    ],
)
def test_worked_values(prob: Masks, target: Masks, expected: float) -> None:
    loss = soft_miou_loss(torch.tensor([prob]).float(), torch.tensor([target]).float())
    torch.testing.assert_close(loss, torch.tensor([expected]).float(), atol=1e-6, rtol=0)


@given(
    seed=st.integers(0, 10_000),
    classes=st.integers(1, 4),
    pixels=st.integers(0, 9),
    sharpness=st.sampled_from([0.0, 1.0, 100.0]),
)
@laws
def test_agrees_with_the_scalar_reference_and_its_bounds(
    seed: int, classes: int, pixels: int, sharpness: float
) -> None:
    rng = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, classes, pixels, generator=rng, dtype=torch.float64) * sharpness
    labels = torch.randint(classes, (2, pixels), generator=rng)
    prob = logits.softmax(1).requires_grad_()
    target = one_hot(labels, classes).transpose(1, 2).double()

    loss = soft_miou_loss(prob, target)
    expected = [
        reference.soft_miou_loss(p, t, 1e-7)
        for p, t in zip(prob.tolist(), target.tolist(), strict=True)
    ]
    torch.testing.assert_close(loss.tolist(), expected, atol=1e-8, rtol=0)
    assert ((loss >= -1e-9) & (loss <= 1)).all()
    assert gradient(loss, prob).isfinite().all()
    torch.testing.assert_close(soft_miou_loss(target, target), torch.zeros(2).double())


def test_no_images_give_no_losses() -> None:
    assert soft_miou_loss(torch.zeros(0, 3, 4), torch.zeros(0, 3, 4)).shape == (0,)


def test_an_eps_of_0_is_refused() -> None:
    with pytest.raises(ValueError, match=r"eps must be in \[1e-16, 1e6\]: got 0\.0"):
        soft_miou_loss(torch.zeros(1, 3, 4), torch.zeros(1, 3, 4), eps=0.0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32], ids=str)
def test_an_absent_class_has_a_gradient_that_its_type_can_hold(dtype: torch.dtype) -> None:
    prob = torch.tensor([[[1.0, 1.0], [0.0, 0.0]]], dtype=dtype, requires_grad=True)
    loss = soft_miou_loss(prob, torch.tensor([[[1.0, 1.0], [0.0, 0.0]]], dtype=dtype))
    assert loss.tolist() == [0.0]
    assert gradient(loss, prob).isfinite().all()
