"""``boxgauge serve``: the service."""

from pathlib import Path
from typing import Annotated

import typer

from boxgauge.cli.evaluate import GraphsFolder

_ENVIRONMENT = "the environment's, else {}"


def _option(name: str, text: str, default: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        name, help=text, show_default=_ENVIRONMENT.format(default)
    )
    return option


def serve(
    host: Annotated[str | None, _option("--host", "Address of gRPC.", "127.0.0.1")] = None,
    port: Annotated[int | None, _option("--port", "Port of gRPC; 0: free.", "8001")] = None,
    metrics_host: Annotated[
        str | None, _option("--metrics-host", "Address of metrics over HTTP.", "127.0.0.1")
    ] = None,
    metrics_port: Annotated[
        int | None, _option("--metrics-port", "Port of metrics; 0: free.", "9464")
    ] = None,
    graphs: GraphsFolder = None,
    providers: Annotated[
        str | None,
        _option("--providers", "Of cpu, cuda, tensorrt: in the order of preference.", "cpu"),
    ] = None,
    require_provider: Annotated[
        bool | None,
        typer.Option(
            "--require-provider",
            help="Refuse to start unless the first provider is obtained.",
        ),
    ] = None,
    journal: Annotated[
        Path | None,
        _option("--journal", "File in which monitors and frames are kept.", "boxgauge.journal"),
    ] = None,
    ephemeral: Annotated[
        bool | None,
        typer.Option(
            "--ephemeral",
            help="Keep nothing on disk: all is gone with the process.",
        ),
    ] = None,
    accept_loss: Annotated[
        bool | None,
        typer.Option(
            "--accept-loss",
            help="Start though the journal has lost what was acknowledged, with what verifies.",
        ),
    ] = None,
    log_level: Annotated[
        str | None, _option("--log-level", "debug, info, warning or error.", "info")
    ] = None,
    log_format: Annotated[
        str | None, _option("--log-format", "text for people, json for programs.", "text")
    ] = None,
    traces: Annotated[
        str | None,
        _option("--traces", "OTLP endpoint of traces, as http://localhost:4317; off: none.", "off"),
    ] = None,
) -> None:
    """Serve monitors, evaluations and every graph over gRPC, and metrics over HTTP.

    Each setting may also come from the environment as BOXGAUGE_<NAME>, for example
    BOXGAUGE_MAX_HELD_BOXES; an option wins over it. SIGTERM drains and ends.
    """
    from boxgauge.server.process import serve as run
    from boxgauge.server.settings import read_settings

    given: dict[str, str | int | bool | Path | None] = {
        "host": host,
        "port": port,
        "metrics_host": metrics_host,
        "metrics_port": metrics_port,
        "graphs": graphs,
        "providers": providers,
        "require_provider": require_provider,
        "journal": journal,
        "ephemeral": ephemeral,
        "accept_loss": accept_loss,
        "log_level": log_level,
        "log_format": log_format,
        "traces": traces,
    }
    run(read_settings(**{name: value for name, value in given.items() if value is not None}))
