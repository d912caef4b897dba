"""How a service is configured: the one place that reads the environment."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from boxgauge.frames import InvalidInputError

PREFIX = "BOXGAUGE_"

Provider = Literal["cpu", "cuda", "tensorrt"]
Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """Every setting, each read from ``BOXGAUGE_<NAME>`` unless given; bounds are enforced.

    Attributes:
        host: Address on which gRPC listens.
        port: Port of gRPC; 0 takes a free one.
        metrics_host: Address on which metrics and probes are served over HTTP.
        metrics_port: Port of that; 0 takes a free one.
        graphs: Folder of exported graphs; None: the packaged ones, else ``./graphs``.
        providers: Execution providers in the order of preference.
        require_provider: The first provider must be obtained, else the start fails.
        engine_cache: Folder in which TensorRT keeps the engines that it builds; None: it builds
            them at every start. Whoever can write to it can make the service run their code.
        warm_up: Everything that monitors run has run once before the service is ready; the process
            that makes reports starts right after that, and not with the first report.
        threads: Threads ONNX Runtime uses within one run.
        workers: Runs, reports and evaluations at the same time.
        report_process: Reports are made in a process of their own, so that neither holds up the
            other's Python; it takes some 100 MiB. Else they are made in threads.
        max_message_bytes: Largest gRPC message taken.
        journal: File in which monitors and their frames are kept; files beside it have its name
            and `-wal`, `-mark`, `-shm` behind that.
        ephemeral: Keep all of it in a temporary file instead, which is gone with the process.
        accept_loss: Start with what verifies where the journal has lost what was acknowledged; for
            one start, not for every one.
        max_journal_bytes: Bound on what is in use of that file; at it, frames are refused.
        max_tally_bytes: Bound on the tallies in memory of one sketch monitor, likewise.
        max_held_boxes: Boxes of all exact monitors and running evaluations, both sides; in
            memory an exact monitor's detection takes about 20 bytes, an evaluation's box 100.
        max_held_images: Image sides of these, empty ones too.
        max_monitors: Monitors at a time.
        max_models: Models of one monitor.
        max_series: Series of reports and comparisons that are exported; whole slices beyond that
            are left out and counted.
        max_exported_classes: Classes of a report with series of their own, the first by id.
        max_connections: Connections at a time; more are closed as they come.
        max_streams_per_connection: RPCs of one connection at a time; more wait in its client.
        max_concurrent_streams: RPCs at a time; more are answered RESOURCE_EXHAUSTED. The last
            eighth is kept for callers with fewer than eight.
        max_waiting_bytes: Messages of frames, and requests of inference with their inputs and
            outputs, that are read and not answered yet; beyond that, the newest of the caller that
            has the most waiting is answered RESOURCE_EXHAUSTED.
        unread_s: Seconds that an answer may wait for its client to read it; then the call is
            cancelled.
        report_interval_s: Seconds between refreshes of the exported reports.
        checkpoint_interval_s: Seconds between checkpoints of tallies, which a restart goes on from;
            expired frames are forgotten as often.
        drain_s: Seconds that running RPCs get to finish after SIGTERM.
        connection_age_s: Seconds after which a client is asked to reconnect.
        connection_age_grace_s: Seconds its running RPCs get from then on.
        tls_cert: PEM file of the certificate and what it is signed with, for gRPC and HTTP; with
            it both are served over TLS. Read again when it changes.
        tls_key: PEM file of its private key, without a password.
        tls_client_ca: PEM file of CAs; callers must have a certificate of one of them.
        tokens: File of tokens, made with ``boxgauge token create``; callers must have one of them.
            Read again when it changes.
        insecure: Listen beyond loopback without TLS, or without tokens and certificates of callers.
        audit_log: File of administrative and denied calls, a line of JSON each; None: the log.
        reload_interval_s: Seconds between looks at these files.
        log_level: Least severe level that is logged.
        log_format: How lines of the log look on standard error: ``text`` for people, ``json`` for
            programs.
        traces: OTLP endpoint (gRPC) that gets traces, as ``http://localhost:4317``; None:
            OTEL_EXPORTER_OTLP_ENDPOINT, else there are none; ``off``: none at all.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: Port = 8001
    metrics_host: str = "127.0.0.1"
    metrics_port: Port = 9464
    graphs: Path | None = None
    providers: Annotated[tuple[Provider, ...], NoDecode, Field(min_length=1)] = ("cpu",)
    require_provider: bool = False
    engine_cache: Path | None = None
    warm_up: bool = True
    threads: Annotated[int, Field(ge=1, le=256)] = 1
    workers: Annotated[int, Field(ge=1, le=256)] = 4
    report_process: bool = True
    max_message_bytes: Annotated[int, Field(ge=1024, le=2**31 - 1)] = 16 * 2**20
    journal: Path = Path("boxgauge.journal")
    ephemeral: bool = False
    accept_loss: bool = False
    max_journal_bytes: Annotated[int, Field(ge=2**20)] = 20 * 2**30
    max_tally_bytes: Annotated[int, Field(ge=2**20)] = 512 * 2**20
    max_held_boxes: Annotated[int, Field(ge=1)] = 4_000_000
    max_held_images: Annotated[int, Field(ge=1)] = 400_000
    max_monitors: Annotated[int, Field(ge=1)] = 64
    max_models: Annotated[int, Field(ge=1)] = 16
    max_series: Annotated[int, Field(ge=0)] = 20_000
    max_exported_classes: Annotated[int, Field(ge=0)] = 100
    max_connections: Annotated[int, Field(ge=1, le=2**20)] = 2048
    max_streams_per_connection: Annotated[int, Field(ge=1, le=2**20)] = 256
    max_concurrent_streams: Annotated[int, Field(ge=1)] = 2048
    max_waiting_bytes: Annotated[int, Field(ge=2**20)] = 256 * 2**20
    unread_s: Annotated[float, Field(gt=0, le=3600)] = 30.0
    report_interval_s: Annotated[float, Field(gt=0, le=3600)] = 10.0
    checkpoint_interval_s: Annotated[float, Field(gt=0, le=3600)] = 15.0
    drain_s: Annotated[float, Field(ge=0, le=4)] = 3.0
    connection_age_s: Annotated[float, Field(ge=1)] = 3600.0
    connection_age_grace_s: Annotated[float, Field(ge=1)] = 3600.0
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    tokens: Path | None = None
    insecure: bool = False
    audit_log: Path | None = None
    reload_interval_s: Annotated[float, Field(gt=0, le=3600)] = 1.0
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"
    traces: Annotated[str | None, Field(pattern=r"^(off|https?://\S+)$")] = None

    @field_validator("providers", mode="before")
    @classmethod
    def _split(cls, given: object) -> object:
        if isinstance(given, str):
            return tuple(part.strip() for part in given.split(",") if part.strip())
        return given

    @model_validator(mode="after")
    def _distinct_providers(self) -> "Settings":
        if len(set(self.providers)) != len(self.providers):
            raise ValueError(f"providers must be distinct: got {','.join(self.providers)}")
        return self


