"""The export of the catalog into a Triton model repository; what has not changed stays."""

import multiprocessing
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path

from boxgauge.export.catalog import catalog
from boxgauge.export.entry import Entry
from boxgauge.export.errors import ExportError
from boxgauge.export.manifest import GraphRecord, Manifest, read_manifest, sha256
from boxgauge.export.repository import replacing
from boxgauge.export.sources import producer_versions, source_digests
from boxgauge.export.triton import CONFIG, model_config
from boxgauge.export.worker import Exported, export_named

# Called with the name of a finished graph, how many are finished, and of how many.
Progress = Callable[[str, int, int], None]

# What a worker process calls for an entry, by its name; pickled on its way there.
Tasks = Mapping[str, Callable[[], tuple[Exported, ...]]]

# Each takes half a GiB.
_MOST_WORKERS = 4


def export_all(
    out: Path,
    *,
    names: Collection[str] | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """Return the manifest of a repository in ``out`` that is up to date, exporting what is not.

    An entry is exported if something it depends on has changed (``sources.py``), if a file of
    it is missing or damaged, or if it is new; graphs of other entries are taken over. Entries
    are exported in worker processes, started by spawn: a script that calls this needs the usual
    ``if __name__ == "__main__"``. Nothing changes in ``out`` unless everything passed.

    Args:
        out: Folder of the repository; replaced as a whole.
        names: Catalog entries to export, each with its gradient graph; all by default. The
            repository then holds these alone, unless ``out`` already has them up to date.
        force: Export everything, changed or not.
        progress: Told of each graph that is exported, as it is finished, in this process.

    Raises:
        ExportError: A name is unknown, a graph failed, or ``out`` is a folder of other things.
    """
    entries = catalog()
    unknown = sorted(set(names or ()) - entries.keys())
    if unknown:
        raise ExportError(f"no such catalog entry: {', '.join(unknown)}")
    wanted = [entry for name, entry in entries.items() if names is None or name in names]
    producer = producer_versions()
    digests = source_digests(wanted, producer)
    tasks = {name: partial(export_named, name, digest) for name, digest in digests.items()}
    return publish(
        out,
        wanted,
        digests,
        producer,
        tasks,
        force=force,
        progress=progress,
        keep_others=names is not None,
    )


def publish(
    out: Path,
    wanted: Collection[Entry],
    digests: Mapping[str, str],
    producer: Mapping[str, str],
    tasks: Tasks,
    *,
    force: bool,
    progress: Progress | None,
    keep_others: bool = False,
) -> Manifest:
    """Return the manifest of a repository of these entries in ``out``, exporting what is not there.

    Args:
        out: Folder of the repository; replaced as a whole.
        wanted: What it is to hold, in this order.
        digests: Of what each entry is made from, by its name.
        producer: What ``producer_versions`` returns.
        tasks: How a worker process exports each entry, by its name.
        force: Export everything, changed or not.
        progress: Told of each graph that is exported.
        keep_others: Leave a folder that holds other graphs too as it is, if nothing is missing.

    Raises:
        ExportError: A graph failed, or ``out`` is a folder of other things.
    """
    entries = {entry.name: entry for entry in wanted}
    graphs = {} if force else dict(present(out, wanted, digests))
    listed = listed_in(out)
    if listed is not None and graphs.keys() == digests.keys():
        records = _records(wanted, graphs)
        whole = keep_others or listed == Manifest(producer, records)
        if whole and all(_is_configured(out, record) for record in records):
            return listed
    missing = {name: task for name, task in tasks.items() if name not in graphs}
    total = sum(1 + bool(entries[name].gradient_of) for name in missing)
    with replacing(out) as folder:
        done = 0
        for name, exported in _export(missing):
            graphs[name] = exported
            for graph in exported:
                done += 1
                if progress is not None:
                    progress(graph.record.name, done, total)
        manifest = Manifest(producer, _records(wanted, graphs))
        for entry in wanted:
            for graph in graphs[entry.name]:
                _write(folder, graph)
        manifest.write(folder)
    return manifest


def present(
    out: Path, wanted: Collection[Entry], digests: Mapping[str, str]
) -> Iterator[tuple[str, tuple[Exported, ...]]]:
    """Yield the entries of which ``out`` has all graphs, undamaged and from these sources."""
    listed = listed_in(out)
    records = {record.name: record for record in listed or ()}
    for entry in wanted:
        names = [name for name in (entry.name, entry.gradient_graph) if name is not None]
        found = [records[name] for name in names if name in records]
        graphs = tuple(
            Exported(record, content)
            for record in found
            if record.sources == digests[entry.name]
            and (content := _content(out, record)) is not None
        )
        if len(graphs) == len(names):
            yield entry.name, graphs


def listed_in(out: Path) -> Manifest | None:
    """Return the manifest in ``out``, None where there is none that can be read."""
    try:
        return read_manifest(out)
    except (OSError, ValueError):
        return None


def _content(out: Path, record: GraphRecord) -> bytes | None:
    """Return the graph's bytes if they are those of the record."""
    try:
        content = (out / record.file).read_bytes()
    except OSError:
        return None
    return content if sha256(content) == record.sha256 else None


def _is_configured(out: Path, record: GraphRecord) -> bool:
    try:
        return (out / record.name / CONFIG).read_text(encoding="utf-8") == model_config(record)
    except (OSError, UnicodeDecodeError):
        return False


def _records(
    entries: Collection[Entry], graphs: Mapping[str, tuple[Exported, ...]]
) -> tuple[GraphRecord, ...]:
    return tuple(graph.record for entry in entries for graph in graphs[entry.name])


def _export(tasks: Tasks) -> Iterator[tuple[str, tuple[Exported, ...]]]:
    """Yield the graphs of each entry as they are finished."""
    if not tasks:
        return
    pool = ProcessPoolExecutor(
        min(_MOST_WORKERS, os.cpu_count() or 1, len(tasks)),
        # Not fork: torch's and ONNX Runtime's threads would not survive it. A failed functorch
        # export poisons later ones of its process, but the first failure ends the pool.
        mp_context=multiprocessing.get_context("spawn"),
    )
    with pool:
        try:
            # The largest graphs end the catalog: begun first, none is waited for alone.
            begun = reversed([*tasks.items()])
            running = {pool.submit(task): name for name, task in begun}
            for done in as_completed(running):
                yield running[done], done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _write(folder: Path, graph: Exported) -> None:
    file = folder / graph.record.file
    file.parent.mkdir(parents=True)
    file.write_bytes(graph.content)
    config = folder / graph.record.name / CONFIG
    config.write_text(model_config(graph.record), encoding="utf-8")
