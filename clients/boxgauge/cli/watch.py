"""``boxgauge watch``: a monitor's report in the terminal, as it changes."""

import json
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from boxgauge.cli.access import access_given, with_access
from boxgauge.cli.replay import LOCAL, Target
from boxgauge.cli.report import ModelName, Slice, WindowName

if TYPE_CHECKING:
    from boxgauge.client import AsyncMonitorClient, MonitorReport

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
    import asyncio  # which turns Ctrl-C into the end of an await

    watching = _watch(
        target,
        monitor,
        lambda client: client.watch_report(
            monitor, model=model, window=window, slice=slice_name, interval_s=interval
        ),
        count=count,
        as_json=as_json,
    )
    try:
        asyncio.run(watching)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


async def _watch(
    target: str,
    monitor: str,
    watched: "Callable[[AsyncMonitorClient], AsyncIterator[MonitorReport]]",
    *,
    count: int | None,
    as_json: bool,
) -> None:
    """Show reports as they come.

    Not by the synchronous client: Ctrl-C raised in the midst of gRPC's code leaves its locks held
    and its thread broken, and closing the channel then waits for ever.
    """
    from boxgauge.client import AsyncMonitorClient

    async with AsyncMonitorClient(target, **access_given()) as client:
        with _shown(monitor, as_json=as_json) as show:
            shown = 0
            async with aclosing(_asked_again(lambda: watched(client))) as reports:
                async for each in reports:
                    show(each)
                    shown += 1
                    if shown == count:
                        return


async def _asked_again(
    watched: "Callable[[], AsyncIterator[MonitorReport]]",
) -> "AsyncGenerator[MonitorReport, None]":
    """Yield reports over restarts of the service, and over its asking clients to reconnect."""
    import asyncio

    from boxgauge.frames import UnavailableError

    wait_s, is_answered = _FIRST_WAIT_S, False
    while True:
        try:
            async for each in watched():
                wait_s, is_answered = _FIRST_WAIT_S, True
                yield each
        except UnavailableError as error:
            if not is_answered:
                raise
            # Not echo, which would write into the page that is drawn.
            sys.stderr.write(f"boxgauge: {error}; asking again in {wait_s:g} s\n")
        else:
            return
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, _LONGEST_WAIT_S)


@contextmanager
def _shown(monitor: str, *, as_json: bool) -> "Iterator[Callable[[MonitorReport], None]]":
    """Yield what shows a report."""
    from boxgauge.cli.live import change_line, live_page
    from boxgauge.cli.terminal import out

    console = out()
    if not as_json and console.is_terminal:
        with live_page(console, monitor) as draw:
            yield draw
        return
    from boxgauge.cli.documents import monitor_document

    def line(each: "MonitorReport") -> None:
        if as_json:
            document = monitor_document(monitor, each)
            typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))
        else:
            typer.echo(change_line(each))
        sys.stdout.flush()  # whoever reads a pipe wants each line when it is there

    yield line
