"""The command `boxgauge`: what it offers, and how its failures end."""

import errno
import logging
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, NoReturn

import typer

from boxgauge.cli import (
    backup,
    compare,
    doctor,
    evaluate,
    export,
    graphs,
    monitors,
    replay,
    report,
    serve,
    tokens,
    watch,
)
from boxgauge.cli.failures import fail, missing_module
from boxgauge.frames import BoxGaugeError

_CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EIO)

app = typer.Typer(
    name="boxgauge",
    help="Losses and precision metrics of object detection: evaluate, serve, watch.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # which keeps the line ends of docstrings, and gives flags a value
)
app.command("eval", short_help="Evaluate detections offline.")(evaluate.evaluate)
app.command("compare", short_help="Compare two models on the same images.")(compare.compare)
app.command("export", short_help="Export every loss and metric to ONNX.")(export.export)
app.command("serve", short_help="Serve monitors, evaluations and graphs over gRPC.")(serve.serve)
app.command("replay", short_help="Stream a COCO pair to a monitor.")(replay.replay)
app.command("report", short_help="Print a monitor's current report.")(report.report)
app.command("watch", short_help="Show a monitor's report as it changes.")(watch.watch)
app.command("backup", short_help="Write a running service's journal to a file.")(backup.backup)
app.command("graphs")(graphs.graphs)
app.command("doctor", short_help="Say what is wrong with this installation.")(doctor.doctor)
app.add_typer(monitors.app, name="monitor")
app.add_typer(tokens.app, name="token")


def installed_version() -> str:
    """Return the version of the installed distribution, or say that there is none."""
    try:
        return version("boxgauge")
    except PackageNotFoundError:
        return "of a source checkout, not installed"


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"boxgauge {installed_version()}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    pass


def _run_and_flush() -> None:
    try:
        app()
    finally:
        sys.stdout.flush()  # here, where a full disk is still told in words


def run() -> None:
    """Run the command; exit status 0, 1 or 2.

    2 and one line on standard error for bad input, a missing extra or a service's
    refusal; 1 where a command says so.
    """
    try:
        _run_and_flush()
    except BoxGaugeError as error:
        fail(error)
    except ImportError as error:
        fail(missing_module(error))
    except OSError as error:
        if error.errno not in _CANNOT_WRITE:
            _internal(error)
        _discard_output()
        fail(f"the output could not be written: {error.strerror}")
    except Exception as error:  # noqa: BLE001  # the last resort: no traceback for users
        _internal(error)


def _internal(error: Exception) -> NoReturn:
    logging.getLogger(__name__).debug("internal fault", exc_info=error)
    fail(f"internal fault, please report it: {type(error).__name__}: {error}")


def _discard_output() -> None:
    """Let Python not try to write what is left, and complain, on its way out."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    os.close(sink)
