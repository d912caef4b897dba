"""The losses as modules: one base, which reads the functions' own annotations."""

import copy
import inspect
import pickle
import pydoc
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import boxgauge.losses
from boxgauge.losses import (
    APLoss,
    BoxFormat,
    CIoULoss,
    FocalLoss,
    GHMCLoss,
    GIoULoss,
    LossModule,
    MPDIoULoss,
    Reduction,
    SeesawLoss,
    SmoothL1Loss,
    TverskyLoss,
    VarifocalLoss,
    WiseIoUV2Loss,
    WiseIoUV3Loss,
    focal_loss,
    ghm_c_loss,
    giou_loss,
    smooth_l1_loss,
    wise_iou_v3_loss,
)
from boxgauge.losses.registry import loss_modules

PRED = torch.tensor([[1.0, 2.0, 9.0, 8.0], [30.0, 30.0, 31.0, 40.0]])
TRUE = torch.tensor([[0.0, 0.0, 10.0, 8.0], [50.0, 20.0, 60.0, 30.0]])
# What the constructors that have no default for it are given.
NEEDED: dict[str, dict[str, Any]] = {"seesaw_loss": {"classes": 3}}
# Sums of other losses; a composition is their module.
TOTALS = {"detection_loss", "total_loss"}

every_module = pytest.mark.parametrize(("name", "module"), sorted(loss_modules().items()))


def built(name: str, module: type[LossModule], **options: Reduction) -> LossModule:
    return module(**NEEDED.get(name, {}), **options)


def some_inputs(module: LossModule) -> list[Tensor]:
    """Draw what the function's annotations ask for, 5 rows."""
    generator = torch.Generator().manual_seed(0)
    states = {
        axis: size
        for each in module.signature.states
        for axis, size in zip(each.axes, module.get_buffer(each.name).shape, strict=True)
    }
    known = {"n": 5, "...": 5} | states
    tensors = []
    for each in module.signature.inputs:
        shape = [int(axis) if axis.isdecimal() else known.get(axis, 3) for axis in each.axes]
        drawn = torch.rand(shape, generator=generator)
        tensors.append((drawn * 2).long() if each.is_integer else drawn)
    return tensors


def test_every_loss_has_a_module() -> None:
    functions = {name for name in boxgauge.losses.__all__ if name.endswith("_loss")} - TOTALS
    assert loss_modules().keys() == functions


@every_module
def test_every_module_is_offered_by_the_package(name: str, module: type[LossModule]) -> None:
    assert getattr(boxgauge.losses, module.__name__) is module
    assert module.__name__ in boxgauge.losses.__all__


@every_module
def test_computes_what_its_function_does(name: str, module: type[LossModule]) -> None:
    loss = built(name, module, reduction="none")
    inputs = some_inputs(loss)
    states = [loss.get_buffer(each.name).clone() for each in loss.signature.states]
    expected = getattr(boxgauge.losses, name)(*inputs, *states)
    expected = expected[0] if isinstance(expected, tuple) else expected
    torch.testing.assert_close(loss(*inputs), expected)
    mean = built(name, module)(*inputs)
    torch.testing.assert_close(mean, expected.mean().reshape(1))


@every_module
def test_its_help_shows_the_options_and_the_function_s_documentation(
    name: str, module: type[LossModule]
) -> None:
    shown = pydoc.render_doc(module, renderer=pydoc.plaintext)
    function = getattr(boxgauge.losses, name)
    assert (inspect.getdoc(function) or "?").splitlines()[0] in shown
    parameters = inspect.signature(module).parameters
    options = {
        option
        for option, each in inspect.signature(function).parameters.items()
        if each.kind is inspect.Parameter.KEYWORD_ONLY
    }
    assert options | {"reduction"} <= parameters.keys()
    assert ("box_format" in parameters) == (module.signature.box_format is not None)


@every_module
def test_its_name_and_options_are_its_repr(name: str, module: type[LossModule]) -> None:
    shown = repr(built(name, module, reduction="sum"))
    assert shown.startswith(f"{module.__name__}(reduction='sum'")
    for option, default in module.signature.options.items():
        assert f"{option}={default!r}" in shown


@every_module
def test_an_unknown_option_is_refused_by_name(name: str, module: type[LossModule]) -> None:
    with pytest.raises(TypeError, match=f"{name} has no option sharpness; it has"):
        built(name, module, sharpness=1)


