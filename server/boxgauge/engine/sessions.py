"""ONNX Runtime stops here: sessions, and the providers that really run them."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

# ONNX Runtime opens a database of usage events, meant for its makers, at its import:
# its own disable_telemetry_events() comes too late. Nothing here leaves the machine.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from boxgauge.engine.provider_options import is_within, options, suited
from boxgauge.engine.repository import GraphSpec, ModelRepository
from boxgauge.frames import GraphError, InvalidInputError, UnavailableError

_LOG = logging.getLogger(__name__)

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
_NAMES = {long: short for short, long in PROVIDERS.items()}
# What ONNX Runtime says, in no kind of error of its own, of an index that an input has.
_OUT_OF_BOUNDS = ("out of data bounds", "Out of range value in index tensor")
_ONNX_TYPES = {
    "float32": "tensor(float)",
    "float64": "tensor(double)",
    "int64": "tensor(int64)",
    "int32": "tensor(int32)",
    "int8": "tensor(int8)",
    "uint8": "tensor(uint8)",
    "bool": "tensor(bool)",
}


class Stop:
    """A switch that many runs share: once thrown, running and later ones end at once."""

    def __init__(self) -> None:
        self.options, self.returning = onnxruntime.RunOptions(), onnxruntime.RunOptions()
        for each in (self.options, self.returning):
            # What fails is raised, and need not be logged as well.
            each.log_severity_level = 4
        # Else ONNX Runtime keeps for ever what the largest run of each graph took.
        self.returning.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

    @property
    def is_set(self) -> bool:
        """Say whether it was thrown."""
        return bool(self.options.terminate)

    def set(self) -> None:
        """Throw it, for good; ONNX Runtime looks between nodes, within loops too."""
        self.options.terminate = self.returning.terminate = True


class Session:
    """One graph, ready to run; thread-safe, and the interpreter's lock is free while it runs.

    Args:
        repository: Where the graph is.
        spec: Which one.
        providers: Short names in the order of preference.
        threads: Threads within one run.
        stop: Ends its runs.
        engine_cache: Folder in which TensorRT keeps what it builds, if it is to.

    Raises:
        GraphError: The file is no ONNX graph, or its signature is not the manifest's.
    """

    def __init__(
        self,
        repository: ModelRepository,
        spec: GraphSpec,
        providers: Sequence[str],
        threads: int,
        stop: Stop,
        engine_cache: Path | None = None,
    ) -> None:
        self.spec = spec
        self._stop = stop
        asked = suited(spec, providers)
        model = repository.model(spec)
        self._session = _open(spec, model, asked, threads, engine_cache)
        # Sizes that TensorRT's engine is not built for go to the next provider.
        others = tuple(name for name in asked if name != "tensorrt")
        self._beyond = _open(spec, model, others, threads) if others != asked else None
        self._check_signature()
        self.providers = self._assigned()

    def run(
        self, inputs: Mapping[str, NDArray[Any]], *, returns_memory: bool = False
    ) -> dict[str, NDArray[Any]]:
        """Return the outputs by name; the inputs are taken as valid.

        Args:
            inputs: By name.
            returns_memory: What the run has taken goes back to the system, and is not kept for the
                next one: a millisecond or more.

        Raises:
            UnavailableError: It was stopped before the run ended.
            IndexError: An input has an index of what another one does not have.
        """
        session = self._session
        if self._beyond is not None and not is_within(self.spec.profile, inputs):
            session = self._beyond
        try:
            run_options = self._stop.returning if returns_memory else self._stop.options
            outputs = session.run(None, dict(inputs), run_options)
        # Nothing is kept back: these two get their own names, any other fault goes on.
        except Exception as error:
            if self._stop.is_set:
                raise UnavailableError("the engine was stopped") from None
            if any(each in str(error) for each in _OUT_OF_BOUNDS):
                raise IndexError(f"graph {self.spec.name}: an index is out of range") from error
            raise
        return {port.name: array for port, array in zip(self.spec.outputs, outputs, strict=True)}

    def _check_signature(self) -> None:
        found = {"inputs": self._session.get_inputs(), "outputs": self._session.get_outputs()}
        declared = {"inputs": self.spec.inputs, "outputs": self.spec.outputs}
        for side, ports in declared.items():
            types = [_ONNX_TYPES.get(port.dtype, port.dtype) for port in ports]
            wanted = [
                (port.name, kind, len(port.shape)) for port, kind in zip(ports, types, strict=True)
            ]
            got = [(each.name, each.type, len(each.shape)) for each in found[side]]
            if wanted != got:
                raise GraphError(
                    f"graph {self.spec.name}: {side} must be the manifest's {wanted}: got {got}",
                    field=self.spec.name,
                    value=side,
                )

    def _assigned(self) -> frozenset[str]:
        """Return the providers that got nodes: ONNX Runtime falls back without a word."""
        parts = self._session.get_provider_graph_assignment_info()
        return frozenset(_NAMES.get(part.ep_name, part.ep_name) for part in parts)


def _open(
    spec: GraphSpec,
    model: bytes,
    providers: Sequence[str],
    threads: int,
    engine_cache: Path | None = None,
) -> onnxruntime.InferenceSession:
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    # Errors only: what a warning would say of providers is asked for below.
    settings.log_severity_level = 3
    settings.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    wanted = [
        (PROVIDERS[name], options(spec, name, engine_cache, runtime_version()))
        for name in providers
    ]
    try:
        return onnxruntime.InferenceSession(model, settings, providers=wanted)
    # ONNX Runtime's errors share no base class but this one.
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise GraphError(f"graph {spec.name} does not load: {reason}", field=spec.name) from error


def check_providers(providers: Sequence[str]) -> tuple[str, ...]:
    """Return the providers to ask for, those left out that this build cannot have.

    Raises:
        InvalidInputError: A name is unknown or there is none.
    """
    for name in providers:
        if name not in PROVIDERS:
            raise InvalidInputError.at("providers", name, f"one of {', '.join(PROVIDERS)}")
    if not providers:
        raise InvalidInputError.at("providers", "[]", f"at least one of {', '.join(PROVIDERS)}")
    available = available_providers()
    missing = [name for name in providers if name not in available]
    if missing:
        _LOG.warning(
            "provider %s is not in this build of ONNX Runtime, which has %s",
            ", ".join(missing),
            ", ".join(available),
        )
    present = [name for name in providers if name in available]
    return (*present, *(() if "cpu" in present else ("cpu",)))


def available_providers() -> tuple[str, ...]:
    """Return the short names of what this build of ONNX Runtime has."""
    return tuple(_NAMES[name] for name in onnxruntime.get_available_providers() if name in _NAMES)


def runtime_version() -> str:
    """Return the version of ONNX Runtime."""
    return str(onnxruntime.__version__)
