"""All that a service finds around it, as its settings say."""

import os
import resource
from pathlib import Path

from boxgauge.cli.diagnosis.certificates import certificate_findings
from boxgauge.cli.diagnosis.clock import clock_finding, kept_clock, now
from boxgauge.cli.diagnosis.disk import disk_findings
from boxgauge.cli.diagnosis.finding import Finding
from boxgauge.cli.diagnosis.memory import (
    descriptor_finding,
    machine_bytes,
    memory_finding,
    memory_limit,
)
from boxgauge.cli.diagnosis.ports import port_findings
from boxgauge.cli.diagnosis.tokens import token_findings
from boxgauge.cli.diagnosis.traces import traces_findings
from boxgauge.cli.diagnosis.variables import variable_findings
from boxgauge.cli.probes import option_variables
from boxgauge.server.journal.schema import APPLICATION_ID
from boxgauge.server.settings import PREFIX, Settings, lenient_settings


def service_findings(graphs: Path | None, *, days: int) -> tuple[Settings, list[Finding]]:
    """Return the settings, with defaults in place of bad ones, and what is around them.

    Args:
        graphs: Manifest of the graphs, which is no newer than now.
        days: Within which a certificate that expires is a fault.
    """
    settings, faults = lenient_settings()
    known = [name.upper() for name in Settings.model_fields]
    known += [name.removeprefix(PREFIX) for name in option_variables()]
    findings = variable_findings(os.environ, PREFIX, known, faults)
    findings += traces_findings(settings)
    findings += certificate_findings(
        *(_file(settings, name) for name in ("tls_cert", "tls_key", "tls_client_ca")), days=days
    )
    findings += token_findings(_file(settings, "tokens"))
    journal = None if getattr(settings, "ephemeral", False) else settings.journal
    findings += disk_findings(journal, settings.max_journal_bytes, APPLICATION_ID)
    findings += port_findings(
        settings.host, settings.port, settings.metrics_host, settings.metrics_port
    )
    files = [Path(__file__), *((graphs,) if graphs else ())]
    files += [journal] if journal is not None else []
    findings.append(clock_finding(now(), files, kept_clock()))
    findings.append(
        memory_finding(
            memory_limit(),
            machine_bytes(),
            max_held_boxes=settings.max_held_boxes,
            max_tally_bytes=settings.max_tally_bytes,
        )
    )
    # The service raises its soft limit to this one.
    _, descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)
    connections = getattr(settings, "max_connections", settings.max_concurrent_streams)
    findings.append(descriptor_finding(descriptors, connections))
    return settings, findings


def _file(settings: Settings, name: str) -> Path | None:
    """Return a file that is configured; None where there is none, or no such setting."""
    found = getattr(settings, name, None)
    return found if isinstance(found, Path) else None
