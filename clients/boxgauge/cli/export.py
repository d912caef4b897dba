"""``boxgauge export``: the catalog as ONNX graphs."""

from pathlib import Path
from typing import Annotated

import typer


def export(
    out: Annotated[Path, typer.Option(help="Folder of the graphs.")] = Path("graphs"),
    force: Annotated[bool, typer.Option("--force", help="Export even if up to date.")] = False,
) -> None:
    """Export every loss and metric of the catalog, with its gradient graph, to ONNX.

    The folder is a Triton model repository. Nothing is done where it is up to date.
    Needs the extra `export` (torch) and, to measure parity, ONNX Runtime.
    """
    from boxgauge.cli.failures import fail
    from boxgauge.cli.terminal import export_progress
    from boxgauge.export.build import export_all
    from boxgauge.export.errors import ExportError

    try:
        with export_progress() as advance:
            manifest = export_all(out, force=force, progress=advance)
    except ExportError as error:
        fail(error)
    typer.echo(f"{len(manifest.graphs)} graphs are up to date in {out}")
