"""The tensors of a composition: those of its losses' graphs, shared where names are the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from boxgauge.export.entry import Entry
from boxgauge.export.errors import ExportError
from boxgauge.export.ports import Port
from boxgauge.losses.term_loss import Use


@dataclass(frozen=True)
class Part:
    """A term of a composition with the catalog's entry of its loss."""

    name: str
    entry: Entry
    uses: tuple[Use, ...]

    @cached_property
    def ports(self) -> tuple[Port, ...]:
        """Return the entry's ports under the names that the composition gives them."""
        # Factors of the single values, if there are any, come last and are shaped like the loss.
        factors = Port("weight", "float32", self.entry.outputs[0].shape)
        declared = (*self.entry.inputs, factors)[: len(self.uses)]
        return tuple(
            Port(use.tensor, port.dtype, port.shape)
            for use, port in zip(self.uses, declared, strict=True)
        )

    @property
    def differentiated(self) -> Iterator[str]:
        """Yield the tensors of the composition that the entry has gradients for."""
        for port, use in zip(self.entry.inputs, self.uses, strict=False):
            if port.name in self.entry.gradient_of:
                yield use.tensor


def compose_ports(parts: Sequence[Part]) -> dict[str, Port]:
    """Return the ports of the composition by name.

    A symbol is a loss's own, so that two losses of n rows may have different numbers of them,
    until they share a tensor: then the symbols along it are one.

    Raises:
        ExportError: Terms share a tensor that their graphs declare differently.
    """
    sizes = _Sizes()
    first: dict[str, tuple[Part, Port]] = {}
    for part in parts:
        for port in part.ports:
            owner, known = first.setdefault(port.name, (part, port))
            if (known.dtype, len(known.shape)) != (port.dtype, len(port.shape)):
                raise ExportError(
                    f"{port.name} is {known.dtype} {[*known.shape]} to {owner.name} and"
                    f" {port.dtype} {[*port.shape]} to {part.name}: rename one by inputs"
                )
            for ours, theirs in zip(known.shape, port.shape, strict=True):
                sizes.unite((owner.name, ours), (part.name, theirs))
    return {
        name: Port(name, port.dtype, tuple(sizes.name((part.name, size)) for size in port.shape))
        for name, (part, port) in first.items()
    }


_Size = tuple[str, int | str]


class _Sizes:
    """Which sizes of which terms are one, and what it is called."""

    def __init__(self) -> None:
        self._parents: dict[_Size, _Size] = {}
        self._names: dict[_Size, str] = {}

    def unite(self, a: _Size, b: _Size) -> None:
        roots = sorted((self._root(a), self._root(b)), key=lambda root: isinstance(root[1], str))
        # A number, which comes first, is what the symbol is.
        if roots[0] != roots[1]:
            self._parents[roots[1]] = roots[0]

    def name(self, size: _Size) -> int | str:
        """Return the number, or the symbol: the loss's own if no other size has it."""
        root = self._root(size)
        term, own = root
        if isinstance(own, int):
            return own
        if root not in self._names:
            taken = own in self._names.values()
            self._names[root] = f"{own}_{term}" if taken else own
        return self._names[root]

    def _root(self, size: _Size) -> _Size:
        while size in self._parents:
            size = self._parents[size]
        return size
