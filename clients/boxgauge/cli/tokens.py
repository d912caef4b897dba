"""``boxgauge token``: make tokens for callers of the service, and list them."""

from pathlib import Path
from typing import Annotated

import typer

TokensFile = Annotated[
    Path,
    typer.Option("--file", envvar="BOXGAUGE_TOKENS", help="The service's file of tokens."),
]

app = typer.Typer(
    help="Make tokens for callers of the service, and list them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def create(
    file: TokensFile,
    scope: Annotated[
        list[str],
        typer.Option("--scope", help="A right: ingest, read or admin. May be repeated."),
    ],
    monitors: Annotated[
        list[str],
        typer.Option(
            "--monitors",
            metavar="PATTERN",
            help="To which monitors: a name, or how names begin and then *. May be repeated.",
        ),
    ],
) -> None:
    """Print a new token, once, and add what the service needs to know it to the file.

    The file has a hash, not the token: whoever loses it needs a new one. A running service
    takes the file over within seconds. To revoke a token, remove its line.
    """
    from boxgauge.cli.terminal import say
    from boxgauge.frames import InvalidInputError
    from boxgauge.server.security.scopes import Scope
    from boxgauge.server.security.token_file import append_token, new_token

    known = {each.value: each for each in Scope}
    for each in scope:
        if each not in known:
            raise InvalidInputError.at("--scope", repr(each[:40]), f"one of {', '.join(known)}")
    shown, token = new_token([known[each] for each in scope], monitors)
    append_token(file, token)
    say(f"token {token.id} is in {file}; what follows is shown only now")
    typer.echo(shown)


@app.command("list")
def list_all(file: TokensFile) -> None:
    """List the tokens of a file by id, with their rights."""
    from boxgauge.frames import InvalidInputError
    from boxgauge.server.security.token_file import parse_tokens

    try:
        tokens = parse_tokens(file.read_bytes())
    except OSError as error:
        raise InvalidInputError.at("--file", f"{file} ({error.strerror})", "readable") from None
    for each in tokens.values():
        rights = (f"{scope.value}={','.join(of)}" for scope, of in each.grants.patterns.items())
        typer.echo(f"{each.id} {' '.join(rights)}")
