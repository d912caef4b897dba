"""``config.pbtxt``: a graph's signature as Triton's ModelConfig, in protobuf's text form."""

from collections.abc import Sequence

from boxgauge.export.manifest import GraphRecord
from boxgauge.export.ports import Port
from boxgauge.export.profile import InputRange, shapes

CONFIG = "config.pbtxt"

_TYPES = {
    "float32": "TYPE_FP32",
    "float64": "TYPE_FP64",
    "int64": "TYPE_INT64",
    "int32": "TYPE_INT32",
    "int8": "TYPE_INT8",
    "uint8": "TYPE_UINT8",
    "bool": "TYPE_BOOL",
}


def model_config(record: GraphRecord) -> str:
    """Return the text of ``config.pbtxt``.

    ``max_batch_size`` is 0: the first axis counts boxes, not requests, so that Triton must
    neither add an axis of its own nor batch along it. A symbol becomes -1. A graph with a
    profile asks for TensorRT, which Triton looks at for instances on a GPU only.
    """
    return (
        f'name: "{record.name}"\n'
        'platform: "onnxruntime_onnx"\n'
        "max_batch_size: 0\n"
        f"{_tensors('input', record.inputs)}"
        f"{_tensors('output', record.outputs)}"
        f"version_policy {{ specific {{ versions: [ {record.version} ] }} }}\n"
        f"{_accelerator(record.profile) if record.profile else ''}"
    )


def _accelerator(ranges: Sequence[InputRange]) -> str:
    parameters = {"precision_mode": "FP32"} | shapes(ranges)
    lines = "".join(
        f'    parameters {{ key: "{key}" value: "{value}" }}\n' for key, value in parameters.items()
    )
    return (
        "optimization { execution_accelerators {\n"
        '  gpu_execution_accelerator : [ {\n    name : "tensorrt"\n'
        f"{lines}"
        "  } ]\n"
        "} }\n"
    )


def _tensors(side: str, ports: Sequence[Port]) -> str:
    return "".join(
        f'{side} {{ name: "{port.name}" data_type: {_TYPES[port.dtype]} dims: {_dims(port)} }}\n'
        for port in ports
    )


def _dims(port: Port) -> str:
    return str([size if isinstance(size, int) else -1 for size in port.shape])
