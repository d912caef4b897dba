"""``boxgauge backup``: the journal of a running service, in a file."""

import json
from pathlib import Path
from typing import Annotated

import typer

from boxgauge.cli.access import access_given, with_access
from boxgauge.cli.evaluate import AsJson
from boxgauge.cli.outputs import writing
from boxgauge.cli.replay import LOCAL, Target


@with_access
def backup(
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="A file that is not there yet.")],
    target: Target = LOCAL,
    as_json: AsJson = False,
) -> None:
    """Write the journal of a running service, as it is at one moment, to a new file.

    Frames are taken meanwhile. To restore it, start a service with it:
    boxgauge serve --journal FILE.
    """
    from boxgauge.client import AdminClient

    with AdminClient(target, **access_given()) as client, writing("--to", to):
        made = client.backup(to)
    if as_json:
        told = {"file": str(made.path), "bytes": made.size, "number": made.number}
        typer.echo(json.dumps(told | {"blake2b": made.digest}))
    else:
        typer.echo(f"{made.path}: {made.size} bytes, up to sequence number {made.number}")
