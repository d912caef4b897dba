from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from boxgauge.losses import lovasz_hinge_loss, lovasz_softmax_loss
from boxgauge.losses.lovasz import lovasz_jaccard
from tests.losses.strategies import gradient, laws
from tests.reference import masks as reference

# Eighths are exact in every arithmetic, and make ties.
eighths = st.integers(-24, 24).map(lambda count: count / 8)
parts = st.integers(0, 8).map(lambda count: count / 8)
labels = st.integers(0, 1)


@pytest.mark.parametrize(
    ("logits", "target", "expected"),
    [
        # Errors 3, 1.5, 1: the missed pixel first, then the two others.
        pytest.param([-2, 0.5, 0], [1, 0, 1], 3 / 2 + 1.5 * (2 / 3 - 1 / 2) + 1 / 3, id="sorted"),
        pytest.param([2, -2], [1, 0], 0, id="right-by-more-than-1"),
        pytest.param([0.5, -3, 0.25], [0, 0, 0], 1.5, id="nothing-true-costs-the-highest"),
        pytest.param([-1, 1, 1], [1, 1, 0], 2 * (1 - 1 / 3), id="twice-1-minus-iou"),
        pytest.param([1e4, -1e4], [0, 1], 1e4 + 1, id="far-off"),
        pytest.param([], [], 0, id="no-pixels"),
    ],
)
def test_hinge_worked_values(logits: list[float], target: list[int], expected: float) -> None:
    loss = lovasz_hinge_loss(torch.tensor([logits]).float(), torch.tensor([target]).float())
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


@given(pixels=st.lists(st.tuples(eighths, labels), max_size=12))
@laws
def test_hinge_and_its_gradient_agree_with_the_exact_reference(
    pixels: list[tuple[float, int]],
) -> None:
    x, t = [x for x, _ in pixels], [t for _, t in pixels]
    logits = torch.tensor([x], dtype=torch.float64, requires_grad=True)
    loss = lovasz_hinge_loss(logits, torch.tensor([t]).double())
    value, slopes = reference.lovasz_hinge_loss(x, t)
    assert loss.item() == pytest.approx(value, rel=1e-12)
    # Where a margin is exactly met both sides are subgradients, and ours may be either.
    met = torch.tensor([[xi * (2 * ti - 1) == 1 for xi, ti in pixels]], dtype=torch.bool)
    actual = gradient(loss, logits)
    torch.testing.assert_close(
        actual[~met].tolist(),
        [slope for slope, is_met in zip(slopes, met[0].tolist(), strict=True) if not is_met],
    )


@given(
    image=st.integers(1, 3).flatmap(
        lambda k: st.lists(
            st.tuples(st.lists(parts, min_size=k, max_size=k), st.integers(0, k)), max_size=8
        ).map(lambda pixels: (k, pixels))
    )
)
@laws
def test_softmax_agrees_with_the_exact_reference(
    image: tuple[int, list[tuple[list[float], int]]],
) -> None:
    classes, pixels = image
    prob = [[p[c] for p, _ in pixels] for c in range(classes)]
    target = [[int(label == c) for _, label in pixels] for c in range(classes)]
    a, b = (torch.tensor([rows], dtype=torch.float64) for rows in (prob, target))
    for option in ("present", "all"):
        loss = lovasz_softmax_loss(a, b, classes=option)
        expected = reference.lovasz_softmax_loss(prob, target, only_present=option == "present")
        assert loss.item() == pytest.approx(expected, rel=1e-12)


