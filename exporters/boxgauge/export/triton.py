"""``config.pbtxt``: a graph's signature as Triton's ModelConfig, in protobuf's text form."""

from collections.abc import Sequence

from boxgauge.export.manifest import GraphRecord
from boxgauge.export.ports import Port

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
    neither add an axis of its own nor batch along it. A symbol becomes -1.
    """
    return (
        f'name: "{record.name}"\n'
        'platform: "onnxruntime_onnx"\n'
        "max_batch_size: 0\n"
        f"{_tensors('input', record.inputs)}"
        f"{_tensors('output', record.outputs)}"
        f"version_policy {{ specific {{ versions: [ {record.version} ] }} }}\n"
    )


def _tensors(side: str, ports: Sequence[Port]) -> str:
    return "".join(
        f'{side} {{ name: "{port.name}" data_type: {_TYPES[port.dtype]} dims: {_dims(port)} }}\n'
        for port in ports
    )


def _dims(port: Port) -> str:
    return str([size if isinstance(size, int) else -1 for size in port.shape])
