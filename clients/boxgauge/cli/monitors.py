"""``boxgauge monitor``: create, list, reset and delete monitors."""

from typing import Annotated

import typer

from boxgauge.cli.evaluate import GroundTruthFile, Strict
from boxgauge.cli.replay import LOCAL, Target

app = typer.Typer(
    help="Create, list, reset and delete monitors.", no_args_is_help=True, rich_markup_mode=None
)
Name = Annotated[str, typer.Argument(help="Name of the monitor.", metavar="MONITOR")]


@app.command()
def create(
    name: Name,
    gt: GroundTruthFile,
    target: Target = LOCAL,
    strict: Strict = False,
    score_threshold: Annotated[
        float | None,
        typer.Option(
            help="Score from which a detection counts in precision and recall.",
            show_default="the service's: 0.5",
        ),
    ] = None,
) -> None:
    """Create a monitor for the categories of a COCO file; the same again is ok."""
    from boxgauge.client import EvaluationSettings, MonitorClient
    from boxgauge.formats import read_ground_truth

    classes = {each.id: each.name for each in read_ground_truth(gt, strict=strict).classes}
    settings = EvaluationSettings(strict=strict, score_threshold=score_threshold)
    with MonitorClient(target) as client:
        made = client.create_monitor(name, classes, settings)
    typer.echo(f"monitor {made.name} watches {len(made.classes)} classes")


@app.command("list")
def list_all(target: Target = LOCAL) -> None:
    """List all monitors and how much each holds."""
    from rich.markup import escape

    from boxgauge.cli.tables import table
    from boxgauge.cli.terminal import out
    from boxgauge.client import MonitorClient

    with MonitorClient(target) as client:
        monitors = client.list_monitors()
    made = table("monitor", "models", "classes", "labelled images", "boxes held", text=2)
    for each in monitors:
        made.add_row(
            escape(each.name),
            escape(", ".join(each.models)),
            str(len(each.classes)),
            str(each.labelled_images),
            str(each.held_boxes),
        )
    out().print(made)


@app.command()
def reset(name: Name, target: Target = LOCAL) -> None:
    """Forget all images of a monitor and keep its settings."""
    from boxgauge.client import MonitorClient

    with MonitorClient(target) as client:
        client.reset_monitor(name)
    typer.echo(f"monitor {name} is empty")


@app.command()
def delete(name: Name, target: Target = LOCAL) -> None:
    """Remove a monitor."""
    from boxgauge.client import MonitorClient

    with MonitorClient(target) as client:
        client.delete_monitor(name)
    typer.echo(f"monitor {name} is gone")
