"""One row of the catalog: what a graph is called, takes, returns and comes from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from boxgauge.export.ports import Port

Family = Literal["loss", "gradient", "metric", "matching", "report"]
Topic = Literal["boxes", "classification", "masks", "ranking", "total"]
Kernel = Callable[..., "Tensor | tuple[Tensor, ...]"]
Inputs = tuple[Tensor, ...]


@dataclass(frozen=True)
class Entry:
    """A graph of the catalog.

    Attributes:
        name: Unique in the catalog; the model's name for every server.
        family: What kind of graph; ``gradient`` is derived, never written in the catalog.
        kernel: A function or module that takes the inputs in order and returns a tensor, or a
            tuple in the order of ``outputs``. Called without gradients and with them.
        inputs: What it takes.
        outputs: What it returns.
        example: ``example(n, generator)`` draws inputs at size ``n``; n = 0 included. Sizes of
            other symbols are its own choice, but must differ from ``n`` for most ``n``.
        reference: Whom the definition comes from: authors, title, venue, year.
        topic: Of a loss: what it is a loss of; the documents have a page for each.
        version: Of the signature and meaning; a folder in the repository.
        gradient_of: Inputs to differentiate the first output with respect to; if there are
            any, a gradient graph is exported too, with all the outputs and then the gradients.
        per_pair: Whether row i of the outputs depends on row i of the inputs only, so that
            requests may be concatenated along the first axis.
        parity_examples: Draws further inputs to compare at: extreme values, special cases.
        tensorrt: Whether the graph is made for TensorRT. The manifest says what the lint
            found; a test holds the two together.
    """

    name: str
    family: Family
    kernel: Kernel
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    example: Callable[[int, torch.Generator], Inputs]
    reference: str
    topic: Topic | None = None
    version: int = 1
    gradient_of: tuple[str, ...] = ()
    per_pair: bool = False
    parity_examples: Callable[[torch.Generator], Iterable[Inputs]] | None = None
    tensorrt: bool = False

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or self.version < 1:
            raise ValueError(f"not a name and version: {self.name!r} {self.version}")
        if not self.inputs or not self.outputs:
            raise ValueError(f"{self.name}: a graph has at least one input and one output")
        if (self.topic is None) is (self.family in {"loss", "gradient"}):
            raise ValueError(f"{self.name}: losses, and they alone, have a topic: got {self.topic}")
        names = [port.name for port in (*self.inputs, *self.outputs)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{self.name}: ports share a name: {', '.join(twice)}")
        floating = {port.name for port in self.inputs if port.is_floating}
        if not floating.issuperset(self.gradient_of):
            raise ValueError(
                f"{self.name}: gradients are of floating inputs: got {self.gradient_of}"
            )

    @property
    def gradient_graph(self) -> str | None:
        """Return the name of the gradient graph, if there is one."""
        return f"{self.name}_gradient" if self.gradient_of else None

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the kernel's outputs, always as a tuple."""
        outputs = self.kernel(*inputs)
        return tuple(outputs) if isinstance(outputs, tuple) else (outputs,)
