import math

import pytest
import torch
from torch import Tensor

from boxgauge.losses import detection_loss, total_loss
from tests.reference import boxes, classification

LOGITS, LABELS = [-2.0, 0.5, 3.0, 1.0, -4.0], [0, 1, 1, 0, 0]
PRED = [(1.0, 2.0, 9.0, 8.0), (30.0, 30.0, 31.0, 40.0)]
TRUE = [(0.0, 0.0, 10.0, 8.0), (50.0, 20.0, 60.0, 30.0)]
WEIGHTS = [1.0, 2.0, 0.05]


def one(value: float) -> Tensor:
    return torch.tensor([float(value)])


def test_is_the_weighted_sum_and_keeps_its_terms_unweighted() -> None:
    terms = {"focal": one(2), "giou": one(0.5), "smooth_l1": one(10)}
    total = total_loss(terms, {"smooth_l1": 0.1, "focal": 1, "giou": 4})
    torch.testing.assert_close(total.total, one(5.0))
    assert total.terms == terms


def test_the_gradient_of_a_term_is_its_weight() -> None:
    term = one(3.0).requires_grad_()
    total_loss({"a": term, "b": one(1)}, {"a": 2.5, "b": 1}).total.backward()
    assert term.grad is not None
    assert term.grad.tolist() == [2.5]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        pytest.param(["a"], r"got \['a', 'b'\] and \['a'\]", id="a-weight-missing"),
        pytest.param(["a", "b", "c"], r"got \['a', 'b'\] and \['a', 'b', 'c'\]", id="one-too-many"),
    ],
)
def test_names_that_do_not_pair_up_are_refused(names: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        total_loss({"a": one(1), "b": one(1)}, dict.fromkeys(names, 1.0))


def test_no_terms_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one term"):
        total_loss({}, {})


def test_detection_loss_agrees_with_the_scalar_reference() -> None:
    actual = detection_loss(
        torch.tensor(LOGITS),
        torch.tensor(LABELS).float(),
        torch.tensor(PRED),
        torch.tensor(TRUE),
        torch.tensor(WEIGHTS),
    )
    focal = [classification.focal_loss(x, t, 0.25, 2) for x, t in zip(LOGITS, LABELS, strict=True)]
    pairs = list(zip(PRED, TRUE, strict=True))
    giou = [boxes.giou_loss(a, b) for a, b in pairs]
    smooth = [boxes.smooth_l1_loss(boxes.cxcywh(a), boxes.cxcywh(b), 1) for a, b in pairs]
    means = [math.fsum(term) / len(term) for term in (focal, giou, smooth)]
    expected = math.fsum(weight * mean for weight, mean in zip(WEIGHTS, means, strict=True))

    assert [term.shape for term in actual] == [(1,)] * 4
    assert [term.item() for term in actual] == pytest.approx([expected, *means], rel=1e-5)


def test_detection_loss_without_anchors_or_positives_is_zero() -> None:
    logits = torch.zeros(0, requires_grad=True)
    pred = torch.zeros(0, 4, requires_grad=True)
    actual = detection_loss(
        logits, torch.zeros(0), pred, torch.zeros(0, 4), torch.tensor([1.0, 1.0, 1.0])
    )
    assert [term.item() for term in actual] == [0.0] * 4
    actual.loss.backward()
    assert logits.grad is not None
    assert pred.grad is not None


def test_log_variances_divide_the_terms_and_are_added() -> None:
    terms = {"a": one(2), "b": one(3)}
    total = total_loss(terms, {"a": 1, "b": 0.5}, torch.tensor([math.log(2), -math.log(4)]))
    torch.testing.assert_close(total.total, one(2 / 2 + math.log(2) + 3 * 0.5 * 4 - math.log(4)))


@pytest.mark.parametrize("log_variance", [-1e6, -88.0, 0.0, 88.0, 1e6])
def test_extreme_log_variances_stay_finite(log_variance: float) -> None:
    spread = torch.tensor([log_variance], requires_grad=True)
    term = one(1e6).requires_grad_()
    total = total_loss({"a": term}, {"a": 1.0}, spread).total
    total.backward()
    assert spread.grad is not None
    assert term.grad is not None
    assert torch.cat((total.detach(), spread.grad, term.grad)).isfinite().all()


def test_log_variances_of_other_terms_are_refused() -> None:
    with pytest.raises(ValueError, match=r"1 terms need as many log variances: got \[2\]"):
        total_loss({"a": one(1)}, {"a": 1.0}, torch.zeros(2))


@pytest.mark.parametrize("weight", [math.nan, math.inf, -math.inf, 1e9])
def test_a_weight_that_is_no_usual_number_is_refused_by_the_name_of_its_term(
    weight: float,
) -> None:
    with pytest.raises(ValueError, match=rf"weight of giou must be in \[-1e6, 1e6\]: got {weight}"):
        total_loss({"giou": one(1)}, {"giou": weight})
