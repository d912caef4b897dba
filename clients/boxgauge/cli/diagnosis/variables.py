"""The environment: names that nobody reads, values that nobody takes."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from boxgauge.cli.diagnosis.finding import Finding
from boxgauge.cli.failures import one_line
from boxgauge.frames import InvalidInputError

# Read by clients, by the image's probe, and by a checkout's tests: no settings, no options.
BESIDE = ("TOKEN", "TARGET", "METRICS_URL", "DATA", "REQUIRE_TOOLS")


def variable_findings(
    environment: Mapping[str, str],
    prefix: str,
    known: Iterable[str],
    faults: Sequence[InvalidInputError],
) -> list[Finding]:
    """Judge every variable with the prefix.

    Args:
        environment: All variables.
        prefix: Of those that are meant for us.
        known: Names behind it that are read, in capitals.
        faults: What the settings refused; each names its variable.
    """
    names = sorted({*known, *BESIDE})
    # The settings are read without regard to case.
    given = [each for each in environment if each.upper().startswith(prefix)]
    findings = []
    for name in sorted(given):
        if name.upper().removeprefix(prefix) not in names:
            findings.append(_unknown(name, prefix, names))
    findings += [
        Finding("settings", one_line(fault), "correct it, or unset it") for fault in faults
    ]
    if not findings:
        found = f"{len(given)} variables {prefix}…, all known and in range"
        findings.append(Finding("settings", found if given else "all at their defaults"))
    return findings


def _unknown(name: str, prefix: str, known: Sequence[str]) -> Finding:
    rest = name.upper().removeprefix(prefix)
    near = get_close_matches(rest, known, n=1, cutoff=0.6)
    words = f"{name} is set, and nothing reads it"
    if near:
        return Finding("settings", words, f"rename it to {prefix}{near[0]}, or unset it")
    return Finding("settings", words, "unset it; docs/serving.md lists what there is")
