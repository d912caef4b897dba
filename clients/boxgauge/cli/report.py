"""``boxgauge report``: a monitor's report as it stands."""

import json
from typing import Annotated

import typer

from boxgauge.cli.access import monitor_client, with_access
from boxgauge.cli.evaluate import AsJson
from boxgauge.cli.replay import LOCAL, MonitorName, Target

ModelName = Annotated[
    str, typer.Option("--model", help="Which model; needed when the monitor has seen several.")
]
WindowName = Annotated[
    str,
    typer.Option("--window", help="Name of a window of the monitor.", show_default="its first"),
]
Slice = Annotated[
    str, typer.Option("--slice", metavar="KEY=VALUE", help="A slice.", show_default="all images")
]


@with_access
def report(
    monitor: MonitorName,
    target: Target = LOCAL,
    model: ModelName = "",
    window: WindowName = "",
    slice_name: Slice = "",
    as_json: AsJson = False,
) -> None:
    """Print a monitor's current report: everything acknowledged until now."""
    from boxgauge.cli.documents import monitor_document
    from boxgauge.cli.monitor_report import print_monitor_report
    from boxgauge.cli.terminal import out

    with monitor_client(target) as client:
        answer = client.get_report(monitor, model=model, window=window, slice=slice_name)
    document = monitor_document(monitor, answer)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))
    else:
        print_monitor_report(out(), monitor, answer, document)
