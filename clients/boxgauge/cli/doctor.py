"""``boxgauge doctor``: what is wrong with an installation and its surroundings, in words."""

from typing import TYPE_CHECKING, Annotated

import typer

from boxgauge.cli.evaluate import GraphsFolder
from boxgauge.cli.failures import installing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boxgauge.cli.diagnosis.finding import Finding

_MARKS = {"ok": "ok  ", "note": "note", "bad": "BAD "}


def doctor(
    graphs: GraphsFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    expiring_days: Annotated[
        int,
        typer.Option(min=0, help="A certificate that expires within so many days is a fault."),
    ] = 14,
) -> None:
    """Look for what is wrong here and say how to mend it.

    Looks at versions, ONNX Runtime wheels, extras, graphs and, with a real session each, at
    every execution provider; then at what a service would find with this environment: its
    variables, certificates, tokens, disk, ports, clock, memory. Starts nothing, and sends nothing
    but to the ports it is to listen on. Exit status 0 if all is well, notes or not; else 1.
    """
    from boxgauge.cli.probes import versions

    found = versions()
    if not as_json:
        typer.echo(", ".join(f"{name} {version}" for name, version in found.items()))
    findings = _examine(graphs, expiring_days)
    faults = sum(each.verdict == "bad" for each in findings)
    if as_json:
        _print_json(found, findings, faults)
    else:
        _print(findings, faults)
    raise typer.Exit(1 if faults else 0)


def _print(findings: "Sequence[Finding]", faults: int) -> None:
    for each in findings:
        typer.echo(f"{_MARKS[each.verdict]} {each.subject}: {each.words}")
        if each.mending:
            typer.echo(f"     mend: {each.mending}")
    typer.echo("all is well" if not faults else f"{faults} of {len(findings)} need mending")


def _print_json(versions: dict[str, str], findings: "Sequence[Finding]", faults: int) -> None:
    import orjson

    document = {
        "versions": versions,
        "faults": faults,
        "findings": [
            {
                "subject": each.subject,
                "verdict": each.verdict,
                "words": each.words,
                "mending": each.mending,
            }
            for each in findings
        ],
    }
    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def _examine(graphs: "Path | None", expiring_days: int) -> "list[Finding]":
    from pathlib import Path

    from boxgauge.cli import checks, probes

    findings = checks.runtime_findings(probes.runtime_distributions())
    missing = probes.missing_modules(
        ("onnxruntime", *checks.SERVICE_MODULES, *checks.EXPORT_MODULES)
    )
    folder, files, others = "", dict[str, Path](), False
    if "onnxruntime" not in missing:
        folder, files, error = probes.open_graphs(graphs)
        others = bool(error) and graphs is not None and not probes.open_graphs(None)[2]
        findings.append(checks.graphs_finding(folder, len(files), error, others=others))
    elif not findings[0].mending:
        findings.append(
            checks.Finding(
                "ONNX Runtime",
                "installed, but cannot be imported",
                f"pip uninstall -y onnxruntime && {installing('cpu')}",
            )
        )
    findings += checks.extra_findings(missing, graphs_found=bool(files) or others)
    sessions = {}
    if files:
        findings += checks.graph_version_findings(*probes.producers(folder), probes.versions())
        findings.append(checks.loading_finding(probes.load_faults(files), len(files)))
        sessions = probes.sessions(files.values())
        findings += checks.provider_findings(sessions)
    if not set(checks.SERVICE_MODULES) & set(missing):
        from boxgauge.cli.diagnosis.libraries import library_findings
        from boxgauge.cli.diagnosis.service import service_findings

        manifest = Path(folder) / "manifest.json" if files else None
        settings, around = service_findings(manifest, days=expiring_days)
        if sessions:
            findings.append(
                checks.wanted_provider_finding(
                    settings.providers[0], sessions, is_required=settings.require_provider
                )
            )
            findings += library_findings(settings.providers)
        findings += around
    return findings
