import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import dice_loss
from tests.losses.strategies import gradient, laws, probabilities
from tests.reference import masks as reference


@pytest.mark.parametrize(
    ("prob", "target", "smooth", "expected"),
    [
        pytest.param([1, 0], [1, 1], 1, 1 - 3 / 4, id="half-found"),
        pytest.param([1, 0, 0, 1], [0, 1, 1, 0], 1, 1 - 1 / 5, id="nothing-in-common"),
        pytest.param([0.5, 0.5], [1, 0], 1, 1 - 2 / 3, id="undecided"),
        pytest.param([1, 0], [1, 1], 0.5, 1 - 2.5 / 3.5, id="smooth-above-and-below"),
        pytest.param([0, 0], [0, 0], 1, 0, id="both-empty"),
        pytest.param([1, 0, 1], [1, 0, 1], 1, 0, id="equal"),
    ],
)
def test_worked_values(
    prob: list[float], target: list[float], smooth: float, expected: float
) -> None:
    loss = dice_loss(torch.tensor([prob]).float(), torch.tensor([target]).float(), smooth=smooth)
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


masks = st.lists(st.tuples(probabilities(), probabilities()), max_size=12)


@given(pixels=masks, smooth=st.floats(1e-3, 10))
@laws
def test_agrees_with_the_scalar_reference_and_its_bounds(
    pixels: list[tuple[float, float]], smooth: float
) -> None:
    prob, target = [p for p, _ in pixels], [t for _, t in pixels]
    a, b = torch.tensor([prob]).double(), torch.tensor([target]).double()
    loss = dice_loss(a, b, smooth=smooth)
    assert loss.item() == pytest.approx(reference.dice_loss(prob, target, smooth), abs=1e-9)
    assert -1e-12 <= loss.item() < 1
    torch.testing.assert_close(loss, dice_loss(b, a, smooth=smooth))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        # Two undecided pixels of which one is true: p t = 0.5, sizes 1 and 1, squares 0.5 and 1.
        pytest.param({"denominator": "squared"}, 1 - 2 / 2.5, id="squared"),
        pytest.param({"smoothing": "below"}, 1 - 1 / 3, id="below"),
        pytest.param(
            {"denominator": "squared", "smoothing": "below", "smooth": 0.5}, 1 - 1 / 2, id="both"
        ),
    ],
)
def test_worked_values_of_other_definitions(
    options: dict[str, str | float], expected: float
) -> None:
    loss = dice_loss(torch.tensor([[0.5, 0.5]]), torch.tensor([[1.0, 0.0]]), **options)
    torch.testing.assert_close(loss, torch.tensor([expected]))


@pytest.mark.parametrize("denominator", ["plain", "squared"])
@pytest.mark.parametrize("smoothing", ["both", "below"])
@given(pixels=masks, smooth=st.floats(1e-3, 10))
@laws
def test_every_definition_agrees_with_the_scalar_reference(
    denominator: str, smoothing: str, pixels: list[tuple[float, float]], smooth: float
) -> None:
    prob, target = [p for p, _ in pixels], [t for _, t in pixels]
    loss = dice_loss(
        torch.tensor([prob]).double(),
        torch.tensor([target]).double(),
        smooth=smooth,
        denominator=denominator,
        smoothing=smoothing,
    )
    expected = reference.dice_loss(
        prob, target, smooth, squared=denominator == "squared", below=smoothing == "below"
    )
    assert loss.item() == pytest.approx(expected, abs=1e-9)


def test_binary_masks_have_the_same_squares() -> None:
    prob, target = torch.tensor([[1.0, 0.0, 1.0]]), torch.tensor([[1.0, 1.0, 0.0]])
    squared = dice_loss(prob, target, denominator="squared")
    torch.testing.assert_close(squared, dice_loss(prob, target))


def test_only_squares_have_their_minimum_at_a_soft_target() -> None:
    target = torch.tensor([[0.25, 0.75]])
    for denominator, is_flat in (("plain", False), ("squared", True)):
        prob = target.clone().requires_grad_()
        slope = gradient(dice_loss(prob, target, denominator=denominator), prob)
        assert (slope.abs().max().item() < 1e-6) is is_flat


def test_below_makes_two_empty_masks_cost_1() -> None:
    assert dice_loss(torch.zeros(1, 3), torch.zeros(1, 3), smoothing="below").tolist() == [1.0]


@pytest.mark.parametrize("option", ["denominator", "smoothing"])
@pytest.mark.usefixtures("signatures_unchecked")
def test_other_definitions_are_refused(option: str) -> None:
    with pytest.raises(ValueError, match=f"{option} must be .*: got 'odd'"):
        dice_loss(torch.zeros(1, 2), torch.zeros(1, 2), **{option: "odd"})


def test_half_precision_sums_do_not_overflow() -> None:
    prob = torch.ones(1, 100_000, dtype=torch.float16, requires_grad=True)
    loss = dice_loss(prob, torch.ones(1, 100_000, dtype=torch.float16))
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert gradient(loss, prob).isfinite().all()


@pytest.mark.parametrize("shape", [(0, 5), (3, 0)])
def test_no_masks_and_no_pixels_are_ordinary(shape: tuple[int, int]) -> None:
    assert dice_loss(torch.zeros(shape), torch.zeros(shape)).tolist() == [0.0] * shape[0]


def test_a_smooth_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match=r"smooth must be in \[1e-16, 1e6\]: got 0"):
        dice_loss(torch.zeros(1, 2), torch.zeros(1, 2), smooth=0)
