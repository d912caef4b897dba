"""Runs graphs for requests, many requests of a per-pair graph in one run."""

import math
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine import Batcher, Engine, GraphSpec, Port, check_inputs
from boxgauge.frames import InvalidInputError, ResourceExhaustedError
from boxgauge.server.callers import CALLER
from boxgauge.server.service.gate import Gate

Tensors = Mapping[str, NDArray[Any]]

# Rows of one shared run: a few milliseconds of any loss, so that nobody waits long behind it.
MAX_ROWS = 65_536
# Rows that wait for such runs behind the gate, of all graphs: enough to fill the next run of some.
# One request counts as half of them at most, so that another goes beside the largest.
AT_ONCE = 4 * MAX_ROWS
# Inputs of a run whose memory is given back: it takes several times as much, for each graph.
LARGE_BYTES = 4 * 2**20
LEAST_BYTES = 4096  # that a request holds, however small it is
# Elements of the largest output, or intermediate tensor of a metric, of up to 8 bytes each.
MAX_CELLS = 2**26


class Runner:
    """Runs one graph at a time a thread, and concatenates what may be.

    Args:
        engine: Runs.
        executor: Where it runs.
        alone: What runs that cannot be shared pass, so that the executor is not theirs alone.
        together: What requests pass that are run together, each with its rows.
        max_waiting: Requests that may wait for one graph; more are refused.
    """

    def __init__(
        self, engine: Engine, executor: Executor, *, alone: Gate, together: Gate, max_waiting: int
    ) -> None:
        self._engine = engine
        self._executor = executor
        self._alone = alone
        self._together = together
        self._max_waiting = max_waiting
        self._batchers: dict[str, Batcher[Tensors, Tensors]] = {}

    async def run(self, spec: GraphSpec, inputs: Tensors, *, message_bytes: int) -> Tensors:
        """Return the graph's outputs.

        Args:
            spec: Which graph.
            inputs: By name.
            message_bytes: Of the message that brought them, which is held until it is answered.

        Raises:
            InvalidInputError: An input is missing, a shape does not fit, or an index is of nothing
                that there is.
            ResourceExhaustedError: Too much waits, or it would take too much memory.
        """
        # Each request alone: in a shared run one bad request would fail all.
        check_inputs(spec, inputs)
        check_cells(spec, inputs)
        size = held_bytes(spec, inputs, message_bytes)
        self._together.all_held.check(f"a request of {spec.name}", size)
        caller = CALLER.get()
        if not is_stackable(spec):
            return await self._alone.run(
                caller, self._executor, lambda: self._run(spec, inputs), size=size
            )
        cost = min(1 + rows_of(inputs), AT_ONCE // 2)
        granted = await self._together.enter(caller, cost=cost, size=size)
        # Given back by the batcher: a run goes on, with all it holds, though its caller has gone.
        return await self._batcher(spec).submit(inputs, caller=caller, let_go=granted.leave)

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
            # A large one, which runs alone, is not copied.
            joined = items[members[0]]
            if len(members) > 1:
                joined = {
                    port.name: np.concatenate([items[k][port.name] for k in members])
                    for port in spec.inputs
                }
            outputs = self._run(spec, joined)
            ends = np.cumsum([rows_of(items[k]) for k in members]).tolist()
            for k, end in zip(members, ends, strict=True):
                rows = slice(end - rows_of(items[k]), end)
                answers[k] = {name: output[rows] for name, output in outputs.items()}
        return answers

    def _run(self, spec: GraphSpec, inputs: Tensors) -> Tensors:
        """Run a graph now; what a large run takes of memory is not kept for each of all graphs."""
        is_large = sum(each.nbytes for each in inputs.values()) > LARGE_BYTES
        try:
            return self._engine.run(spec.name, inputs, returns_memory=is_large)
        except IndexError:
            found, wanted = "an index out of range", "indices of what the other inputs have"
            raise InvalidInputError.at(f"inputs of {spec.name}", found, wanted) from None


def rows_of(inputs: Tensors) -> int:
    """Return the length of the first axis, which all inputs of a per-pair graph share."""
    return len(next(iter(inputs.values())))


def is_stackable(spec: GraphSpec) -> bool:
    """Say whether requests may be concatenated: one symbol leads every input and output."""
    leading = {port.shape[0] if port.shape else 1 for port in (*spec.inputs, *spec.outputs)}
    return spec.per_pair and len(leading) == 1 and all(isinstance(each, str) for each in leading)


def held_bytes(spec: GraphSpec, inputs: Tensors, message_bytes: int) -> int:
    """Return how much memory a request takes until it is answered.

    gRPC keeps the message as it came and as protobuf for as long as the call; the inputs are copies
    of what is in there, and the outputs are there as arrays, in the answer, and encoded.
    """
    sizes = _sizes(spec, inputs)
    taken = sum(each.nbytes for each in inputs.values())
    given = sum(
        np.dtype(port.dtype).itemsize * math.prod(_shape(port, sizes)) for port in spec.outputs
    )
    return max(LEAST_BYTES, 2 * message_bytes + taken + 3 * given)


def check_cells(spec: GraphSpec, inputs: Tensors) -> None:
    """Check that a run stays within memory, which the bytes of its inputs do not say.

    An input with an axis of length 0 has no bytes whatever its other axes, and the answer
    may still have one value a row. A metric may compare every size with every other.

    Raises:
        ResourceExhaustedError: An output, or the product of a metric's free sizes, is over
            the bound.
    """
    sizes = _sizes(spec, inputs)
    needed = [_shape(port, sizes) for port in spec.outputs]
    if spec.family == "metric":
        needed.append(list(sizes.values()))
    cells = max(math.prod(each) for each in needed)
    if cells > MAX_CELLS:
        shown = " × ".join(f"{symbol}={size}" for symbol, size in sizes.items())
        raise ResourceExhaustedError(
            f"{spec.name} takes at most {MAX_CELLS} of {' × '.join(sizes)}: got {shown}",
            field="shape",
            value=shown,
        )


def _sizes(spec: GraphSpec, inputs: Tensors) -> dict[str, int]:
    """Return the sizes that a graph leaves free, by symbol."""
    return {
        symbol: size
        for port in spec.inputs
        for symbol, size in zip(port.shape, inputs[port.name].shape, strict=True)
        if isinstance(symbol, str)
    }


def _shape(port: Port, sizes: Mapping[str, int]) -> list[int]:
    """Return the shape of an output: what is served leaves no size free but those of its inputs."""
    return [int(sizes.get(str(size), size)) for size in port.shape]
