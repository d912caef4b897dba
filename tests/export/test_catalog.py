from dataclasses import replace

import pytest
import torch

from boxgauge.export import Entry, Port, catalog
from boxgauge.export.catalog import collect
from boxgauge.export.gradient import gradient_entry
from boxgauge.export.ports import are_distinct, bind

IOU = catalog()["iou_loss"]


def test_a_name_used_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="two graphs are called 'iou_loss'"):
        collect([IOU, replace(IOU, version=2)])


def test_a_name_that_a_gradient_graph_has_is_an_error() -> None:
    clash = replace(IOU, name="iou_loss_gradient", gradient_of=())
    with pytest.raises(ValueError, match="two graphs are called 'iou_loss_gradient'"):
        collect([IOU, clash])


@pytest.mark.parametrize("entry", catalog().values(), ids=catalog().keys())
def test_an_example_is_what_the_ports_declare(entry: Entry) -> None:
    for n in (0, 1, 9):
        inputs = entry.example(n, torch.Generator().manual_seed(n))
        bind((*entry.inputs, *entry.outputs), (*inputs, *entry(*inputs)))


@pytest.mark.parametrize("entry", catalog().values(), ids=catalog().keys())
def test_every_loss_has_a_gradient_and_a_reference(entry: Entry) -> None:
    assert entry.reference
    assert bool(entry.gradient_of) == (entry.family == "loss")


def test_a_gradient_entry_has_the_outputs_of_the_loss_and_a_gradient_for_each_variable() -> None:
    gradient = gradient_entry(catalog()["detection_loss"])

    assert gradient.name == "detection_loss_gradient"
    assert gradient.family == "gradient"
    assert [port.name for port in gradient.outputs] == [
        *("loss", "focal", "giou", "smooth_l1"),
        *("grad_logits", "grad_pred"),
    ]
    assert [port.shape for port in gradient.outputs[4:]] == [("n",), ("m", 4)]


@pytest.mark.parametrize(
    ("name", "dtype", "shape", "message"),
    [
        ("x", "float32", (), "a scalar has shape"),
        ("x", "float16", (1,), "dtype must be one of"),
        ("x y", "float32", (1,), "must be an identifier"),
        ("x", "float32", ("n+1",), "a symbol must be an identifier"),
    ],
)
def test_a_port_that_cannot_be_is_refused(
    name: str, dtype: str, shape: tuple[int | str, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Port(name, dtype, shape)


def test_tensors_that_do_not_pair_up_are_refused() -> None:
    with pytest.raises(ValueError, match=r"target: float32 \[n, 4\] is declared.*got.*\[2, 4\]"):
        bind(IOU.inputs, (torch.zeros(3, 4), torch.zeros(2, 4)))


def test_sizes_that_tracing_would_merge_are_not_distinct() -> None:
    assert are_distinct(IOU.inputs, (torch.zeros(7, 4), torch.zeros(7, 4)))
    assert not are_distinct(IOU.inputs, (torch.zeros(4, 4), torch.zeros(4, 4)))
    assert not are_distinct(IOU.inputs, (torch.zeros(1, 4), torch.zeros(1, 4)))
