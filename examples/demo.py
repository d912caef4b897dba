"""The main job in one run: start a server, stream a real detector's output, read the report.

    python examples/demo.py

Everything happens on the loopback interface and is stopped at the end.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "examples" / "sample"
PAIR = ("--gt", str(SAMPLE / "ground_truth.json"), "--dt", str(SAMPLE / "detections.json"))
COMMAND = (sys.executable, "-m", "boxgauge.cli")
SHOWN = ("boxgauge_average_precision{", "boxgauge_precision{", "boxgauge_giou_loss_mean{")


@contextmanager
def server() -> Iterator[dict[str, str]]:
    """Run ``boxgauge serve`` on free ports; yield what it says when it is ready."""
    environment = os.environ | {
        "BOXGAUGE_PORT": "0",
        "BOXGAUGE_METRICS_PORT": "0",
        "BOXGAUGE_GRAPHS": str(ROOT / "graphs"),
        "BOXGAUGE_LOG_LEVEL": "warning",
    }
    process = subprocess.Popen((*COMMAND, "serve"), env=environment, stdout=subprocess.PIPE)
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


def main() -> None:
    """Stream the sample to a server of its own and show what comes out."""
    print("# Start the server\n$ boxgauge serve", flush=True)
    with server() as ready:
        target = ready["address"]
        print(f"gRPC on {target}, Prometheus scrapes {ready['metrics']}")
        monitor = ("--target", target, "--monitor", "digits")
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
                if line.startswith(SHOWN):
                    print(line)
        print()


if __name__ == "__main__":
    main()
