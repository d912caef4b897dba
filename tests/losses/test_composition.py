"""Total losses from a description."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from boxgauge.losses import (
    Composition,
    DescriptionError,
    Term,
    detection_loss,
    focal_loss,
    giou_loss,
)
from tests.conftest import ROOT

LOGITS, LABELS = torch.tensor([-2.0, 0.5, 3.0, 1.0, -4.0]), torch.tensor([0.0, 1.0, 1.0, 0.0, 0.0])
PRED = torch.tensor([[1.0, 2.0, 9.0, 8.0], [30.0, 30.0, 31.0, 40.0]])
TRUE = torch.tensor([[0.0, 0.0, 10.0, 8.0], [50.0, 20.0, 60.0, 30.0]])
TENSORS = {"logits": LOGITS, "target": LABELS, "pred": PRED, "target_boxes": TRUE}

FOCAL: dict[str, Any] = {"loss": "focal_loss"}
GIOU: dict[str, Any] = {"loss": "giou_loss", "inputs": {"target": "target_boxes"}, "weight": 2}
SMOOTH: dict[str, Any] = {
    "loss": "smooth_l1_loss",
    "inputs": {"pred_cxcywh": "pred", "target_cxcywh": "target_boxes"},
    "box_format": "xyxy",
    "weight": 0.05,
}


def composed(*terms: dict[str, Any], **settings: str) -> Composition:
    return Composition.from_description({"terms": list(terms), **settings})


def test_is_the_fixed_detection_loss_where_that_is_described() -> None:
    composition = composed(FOCAL, GIOU, SMOOTH)
    assert composition.inputs == ("logits", "target", "pred", "target_boxes")
    expected = detection_loss(LOGITS, LABELS, PRED, TRUE, torch.tensor([1.0, 2.0, 0.05]))
    actual = composition(**TENSORS)
    torch.testing.assert_close(actual.total, expected.loss)
    assert [*actual.terms] == ["focal_loss", "giou_loss", "smooth_l1_loss"]
    torch.testing.assert_close(actual.terms["smooth_l1_loss"], expected.smooth_l1)


def test_terms_and_their_mapping_mean_the_same() -> None:
    written = composed(FOCAL, GIOU, name="mine", weighting="uncertainty")
    terms = [
        Term("focal_loss"),
        Term("giou_loss", weight=2, inputs={"target": "target_boxes"}),
    ]
    built = Composition(terms, name="mine", weighting="uncertainty")
    assert written.to_description() == built.to_description()
    again = Composition.from_description(json.loads(json.dumps(built.to_description())))
    assert again.to_description() == built.to_description()


@pytest.mark.parametrize(("reduction", "divisor"), [("mean", 5), ("sum", 1), ("positives", 2)])
def test_a_term_is_divided_by_what_its_reduction_says(reduction: str, divisor: int) -> None:
    composition = composed(FOCAL | {"reduction": reduction})
    expected = focal_loss(LOGITS, LABELS).sum().reshape(1) / divisor
    torch.testing.assert_close(composition(logits=LOGITS, target=LABELS).total, expected)


def test_no_positives_divide_by_1() -> None:
    composition = composed(FOCAL | {"reduction": "positives"})
    none = torch.zeros_like(LABELS)
    expected = focal_loss(LOGITS, none).sum().reshape(1)
    torch.testing.assert_close(composition(logits=LOGITS, target=none).total, expected)


def test_factors_of_the_values_are_a_tensor_too() -> None:
    composition = composed(
        {"loss": "giou_loss", "inputs": {"weight": "centredness"}, "reduction": "sum"}
    )
    assert composition.inputs == ("pred", "target", "centredness")
    factors = torch.tensor([0.25, 3.0])
    actual = composition(pred=PRED, target=TRUE, centredness=factors).total
    torch.testing.assert_close(actual, (factors * giou_loss(PRED, TRUE)).sum().reshape(1))


def test_one_loss_may_be_two_terms_with_names_of_their_own() -> None:
    composition = composed(FOCAL, FOCAL | {"name": "sharp", "options": {"gamma": 4.0}})
    terms = composition(logits=LOGITS, target=LABELS).terms
    assert terms["sharp"] < terms["focal_loss"]


def test_uncertainty_weighs_by_learnt_variances() -> None:
    composition = composed(FOCAL, GIOU, weighting="uncertainty")
    tensors = {name: TENSORS[name] for name in composition.inputs}
    fixed = composed(FOCAL, GIOU)(**tensors)
    assert composition.log_variances is not None
    torch.testing.assert_close(composition(**tensors).total, fixed.total)

    with torch.no_grad():
        composition.log_variances.copy_(torch.tensor([0.5, -1.0]))
    focal, giou = (float(term) for term in fixed.terms.values())
    expected = focal * 0.6065306597 + 0.5 + 2 * giou * 2.7182818285 - 1
    actual = composition(**tensors).total
    assert actual.item() == pytest.approx(expected, rel=1e-6)
    actual.backward()
    assert composition.log_variances.grad is not None
    slopes = [1 - focal * 0.6065306597, 1 - 2 * giou * 2.7182818285]
    assert composition.log_variances.grad.tolist() == pytest.approx(slopes, rel=1e-5)


def test_learnt_variances_settle_at_the_logarithm_of_the_weighted_loss() -> None:
    composition = composed(FOCAL, GIOU, weighting="uncertainty")
    tensors = {name: TENSORS[name] for name in composition.inputs}
    optimizer = torch.optim.Adam(composition.parameters(), lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        composition(**tensors).total.backward()
        optimizer.step()
    focal, giou = composition(**tensors).terms.values()
    expected = torch.cat((focal, 2 * giou)).log()
    assert composition.log_variances is not None
    torch.testing.assert_close(composition.log_variances.detach(), expected, atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    ("description", "message"),
    [
        pytest.param({}, "terms must be a list: got None", id="no-terms"),
        pytest.param({"terms": []}, "terms must name at least one loss", id="no-term"),
        pytest.param({"terms": "giou_loss"}, "terms must be a list: got 'giou_loss'", id="text"),
        pytest.param({"terms": ["giou_loss"]}, r"terms\[0\]: a mapping is wanted", id="a-name"),
        pytest.param([FOCAL], "a mapping is wanted: got ", id="a-list"),
        pytest.param({"terms": [FOCAL], "nme": 1}, "no field nme; there are name, w", id="field"),
        pytest.param({"terms": [FOCAL], "name": "a b"}, "name must be an id.*: got 'a b'"),
        pytest.param({"terms": [FOCAL], "name": 3}, "name must be an id.*: got 3"),
        pytest.param(
            {"terms": [FOCAL], "weighting": "auto"},
            "weighting must be one of fixed, uncertainty: got 'auto'",
        ),
        pytest.param({"terms": [{"weight": 1}]}, r"terms\[0\]: loss is missing", id="no-loss"),
        pytest.param(
            {"terms": [FOCAL, {"loss": "giu_loss"}]}, r"terms\[1\]: loss must be .*: got 'giu_loss'"
        ),
        pytest.param({"terms": [{"loss": 7}]}, r"terms\[0\]: loss must be an id.*: got 7"),
        pytest.param(
            {"terms": [FOCAL | {"gamma": 2}]}, r"terms\[0\]: there is no field gamma; there are"
        ),
        pytest.param(
            {"terms": [FOCAL | {"options": {"gama": 2}}]},
            r"terms\[0\]: focal_loss has no option gama; it has alpha, gamma",
        ),
        pytest.param(
            {"terms": [FOCAL | {"options": {"gamma": -2}}]},
            r"terms\[0\]: focal_loss: gamma must be in \[0, 1e6\]: got -2",
        ),
        pytest.param(
            {"terms": [FOCAL | {"options": {"gamma": "2"}}]},
            r"terms\[0\]: focal_loss: gamma must be like 2.0: got '2'",
        ),
        pytest.param({"terms": [FOCAL | {"options": 3}]}, "options must be a mapping: got 3"),
        pytest.param({"terms": [FOCAL | {"weight": "1"}]}, "weight must be a number: got '1'"),
        pytest.param({"terms": [FOCAL | {"weight": True}]}, "weight must be a number: got True"),
        pytest.param({"terms": [FOCAL | {"weight": -1}]}, r"weight must be in \[0, 1e6\]: got -1"),
        pytest.param(
            {"terms": [FOCAL | {"weight": float("nan")}]}, r"weight must be in \[0, 1e6\]: got nan"
        ),
        pytest.param({"terms": [FOCAL, FOCAL]}, "names: got focal_loss twice", id="twice"),
        pytest.param(
            {"terms": [FOCAL | {"reduction": "none"}]},
            "reduction must be one of mean, sum, positives: got 'none'",
        ),
        pytest.param(
            {"terms": [GIOU | {"reduction": "positives"}]},
            'reduction "positives" needs a label for each value of the loss: giou_loss has none',
        ),
        pytest.param(
            {"terms": [FOCAL | {"inputs": {"labels": "y"}}]},
            "inputs: focal_loss takes no labels; it takes logits, target, weight",
        ),
        pytest.param(
            {"terms": [FOCAL | {"inputs": {"target": "a b"}}]},
            "inputs.target must be an identifier: got 'a b'",
        ),
        pytest.param(
            {"terms": [FOCAL | {"box_format": "xyxy"}]}, "focal_loss takes no boxes, so no box_f"
        ),
        *(
            pytest.param(
                {"terms": [FOCAL, {"loss": loss}]},
                rf"terms\[1\]: loss must have no running state.*: got '{loss}'",
                id=loss,
            )
            for loss in ("wise_iou_v2_loss", "wise_iou_v3_loss", "ghm_c_loss", "seesaw_loss")
        ),
        pytest.param(
            {"terms": [FOCAL, {"loss": "giou_loss"}]},
            r"target is \[n\] to focal_loss and \[n, 4\] xyxy to giou_loss: rename one by inputs",
            id="shapes",
        ),
        pytest.param(
            {"terms": [GIOU, SMOOTH | {"box_format": "cxcywh"}]},
            r"pred is \[n, 4\] xyxy to giou_loss and \[n, 4\] cxcywh to smooth_l1_loss",
            id="formats",
        ),
        pytest.param(
            {"terms": [FOCAL | {"name": "logits"}]}, "logits is both a tensor's name and a result's"
        ),
        pytest.param(
            {"terms": [FOCAL | {"inputs": {"target": "loss"}}]}, "loss is both a tensor's name"
        ),
    ],
)
@pytest.mark.usefixtures("signatures_unchecked")
def test_what_cannot_be_is_refused_with_its_place(
    description: dict[str, Any], message: str
) -> None:
    with pytest.raises(DescriptionError, match=message):
        Composition.from_description(description)


def test_missing_and_foreign_tensors_are_told() -> None:
    composition = composed(FOCAL)
    with pytest.raises(TypeError, match="composition takes logits, target: got logits"):
        composition(logits=LOGITS)
    with pytest.raises(TypeError, match="composition takes logits, target: got none"):
        composition()


def test_its_repr_tells_the_weights() -> None:
    assert "'composition', weighting='fixed': 1 × focal_loss + 2 × giou_loss" in repr(
        composed(FOCAL, GIOU)
    )


@pytest.mark.parametrize("file", sorted((ROOT / "examples" / "compositions").glob("*.json")))
def test_the_shipped_descriptions_can_be_read(file: Path) -> None:
    composition = Composition.from_description(json.loads(file.read_text(encoding="utf-8")))
    assert len(composition.terms) >= 2


def test_empty_tensors_cost_nothing_and_have_gradients() -> None:
    composition = composed(FOCAL | {"reduction": "positives"}, GIOU, SMOOTH)
    logits, pred = torch.zeros(0, requires_grad=True), torch.zeros(0, 4, requires_grad=True)
    empty: dict[str, Tensor] = {
        "logits": logits,
        "target": torch.zeros(0),
        "pred": pred,
        "target_boxes": torch.zeros(0, 4),
    }
    total = composition(**empty).total
    assert total.tolist() == [0.0]
    total.backward()
    assert logits.grad is not None
    assert pred.grad is not None