def traces_endpoint(settings: Settings) -> str | None:
    """Return where traces go: what the settings say, else OpenTelemetry's own variables.

    Raises:
        InvalidInputError: Those ask for a protocol that is not spoken.
    """
    if settings.traces is not None:
        return None if settings.traces == "off" else settings.traces
    is_off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if is_off or os.environ.get("OTEL_TRACES_EXPORTER") == "none":
        return None
    of_traces, of_all = "OTEL_EXPORTER_OTLP_TRACES_{}", "OTEL_EXPORTER_OTLP_{}"
    endpoint, protocol = (
        os.environ.get(of_traces.format(each)) or os.environ.get(of_all.format(each)) or None
        for each in ("ENDPOINT", "PROTOCOL")
    )
    if endpoint is not None and protocol not in (None, "grpc"):
        raise InvalidInputError.at("OTEL_EXPORTER_OTLP_PROTOCOL", protocol, "grpc")
    return endpoint


def read_settings(**given: object) -> Settings:
    """Return the settings: what is given here, else the environment, else the default.

    Raises:
        InvalidInputError: One line that names the first bad setting and its value.
    """
    try:
        return Settings(**cast(dict[str, Any], given))
    except ValidationError as refused:
        raise _faults(refused)[0] from None


def lenient_settings() -> tuple[Settings, list[InvalidInputError]]:
    """Return the environment's settings with defaults in place of bad ones, and what those are."""
    try:
        return Settings(), []
    except ValidationError as refused:
        faults = _faults(refused)
        bad = {str(each["loc"][0]) for each in refused.errors() if each["loc"]}
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    try:
        return Settings(**{name: defaults[name] for name in bad}), faults
    except ValidationError as refused:  # settings that are at odds with each other
        return Settings(**defaults), [*faults, *_faults(refused)]


def _faults(refused: ValidationError) -> list[InvalidInputError]:
    """Return what was refused, each in one line that names the setting and its value."""
    faults = []
    for fault in refused.errors():
        name = str(fault["loc"][0]) if fault["loc"] else "settings"
        value = fault["input"] if fault["loc"] else ""
        text = fault["msg"].removeprefix("Value error, ")
        message = f"{PREFIX}{name.upper()}: {text}, got {value!r}" if fault["loc"] else text
        faults.append(InvalidInputError(message, field=name, value=value))
    return faults
