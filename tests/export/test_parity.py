from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from boxgauge.export import ExportError, Manifest, Port, catalog
from boxgauge.export.parity import measure_parity, relative_error

IOU = catalog()["iou_loss"]


@pytest.fixture(scope="module")
def iou_graph(graphs_dir: Path, manifest: Manifest) -> bytes:
    return (graphs_dir / manifest["iou_loss"].file).read_bytes()


def test_a_graph_that_computes_something_else_fails(iou_graph: bytes) -> None:
    with pytest.raises(ExportError, match=r"giou_loss\.loss: at most 1e-05 off eager.*got"):
        measure_parity(catalog()["giou_loss"], iou_graph)


def test_an_output_of_another_type_fails(iou_graph: bytes) -> None:
    wrong = replace(IOU, outputs=(Port("loss", "float64", ("n",)),))
    with pytest.raises(ExportError, match=r"loss: float64 \[n\] is declared.*got float32"):
        measure_parity(wrong, iou_graph)


def test_an_output_of_another_shape_fails(iou_graph: bytes) -> None:
    wrong = replace(IOU, outputs=(Port("loss", "float32", (5,)),))
    with pytest.raises(ExportError, match=r"loss: float32 \[5\] is declared.*got float32 \[0\]"):
        measure_parity(wrong, iou_graph)


def test_what_onnx_runtime_does_not_take_fails() -> None:
    with pytest.raises(ExportError, match="ONNX Runtime refuses the graph"):
        measure_parity(IOU, b"not a model")


@pytest.mark.parametrize(
    ("actual", "expected", "error"),
    [
        pytest.param([1.5], [1.0], 0.5, id="absolute below one"),
        pytest.param([200.0, 99.0], [100.0, 99.0], 1.0, id="relative to the largest above one"),
        pytest.param([], [], 0.0, id="empty"),
        pytest.param([np.inf, np.nan], [np.inf, np.nan], 0.0, id="equal without being finite"),
        pytest.param([np.nan], [1.0], np.inf, id="NaN for a number"),
        pytest.param([np.inf], [-np.inf], np.inf, id="infinities of opposite signs"),
    ],
)
def test_the_error_is_relative_to_one_or_the_largest(
    actual: list[float], expected: list[float], error: float
) -> None:
    assert relative_error(np.array(actual), np.array(expected)) == error
