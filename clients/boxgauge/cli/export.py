"""``boxgauge export``: the catalog as ONNX graphs."""

import time
from pathlib import Path
from typing import Annotated

import typer


def export(
    out: Annotated[Path, typer.Option(help="Folder of the graphs.")] = Path("graphs"),
    force: Annotated[bool, typer.Option("--force", help="Export all, changed or not.")] = False,
) -> None:
    """Export every loss and metric of the catalog, with its gradient graph, to ONNX.

    The folder is a Triton model repository. Graphs whose sources have not changed are kept.
    Needs the extra `export` (torch) and, to measure parity, ONNX Runtime.
    """
    from boxgauge.cli.failures import fail
    from boxgauge.cli.terminal import export_progress
    from boxgauge.export.build import export_all
    from boxgauge.export.errors import ExportError

    start = time.perf_counter()
    try:
        with export_progress() as advance:
            manifest = export_all(out, force=force, progress=advance)
    except ExportError as error:
        fail(error)
    seconds = time.perf_counter() - start
    typer.echo(f"{len(manifest.graphs)} graphs are up to date in {out} after {seconds:.1f} s")
