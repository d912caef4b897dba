"""Stream the sample to a running service and hold its report against an offline evaluation.

    BOXGAUGE_TARGET=127.0.0.1:8001 python docker/roundtrip.py     (graphs as for `boxgauge eval`)

`docker/check-image.sh` sets the target and takes this as its command: the service is then the
one in the container, and `boxgauge eval` runs here, on this machine's graphs. Exit status 0
if every number of the two reports is the same double, 1 if not.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).resolve().parents[1] / "examples" / "sample"
PAIR = ("--gt", str(SAMPLE / "ground_truth.json"), "--dt", str(SAMPLE / "detections.json"))
COMPARED = ("statistics", "classes", "operating_point", "losses", "images", "positives")
MONITOR = "round-trip"


def boxgauge(*arguments: str) -> str:
    """Run one boxgauge command and return what it prints."""
    command = (sys.executable, "-m", "boxgauge.cli", *arguments)
    done = subprocess.run(  # noqa: S603  our own command
        command, stdout=subprocess.PIPE, text=True, check=True, timeout=120
    )
    return done.stdout


def differences(served: dict[str, Any], offline: dict[str, Any]) -> list[str]:
    """Return each compared part that differs, with both values.

    Of its classes a monitor says more than an evaluation does: intervals, best thresholds.
    """
    classes = [
        {name: of_class[name] for name in wanted}
        for of_class, wanted in zip(served["classes"], offline["classes"], strict=True)
    ]
    found = served | {"classes": classes}
    return [
        f"{part}: {found[part]} served, {offline[part]} offline"
        for part in COMPARED
        if found[part] != offline[part]
    ]


def main() -> None:
    """Stream, report, evaluate, compare."""
    monitor = ("--target", os.environ["BOXGAUGE_TARGET"], "--monitor", MONITOR)
    sys.stdout.write(boxgauge("replay", *PAIR, *monitor, "--shuffle", "7"))
    served = json.loads(boxgauge("report", *monitor, "--json"))
    offline = json.loads(boxgauge("eval", *PAIR, "--json"))
    for line in (found := differences(served, offline)):
        sys.stderr.write(f"{line}\n")
    sys.stdout.write(" ".join(f"{name} {value!r}" for name, value in served["statistics"].items()))
    sys.stdout.write(
        "\nreport and eval differ\n" if found else "\nreport and eval: the same doubles\n"
    )
    raise SystemExit(bool(found))


if __name__ == "__main__":
    main()
