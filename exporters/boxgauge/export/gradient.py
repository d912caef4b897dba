"""Gradient graphs: a loss and its derivative in one run, for trainers without PyTorch."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, fx
from torch.fx.experimental.proxy_tensor import make_fx

from boxgauge.export.entry import Entry
from boxgauge.export.ports import Port
from boxgauge.export.seed import keep_seed_a_number


def gradient_entry(entry: Entry) -> Entry:
    """Return the entry of ``<name>_gradient``: same inputs, the loss's outputs and its gradients.

    All outputs, so that one run also gives a composition's terms or a loss's next state. Its
    kernel is eager autograd on the sum of the loss, the reference that the exported graph is
    compared with.
    """
    wanted = set(entry.gradient_of)
    if not wanted or entry.gradient_graph is None:
        raise ValueError(f"{entry.name} has no inputs to differentiate")
    gradients = tuple(
        Port(f"grad_{port.name}", port.dtype, port.shape)
        for port in entry.inputs
        if port.name in wanted
    )

    def autograd(*inputs: Tensor) -> tuple[Tensor, ...]:
        leaves = [tensor.detach().clone() for tensor in inputs]
        variables = [leaves[i].requires_grad_() for i in _positions(entry)]
        outputs = entry(*leaves)
        slopes = torch.autograd.grad(outputs[0].sum(), variables, materialize_grads=True)
        return (*(output.detach() for output in outputs), *slopes)

    return replace(
        entry,
        name=entry.gradient_graph,
        family="gradient",
        kernel=autograd,
        outputs=(*entry.outputs, *gradients),
        gradient_of=(),
    )


def trace_gradient(entry: Entry, inputs: Sequence[Tensor]) -> fx.GraphModule:
    """Return the outputs and gradients of ``entry`` as a traced module of plain ATen calls.

    ``torch.export`` refuses ``torch.func.grad`` inside a module, and tracing with real or fake
    tensors freezes the sizes of ``inputs``: so the derivative is traced first, with symbolic
    sizes, and what comes out is exported like any other module.
    """
    positions = _positions(entry)

    def outputs_and_gradients(*tensors: Tensor) -> tuple[Tensor, ...]:
        def summed(*variables: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
            mixed = list(tensors)
            for position, variable in zip(positions, variables, strict=True):
                mixed[position] = variable
            outputs = entry(*mixed)
            return outputs[0].sum(), outputs

        derive = torch.func.grad_and_value(
            summed, argnums=tuple(range(len(positions))), has_aux=True
        )
        gradients, (_, outputs) = derive(*(tensors[i] for i in positions))
        return (*outputs, *gradients)

    traced = make_fx(outputs_and_gradients, tracing_mode="symbolic")(*inputs)
    keep_seed_a_number(traced)
    return traced


def _positions(entry: Entry) -> tuple[int, ...]:
    wanted = set(entry.gradient_of)
    return tuple(i for i, port in enumerate(entry.inputs) if port.name in wanted)
