"""Inputs to compare a composition at: those of its losses, brought to common sizes."""

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Generator, Tensor

from boxgauge.export.composition_ports import Part
from boxgauge.export.entry import Inputs
from boxgauge.export.ports import Port

# No loss's extreme inputs have more rows; where they have fewer, the others are cut.
_ROWS = 64


class ComposedExamples:
    """Draws the tensors of a composition from the examples of its losses."""

    def __init__(self, parts: Sequence[Part], inputs: Sequence[Port]) -> None:
        self._parts, self._inputs = parts, inputs

    def draw(self, n: int, generator: Generator) -> Inputs:
        """Return inputs of about ``n`` rows: what does not share its rows has some more."""
        return self._fitted(self._drawn(n, generator), n)

    def extremes(self, generator: Generator) -> Iterator[Inputs]:
        """Yield the extreme inputs of each loss beside ordinary ones of the others."""
        for part in self._parts:
            cases = part.entry.parity_examples
            for case in cases(generator) if cases is not None else ():
                given = {use.tensor: x for use, x in zip(part.uses, case, strict=False)}
                yield self._fitted(self._drawn(_ROWS, generator) | given, 0)

    def _drawn(self, n: int, generator: Generator) -> dict[str, Tensor]:
        tensors: dict[str, Tensor] = {}
        for extra, part in enumerate(self._parts):
            drawn = part.entry.example(n and n + extra, generator)
            for use, tensor in zip(part.uses, drawn, strict=False):
                tensors.setdefault(use.tensor, tensor)
        return tensors

    def _fitted(self, tensors: Mapping[str, Tensor], n: int) -> Inputs:
        """Return the tensors in order, cut to the least of what shares a size."""
        sizes: dict[str, int] = {}
        for port in self._inputs:
            if port.name in tensors:
                for size, found in zip(port.shape, tensors[port.name].shape, strict=True):
                    if isinstance(size, str):
                        sizes[size] = min(found, sizes.get(size, found))
        if n:
            self._make_distinct(sizes)
        return tuple(
            _cut(tensors[port.name], port, sizes)
            if port.name in tensors
            else self._made(port, sizes)
            for port in self._inputs
        )

    def _make_distinct(self, sizes: dict[str, int]) -> None:
        """Let no two symbols have one size where that is possible: tracing would merge them."""
        taken = {size for port in self._inputs for size in port.shape if isinstance(size, int)}
        for name, size in sizes.items():
            free = (each for each in range(size, 1, -1) if each not in taken)
            sizes[name] = next(free, size)
            taken.add(sizes[name])

    def _made(self, port: Port, sizes: Mapping[str, int]) -> Tensor:
        """Return factors or log variances, which no loss has an example of."""
        shape = [size if isinstance(size, int) else sizes[size] for size in port.shape]
        generator = torch.Generator().manual_seed(len(port.name))
        return torch.rand(shape, generator=generator)


def _cut(tensor: Tensor, port: Port, sizes: Mapping[str, int]) -> Tensor:
    for axis, size in enumerate(port.shape):
        if isinstance(size, str):
            tensor = tensor.narrow(axis, 0, sizes[size])
    return tensor.contiguous()
