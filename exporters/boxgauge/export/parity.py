"""Whether an exported graph, run by ONNX Runtime, still computes what eager PyTorch does."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from boxgauge.export.entry import Entry, Inputs
from boxgauge.export.errors import ExportError
from boxgauge.export.ports import Port, bind
from boxgauge.export.runtime import onnxruntime

# Largest permitted max|a - b| / max(1, max|b|); int and bool outputs must be equal.
TOLERANCES = {"float32": 1e-5, "float64": 1e-12}

# None, one, two (the smallest that can broadcast by mistake), and several vector widths.
SIZES = (0, 1, 2, 257)

Array = NDArray[np.generic]


def cases(entry: Entry, sizes: Sequence[int] = SIZES) -> Iterable[Inputs]:
    """Yield the inputs at which ``entry`` is compared: its example at each size, its extremes."""
    generator = torch.Generator().manual_seed(1)
    for n in sizes:
        yield entry.example(n, generator)
    if entry.parity_examples is not None:
        yield from entry.parity_examples(generator)


def measure_parity(entry: Entry, model: bytes) -> float:
    """Return the largest error of any output in any case.

    Raises:
        ExportError: An output's type, shape or value is not the eager one's, a loss is not
            finite, or ONNX Runtime refuses the graph. Names the graph, the output and what
            was found.
    """
    session = open_session(entry.name, model)
    errors = [0.0]
    for inputs in cases(entry):
        for port, actual, expected in zip(
            entry.outputs, *_both(entry, session, inputs), strict=True
        ):
            errors.append(_compare(entry, port, actual, expected))
    return max(errors)


def open_session(name: str, model: bytes) -> onnxruntime.InferenceSession:
    """Return a single-threaded CPU session.

    Raises:
        ExportError: ONNX Runtime does not take the graph.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # its warnings about shape hints say nothing of the values
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions derive from nothing narrower
        raise ExportError(f"{name}: ONNX Runtime refuses the graph: {error}") from error


def _both(
    entry: Entry, session: onnxruntime.InferenceSession, inputs: Inputs
) -> tuple[list[Array], list[Array]]:
    """Return the graph's outputs and the kernel's, both checked against the ports."""
    bind(entry.inputs, inputs)
    # Gradient graphs' kernels ask for gradients themselves.
    with torch.no_grad() if entry.family != "gradient" else torch.enable_grad():
        eager = entry(*inputs)
    feeds = {port.name: x.numpy() for port, x in zip(entry.inputs, inputs, strict=True)}
    try:
        exported = session.run([port.name for port in entry.outputs], feeds)
    except Exception as error:  # its exceptions derive from nothing narrower
        sizes = bind(entry.inputs, inputs)
        raise ExportError(f"{entry.name}: the graph fails at {sizes}: {error}") from error
    ports = (*entry.inputs, *entry.outputs)
    for outputs in (eager, tuple(map(torch.from_numpy, exported))):
        try:
            bind(ports, (*inputs, *outputs))
        except ValueError as error:
            raise ExportError(f"{entry.name}: {error}") from error
    return exported, [tensor.numpy() for tensor in eager]


def relative_error(actual: Array, expected: Array) -> float:
    """Return max|a - b| / max(1, max|b|); 0 when empty; equal infinities and NaNs differ by 0."""
    if actual.shape != expected.shape:
        raise ValueError(f"shapes must agree: got {actual.shape} and {expected.shape}")
    if not expected.size:
        return 0.0
    wanted = expected.astype(np.float64)
    with np.errstate(invalid="ignore"):
        differences = np.abs(actual.astype(np.float64) - wanted)
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    differences = np.where(same, 0.0, np.where(np.isnan(differences), np.inf, differences))
    finite = np.abs(wanted[np.isfinite(wanted)])
    return float(differences.max() / max(1.0, finite.max(initial=0.0)))


def _compare(entry: Entry, port: Port, actual: Array, expected: Array) -> float:
    where = f"{entry.name}.{port.name}"
    if actual.shape != expected.shape:
        raise ExportError(f"{where}: shape {expected.shape} is wanted: got {actual.shape}")
    if not port.is_floating:
        if not np.array_equal(actual, expected):
            raise ExportError(f"{where}: values differ from eager PyTorch's")
        return 0.0
    if entry.family in {"loss", "gradient"} and not np.isfinite(actual).all():
        raise ExportError(f"{where}: a loss and its gradient are finite: got NaN or infinity")
    error = relative_error(actual, expected)
    if error > TOLERANCES[port.dtype]:
        raise ExportError(
            f"{where}: at most {TOLERANCES[port.dtype]:g} off eager PyTorch is wanted: "
            f"got {error:g}"
        )
    return error
