import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import bce_with_logits_loss, focal_loss, quality_focal_loss
from tests.losses.strategies import column, gradient, laws, logits, probabilities
from tests.reference import classification as reference


@pytest.mark.parametrize(
    ("logit", "quality", "beta", "expected"),
    [
        pytest.param(1, 0.6, 2, 0.012251233122858566991, id="paper-s-beta"),
        pytest.param(1, 0.6, 1.5, 0.033841303054066906499, id="beta-1.5"),
        pytest.param(1, 0.6, 0, 0.71326168751822283405, id="beta-0-is-cross-entropy"),
        pytest.param(0, 0.5, 2, 0, id="no-loss-where-score-is-quality"),
        pytest.param(-1e4, 1, 2, 1e4, id="wrong-and-sure"),
    ],
)
def test_worked_values(logit: float, quality: float, beta: float, expected: float) -> None:
    loss = quality_focal_loss(column(logit), column(quality), beta=beta)
    assert loss.item() == pytest.approx(expected, rel=1e-12)


@given(x=logits(), quality=probabilities(), beta=st.just(0.0) | st.floats(1, 5))
@laws
def test_agrees_with_the_scalar_reference(x: float, quality: float, beta: float) -> None:
    actual = quality_focal_loss(column(x), column(quality), beta=beta).item()
    expected = reference.quality_focal_loss(x, quality, beta)
    assert actual == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(x=logits(1e4), label=st.sampled_from([0.0, 1.0]))
@laws
def test_of_hard_labels_is_focal_loss(x: float, label: float) -> None:
    quality_focal = quality_focal_loss(column(x), column(label))
    torch.testing.assert_close(quality_focal, focal_loss(column(x), column(label), alpha=-1))


@given(x=logits(1e4), quality=probabilities())
@laws
def test_without_focus_is_cross_entropy(x: float, quality: float) -> None:
    plain = quality_focal_loss(column(x), column(quality), beta=0)
    torch.testing.assert_close(plain, bce_with_logits_loss(column(x), column(quality)))


@pytest.mark.parametrize("beta", [0, 1, 1.01, 1.5, 2, 5])
@pytest.mark.parametrize("quality", [0.0, 0.5, 1.0])
def test_the_gradient_is_finite_where_score_is_quality(beta: float, quality: float) -> None:
    x = torch.tensor([0.0 if quality == 0.5 else (2 * quality - 1) * 1e4], requires_grad=True)
    loss = quality_focal_loss(x, torch.tensor([quality]), beta=beta)
    assert gradient(loss, x).tolist() == [0]


@pytest.mark.parametrize("beta", [-1.0, 0.5])
def test_a_bad_beta_is_refused(beta: float) -> None:
    with pytest.raises(ValueError, match=rf"beta must be 0 or in \[1, 1e6\]: got {beta}"):
        quality_focal_loss(torch.zeros(1), torch.zeros(1), beta=beta)
