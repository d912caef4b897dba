"""The main job in one run: a server, a detector's output, the report; then the story of an alert.

    python examples/demo.py

Everything happens on the loopback interface and is stopped at the end. The story takes its
numbers from Prometheus where that is installed, else from the service's reports.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
from alert_story.story import tell

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "examples" / "sample"
PAIR = ("--gt", str(SAMPLE / "ground_truth.json"), "--dt", str(SAMPLE / "detections.json"))
COMMAND = (sys.executable, "-m", "boxgauge.cli")
SHOWN = ("boxgauge_average_precision{", "boxgauge_precision{", "boxgauge_loss_mean{")


@contextmanager
def server() -> Iterator[dict[str, str]]:
    """Run ``boxgauge serve`` on free ports; yield what it says when it is ready."""
    environment = os.environ | {
        "BOXGAUGE_PORT": "0",
        "BOXGAUGE_METRICS_PORT": "0",
        "BOXGAUGE_GRAPHS": os.environ.get("BOXGAUGE_GRAPHS") or str(ROOT / "graphs"),
        "BOXGAUGE_LOG_LEVEL": "error",
        # The story runs faster than the clock.
        "BOXGAUGE_REPORT_INTERVAL_S": "0.5",
    }
    process = subprocess.Popen(
        (*COMMAND, "serve", "--ephemeral"), env=environment, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None  # asked for above
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"the server did not start: exit status {process.wait()}")
        yield orjson.loads(line)
    finally:
        process.send_signal(signal.SIGTERM)
        started = time.perf_counter()
        status = process.wait(timeout=10)
        print(f"server stopped with status {status} in {time.perf_counter() - started:.1f} s")
    if status:
        raise SystemExit(status)


def step(title: str, *command: str) -> None:
    """Run one boxgauge command, shown as a user would type it."""
    short = " ".join(command).replace(str(ROOT) + "/", "")
    print(f"\n# {title}\n$ boxgauge {short}", flush=True)
    subprocess.run((*COMMAND, *command), check=True)


def main_job(ready: dict[str, str]) -> None:
    """Stream the sample and show what comes out."""
    monitor = ("--target", ready["address"], "--monitor", "digits")
    step(
        "Stream detections, and their labels, as a production system would",
        "replay",
        *PAIR,
        *monitor,
        "--model",
        "sample",
        "--shuffle",
        "7",
    )
    step("Ask for the exact report", "report", *monitor)
    print(f"\n# What Prometheus sees\n$ curl -s {ready['metrics']}", flush=True)
    with urllib.request.urlopen(ready["metrics"], timeout=10) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(SHOWN) and 'slice=""' in line:
                print(line)


def story(
    ready: dict[str, str],
    out: Path,
    *,
    speed: float,
    prometheus: str | None,
    with_dashboard: bool,
) -> None:
    """Tell the story of an alert, and draw it."""
    print("\n# The model gets worse, labels come late, the alert fires, a rollback resolves it")
    if prometheus is None:
        print(
            "Prometheus is not installed: the service's reports are watched instead, and the rule "
            "is worked out in Python."
        )
    tell(
        ready["address"],
        ready["metrics"],
        pair(),
        out,
        speed=speed,
        prometheus=prometheus,
        with_dashboard=with_dashboard,
    )
    print()


def pair() -> Path:
    """Return the folder of real photographs where there is one, else the sample."""
    given = os.environ.get("BOXGAUGE_DATA")
    photographs = Path(given) / "voc2007_100" if given else SAMPLE
    return photographs if photographs.is_dir() else SAMPLE


def main() -> None:
    """Show everything that was asked for, on a server of its own."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "demo", help="results")
    parser.add_argument("--story-only", action="store_true", help="leave out the main job")
    parser.add_argument("--speed", type=float, default=240, help="seconds of events a second")
    parser.add_argument(
        "--without-prometheus", action="store_true", help="watch the reports in any case"
    )
    parser.add_argument(
        "--dashboard", action="store_true", help="also draw Grafana's panels; needs Prometheus"
    )
    asked = parser.parse_args()
    prometheus = None if asked.without_prometheus else shutil.which("prometheus")
    print("# Start the server\n$ boxgauge serve --ephemeral", flush=True)
    with server() as ready:
        print(f"gRPC on {ready['address']}, Prometheus scrapes {ready['metrics']}")
        if not asked.story_only:
            main_job(ready)
        story(
            ready,
            asked.out,
            speed=asked.speed,
            prometheus=prometheus,
            with_dashboard=asked.dashboard,
        )


if __name__ == "__main__":
    main()
