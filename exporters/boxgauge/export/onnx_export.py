"""From a catalog entry to an ONNX model that carries the catalog's names and nothing else."""

import warnings
from collections.abc import Sequence

import onnx
import torch
from onnx import helper
from torch import Tensor, fx, nn
from torch.export import Dim

from boxgauge.export.entry import Entry, Inputs
from boxgauge.export.errors import ExportError
from boxgauge.export.gradient import gradient_entry, trace_gradient
from boxgauge.export.ports import Port, are_distinct, symbols
from boxgauge.export.scalars import rounded_scalars
from boxgauge.export.translations import translation_table

# The newest that TensorRT 10.0 reads.
OPSET = 20

# Primes, so that they rarely equal a fixed axis or a size the example chose itself.
_TRACE_SIZES = (7, 11, 13, 17, 19, 23)


class Forward(nn.Module):
    """A kernel as a module with positional inputs, the form ``torch.export`` takes."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        # A kernel that is itself a module must be registered, so that its buffers are found.
        if isinstance(entry.kernel, nn.Module):
            self.kernel = entry.kernel
        self._entry = entry

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the kernel's outputs, always as a tuple."""
        return self._entry(*inputs)


def export_forward(entry: Entry) -> onnx.ModelProto:
    """Return the graph of the kernel itself."""
    return _export(entry, Forward(entry).eval(), _trace_inputs(entry))


def export_gradient(entry: Entry) -> onnx.ModelProto:
    """Return the graph of the loss and its gradients; ``entry`` is the loss's own."""
    inputs = _trace_inputs(entry)
    return _export(gradient_entry(entry), trace_gradient(entry, inputs), inputs)


def _trace_inputs(entry: Entry) -> Inputs:
    for n in _TRACE_SIZES:
        inputs = entry.example(n, torch.Generator().manual_seed(0))
        if are_distinct(entry.inputs, inputs):
            return inputs
    raise ExportError(f"{entry.name}: at no n of {_TRACE_SIZES} do the example's symbols differ")


def _export(entry: Entry, module: nn.Module | fx.GraphModule, inputs: Inputs) -> onnx.ModelProto:
    with warnings.catch_warnings():
        # torch 2.13's exporter warns about its own LeafSpec.
        warnings.filterwarnings("ignore", ".*LeafSpec.*", FutureWarning)
        dims = {name: Dim(name, min=0) for name in symbols(entry.inputs)}
        axes = tuple(
            {axis: dims[size] for axis, size in enumerate(port.shape) if isinstance(size, str)}
            for port in entry.inputs
        )
        # A module with *inputs has one parameter, the tuple; a traced one has one for each.
        nested = axes if isinstance(module, fx.GraphModule) else (axes,)
        program = torch.export.export(module, inputs, dynamic_shapes=nested, strict=False)
        rounded = [*rounded_scalars(program)]
        if rounded:
            raise ExportError(f"{entry.name}: not exact in float32: {', '.join(rounded)}")
        exported = torch.onnx.export(
            program,
            dynamo=True,
            opset_version=OPSET,
            input_names=[port.name for port in entry.inputs],
            output_names=[port.name for port in entry.outputs],
            custom_translation_table=translation_table(),
            verbose=False,
        )
    if exported is None:
        raise ExportError(f"{entry.name}: torch.onnx.export returned nothing")
    model = exported.model_proto
    _check_opset(entry, model)
    _strip(model)
    _declare(entry.name, model.graph.input, entry.inputs)
    _declare(entry.name, model.graph.output, entry.outputs)
    model.graph.name = entry.name
    onnx.checker.check_model(model)
    return model


def _check_opset(entry: Entry, model: onnx.ModelProto) -> None:
    opsets = {opset.domain: opset.version for opset in model.opset_import}
    if opsets != {"": OPSET} or model.functions:
        raise ExportError(f"{entry.name}: opset {OPSET} without functions is wanted: got {opsets}")


def _strip(model: onnx.ModelProto) -> None:
    """Drop what tells of the building machine (stack traces, paths) or of torch's own names."""
    del model.metadata_props[:]
    model.doc_string = ""
    _strip_graph(model.graph)


def _strip_graph(graph: onnx.GraphProto) -> None:
    del graph.metadata_props[:]
    # Shapes in between are spelled with torch's symbols; every runtime infers its own.
    del graph.value_info[:]
    graph.doc_string = ""
    for value in (*graph.input, *graph.output):
        del value.metadata_props[:]
        value.doc_string = ""
    for tensor in graph.initializer:
        del tensor.metadata_props[:]
        tensor.doc_string = ""
    for node in graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
        for attribute in node.attribute:
            attribute.doc_string = ""
            if attribute.type == onnx.AttributeProto.GRAPH:
                _strip_graph(attribute.g)


def _declare(graph: str, values: Sequence[onnx.ValueInfoProto], ports: Sequence[Port]) -> None:
    """Give the graph's values the ports' symbols, once their types and ranks agree."""
    found = [value.name for value in values]
    wanted = [port.name for port in ports]
    if found != wanted:
        raise ExportError(f"{graph}: tensors {wanted} are declared: got {found}")
    for value, port in zip(values, ports, strict=True):
        dtype = helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type).name
        rank = len(value.type.tensor_type.shape.dim)
        if (dtype, rank) != (port.dtype, len(port.shape)):
            raise ExportError(
                f"{graph}.{port.name}: {port.dtype} of rank {len(port.shape)} is declared: "
                f"got {dtype} of rank {rank}"
            )
        elem_type = value.type.tensor_type.elem_type
        value.type.CopyFrom(helper.make_tensor_type_proto(elem_type, port.shape))
