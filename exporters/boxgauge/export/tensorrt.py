"""Which graphs TensorRT's ONNX parser takes, judged by a table of its operators.

The table restates the operator support matrix of onnx-tensorrt for TensorRT 10.15
(https://github.com/onnx/onnx-tensorrt, ``docs/operators.md``, last compared row by row in
November 2026), limited to operators an export of ours may contain. It is a lint: no TensorRT was
run, and what passes is *not yet run on a GPU*. Where the matrix was silent or doubtful, the
answer here is no. ONNX Runtime's provider still takes 10.x; 11 reads more.

TensorRT has no float64 (its parser would cast to float32, which an exact metric must refuse)
and takes uint8 only as a graph's input or output.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import onnx
from onnx import numpy_helper

# TensorRT 10.0 reads up to opset 20, 10.15 up to 24: the lower bound serves all of 10.x.
MAX_OPSET = 20

# A TopK of more is refused by the parser.
_MAX_TOPK = 3840

_FLOATS = frozenset({"float32", "float16", "bfloat16"})
_NUMBERS = _FLOATS | {"int32", "int64"}
_ANY = _NUMBERS | {"bool"}

_MATRIX: Mapping[str, frozenset[str]] = {
    """
    Acos Acosh Asin Asinh Atan Atanh Ceil Celu Clip Cos Cosh CumSum Einsum Elu Erf Exp Floor Gemm
    HardSigmoid HardSwish IsInf LeakyRelu Log LogSoftmax MatMul NonZero Reciprocal Round Selu
    Sigmoid Sin Sinh Softmax Softplus Softsign Sqrt Tan Tanh ThresholdedRelu
    """: _FLOATS,
    """
    Abs Add ArgMax ArgMin Div Equal Greater GreaterOrEqual IsNaN Less LessOrEqual Max Mean Min
    Mod Mul Neg Pad Pow Range ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean
    ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Scatter ScatterElements ScatterND Sign
    Sub Sum TopK
    """: _NUMBERS,
    """
    Cast CastLike Concat Constant ConstantOfShape Expand Flatten Gather GatherElements GatherND
    Identity If Loop OneHot Reshape Shape Size Slice Split Squeeze Tile Transpose Trilu Unsqueeze
    Where
    """: _ANY,
    "And Not Or Xor": frozenset({"bool"}),
}
OPERATORS: Mapping[str, frozenset[str]] = {
    name: types for names, types in _MATRIX.items() for name in names.split()
}

# The input whose type the matrix speaks of, where it is not the first.
_PRINCIPAL_INPUT = {"Where": 1, "OneHot": 2}
# Inputs that must be known when the engine is built.
_CONSTANT_INPUTS = {"CumSum": 1, "Squeeze": 1, "Unsqueeze": 1, "OneHot": 1} | {
    name: 1 for name in OPERATORS if name.startswith("Reduce")
}


def tensorrt_obstacles(model: onnx.ModelProto) -> tuple[str, ...]:
    """Return why TensorRT would refuse ``model``, one sentence each; empty if it would not."""
    inferred = onnx.shape_inference.infer_shapes(model)
    opset = max(item.version for item in inferred.opset_import)
    reasons = [] if opset <= MAX_OPSET else [f"opset {opset} is above {MAX_OPSET}"]
    reasons += _graph_obstacles(inferred.graph, {}, {})
    return tuple(dict.fromkeys(reasons))


def _graph_obstacles(
    graph: onnx.GraphProto,
    outer_types: Mapping[str, str],
    outer_constants: Mapping[str, np.ndarray],
) -> Iterator[str]:
    types = {**outer_types, **_types(graph)}
    constants = {**outer_constants, **_constants(graph)}
    boundary = {value.name for value in (*graph.input, *graph.output)}
    for name, dtype in _types(graph).items():
        if dtype not in _ANY and not (dtype == "uint8" and name in boundary):
            yield f"{dtype} tensors are not taken"
    for node in graph.node:
        yield from _node_obstacles(node, types, constants)
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from _graph_obstacles(attribute.g, types, constants)


def _node_obstacles(
    node: onnx.NodeProto, types: Mapping[str, str], constants: Mapping[str, np.ndarray]
) -> Iterator[str]:
    allowed = OPERATORS.get(node.op_type)
    if allowed is None or node.domain not in {"", "ai.onnx"}:
        yield f"{node.op_type} is not taken"
        return
    inputs = list(node.input)
    principal = _PRINCIPAL_INPUT.get(node.op_type, 0)
    subject = inputs[principal] if len(inputs) > principal else node.output[0]
    dtype = types.get(subject, "unknown")
    # Types that are refused everywhere have been named already.
    if dtype == "unknown" or (dtype in _ANY and dtype not in allowed):
        yield f"{node.op_type} of {dtype} is not taken"
    position = _CONSTANT_INPUTS.get(node.op_type, len(inputs))
    if any(name and name not in constants for name in inputs[position : position + 1]):
        yield f"{node.op_type} needs a constant as its input {position}"
    restriction = _RESTRICTIONS.get(node.op_type)
    if restriction is not None:
        yield from restriction(node, constants)


def _topk(node: onnx.NodeProto, constants: Mapping[str, np.ndarray]) -> Iterator[str]:
    count = constants.get(node.input[1])
    if count is None or count.item() >= _MAX_TOPK:
        yield f"TopK needs a constant K below {_MAX_TOPK}"
    if any(item.name == "sorted" and item.i != 1 for item in node.attribute):
        yield "TopK must be sorted"


def _scatter(node: onnx.NodeProto, _: Mapping[str, np.ndarray]) -> Iterator[str]:
    # The matrix forbids it for ScatterND and does not mention it for ScatterElements.
    if any(item.name == "reduction" and item.s != b"none" for item in node.attribute):
        yield f"{node.op_type} with a reduction is not taken"


def _loop(node: onnx.NodeProto, _: Mapping[str, np.ndarray]) -> Iterator[str]:
    carried = len(node.input) - 2
    if len(node.output) > carried:
        yield "Loop with scan outputs is not taken: their length is dynamic"


_RESTRICTIONS: Mapping[str, Callable[[onnx.NodeProto, Mapping[str, np.ndarray]], Iterator[str]]] = {
    "TopK": _topk,
    "ScatterND": _scatter,
    "ScatterElements": _scatter,
    "Loop": _loop,
}


def _types(graph: onnx.GraphProto) -> dict[str, str]:
    """Return the element type of every tensor whose type is known."""
    types = {
        value.name: _dtype(value.type.tensor_type.elem_type)
        for value in (*graph.input, *graph.output, *graph.value_info)
    }
    return types | {tensor.name: _dtype(tensor.data_type) for tensor in graph.initializer}


def _dtype(elem_type: int) -> str:
    name = onnx.TensorProto.DataType.Name(elem_type).lower()
    return {"float": "float32", "double": "float64"}.get(name, name)


def _constants(graph: onnx.GraphProto) -> dict[str, np.ndarray]:
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    return constants
