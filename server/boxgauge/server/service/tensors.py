"""Tensors of the Open Inference Protocol as arrays, and back."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine import Port
from boxgauge.frames import InvalidInputError
from boxgauge.oip import inference_pb2 as pb

Tensor = pb.ModelInferRequest.InferInputTensor

# By the catalog's dtype: the protocol's name, Triton's configuration type, the typed list.
DATATYPES = {
    "bool": ("BOOL", pb.TYPE_BOOL, "bool_contents"),
    "uint8": ("UINT8", pb.TYPE_UINT8, "uint_contents"),
    "int8": ("INT8", pb.TYPE_INT8, "int_contents"),
    "int32": ("INT32", pb.TYPE_INT32, "int_contents"),
    "int64": ("INT64", pb.TYPE_INT64, "int64_contents"),
    "float32": ("FP32", pb.TYPE_FP32, "fp32_contents"),
    "float64": ("FP64", pb.TYPE_FP64, "fp64_contents"),
}


def inputs_in(request: pb.ModelInferRequest, ports: Sequence[Port]) -> dict[str, NDArray[Any]]:
    """Return the request's inputs by name, of the graph's dtypes and the stated shapes.

    Raises:
        InvalidInputError: An input is unknown, twice there, of another type, or its
            elements do not fill its shape; names the input.
    """
    wanted = {port.name: port for port in ports}
    raw = request.raw_input_contents
    if raw and len(raw) != len(request.inputs):
        found = f"{len(raw)} for {len(request.inputs)} inputs"
        raise InvalidInputError.at("raw_input_contents", found, "one for each input, or none")
    found_inputs: dict[str, NDArray[Any]] = {}
    for k, tensor in enumerate(request.inputs):
        port = wanted.get(tensor.name)
        if port is None:
            raise InvalidInputError.at("inputs", repr(tensor.name), f"among {sorted(wanted)}")
        if tensor.name in found_inputs:
            raise InvalidInputError.at("inputs", repr(tensor.name), "distinct")
        datatype, _, _ = DATATYPES[port.dtype]
        if tensor.datatype != datatype:
            raise InvalidInputError.at(f"{tensor.name}.datatype", tensor.datatype, datatype)
        if any(size < 0 for size in tensor.shape):
            raise InvalidInputError.at(f"{tensor.name}.shape", list(tensor.shape), "at least 0")
        found_inputs[tensor.name] = _elements(tensor, port, raw[k] if raw else None)
    return found_inputs


def shape_out(port: Port) -> list[int]:
    """Return a port's shape with -1 for each size that is free."""
    return [size if isinstance(size, int) else -1 for size in port.shape]


def answer(
    request: pb.ModelInferRequest,
    version: int,
    ports: Sequence[Port],
    outputs: Mapping[str, NDArray[Any]],
) -> pb.ModelInferResponse:
    """Return the wanted outputs, raw, in the order asked for or else the graph's.

    Raises:
        InvalidInputError: An output is asked for that the graph does not have, or twice.
    """
    response = pb.ModelInferResponse(
        model_name=request.model_name, model_version=str(version), id=request.id
    )
    for port in wanted_outputs(request, ports):
        array = outputs[port.name]
        datatype = DATATYPES[port.dtype][0]
        response.outputs.add(name=port.name, datatype=datatype, shape=array.shape)
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        response.raw_output_contents.append(little.tobytes())
    return response


def wanted_outputs(request: pb.ModelInferRequest, ports: Sequence[Port]) -> list[Port]:
    """Return the ports of the outputs asked for; none asked for means all.

    Raises:
        InvalidInputError: An output is asked for that the graph does not have, or twice: an answer
            could be as many times larger than what it is counted as.
    """
    if not request.outputs:
        return list(ports)
    known = {port.name: port for port in ports}
    wanted: dict[str, Port] = {}
    for each in request.outputs:
        if each.name not in known:
            raise InvalidInputError.at("outputs", repr(each.name), f"among {sorted(known)}")
        if each.name in wanted:
            raise InvalidInputError.at("outputs", repr(each.name), "distinct")
        wanted[each.name] = known[each.name]
    return list(wanted.values())


def _elements(tensor: Tensor, port: Port, raw: bytes | None) -> NDArray[Any]:
    dtype = np.dtype(port.dtype).newbyteorder("<")
    shape = tuple(tensor.shape)
    size = math.prod(shape)
    if raw is not None:
        if len(raw) != size * dtype.itemsize:
            wanted = f"{size * dtype.itemsize} for shape {list(shape)}"
            raise InvalidInputError.at(
                f"{port.name}.raw_input_contents", f"{len(raw)} bytes", wanted
            )
        return _shaped(np.frombuffer(raw, dtype), port, shape).astype(port.dtype, copy=False)
    field = DATATYPES[port.dtype][2]
    values = getattr(tensor.contents, field)
    if len(values) != size:
        wanted = f"{size} for shape {list(shape)}"
        raise InvalidInputError.at(f"{port.name}.contents.{field}", f"{len(values)} values", wanted)
    wide = np.array(
        values, dtype=np.int64 if field in ("int_contents", "uint_contents") else port.dtype
    )
    narrow = wide.astype(port.dtype)
    if not np.array_equal(narrow, wide, equal_nan=narrow.dtype.kind == "f"):
        raise InvalidInputError.at(f"{port.name}.contents.{field}", "a larger value", port.dtype)
    return _shaped(narrow, port, shape)


def _shaped(elements: NDArray[Any], port: Port, shape: tuple[int, ...]) -> NDArray[Any]:
    try:
        return elements.reshape(shape)
    except ValueError:  # as many elements, but no array may have so long or so many axes
        raise InvalidInputError.at(f"{port.name}.shape", list(shape), "one of an array") from None
