"""From a described total loss to an entry like those of the catalog, and its export."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from boxgauge.export.build import Progress, listed_in, publish
from boxgauge.export.catalog import catalog
from boxgauge.export.composition_examples import ComposedExamples
from boxgauge.export.composition_ports import Part, compose_ports
from boxgauge.export.entry import Entry
from boxgauge.export.errors import ExportError
from boxgauge.export.gradient import gradient_entry
from boxgauge.export.manifest import Manifest
from boxgauge.export.ports import Port
from boxgauge.export.sources import composition_digest, producer_versions
from boxgauge.export.worker import Exported, export_made
from boxgauge.losses.composition import LOG_VARIANCES, Composition


def export_composition(
    description: Mapping[str, Any],
    out: Path,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """Return the manifest of a repository in ``out`` with one graph and its gradient graph.

    The graph takes the tensors of the composition by their names, and returns ``loss`` and
    every term, unweighted, under its own name, each of shape [1]. With uncertainty weighting
    it also takes ``log_variances``. Exported in a worker process, as :func:`export_all` does,
    and only if the description or what is behind it has changed.

    Args:
        description: What ``Composition.from_description`` reads.
        out: Folder of the repository; replaced as a whole, if no other graphs are in it.
        force: Export even if up to date.
        progress: Told of each finished graph.

    Raises:
        DescriptionError: The description cannot be; a ValueError that says where.
        ExportError: The graph failed, or ``out`` is a folder of other graphs or things.
    """
    composition = Composition.from_description(description)
    entry = composition_entry(composition)
    plain = composition.to_description()
    _refuse_others(out, entry)
    producer = producer_versions()
    digests = {entry.name: composition_digest(plain, producer)}
    tasks = {entry.name: partial(export_described, plain, digests[entry.name])}
    return publish(out, [entry], digests, producer, tasks, force=force, progress=progress)


def _refuse_others(out: Path, entry: Entry) -> None:
    listed = listed_in(out)
    names = {record.name for record in listed or ()} - {entry.name, entry.gradient_graph}
    if names:
        raise ExportError(f"{out} holds other graphs, such as {min(names)}: not replaced")


def export_described(description: Mapping[str, Any], sources: str) -> tuple[Exported, ...]:
    """Return the graphs of a composition; runs in a worker process."""
    composition = Composition.from_description(description)
    return export_made(composition.name, lambda: composition_entry(composition), sources)


def composition_entry(composition: Composition) -> Entry:
    """Return the entry of a composition; ports, examples and sources are its losses'.

    Raises:
        ExportError: Terms share a tensor that their graphs declare differently, or an output
            has the name of another tensor.
    """
    entries = catalog()
    parts = [
        Part(term.name, entries[term.loss], uses)
        for term, uses in zip(composition.terms, composition.uses, strict=True)
    ]
    ports = compose_ports(parts)
    differentiated = dict.fromkeys(tensor for part in parts for tensor in part.differentiated)
    inputs = tuple(ports[name] for name in composition.inputs)
    if composition.weighting == "uncertainty":
        inputs += (Port(LOG_VARIANCES, "float32", (len(parts),)),)
        differentiated[LOG_VARIANCES] = None
    examples = ComposedExamples(parts, inputs)
    results = ("loss", *(part.name for part in parts))
    try:
        entry = Entry(
            name=composition.name,
            family="loss",
            topic="total",
            kernel=_positional(composition),
            inputs=inputs,
            outputs=tuple(Port(name, "float32", (1,)) for name in results),
            gradient_of=tuple(differentiated),
            tensorrt=all(part.entry.tensorrt for part in parts),
            example=examples.draw,
            parity_examples=examples.extremes,
            reference="; ".join(
                f"{term.weight:g} × {term.name}: {part.entry.reference}"
                for term, part in zip(composition.terms, parts, strict=True)
            ),
        )
        gradient_entry(entry)  # refuses, now and not after an export, names used twice
    except ValueError as error:
        raise ExportError(str(error)) from error
    return entry


def _positional(composition: Composition) -> Callable[..., tuple[Tensor, ...]]:
    count = len(composition.inputs)

    def evaluate(*tensors: Tensor) -> tuple[Tensor, ...]:
        named = dict(zip(composition.inputs, tensors[:count], strict=True))
        log_variances = tensors[count] if len(tensors) > count else None
        total, terms = composition.evaluate(named, log_variances)
        return total, *terms.values()

    return evaluate