@given(pixels=st.lists(st.tuples(labels, labels), min_size=1, max_size=12))
@laws
def test_at_hard_predictions_both_are_1_minus_iou(pixels: list[tuple[int, int]]) -> None:
    pred, true = ({i for i, pixel in enumerate(pixels) if pixel[side]} for side in (0, 1))
    iou = Fraction(len(pred & true), len(pred | true)) if pred | true else Fraction(1)
    p, t = (torch.tensor([[[pixel[side] for pixel in pixels]]]).double() for side in (0, 1))

    softmax = lovasz_softmax_loss(p, t, classes="all")
    hinge = lovasz_hinge_loss(2 * p[:, 0] - 1, t[:, 0])
    assert softmax.item() == pytest.approx(float(1 - iou), abs=1e-12)
    assert hinge.item() == pytest.approx(2 * float(1 - iou), abs=1e-12)


@given(
    rows=st.lists(st.tuples(parts, parts, labels), min_size=1, max_size=9), share=st.floats(0, 1)
)
@laws
def test_the_extension_is_convex_in_the_errors(
    rows: list[tuple[float, float, int]], share: float
) -> None:
    a, b, truth = (torch.tensor([[row[i] for row in rows]]).double() for i in range(3))
    mixed = lovasz_jaccard(share * a + (1 - share) * b, truth)
    line = share * lovasz_jaccard(a, truth) + (1 - share) * lovasz_jaccard(b, truth)
    assert (mixed <= line + 1e-12).all()


def test_equal_errors_have_the_slopes_of_the_order_by_index() -> None:
    prob = torch.full((1, 1, 3), 0.5, requires_grad=True)
    target = torch.tensor([[[0.0, 1.0, 0.0]]])
    slope = gradient(lovasz_softmax_loss(prob, target), prob)
    torch.testing.assert_close(slope, torch.tensor([[[1 / 2, -1 / 2, 0.0]]]))


def test_present_leaves_absent_classes_out_and_all_counts_their_worst_pixel() -> None:
    prob = torch.tensor([[[0.75, 1.0], [0.25, 0.0]]])
    target = torch.tensor([[[1.0, 1.0], [0.0, 0.0]]])
    present = lovasz_softmax_loss(prob, target)
    torch.testing.assert_close(present, torch.tensor([0.25 / 2]))
    every = lovasz_softmax_loss(prob, target, classes="all")
    torch.testing.assert_close(every, torch.tensor([(0.25 / 2 + 0.25) / 2]))


def test_slopes_among_a_million_pixels_keep_their_digits() -> None:
    count = 1_000_000
    truth = torch.zeros(1, count)
    truth[:, : count // 2] = 1
    errors = torch.linspace(1, 0.5, count).reshape(1, -1).requires_grad_()
    slopes = gradient(lovasz_jaccard(errors, truth), errors)
    # First all true pixels, 2 / count each, then the others, which no longer matter.
    torch.testing.assert_close(slopes[:, : count // 2], torch.full((1, count // 2), 2 / count))
    assert not slopes[:, count // 2 :].any()


def test_a_soft_label_counts_as_its_nearer_end() -> None:
    logits = torch.tensor([[0.3, -0.2, 0.1]])
    soft, hard = torch.tensor([[0.5, 0.49, 0.9]]), torch.tensor([[1.0, 0.0, 1.0]])
    torch.testing.assert_close(lovasz_hinge_loss(logits, soft), lovasz_hinge_loss(logits, hard))


@pytest.mark.parametrize("shape", [(0, 2, 3), (2, 2, 0), (2, 0, 3)])
@pytest.mark.parametrize("classes", ["present", "all"])
def test_no_images_classes_or_pixels_cost_nothing(shape: tuple[int, ...], classes: str) -> None:
    prob = torch.zeros(shape, requires_grad=True)
    loss: Tensor = lovasz_softmax_loss(prob, torch.zeros(shape), classes=classes)
    assert loss.tolist() == [0.0] * shape[0]
    assert gradient(loss, prob).shape == shape


@pytest.mark.usefixtures("signatures_unchecked")
def test_other_choices_of_classes_are_refused() -> None:
    with pytest.raises(ValueError, match='classes must be "present" or "all": got \'some\''):
        lovasz_softmax_loss(torch.zeros(1, 2, 3), torch.zeros(1, 2, 3), classes="some")
