"""The command `boxgauge`: what it offers, and how its failures end."""

import logging
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from boxgauge.cli import (
    doctor,
    evaluate,
    export,
    graphs,
    monitors,
    replay,
    report,
    serve,
)
from boxgauge.cli.failures import fail, missing_module
from boxgauge.frames import BoxGaugeError

app = typer.Typer(
    name="boxgauge",
    help="Losses and precision metrics of object detection: evaluate, serve, watch.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("eval")(evaluate.evaluate)
app.command("export")(export.export)
app.command("serve")(serve.serve)
app.command("replay")(replay.replay)
app.command("report")(report.report)
app.command("graphs")(graphs.graphs)
app.command("doctor")(doctor.doctor)
app.add_typer(monitors.app, name="monitor")


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


def run() -> None:
    """Run the command; exit status 0, 1 or 2.

    2 and one line on standard error for bad input, a missing extra or a service's
    refusal; 1 where a command says so.
    """
    try:
        app()
    except BoxGaugeError as error:
        fail(error)
    except ImportError as error:
        fail(missing_module(error))
    except Exception as error:  # the last resort: no traceback for users
        logging.getLogger(__name__).debug("internal fault", exc_info=True)
        fail(f"internal fault, please report it: {type(error).__name__}: {error}")
