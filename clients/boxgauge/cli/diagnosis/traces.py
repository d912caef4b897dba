"""Where traces go, and whether what sends them is there."""

from importlib.util import find_spec

from boxgauge.cli.diagnosis.finding import Finding
from boxgauge.cli.failures import installing, one_line
from boxgauge.frames import InvalidInputError
from boxgauge.server.settings import Settings, traces_endpoint

# The packages above it are looked for first: what is not there has no parts.
_EXPORTER = ("opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.grpc")


def traces_findings(settings: Settings) -> list[Finding]:
    """Judge what traces need; nothing is said where they are off. Nothing is sent."""
    try:
        endpoint = traces_endpoint(settings)
    except InvalidInputError as error:
        return [Finding("traces", one_line(error), "unset it: traces are sent by gRPC")]
    if endpoint is None:
        return []
    if not all(_is_there(name) for name in _EXPORTER):
        words = f"they are to go to {endpoint}, and OpenTelemetry is not installed"
        return [Finding("traces", words, f"{installing('otel')}, or set BOXGAUGE_TRACES=off")]
    return [Finding("traces", f"go to {endpoint}")]


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
