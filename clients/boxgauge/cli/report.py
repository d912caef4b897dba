"""``boxgauge report``: a monitor's report as it stands."""

import json
from typing import Annotated

import typer

from boxgauge.cli.evaluate import AsJson
from boxgauge.cli.replay import LOCAL, MonitorName, Target


def report(
    monitor: MonitorName,
    target: Target = LOCAL,
    model: Annotated[
        str, typer.Option(help="Which model; needed when the monitor has seen several.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Print a monitor's current report: everything acknowledged until now."""
    from boxgauge.cli.documents import monitor_document
    from boxgauge.cli.tables import number, print_report
    from boxgauge.cli.terminal import out
    from boxgauge.client import MonitorClient

    with MonitorClient(target) as client:
        answer = client.get_report(monitor, model=model)
    document = monitor_document(monitor, answer)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))
        return
    print_report(out(), f"monitor {monitor}, model {answer.model}", document)
    seen = answer.report
    if not seen.images:
        typer.echo("no image has both sides yet: nothing to measure")
    typer.echo(
        f"{seen.predicted_images} images with predictions, {seen.labelled_images} with ground "
        f"truth, label coverage {number(seen.label_coverage)}"
    )
