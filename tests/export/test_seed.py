"""The seed of a gradient becomes a number, and nothing else changes: not a bit."""

from collections.abc import Callable

import pytest
import torch
from torch import Generator, Tensor

from boxgauge.export import Entry, Port
from boxgauge.export.catalog import catalog
from boxgauge.export.gradient import gradient_entry, trace_gradient
from boxgauge.export.onnx_export import export_gradient
from boxgauge.export.parity import measure_parity

EXPAND = torch.ops.aten.expand.default


def _rows(n: int, generator: Generator) -> tuple[Tensor, ...]:
    return torch.randn(n, 5, generator=generator), torch.rand(n, 5, generator=generator) + 0.5


def _entry(kernel: Callable[[Tensor, Tensor], Tensor]) -> Entry:
    return Entry(
        name="scratch",
        family="loss",
        topic="boxes",
        kernel=kernel,
        inputs=tuple(Port(name, "float32", ("n", 5)) for name in ("pred", "weight")),
        outputs=(Port("loss", "float32", ("n",)),),
        gradient_of=("pred",),
        example=_rows,
        reference="this test",
    )


NEEDLESS = {
    "a product": lambda pred, weight: (pred * weight).sum(-1),
    "a quotient": lambda pred, weight: (pred / weight).sum(-1),
    "a negative": lambda pred, weight: -(weight * pred.exp()).sum(-1),
    "twice negative": lambda pred, weight: 1 - (1 - weight * pred.sin()).sum(-1),
}
NEEDED = {
    "the ones themselves": lambda pred, weight: pred.sum(-1),
    "their negatives": lambda pred, weight: (weight - pred).sum(-1),
    "ones of another width": lambda pred, weight: (pred.double() * weight).sum(-1).float(),
    "ones put in place": lambda pred, weight: pred[:, 1:3].sum(-1) * 2,
    "a mean of all": lambda pred, weight: (pred * (pred * weight).mean()).sum(-1),
}


@pytest.mark.parametrize("kernel", [*NEEDLESS.values(), *NEEDED.values()], ids=[*NEEDLESS, *NEEDED])
def test_the_gradient_is_that_of_autograd(kernel: Callable[[Tensor, Tensor], Tensor]) -> None:
    entry = _entry(kernel)
    generator = Generator().manual_seed(7)
    traced = trace_gradient(entry, _rows(7, generator))

    for n in (0, 1, 7, 40):
        inputs = _rows(n, generator)
        for ours, theirs in zip(traced(*inputs), gradient_entry(entry)(*inputs), strict=True):
            assert ours.shape == theirs.shape
            assert torch.equal(ours, theirs)


@pytest.mark.parametrize("name", ["a quotient", "twice negative", "the ones themselves"])
def test_the_graph_computes_what_eager_code_does(name: str) -> None:
    entry = _entry((NEEDLESS | NEEDED)[name])
    assert measure_parity(gradient_entry(entry), export_gradient(entry).SerializeToString()) <= 1e-6


@pytest.mark.parametrize("kernel", NEEDLESS.values(), ids=NEEDLESS)
def test_where_a_number_does_nothing_is_expanded(
    kernel: Callable[[Tensor, Tensor], Tensor],
) -> None:
    assert not _expansions(_entry(kernel))


@pytest.mark.parametrize("name", ["l1_loss", "smooth_l1_loss", "iou_loss", "giou_loss"])
def test_the_gradients_of_box_losses_expand_nothing(name: str) -> None:
    assert not _expansions(catalog()[name])


def _expansions(entry: Entry) -> int:
    traced = trace_gradient(entry, entry.example(7, Generator().manual_seed(0)))
    return sum(node.target is EXPAND for node in traced.graph.nodes)
