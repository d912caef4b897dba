"""The options by which commands prove who calls, and whom they ask."""

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

import typer

if TYPE_CHECKING:
    from boxgauge.client import MonitorClient
    from boxgauge.client.access import AccessOptions

C = TypeVar("C", bound=Callable[..., None])

# What the running command was given.
_GIVEN: ContextVar[dict[str, Any] | None] = ContextVar("boxgauge_access", default=None)


def _file(option: str, variable: str, words: str) -> Any:  # noqa: ANN401  # an annotation
    return Annotated[
        Path | None,
        typer.Option(option, envvar=variable, help=words, show_default=False),
    ]


# The names are the clients' own. A token itself is no option: everybody on a machine can read
# the command lines of its processes.
_OPTIONS = {
    "tls_ca": _file(
        "--tls-ca", "BOXGAUGE_CLIENT_TLS_CA", "PEM file of the CAs of the service's certificate."
    ),
    "tls_cert": _file(
        "--tls-cert", "BOXGAUGE_CLIENT_TLS_CERT", "PEM file of this client's certificate."
    ),
    "tls_key": _file("--tls-key", "BOXGAUGE_CLIENT_TLS_KEY", "PEM file of its private key."),
    "token_file": Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            envvar="BOXGAUGE_TOKEN_FILE",
            help="File with the token.",
            show_default="the token in BOXGAUGE_TOKEN",
        ),
    ],
}


def with_access(command: C) -> C:
    """Return the command with the options of TLS and tokens, which `monitor_client` uses."""

    @functools.wraps(command)
    def run(*given: object, **named: object) -> None:
        token = _GIVEN.set({name: named.pop(name, None) for name in _OPTIONS})
        try:
            command(*given, **named)
        finally:
            _GIVEN.reset(token)

    signature = inspect.signature(command)
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in _OPTIONS.items()
    ]
    about: Any = run
    about.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *added])
    about.__annotations__ = command.__annotations__ | _OPTIONS
    return cast(C, run)


def monitor_client(target: str) -> "MonitorClient":
    """Return a client with what the running command was given.

    Raises:
        InvalidInputError: A file cannot be read, or a token would be sent in plain text.
    """
    from boxgauge.client import MonitorClient

    return MonitorClient(target, **access_given())


def access_given() -> "AccessOptions":
    """Return what the running command was given for clients."""
    given: Any = _GIVEN.get() or {}
    return cast("AccessOptions", given)
