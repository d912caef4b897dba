"""Kernels that the catalog's losses do not contain, through the same machinery."""

from collections.abc import Callable

import numpy as np
import onnx
import pytest
import torch
from torch import Generator, Tensor
from torch._higher_order_ops import while_loop

from boxgauge.export import Entry, ExportError, Port
from boxgauge.export.onnx_export import export_forward
from boxgauge.export.parity import measure_parity, open_session
from boxgauge.export.worker import export_entry

SCORES = (Port("scores", "float64", ("d",)),)


def _tied_scores(n: int, generator: Generator) -> tuple[Tensor, ...]:
    return (torch.randint(0, 5, (n,), generator=generator).double(),)


def _entry(kernel: Callable[..., Tensor | tuple[Tensor, ...]], *outputs: Port) -> Entry:
    return Entry(
        name="scratch",
        family="metric",
        kernel=kernel,
        inputs=SCORES,
        outputs=outputs,
        example=_tied_scores,
        reference="this test",
    )


def test_a_stable_sort_keeps_the_order_of_ties() -> None:
    def kernel(scores: Tensor) -> tuple[Tensor, ...]:
        ascending = torch.sort(scores, stable=True)
        descending = torch.sort(scores, stable=True, descending=True)
        return ascending.indices, descending.values, descending.indices

    entry = _entry(
        kernel,
        Port("up", "int64", ("d",)),
        Port("values", "float64", ("d",)),
        Port("down", "int64", ("d",)),
    )
    model = export_forward(entry)
    assert measure_parity(entry, model.SerializeToString()) == 0


def test_a_size_may_depend_on_the_values() -> None:
    entry = _entry(lambda scores: (scores > 2).nonzero().squeeze(-1), Port("kept", "int64", ("t",)))
    model = export_forward(entry)

    assert measure_parity(entry, model.SerializeToString()) == 0
    assert model.graph.output[0].type.tensor_type.shape.dim[0].dim_param == "t"


def test_any_of_nothing_is_false() -> None:
    def kernel(scores: Tensor) -> tuple[Tensor, ...]:
        fractions = scores / 8
        row = (scores > 3).reshape(1, -1)
        return (scores > 3).any().reshape(1), fractions.any().reshape(1), row.any(1), row.any(0)

    entry = _entry(
        kernel,
        *(Port(name, "bool", (1,)) for name in ("any", "fraction", "row")),
        Port("column", "bool", ("d",)),
    )
    assert measure_parity(entry, export_forward(entry).SerializeToString()) == 0


def test_a_loop_may_depend_on_the_values() -> None:
    def kernel(scores: Tensor) -> Tensor:
        def unfinished(value: Tensor) -> Tensor:
            return (value > 1).any().clone()

        def halve(value: Tensor) -> tuple[Tensor]:
            return (value / 2,)

        (result,) = while_loop(unfinished, halve, (scores.clone(),))
        return result

    entry = _entry(kernel, Port("halved", "float64", ("d",)))
    model = export_forward(entry)

    assert "Loop" in {node.op_type for node in model.graph.node}
    assert measure_parity(entry, model.SerializeToString()) == 0
    assert b".py" not in model.SerializeToString()


def test_a_module_with_a_float64_buffer_keeps_its_bits() -> None:
    class Shift(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("shift", torch.tensor([0.1], dtype=torch.float64))

        def forward(self, scores: Tensor) -> Tensor:
            return scores + self.shift

    entry = _entry(Shift(), Port("shifted", "float64", ("d",)))
    session = open_session("scratch", export_forward(entry).SerializeToString())
    (shifted,) = session.run(None, {"scores": np.zeros(1)})
    assert shifted[0] == 0.1


def test_a_float64_constant_that_would_be_rounded_is_refused() -> None:
    entry = _entry(lambda scores: scores * 0.1, Port("scaled", "float64", ("d",)))
    with pytest.raises(ExportError, match=r"not exact in float32: 0\.1 in aten\.mul\.Tensor"):
        export_forward(entry)


def test_an_output_that_is_not_as_declared_is_refused() -> None:
    entry = _entry(lambda scores: scores.sum(), Port("sum", "float64", (1,)))
    with pytest.raises(ExportError, match=r"sum: float64 of rank 1 is declared: got .* rank 0"):
        export_forward(entry)


def test_a_graph_that_departs_from_eager_code_is_not_published() -> None:
    def kernel(scores: Tensor) -> Tensor:
        return scores * (3 if torch.compiler.is_exporting() else 2)

    with pytest.raises(ExportError, match=r"scratch\.out: at most 1e-12 off eager PyTorch"):
        export_entry(_entry(kernel, Port("out", "float64", ("d",))), sources="")


def test_the_bytes_are_the_same_every_time() -> None:
    entry = _entry(lambda scores: scores.cumsum(0) * 2, Port("out", "float64", ("d",)))
    first, second = (export_forward(entry).SerializeToString(deterministic=True) for _ in "12")
    assert first == second
    onnx.checker.check_model(onnx.load_from_string(first), full_check=True)
