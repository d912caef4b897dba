"""One named tensor that goes into a graph or comes out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

DTYPES: Mapping[str, torch.dtype] = {
    "float32": torch.float32,
    "float64": torch.float64,
    "int64": torch.int64,
    "int32": torch.int32,
    "int8": torch.int8,
    "uint8": torch.uint8,
    "bool": torch.bool,
}


@dataclass(frozen=True)
class Port:
    """A tensor's name, element type and shape.

    Attributes:
        name: Spelled alike in Python, ONNX and the manifest.
        dtype: One of ``DTYPES``.
        shape: One entry per axis: an int is a fixed size, a name is a symbol. Ports of one
            graph that share a symbol share the size; an output may have a symbol that no
            input has, its size then depends on the values. Never empty: a scalar is ``(1,)``,
            because the runtimes around ONNX disagree about tensors of rank 0.
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...]

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError(f"a port's name must be an identifier: got {self.name!r}")
        if self.dtype not in DTYPES:
            raise ValueError(f"{self.name}: dtype must be one of {[*DTYPES]}: got {self.dtype!r}")
        if not self.shape:
            raise ValueError(f"{self.name}: a scalar has shape (1,): got ()")
        for size in self.shape:
            if isinstance(size, str) and not size.isidentifier():
                raise ValueError(f"{self.name}: a symbol must be an identifier: got {size!r}")

    @property
    def torch_dtype(self) -> torch.dtype:
        """Return the element type as torch names it."""
        return DTYPES[self.dtype]

    @property
    def is_floating(self) -> bool:
        """Return whether parity is a tolerance (floating) or equality (int, bool)."""
        return self.torch_dtype.is_floating_point


def symbols(ports: Sequence[Port]) -> tuple[str, ...]:
    """Return the symbols of ``ports``, each once, in order of appearance."""
    named = (size for port in ports for size in port.shape if isinstance(size, str))
    return tuple(dict.fromkeys(named))


def bind(ports: Sequence[Port], tensors: Sequence[torch.Tensor]) -> dict[str, int]:
    """Return the size of each symbol, given one tensor per port.

    Raises:
        ValueError: The tensors are not what the ports declare; names the port.
    """
    if len(ports) != len(tensors):
        raise ValueError(f"{len(ports)} tensors are declared: got {len(tensors)}")
    sizes: dict[str, int] = {}
    for port, tensor in zip(ports, tensors, strict=True):
        shape = tuple(tensor.shape)
        found = f"{str(tensor.dtype).removeprefix('torch.')} {list(shape)}"
        wanted = f"{port.dtype} [{', '.join(map(str, port.shape))}]"
        if tensor.dtype != port.torch_dtype or len(shape) != len(port.shape):
            raise ValueError(f"{port.name}: {wanted} is declared: got {found}")
        for declared, size in zip(port.shape, shape, strict=True):
            known = declared if isinstance(declared, int) else sizes.setdefault(declared, size)
            if known != size:
                raise ValueError(f"{port.name}: {wanted} is declared, {sizes}: got {found}")
    return sizes


def are_distinct(ports: Sequence[Port], tensors: Sequence[torch.Tensor]) -> bool:
    """Return whether every symbol has a size of its own, above 1 and unlike any fixed size.

    Tracing merges sizes that happen to be equal and specialises on 0 and 1, so only such an
    example may be traced.
    """
    fixed = {size for port in ports for size in port.shape if isinstance(size, int)}
    sizes = bind(ports, tensors).values()
    return (
        len(set(sizes)) == len(sizes)
        and fixed.isdisjoint(sizes)
        and all(size > 1 for size in sizes)
    )
