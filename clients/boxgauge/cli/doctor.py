"""``boxgauge doctor``: what is wrong with an installation, in words."""

from typing import TYPE_CHECKING

import typer

from boxgauge.cli.evaluate import GraphsFolder
from boxgauge.cli.failures import installing

if TYPE_CHECKING:
    from pathlib import Path

    from boxgauge.cli.checks import Finding


def doctor(graphs: GraphsFolder = None) -> None:
    """Look for what is wrong with this installation and say how to mend it.

    Looks at versions, ONNX Runtime wheels, extras, graphs and, with a real session
    each, at every execution provider. Exit status 0 if all is well, else 1.
    """
    from boxgauge.cli.probes import versions

    typer.echo(", ".join(f"{name} {found}" for name, found in versions().items()))
    findings = _examine(graphs)
    for each in findings:
        typer.echo(f"{'BAD ' if each.mending else 'ok  '} {each.subject}: {each.words}")
        if each.mending:
            typer.echo(f"     mend: {each.mending}")
    faults = sum(bool(each.mending) for each in findings)
    typer.echo("all is well" if not faults else f"{faults} of {len(findings)} need mending")
    raise typer.Exit(1 if faults else 0)


def _examine(graphs: "Path | None") -> list["Finding"]:
    from boxgauge.cli import checks, probes

    findings = checks.runtime_findings(probes.runtime_distributions())
    missing = probes.missing_modules(
        ("onnxruntime", *checks.SERVICE_MODULES, *checks.EXPORT_MODULES)
    )
    files: dict[str, Path] = {}
    others = False
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
    if files:
        findings += checks.provider_findings(probes.sessions(files.values()))
    return findings
