"""The story as the real Prometheus sees it: it scrapes the service and evaluates the rules."""

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from alert_story.clock import EventClock
from alert_story.faster_rules import write_faster
from alert_story.history import ALERT, FIRING, INACTIVE, PENDING, WINDOW, History, Line
from alert_story.traffic import MODEL, MONITOR

_DOCKER = Path(__file__).resolve().parents[2] / "docker"
SHIPPED, PREVIEW = _DOCKER / "prometheus" / "rules", _DOCKER / "grafana" / "preview.py"
PACE_S, START_S = 0.5, 30.0
_WHO = f'monitor="{MONITOR}", window="{WINDOW}", slice=""'
_AP50 = f'{{{_WHO}, iou="0.50", area="all"}}'
_LINES = {
    "ap50": f"boxgauge_average_precision{_AP50}",
    "low": f"boxgauge_average_precision_confidence_low{_AP50}",
    "high": f"boxgauge_average_precision_confidence_high{_AP50}",
    "baseline": f"report:boxgauge_ap50_low:median_1d{{{_WHO}}}",
    "coverage": f"boxgauge_label_coverage_ratio{{{_WHO}}}",
    "drifted": f"max(boxgauge_drifted{{{_WHO}}})",
}
_STATE = f'ALERTS{{alertname="{ALERT}", {_WHO}, alertstate="%s"}}'


class PrometheusEyes:
    """Asks a running Prometheus."""

    name = "Prometheus"

    def __init__(self, base: str, clock: EventClock) -> None:
        self._base = base
        self._clock = clock

    def state(self) -> str:
        """Return the alert's state now."""
        for state in (FIRING, PENDING):
            if self._get("query", query=_STATE % state)["result"]:
                return state
        return INACTIVE

    def history(self) -> History:
        """Return everything from the beginning to now."""
        history = History()
        for name, query in _LINES.items():
            setattr(history, name, self._line(query))
        states: dict[float, str] = {at: INACTIVE for at, _ in history.ap50}
        for state in (PENDING, FIRING):
            states |= {at: state for at, _ in self._line(_STATE % state)}
        history.states = sorted(states.items())
        return history

    def is_ready(self) -> bool:
        """Say whether it answers and has scraped the service."""
        try:
            return bool(self._get("query", query='up{job="boxgauge"} == 1')["result"])
        except (urllib.error.URLError, ConnectionError):
            return False

    def draw_dashboard(self, file: Path) -> None:
        """Draw what the panels of the shipped dashboard show now."""
        options = {
            "prometheus": self._base,
            "monitor": MONITOR,
            "model": MODEL,
            "window": WINDOW,
            "seconds": str(time.time() - self._clock.started),
            "out": str(file),
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        subprocess.run([sys.executable, str(PREVIEW), *arguments], check=True)

    def _line(self, query: str) -> Line:
        asked = {"start": str(self._clock.started), "end": str(time.time()), "step": f"{PACE_S}"}
        found = self._get("query_range", query=query, **asked)["result"]
        values = found[0]["values"] if found else []
        return [(self._clock.minutes(float(at)), float(value)) for at, value in values]

    def _get(self, path: str, **query: str) -> Any:  # noqa: ANN401  # whatever JSON it answers
        url = f"{self._base}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]


@contextmanager
def prometheus_eyes(
    command: str, metrics_url: str, folder: Path, clock: EventClock
) -> Iterator[PrometheusEyes]:
    """Run Prometheus on the service's metrics, with the shipped rules as fast as the story."""
    write_faster(SHIPPED, folder / "rules", clock.speed, shortest_range_s=8 * PACE_S)
    target = urllib.parse.urlsplit(metrics_url).netloc
    pace = f"{round(PACE_S * 1000)}ms"
    (folder / "prometheus.yml").write_text(
        "global:\n"
        f"  {{scrape_interval: {pace}, scrape_timeout: {pace}, evaluation_interval: {pace}}}\n"
        "rule_files: [rules/*.yml]\n"
        "scrape_configs:\n"
        f"  - {{job_name: boxgauge, static_configs: [{{targets: ['{target}']}}]}}\n",
        encoding="utf-8",
    )
    address = f"127.0.0.1:{_free_port()}"
    options = {
        "config.file": folder / "prometheus.yml",
        "storage.tsdb.path": folder / "data",
        "web.listen-address": address,
        "log.level": "error",
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    with subprocess.Popen([command, *arguments]) as process:
        try:
            eyes = PrometheusEyes(f"http://{address}", clock)
            end = time.monotonic() + START_S
            while not eyes.is_ready():
                if process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"Prometheus did not start: exit status {process.poll()}")
                time.sleep(0.1)
            yield eyes
        finally:
            process.terminate()
            process.wait(30)
            shutil.rmtree(folder / "data", ignore_errors=True)


def _free_port() -> int:
    """Return a port of loopback that nobody has; Prometheus cannot choose one itself."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
