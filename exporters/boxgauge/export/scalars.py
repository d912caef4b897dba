"""A guard against constants that torch's exporter would round behind the kernel's back."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import fx
from torch.export import ExportedProgram
from torch.utils import _pytree as pytree


def rounded_scalars(program: ExportedProgram) -> Iterator[str]:
    """Yield where a float64 kernel uses a Python number that float32 cannot hold.

    The exporter of torch 2.13 writes every Python number as float32, also beside float64
    tensors: 0.1 becomes 0.10000000149, and the smallest float64 becomes 0. Tensors keep their
    type, so that such a constant is to be written as one (``x.new_tensor(0.1)``).
    """
    for module in program.graph_module.modules():
        if isinstance(module, fx.GraphModule):
            for node in module.graph.nodes:
                if node.op == "call_function" and _touches_float64(node):
                    for value in pytree.tree_leaves((node.args, node.kwargs)):
                        if isinstance(value, float) and not _fits_float32(value):
                            yield f"{value!r} in {node.target}"


def _touches_float64(node: fx.Node) -> bool:
    values = pytree.tree_leaves(
        [node.meta.get("val"), [source.meta.get("val") for source in node.all_input_nodes]]
    )
    return any(isinstance(v, torch.Tensor) and v.dtype == torch.float64 for v in values)


def _fits_float32(value: float) -> bool:
    with np.errstate(over="ignore", under="ignore"):
        return bool(np.isnan(value) or float(np.float32(value)) == value)
