"""Runs graphs for requests, many requests of a per-pair graph in one run."""

import math
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine import Batcher, Engine, GraphSpec, check_inputs
from boxgauge.frames import ResourceExhaustedError
from boxgauge.server.callers import CALLER
from boxgauge.server.service.gate import Gate

Tensors = Mapping[str, NDArray[Any]]

# Rows of one shared run: a few milliseconds of any loss, so that nobody waits long behind it.
MAX_ROWS = 65_536
# Elements of the largest output, or intermediate tensor of a metric, of up to 8 bytes each.
MAX_CELLS = 2**26


class Runner:
    """Runs one graph at a time a thread, and concatenates what may be.

    Args:
        engine: Runs.
        executor: Where it runs.
        gate: What runs that cannot be shared pass, so that the executor is not theirs alone.
        max_waiting: Requests that may wait for one graph; more are refused.
    """

    def __init__(self, engine: Engine, executor: Executor, gate: Gate, *, max_waiting: int) -> None:
        self._engine = engine
        self._executor = executor
        self._gate = gate
        self._max_waiting = max_waiting
        self._batchers: dict[str, Batcher[Tensors, Tensors]] = {}

    async def run(self, spec: GraphSpec, inputs: Tensors) -> Tensors:
        """Return the graph's outputs.

        Raises:
            InvalidInputError: An input is missing, or a shape does not fit.
            ResourceExhaustedError: Too many requests wait for this graph, or it would take
                too much memory.
        """
        # Each request alone: in a shared run one bad request would fail all.
        check_inputs(spec, inputs)
        check_cells(spec, inputs)
        caller = CALLER.get()
        if is_stackable(spec):
            return await self._batcher(spec).submit(inputs, caller=caller)
        size = sum(each.nbytes for each in inputs.values())
        run = self._engine.run
        return await self._gate.run(
            caller, self._executor, lambda: run(spec.name, inputs), size=size
        )

    def _batcher(self, spec: GraphSpec) -> Batcher[Tensors, Tensors]:
        found = self._batchers.get(spec.name)
        if found is None:
            found = Batcher(
                lambda items: self._run_together(spec, items),
                weight=rows_of,
                max_weight=MAX_ROWS,
                max_waiting=self._max_waiting,
                executor=self._executor,
            )
            self._batchers[spec.name] = found
        return found

    def _run_together(self, spec: GraphSpec, items: list[Tensors]) -> list[Tensors]:
        """Run the items whose other axes agree as one; the order of answers is theirs."""
        alike: dict[tuple[tuple[int, ...], ...], list[int]] = {}
        for k, item in enumerate(items):
            tails = tuple(item[port.name].shape[1:] for port in spec.inputs)
            alike.setdefault(tails, []).append(k)
        answers: list[Tensors] = [{}] * len(items)
        for members in alike.values():
            joined = {
                port.name: np.concatenate([items[k][port.name] for k in members])
                for port in spec.inputs
            }
            outputs = self._engine.run(spec.name, joined)
            ends = np.cumsum([rows_of(items[k]) for k in members]).tolist()
            for k, end in zip(members, ends, strict=True):
                rows = slice(end - rows_of(items[k]), end)
                answers[k] = {name: output[rows] for name, output in outputs.items()}
        return answers


def rows_of(inputs: Tensors) -> int:
    """Return the length of the first axis, which all inputs of a per-pair graph share."""
    return len(next(iter(inputs.values())))


def is_stackable(spec: GraphSpec) -> bool:
    """Say whether requests may be concatenated: one symbol leads every input and output."""
    leading = {port.shape[0] if port.shape else 1 for port in (*spec.inputs, *spec.outputs)}
    return spec.per_pair and len(leading) == 1 and all(isinstance(each, str) for each in leading)


def check_cells(spec: GraphSpec, inputs: Tensors) -> None:
    """Check that a run stays within memory, which the bytes of its inputs do not say.

    An input with an axis of length 0 has no bytes whatever its other axes, and the answer
    may still have one value a row. A metric may compare every size with every other.

    Raises:
        ResourceExhaustedError: An output, or the product of a metric's free sizes, is over
            the bound.
    """
    sizes = {
        symbol: size
        for port in spec.inputs
        for symbol, size in zip(port.shape, inputs[port.name].shape, strict=True)
        if isinstance(symbol, str)
    }
    needed = [[sizes.get(str(size), size) for size in port.shape] for port in spec.outputs]
    if spec.family == "metric":
        needed.append(list(sizes.values()))
    cells = max(math.prod(int(size) for size in each) for each in needed)
    if cells > MAX_CELLS:
        shown = " × ".join(f"{symbol}={size}" for symbol, size in sizes.items())
        raise ResourceExhaustedError(
            f"{spec.name} takes at most {MAX_CELLS} of {' × '.join(sizes)}: got {shown}",
            field="shape",
            value=shown,
        )
