"""The export of one catalog entry, as it runs in a worker process."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import onnx
import torch

from boxgauge.export.catalog import catalog
from boxgauge.export.entry import Entry
from boxgauge.export.errors import ExportError
from boxgauge.export.gradient import gradient_entry
from boxgauge.export.manifest import GraphRecord, make_record
from boxgauge.export.onnx_export import OPSET, export_forward, export_gradient
from boxgauge.export.parity import measure_parity
from boxgauge.export.tensorrt import tensorrt_obstacles


@dataclass(frozen=True)
class Exported:
    """A graph that passed: its record and the bytes of its file."""

    record: GraphRecord
    content: bytes


def export_named(name: str, sources: str) -> tuple[Exported, ...]:
    """Return the graphs of the catalog entry ``name``: its own, then its gradient's.

    Args:
        name: Of the entry.
        sources: The digest of what its graphs are made from, for their records.

    Raises:
        ExportError: The graph cannot be exported or does not compute what eager PyTorch does.
            The only exception that leaves: others may not survive the way between processes.
    """
    return export_made(name, lambda: catalog()[name], sources)


def export_made(name: str, make: Callable[[], Entry], sources: str) -> tuple[Exported, ...]:
    """Return the graphs of the entry that ``make`` returns, as ``export_named`` does."""
    torch.set_num_threads(1)  # the pool already has a process for each core it may use
    # Says at every start that torchvision, which is not wanted, is not there.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        return export_entry(make(), sources)
    except ExportError:
        raise
    except Exception as error:
        raise ExportError(f"{name}: {type(error).__name__}: {error}") from error


def export_entry(entry: Entry, sources: str) -> tuple[Exported, ...]:
    """Return the forward graph of ``entry`` and, if it has one, its gradient graph."""
    forward = _passed(entry, export_forward(entry), loss=None, sources=sources)
    if not entry.gradient_of:
        return (forward,)
    # The gradient comes second: a functorch export that fails poisons what follows.
    gradient, model = gradient_entry(entry), export_gradient(entry)
    return (forward, _passed(gradient, model, loss=entry.name, sources=sources))


def _passed(entry: Entry, model: onnx.ModelProto, *, loss: str | None, sources: str) -> Exported:
    content = model.SerializeToString(deterministic=True)
    record = make_record(
        entry,
        content=content,
        opset=OPSET,
        parity=measure_parity(entry, content),
        obstacles=tensorrt_obstacles(model),
        loss=loss,
        sources=sources,
    )
    return Exported(record, content)