@pytest.mark.parametrize(
    ("reduction", "expected"), [("mean", 3.5 / 2), ("sum", 3.5), ("none", [0.5, 3.0])]
)
def test_weights_and_reduction_are_applied_in_one_place(
    reduction: Reduction, expected: float | list[float]
) -> None:
    loss = SmoothL1Loss(reduction=reduction)
    pred = torch.zeros(2, 4)
    target = torch.tensor([[1.5, 0.0, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0]])
    value = loss(pred, target, weight=torch.tensor([0.5, 2.0]))
    wanted = torch.tensor(expected) if isinstance(expected, list) else torch.tensor([expected])
    torch.testing.assert_close(value, wanted)


@pytest.mark.parametrize("box_format", ["xyxy", "xywh", "cxcywh"])
def test_boxes_of_every_format_cost_the_same(box_format: BoxFormat) -> None:
    def written(boxes: Tensor) -> Tensor:
        x1, y1, x2, y2 = boxes.unbind(-1)
        numbers = {
            "xyxy": (x1, y1, x2, y2),
            "xywh": (x1, y1, x2 - x1, y2 - y1),
            "cxcywh": ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1),
        }
        return torch.stack(numbers[box_format], dim=-1)

    giou = GIoULoss(reduction="none", box_format=box_format)
    torch.testing.assert_close(giou(written(PRED), written(TRUE)), giou_loss(PRED, TRUE))
    smooth = SmoothL1Loss(reduction="none", box_format=box_format)
    centres = [
        torch.tensor([[5.0, 5.0, 8.0, 6.0], [30.5, 35.0, 1.0, 10.0]]),
        torch.tensor([[5.0, 4.0, 10.0, 8.0], [55.0, 25.0, 10.0, 10.0]]),
    ]
    torch.testing.assert_close(smooth(written(PRED), written(TRUE)), smooth_l1_loss(*centres))


