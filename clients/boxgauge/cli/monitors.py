"""``boxgauge monitor``: create, list, compare, export, reset and delete monitors."""

import json
from pathlib import Path
from typing import Annotated

import typer

from boxgauge.cli.access import monitor_client, with_access
from boxgauge.cli.evaluate import AsJson
from boxgauge.cli.monitor_create import Name, create
from boxgauge.cli.replay import LOCAL, Target
from boxgauge.cli.report import Slice, WindowName

app = typer.Typer(
    help="Create, list, compare, export, reset and delete monitors.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("create", short_help="Create a monitor.")(create)


@app.command("list")
@with_access
def list_all(target: Target = LOCAL, as_json: AsJson = False) -> None:
    """List all monitors and how much each holds."""
    from boxgauge.cli.monitor_tables import monitor_documents, print_monitors
    from boxgauge.cli.terminal import out

    with monitor_client(target) as client:
        monitors = client.list_monitors()
    if as_json:
        typer.echo(json.dumps(monitor_documents(monitors), ensure_ascii=False, allow_nan=False))
    else:
        print_monitors(out(), monitors)


@app.command()
@with_access
def compare(
    name: Name,
    champion: Annotated[str, typer.Argument(help="The model in use.", metavar="CHAMPION")],
    challenger: Annotated[
        str, typer.Argument(help="The model that may replace it.", metavar="CHALLENGER")
    ],
    target: Target = LOCAL,
    window: WindowName = "",
    slice_name: Slice = "",
    as_json: AsJson = False,
) -> None:
    """Compare two models on the images that both have predicted and that are labelled."""
    from dataclasses import asdict

    from boxgauge.cli.monitor_tables import print_comparison
    from boxgauge.cli.terminal import out

    with monitor_client(target) as client:
        found = client.compare_models(name, champion, challenger, window=window, slice=slice_name)
    if as_json:
        document = {"monitor": name, **asdict(found)}
        typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))
    else:
        print_comparison(out(), name, found)


@app.command()
@with_access
def export(
    name: Name,
    folder: Annotated[Path, typer.Option("--out", help="Folder; made if it is missing.")],
    target: Target = LOCAL,
    model: Annotated[str, typer.Option(help="Which model.", show_default="all")] = "",
    window: WindowName = "",
) -> None:
    """Write what a monitor holds as tallies, a file a model and slice, and an index.json."""
    from boxgauge.cli.exported import write_tallies
    from boxgauge.cli.terminal import counted

    with monitor_client(target) as client:
        written = write_tallies(folder, client.export_tallies(name, model=model, window=window))
    typer.echo(f"monitor {name}: {counted(len(written), 'file')} in {folder}")


@app.command()
@with_access
def reset(name: Name, target: Target = LOCAL) -> None:
    """Forget all images of a monitor and keep its settings."""
    with monitor_client(target) as client:
        client.reset_monitor(name)
    typer.echo(f"monitor {name} is empty")


@app.command()
@with_access
def delete(name: Name, target: Target = LOCAL) -> None:
    """Remove a monitor."""
    with monitor_client(target) as client:
        client.delete_monitor(name)
    typer.echo(f"monitor {name} is gone")
