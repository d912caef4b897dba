"""The engine: every graph of a repository, checked inputs, effective provider."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.pausing import pause_here
from boxgauge.engine.repository import GraphSpec, ModelRepository
from boxgauge.engine.sessions import Session, Stop, check_providers
from boxgauge.frames import InvalidInputError, NotFoundError

# Told of each run: graph, rows of its first input, seconds.
ObserveRun = Callable[[str, int, float], None]


class Engine:
    """All graphs of a repository, loaded; runs may come from any thread.

    Attributes:
        repository: Where the graphs come from.
        provider: The fastest provider that really got nodes of some graph; ``cpu`` if none
            but it did.
        workers: Runs at a time that one evaluation or report is split into.
        observe_run: Told of each run; may be replaced.
    """

    def __init__(
        self,
        repository: ModelRepository,
        sessions: Mapping[str, Session],
        stop: Stop,
        workers: int = 1,
    ) -> None:
        self.repository = repository
        self.workers = workers
        self._sessions = sessions
        self._stop = stop
        self.provider = _effective(sessions)
        self.observe_run: ObserveRun = _unobserved

    @classmethod
    def open(
        cls,
        repository: ModelRepository,
        *,
        providers: Sequence[str] = ("cpu",),
        threads: int = 1,
        workers: int = 1,
        names: Sequence[str] | None = None,
        engine_cache: Path | None = None,
    ) -> "Engine":
        """Return an engine with the repository's graphs loaded.

        Args:
            repository: Verified graphs.
            providers: ``tensorrt``, ``cuda``, ``cpu`` in the order of preference.
            threads: Threads within one run.
            workers: Runs at a time that one evaluation or report is split into; no bit of any
                result depends on it.
            names: Graphs to load; all by default.
            engine_cache: Folder in which TensorRT keeps the engines that it builds, a matter of
                seconds to minutes a graph, for the next time; None: it builds them each time.

        Raises:
            GraphError: A graph does not load or is not what the manifest says.
            InvalidInputError: A provider's name is unknown.
        """
        asked = check_providers(providers)
        wanted = repository.graphs if names is None else {n: repository.graphs[n] for n in names}
        stop = Stop()
        sessions = {
            name: Session(repository, spec, asked, threads, stop, engine_cache)
            for name, spec in wanted.items()
        }
        return cls(repository, sessions, stop, workers)

    def stop(self) -> None:
        """End running and later runs with an UnavailableError; returns at once."""
        self._stop.set()

    def graph(self, name: str, version: str = "") -> GraphSpec:
        """Return what is known of a graph.

        Raises:
            NotFoundError: There is no graph of this name and version.
        """
        return self._session(name, version).spec

    def run(
        self,
        name: str,
        inputs: Mapping[str, NDArray[Any]],
        *,
        version: str = "",
        returns_memory: bool = False,
    ) -> dict[str, NDArray[Any]]:
        """Return the graph's outputs by name.

        Args:
            name: Of the graph.
            inputs: By name.
            version: Of the graph; any by default.
            returns_memory: The run's memory goes back to the system, and is not kept for the next.

        Raises:
            NotFoundError: There is no graph of this name and version.
            InvalidInputError: An input is missing, unknown, or of another type or shape.
            UnavailableError: The engine was stopped.
            IndexError: An input has an index of what another one does not have.
        """
        session = self._session(name, version)
        check_inputs(session.spec, inputs)
        pause_here()
        started = time.perf_counter()
        outputs = session.run(inputs, returns_memory=returns_memory)
        rows = len(inputs[session.spec.inputs[0].name])
        self.observe_run(name, rows, time.perf_counter() - started)
        return outputs

    def _session(self, name: str, version: str) -> Session:
        session = self._sessions.get(name)
        if session is None:
            raise NotFoundError(f"there is no graph {name[:100]!r}", field="graph", value=name)
        if version not in ("", str(session.spec.version)):
            raise NotFoundError(
                f"graph {name} has version {session.spec.version}: got {version[:20]!r}",
                field="version",
                value=version,
            )
        return session


def check_inputs(spec: GraphSpec, inputs: Mapping[str, NDArray[Any]]) -> None:
    """Check names, types and shapes, and that shared sizes agree.

    Raises:
        InvalidInputError: Names the input, what was found and what is wanted.
    """
    if unknown := inputs.keys() - {port.name for port in spec.inputs}:
        name = sorted(unknown)[0]
        wanted = ", ".join(port.name for port in spec.inputs)
        raise InvalidInputError.at(f"inputs of {spec.name}", repr(name), f"among {wanted}")
    sizes: dict[str, int] = {}
    for port in spec.inputs:
        array = inputs.get(port.name)
        if array is None:
            raise InvalidInputError.at(f"input {port.name}", "nothing", "given")
        if array.dtype != np.dtype(port.dtype):
            raise InvalidInputError.at(f"input {port.name}", array.dtype, port.dtype)
        fits = array.ndim == len(port.shape) and all(
            size == (sizes.setdefault(wanted, size) if isinstance(wanted, str) else wanted)
            for size, wanted in zip(array.shape, port.shape, strict=True)
        )
        if not fits:
            symbols = ", ".join(
                f"{wanted}={sizes[wanted]}" if wanted in sizes else str(wanted)
                for wanted in map(str, port.shape)
            )
            raise InvalidInputError.at(
                f"input {port.name}", list(array.shape), f"of shape [{symbols}]"
            )


def _effective(sessions: Mapping[str, Session]) -> str:
    """Return the one provider to report: a fast one only if some graph runs on it."""
    used = frozenset[str]().union(*(session.providers for session in sessions.values()))
    return next((name for name in ("tensorrt", "cuda") if name in used), "cpu")


def _unobserved(_name: str, _rows: int, _seconds: float) -> None:
    """Observe nothing."""