def test_coordinates_are_taken_as_they_are_by_default() -> None:
    deltas = torch.tensor([[0.5, -0.5, -3.0, -2.0]])
    expected = smooth_l1_loss(deltas, torch.zeros(1, 4))
    torch.testing.assert_close(SmoothL1Loss()(deltas, torch.zeros(1, 4)), expected)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        pytest.param(
            lambda: FocalLoss(gamma=-1),
            ValueError,
            r"focal_loss: gamma must be in \[0, 1e6\]: got -1",
        ),
        pytest.param(
            lambda: TverskyLoss(smooth=0),
            ValueError,
            "tversky_loss: smooth must .*: got 0",
        ),
        pytest.param(
            lambda: GIoULoss(eps="small"),
            TypeError,
            "giou_loss: eps must be like 1e-07: got 'small'",
        ),
        pytest.param(
            lambda: FocalLoss(alpha=float("nan")),
            ValueError,
            r"focal_loss: alpha must be in \(-inf, 1\]: got nan",
        ),
        pytest.param(
            lambda: VarifocalLoss(iou_weighted=1),
            TypeError,
            "varifocal_loss: iou_weighted must be like True: got 1",
        ),
        pytest.param(
            lambda: CIoULoss(alpha="other"), ValueError, "ciou_loss: alpha must be .* got 'other'"
        ),
        pytest.param(
            lambda: GIoULoss(reduction="median"),  # type: ignore[arg-type]  # what is refused
            ValueError,
            "reduction must be .* got 'median'",
        ),
        pytest.param(
            lambda: GIoULoss(box_format="xyz"),  # type: ignore[arg-type]  # what is refused
            ValueError,
            "giou_loss: box_format must be one of xyxy, xywh, cxcywh: got 'xyz'",
        ),
        pytest.param(
            lambda: FocalLoss(box_format="xyxy"),
            TypeError,
            "focal_loss takes no boxes, so no box_format: got 'xyxy'",
        ),
        pytest.param(
            lambda: GIoULoss(states={"mean": torch.ones(1)}),
            TypeError,
            "giou_loss has the states none: got mean",
        ),
        pytest.param(
            lambda: WiseIoUV2Loss(mean_iou_loss=float("nan")),
            ValueError,
            r"mean_iou_loss must be in \[0, 1\]: got nan",
        ),
        pytest.param(
            lambda: GHMCLoss(bins=0), ValueError, "bins must be an integer of at least 1: got 0"
        ),
        pytest.param(
            lambda: SeesawLoss(classes=-1),
            ValueError,
            "classes must be an integer of at least 1: got -1",
        ),
    ],
)
@pytest.mark.usefixtures("signatures_unchecked")
def test_bad_options_are_refused_at_construction(
    make: Callable[[], LossModule], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        make()


def test_the_wrong_number_of_tensors_is_told_with_their_names() -> None:
    message = "mpdiou_loss takes pred, target, image_size, and weight by name: got 2 tensors"
    with pytest.raises(TypeError, match=message):
        MPDIoULoss()(PRED, TRUE)
    with pytest.raises(TypeError, match="giou_loss takes pred, target"):
        GIoULoss()(PRED, TRUE, torch.ones(2))


def test_a_running_state_is_taken_on_in_training_only() -> None:
    loss = WiseIoUV3Loss(reduction="none", momentum=0.5)
    start = loss.mean_iou_loss.clone()
    expected = wise_iou_v3_loss(PRED, TRUE, start, momentum=0.5)

    torch.testing.assert_close(loss(PRED, TRUE), expected.loss)
    torch.testing.assert_close(loss.mean_iou_loss, expected.next_mean_iou_loss)
    again = wise_iou_v3_loss(PRED, TRUE, expected.next_mean_iou_loss, momentum=0.5)
    torch.testing.assert_close(loss.eval()(PRED, TRUE), again.loss)
    torch.testing.assert_close(loss.mean_iou_loss, expected.next_mean_iou_loss)


def test_a_running_state_is_saved_and_loaded() -> None:
    loss, other = GHMCLoss(bins=4), GHMCLoss(bins=4)
    logits, labels = torch.randn(9, generator=torch.Generator().manual_seed(0)), torch.ones(9)
    loss(logits, labels)
    expected = ghm_c_loss(logits, labels, torch.zeros(4)).next_bin_counts
    torch.testing.assert_close(loss.state_dict()["bin_counts"], expected)
    other.load_state_dict(loss.state_dict())
    torch.testing.assert_close(other(logits, labels), loss(logits, labels))


def test_a_running_state_does_not_keep_the_gradient_from_flowing_back() -> None:
    loss = SeesawLoss(classes=3)
    logits = torch.zeros(4, 3, requires_grad=True)
    total = loss(logits, torch.tensor([0, 0, 1, 2])) + loss(logits, torch.tensor([0, 0, 0, 2]))
    total.backward()
    assert logits.grad is not None
    assert logits.grad.abs().sum() > 0
    assert loss.class_counts.tolist() == [5, 1, 2]


def test_a_running_state_begins_as_said() -> None:
    assert WiseIoUV2Loss(mean_iou_loss=0.25).mean_iou_loss.tolist() == [0.25]
    assert GHMCLoss(bins=30).bin_counts.shape == (30,)


def test_can_be_copied_and_pickled() -> None:
    loss = WiseIoUV2Loss(mean_iou_loss=0.5, gamma=0.25).eval()
    for other in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):  # noqa: S301 (its own)
        torch.testing.assert_close(other(PRED, TRUE), loss(PRED, TRUE))
        other.mean_iou_loss.fill_(1)
        assert loss.mean_iou_loss.tolist() == [0.5]


def test_is_part_of_a_model_like_any_module() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.loss = WiseIoUV2Loss()

    assert [*Model().double().state_dict()] == ["loss.mean_iou_loss"]
    assert Model().double().loss.mean_iou_loss.dtype == torch.float64


def test_a_ranking_s_mean_is_itself() -> None:
    logits, labels = torch.tensor([2.0, 1.0, 0.0]), torch.tensor([1.0, 0.0, 1.0])
    torch.testing.assert_close(APLoss()(logits, labels), torch.tensor([1 / 6]))


def test_takes_logits_of_any_shape_where_the_function_does() -> None:
    logits = torch.linspace(-3, 3, 24).reshape(2, 3, 4)
    labels = (logits > 1).float()
    expected = focal_loss(logits.flatten(), labels.flatten(), gamma=1.5).mean().reshape(1)
    torch.testing.assert_close(FocalLoss(gamma=1.5)(logits, labels), expected)
