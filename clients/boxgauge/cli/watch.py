"""``boxgauge watch``: a monitor's report in the terminal, as it changes."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from boxgauge.cli.access import monitor_client, with_access
from boxgauge.cli.replay import LOCAL, Target
from boxgauge.cli.report import ModelName, Slice, WindowName

if TYPE_CHECKING:
    from boxgauge.client import MonitorReport

_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 30.0


@with_access
def watch(
    monitor: Annotated[str, typer.Argument(help="Name of the monitor.", metavar="MONITOR")],
    target: Target = LOCAL,
    model: ModelName = "",
    window: WindowName = "",
    slice_name: Slice = "",
    interval: Annotated[
        float, typer.Option("--interval", min=0.1, max=3600, help="Seconds between reports.")
    ] = 1.0,
    count: Annotated[
        int | None, typer.Option("--count", min=1, help="End after so many reports.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each report as one line of JSON.")
    ] = False,
) -> None:
    """Show a monitor's report and keep it current, until Ctrl-C.

    Where the output is no terminal, each change is one line. A service that goes away after
    the first report is asked again until it is back.
    """
    try:
        with monitor_client(target) as client:
            reports = _asked_again(
                lambda: client.watch_report(
                    monitor, model=model, window=window, slice=slice_name, interval_s=interval
                )
            )
            _show(monitor, _first(reports, count), as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _asked_again(
    watched: "Callable[[], Iterator[MonitorReport]]",
) -> "Iterator[MonitorReport]":
    """Yield reports over restarts of the service, and over its asking clients to reconnect."""
    from boxgauge.frames import UnavailableError

    wait_s, is_answered = _FIRST_WAIT_S, False
    while True:
        try:
            for each in watched():
                wait_s, is_answered = _FIRST_WAIT_S, True
                yield each
        except UnavailableError as error:
            if not is_answered:
                raise
            # Not echo, which would write into the page that is drawn.
            sys.stderr.write(f"boxgauge: {error}; asking again in {wait_s:g} s\n")
        else:
            return
        time.sleep(wait_s)
        wait_s = min(2 * wait_s, _LONGEST_WAIT_S)


def _first(reports: "Iterator[MonitorReport]", count: int | None) -> "Iterator[MonitorReport]":
    for k, each in enumerate(reports, start=1):
        yield each
        if k == count:
            return


def _show(monitor: str, reports: "Iterator[MonitorReport]", *, as_json: bool) -> None:
    from boxgauge.cli.live import change_line, shown_live
    from boxgauge.cli.terminal import out

    console = out()
    if not as_json and console.is_terminal:
        shown_live(console, monitor, reports)
        return
    from boxgauge.cli.documents import monitor_document

    for each in reports:
        if as_json:
            document = monitor_document(monitor, each)
            line = json.dumps(document, ensure_ascii=False, allow_nan=False)
        else:
            line = change_line(each)
        typer.echo(line)
        sys.stdout.flush()  # whoever reads a pipe wants each line when it is there
