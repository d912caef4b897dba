"""``boxgauge export``: the catalog, or a described total loss, as ONNX graphs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from boxgauge.export import Manifest
    from boxgauge.export.build import Progress


def export(
    out: Annotated[
        Path | None, typer.Option(help="Folder of the graphs.", show_default="graphs")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Export even if up to date.")] = False,
    composition: Annotated[
        Path | None,
        typer.Option(
            help="JSON file of a total loss: export it alone, to --out.", show_default=False
        ),
    ] = None,
) -> None:
    """Export every loss and metric of the catalog, with its gradient graph, to ONNX.

    The folder is a Triton model repository. Nothing is done where it is up to date.
    Needs the extra `export` (torch) and, to measure parity, ONNX Runtime.
    """
    from boxgauge.cli.failures import fail
    from boxgauge.cli.terminal import export_progress
    from boxgauge.export.build import export_all
    from boxgauge.export.errors import ExportError
    from boxgauge.losses.terms import DescriptionError

    if composition is not None and out is None:
        fail("--composition needs --out: a folder for its graphs alone")
    out = out or Path("graphs")
    try:
        with export_progress() as advance:
            if composition is None:
                manifest = export_all(out, force=force, progress=advance)
            else:
                manifest = _export_described(composition, out, force, advance)
    except ExportError as error:
        fail(error)
    except DescriptionError as error:
        fail(f"{composition}: {error}")
    typer.echo(f"{len(manifest.graphs)} graphs are up to date in {out}")


def _export_described(file: Path, out: Path, force: bool, progress: "Progress") -> "Manifest":
    from boxgauge.export.composition import export_composition

    return export_composition(_description(file), out, force=force, progress=progress)


def _description(file: Path) -> Any:  # noqa: ANN401  (whatever the file holds)
    from boxgauge.cli.failures import fail

    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    except ValueError as error:
        fail(f"{file} is not JSON: {error}")
