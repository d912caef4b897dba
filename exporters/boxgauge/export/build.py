"""The export of the whole catalog into a Triton model repository, cached by its sources."""

import multiprocessing
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from boxgauge.export.catalog import catalog
from boxgauge.export.entry import Entry
from boxgauge.export.errors import ExportError
from boxgauge.export.manifest import GraphRecord, Manifest, read_manifest
from boxgauge.export.repository import replacing
from boxgauge.export.sources import producer_versions, sources_digest
from boxgauge.export.triton import model_config
from boxgauge.export.worker import Exported, export_named

# Called with the name of a finished graph, how many are finished, and of how many.
Progress = Callable[[str, int, int], None]

_WORKERS = 2


def export_all(
    out: Path,
    *,
    names: Collection[str] | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """Return the manifest of a repository in ``out`` that is up to date, exporting if it is not.

    Entries are exported in worker processes, started by spawn: a script that calls this
    needs the usual ``if __name__ == "__main__"``. Nothing changes in ``out`` unless everything
    was exported and passed.

    Args:
        out: Folder of the repository; replaced as a whole.
        names: Catalog entries to export, each with its gradient graph; all by default. The
            repository then holds these alone, unless ``out`` already has them up to date.
        force: Export even if sources, versions and hashes are those of the manifest.
        progress: Told of each finished graph, in the catalog's order, in this process.

    Raises:
        ExportError: A name is unknown, a graph failed, or ``out`` is a folder of other things.
    """
    entries = catalog()
    unknown = sorted(set(names or ()) - entries.keys())
    if unknown:
        raise ExportError(f"no such catalog entry: {', '.join(unknown)}")
    wanted = [entry for name, entry in entries.items() if names is None or name in names]
    sources, producer = sources_digest(), producer_versions()
    if not force:
        present = up_to_date(out, wanted, sources, producer)
        if present is not None:
            return present
    total = sum(1 + bool(entry.gradient_of) for entry in wanted)
    with replacing(out) as folder:
        records: list[GraphRecord] = []
        for graph in _export(wanted):
            _write(folder, graph)
            records.append(graph.record)
            if progress is not None:
                progress(graph.record.name, len(records), total)
        manifest = Manifest(sources, producer, tuple(records))
        manifest.write(folder)
    return manifest


def up_to_date(
    out: Path, wanted: Collection[Entry], sources: str, producer: dict[str, str]
) -> Manifest | None:
    """Return the manifest in ``out`` if its graphs are those that an export would write."""
    try:
        manifest = read_manifest(out)
    except (OSError, ValueError):
        return None
    graphs = {name for entry in wanted for name in (entry.name, entry.gradient_graph) if name}
    current = (
        manifest.sources == sources
        and manifest.producer == producer
        and graphs <= {record.name for record in manifest}
        and manifest.is_intact(out)
    )
    return manifest if current else None


def _export(entries: Collection[Entry]) -> Iterator[Exported]:
    pool = ProcessPoolExecutor(
        _WORKERS,
        # Not fork: torch's and ONNX Runtime's threads would not survive it. A failed functorch
        # export poisons later ones of its process, but the first failure ends the pool.
        mp_context=multiprocessing.get_context("spawn"),
    )
    with pool:
        try:
            for graphs in pool.map(export_named, [entry.name for entry in entries]):
                yield from graphs
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _write(folder: Path, graph: Exported) -> None:
    file = folder / graph.record.file
    file.parent.mkdir(parents=True)
    file.write_bytes(graph.content)
    config = folder / graph.record.name / "config.pbtxt"
    config.write_text(model_config(graph.record), encoding="utf-8")
