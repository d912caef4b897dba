"""Arithmetic on ragged segments, in operators that ONNX has."""

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor


def take(values: Shaped[Tensor, " n"], index: Int[Tensor, " m"]) -> Shaped[Tensor, " m"]:
    """Return ``values[index]``.

    ``index_select`` and indexing export to operators that copy slices, which ONNX Runtime
    runs four times slower where a slice is one number.
    """
    return torch.gather(values, 0, index)


def take_columns(values: Shaped[Tensor, "a n"], index: Int[Tensor, " m"]) -> Shaped[Tensor, "a m"]:
    """Return ``values[:, index]``, likewise."""
    return torch.gather(values, 1, index.expand(values.shape[0], -1))


def dense_rank(values: Float[Tensor, " n"]) -> Int[Tensor, " n"]:
    """Return the rank of each value in descending order; equal values share one.

    Sorting floats need not be stable for this, which ONNX does not promise either.
    """
    ordered, order = torch.sort(values, descending=True)
    # A look-up, not a slice: a slice would guard against short inputs in the exported graph.
    before = (torch.arange(values.shape[0], device=values.device) - 1).clamp(min=0)
    previous = take(ordered, before)
    ranks = torch.cumsum((ordered != previous).long(), 0)
    return torch.zeros_like(order).scatter(0, order, ranks)


def order_within(group: Int[Tensor, " n"], descending: Float[Tensor, " n"]) -> Int[Tensor, " n"]:
    """Return the permutation that sorts by group, then falling value, then position.

    The three make one integer key, so that no sort has to be stable; it fits while
    (largest group + 1)·n² < 2^63.
    """
    n = group.shape[0]
    key = (group * n + dense_rank(descending)) * n + torch.arange(n, device=group.device)
    return torch.sort(key)[1]


def grouped(group: Int[Tensor, " n"]) -> Int[Tensor, " n"]:
    """Return the permutation that sorts by group, then position."""
    n = group.shape[0]
    return torch.sort(group * n + torch.arange(n, device=group.device))[1]


def size(value: Int[Tensor, ""]) -> int:
    """Return a tensor's one value as a size, which the exporter keeps symbolic."""
    n: int = value.item()  # type: ignore[assignment]  # int() would freeze the symbol
    torch._check(n >= 0)  # type: ignore[no-untyped-call]  # torch has no types here
    return n


def extent(*ids: Int[Tensor, "..."]) -> int:
    """Return how many ids there are if they count from 0: the largest plus one, at least 1."""
    largest = torch.cat([*ids, ids[0].new_zeros(1)]).amax(0)
    n = size(largest + 1)
    torch._check(n >= 1)  # type: ignore[no-untyped-call]  # torch has no types here
    return n


def count(group: Int[Tensor, " n"], groups: int) -> Int[Tensor, " groups"]:
    """Return how many rows each group has."""
    return group.new_zeros(groups).scatter_add(0, group, torch.ones_like(group))


def starts(counts: Int[Tensor, " groups"]) -> Int[Tensor, " groups"]:
    """Return the first row of each group when groups follow one another."""
    return torch.cumsum(counts, 0) - counts


def positions(flags: Bool[Tensor, " n"]) -> Int[Tensor, " m"]:
    """Return the positions that are set, ascending."""
    return torch.nonzero(flags).squeeze(1)


def expand(counts: Int[Tensor, " n"]) -> tuple[Int[Tensor, " total"], Int[Tensor, " total"]]:
    """Return, for counts[i] rows of each i, the i of each row and its place among i's rows.

    (``repeat_interleave`` would export to a dense [n, max(counts)] tensor.)
    """
    first = starts(counts)
    # One row more than needed, since trailing empty segments start behind the end.
    marks = counts.new_zeros(size(counts.sum()) + 1).scatter_add(0, first, torch.ones_like(first))
    owner = (torch.cumsum(marks, 0) - 1)[:-1]
    place = torch.arange(owner.shape[0], device=counts.device) - take(first, owner)
    return owner, place
