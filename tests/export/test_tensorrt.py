from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from boxgauge.export import Entry, Manifest, catalog
from boxgauge.export.tensorrt import OPERATORS, tensorrt_obstacles


def _model(
    *nodes: onnx.NodeProto, dtype: int = TensorProto.FLOAT, opset: int = 20
) -> onnx.ModelProto:
    x = helper.make_tensor_value_info("x", dtype, ["n"])
    y = helper.make_empty_tensor_value_info("y")
    graph = helper.make_graph(nodes, "scratch", [x], [y])
    graph.initializer.append(helper.make_tensor("zero", TensorProto.INT64, [1], [0]))
    graph.initializer.append(helper.make_tensor("many", TensorProto.INT64, [1], [3840]))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


RELU = helper.make_node("Relu", ["x"], ["y"])


def test_a_float32_graph_of_common_operators_passes() -> None:
    assert tensorrt_obstacles(_model(RELU)) == ()


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        pytest.param(_model(RELU, dtype=TensorProto.DOUBLE), "float64 tensors", id="float64"),
        pytest.param(_model(RELU, dtype=TensorProto.INT8), "int8 tensors", id="int8"),
        pytest.param(_model(RELU, opset=21), "opset 21 is above 20", id="opset"),
        pytest.param(
            _model(helper.make_node("Exp", ["x"], ["y"]), dtype=TensorProto.INT64),
            "Exp of int64 is not taken",
            id="type",
        ),
        pytest.param(
            _model(helper.make_node("Unique", ["x"], ["y"])), "Unique is not taken", id="operator"
        ),
        pytest.param(
            _model(helper.make_node("TopK", ["x", "many"], ["v", "y"])),
            "TopK needs a constant K below 3840",
            id="topk",
        ),
        pytest.param(
            _model(
                helper.make_node("Shape", ["x"], ["axis"]),
                helper.make_node("ReduceSum", ["x", "axis"], ["y"]),
            ),
            "ReduceSum needs a constant as its input 1",
            id="axes",
        ),
        pytest.param(
            _model(helper.make_node("ScatterElements", ["x", "zero", "x"], ["y"], reduction="add")),
            "ScatterElements with a reduction is not taken",
            id="scatter",
        ),
    ],
)
def test_what_tensorrt_refuses_is_named(model: onnx.ModelProto, reason: str) -> None:
    assert any(found.startswith(reason) for found in tensorrt_obstacles(model))


def test_the_float64_graph_of_ap_loss_is_refused_for_that_reason(
    graphs_dir: Path, manifest: Manifest
) -> None:
    record = manifest["ap_loss"]
    assert not record.tensorrt
    obstacles = tensorrt_obstacles(onnx.load(graphs_dir / record.file))
    assert "float64 tensors are not taken" in obstacles


@pytest.mark.parametrize("entry", catalog().values(), ids=lambda entry: entry.name)
def test_what_is_made_for_tensorrt_passes_the_lint(entry: Entry, manifest: Manifest) -> None:
    names = filter(None, (entry.name, entry.gradient_graph))
    assert all(manifest[name].tensorrt == entry.tensorrt for name in names)


def test_the_table_has_only_operators_of_onnx() -> None:
    known = {schema.name for schema in onnx.defs.get_all_schemas()}
    assert known >= OPERATORS.keys()
