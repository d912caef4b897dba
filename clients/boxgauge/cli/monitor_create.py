"""``boxgauge monitor create``: a monitor from options, a TOML file, or both."""

from pathlib import Path
from typing import Annotated

import typer

from boxgauge.cli.access import monitor_client, with_access
from boxgauge.cli.evaluate import Iou, Strict
from boxgauge.cli.replay import LOCAL, Target

Name = Annotated[str, typer.Argument(help="Name of the monitor.", metavar="MONITOR")]


def _option(
    name: str, text: str, default: str, metavar: str | None = None
) -> typer.models.OptionInfo:
    made: typer.models.OptionInfo = typer.Option(
        name, help=text, show_default=f"the service's: {default}", metavar=metavar
    )
    return made


@with_access
def create(
    name: Name,
    *,
    target: Target = LOCAL,
    config: Annotated[
        Path | None, typer.Option("--config", help="TOML file; options win over it.")
    ] = None,
    gt: Annotated[
        Path | None, typer.Option("--gt", help="Classes: the categories of a COCO file.")
    ] = None,
    classes: Annotated[
        Path | None,
        typer.Option("--classes", help="Classes: data.yaml, or a name a line, numbered from 0."),
    ] = None,
    one_class: Annotated[
        list[str] | None,
        typer.Option("--class", metavar="ID=NAME", help="A class. May be repeated."),
    ] = None,
    tally: Annotated[str | None, _option("--tally", "exact or sketch.", "exact", "KIND")] = None,
    window: Annotated[
        list[str] | None,
        _option("--window", "1h, 5000 images, all, shift=8h. May be repeated.", "all", "WINDOW"),
    ] = None,
    slice_key: Annotated[
        list[str] | None,
        typer.Option(
            "--slice", metavar="KEY[=VALUES]", help="A tag to slice reports by. May be repeated."
        ),
    ] = None,
    loss: Annotated[
        list[str] | None,
        typer.Option("--loss", metavar="NAME", help="A loss graph to sum. May be repeated."),
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option(
            "--compare",
            metavar="CHAMPION,CHALLENGER",
            help="Models to compare all the time. May be repeated.",
        ),
    ] = None,
    retention: Annotated[
        str | None,
        _option("--retention", "How long a frame waits for its partner.", "7d", "TIME"),
    ] = None,
    max_ahead: Annotated[
        str | None,
        _option("--max-ahead", "How far ahead event times may be.", "60s", "TIME"),
    ] = None,
    ring: Annotated[
        str | None, _option("--ring", "Buckets of a minute, an hour, a day.", "60,48,90", "M,H,D")
    ] = None,
    drift_from: Annotated[
        str | None,
        _option("--drift-from", "Start of drift's reference.", "first image", "MOMENT"),
    ] = None,
    drift_reference: Annotated[
        str | None, _option("--drift-reference", "Length of drift's reference.", "1h", "TIME")
    ] = None,
    drift_level: Annotated[
        float | None, _option("--drift-level", "Chance of a false drift alarm.", "0.01")
    ] = None,
    iou: Iou = None,
    score_threshold: Annotated[
        float | None,
        _option("--score-threshold", "Score from which a detection counts.", "0.5"),
    ] = None,
    strict: Strict = False,
) -> None:
    """Create a monitor; the same again is ok.

    Its classes come from exactly one of --gt, --classes, --class and the file of --config.
    """
    from boxgauge.cli.monitor_config import MonitorConfig, read_config
    from boxgauge.cli.monitor_options import (
        ClassOptions,
        SettingOptions,
        chosen_classes,
        chosen_settings,
    )
    from boxgauge.client import MonitorSettings

    configured = read_config(config) if config else MonitorConfig({}, MonitorSettings())
    options = SettingOptions(
        strict=strict,
        score_threshold=score_threshold,
        iou=iou,
        tally=tally,
        slices=slice_key or (),
        windows=window or (),
        ring=ring,
        retention=retention,
        max_ahead=max_ahead,
        losses=loss or (),
        comparisons=compare or (),
        drift_from=drift_from,
        drift_reference=drift_reference,
        drift_level=drift_level,
    )
    settings = chosen_settings(options, configured.settings)
    sources = ClassOptions(gt, classes, one_class or ())
    named = chosen_classes(sources, configured.classes, strict=settings.evaluation.strict)
    with monitor_client(target) as client:
        made = client.create_monitor(name, named, settings)
    count = len(made.classes)
    typer.echo(f"monitor {made.name} watches {count} {'class' if count == 1 else 'classes'}")
