"""The real Prometheus scrapes a running service, by the configuration that is shipped.

Over TLS and with a token, of the credentials that `docker/credentials.sh` makes.
"""

import json
import re
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml

from tests.docker.credentials import Credentials, make_credentials
from tests.integration.servers import ROOT, Served, boxgauge, served
from tests.tools import require_tool

SHIPPED = ROOT / "docker" / "prometheus"
SAMPLE = ROOT / "examples" / "sample"
# Wide: what is waited for takes a second or two on an idle machine.
DEADLINE_S, POLL_S = 60.0, 0.1

pytestmark = pytest.mark.tools
T = TypeVar("T")


def eventually(ask: Callable[[], T | None], what: str) -> T:
    """Return the first answer that is not None, asking until the deadline."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        answer = ask()
        if answer is not None:
            return answer
        time.sleep(POLL_S)
    pytest.fail(f"no {what} within {DEADLINE_S} s")


def free_port() -> int:
    """Return a port of loopback that nobody has; Prometheus cannot choose one itself."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def fetched(url: str, credentials: Credentials | None = None) -> bytes | None:
    """Return what the URL shows, None while nothing answers there or it is not ready."""
    request, context = urllib.request.Request(url), None  # noqa: S310  # loopback
    if credentials is not None:
        context = ssl.create_default_context(cafile=credentials.ca)
        request.add_header(
            "Authorization", f"Bearer {credentials.scrape_token.read_text().strip()}"
        )
    try:
        with urllib.request.urlopen(request, timeout=5, context=context) as answer:  # noqa: S310
            body: bytes = answer.read()
    except urllib.error.HTTPError as refused:
        refused.close()
        return None
    except (urllib.error.URLError, ConnectionError):
        return None
    return body


class Prometheus:
    """The HTTP API of a running Prometheus."""

    def __init__(self, base: str) -> None:
        self._base = base

    def is_ready(self) -> bool | None:
        return True if fetched(f"{self._base}/-/ready") else None

    def get(self, path: str, **query: str) -> Any:  # noqa: ANN401  # whatever JSON it answers
        body = fetched(f"{self._base}/api/v1/{path}?{urllib.parse.urlencode(query)}")
        assert body is not None, path
        answer = json.loads(body)
        assert answer["status"] == "success"
        return answer["data"]

    def values(self, expression: str) -> dict[tuple[str, ...], float]:
        """Return the samples of an instant query by their labels but the target's, sorted."""
        return {
            tuple(
                value
                for name, value in sorted(sample["metric"].items())
                if name not in ("__name__", "instance", "job")
            ): float(sample["value"][1])
            for sample in self.get("query", query=expression)["result"]
        }


@pytest.fixture(scope="module")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    return make_credentials(tmp_path_factory.mktemp("credentials") / "made")


@pytest.fixture(scope="module")
def service(graphs_dir: Path, credentials: Credentials) -> Iterator[Served]:
    """A service that has seen the sample."""
    with served(graphs_dir, report_interval_s=0.2, **credentials.settings) as running:
        pair = ("--gt", SAMPLE / "ground_truth.json", "--dt", SAMPLE / "detections.json")
        who = ("--target", running.address, *credentials.options)
        boxgauge("replay", *pair, *who, "--monitor", "s", "--model", "m")
        yield running


@pytest.fixture(scope="module")
def report(service: Served, credentials: Credentials) -> dict[str, Any]:
    who = ("--target", service.address, *credentials.options)
    printed = boxgauge("report", *who, "--monitor", "s", "--json")
    document: dict[str, Any] = json.loads(printed)
    return document


@pytest.fixture(scope="module")
def prometheus(
    service: Served,
    credentials: Credentials,
    report: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Prometheus]:
    """Prometheus with the shipped configuration, but for the target's address and the pace.

    It starts after ``report`` was asked for, which renders what is scraped.
    """
    command = require_tool("prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    config = yaml.safe_load((SHIPPED / "prometheus.yml").read_text(encoding="utf-8"))
    config["global"] |= dict.fromkeys(
        ("scrape_interval", "scrape_timeout", "evaluation_interval"), "500ms"
    )
    (job,) = config["scrape_configs"]
    target = urllib.parse.urlsplit(service.metrics_url).netloc
    job["static_configs"] = [{"targets": [target]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    shutil.copytree(SHIPPED / "rules", folder / "rules")
    (folder / "boxgauge").symlink_to(credentials.scrape_token.parent)

    address = f"127.0.0.1:{free_port()}"
    options = {
        "config.file": folder / "prometheus.yml",
        "storage.tsdb.path": folder / "data",
        "web.listen-address": address,
        "log.level": "warn",
        "enable-feature": "exemplar-storage",
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    with subprocess.Popen([command, *arguments]) as process:
        try:
            running = Prometheus(f"http://{address}")
            eventually(running.is_ready, "ready Prometheus")
            yield running
        finally:
            process.terminate()
            process.wait(30)


def test_the_service_is_scraped_as_the_job_that_the_rules_select(prometheus: Prometheus) -> None:
    def healthy_job() -> str | None:
        targets = prometheus.get("targets")["activeTargets"]
        return next((each["labels"]["job"] for each in targets if each["health"] == "up"), None)

    assert eventually(healthy_job, "healthy target") == "boxgauge"


def test_what_is_scraped_is_the_report_bit_for_bit(
    prometheus: Prometheus, report: dict[str, Any]
) -> None:
    precision = eventually(
        lambda: prometheus.values("boxgauge_average_precision") or None, "average precision"
    )
    statistics = report["statistics"]
    # By area, IoU, model, monitor, window; all images have no label of a slice.
    who = ("m", "s", "all")
    ours = {
        ("all", "0.50:0.95", *who): statistics["AP"],
        ("all", "0.50", *who): statistics["AP50"],
        ("all", "0.75", *who): statistics["AP75"],
        ("small", "0.50:0.95", *who): statistics["APs"],
        ("medium", "0.50:0.95", *who): statistics["APm"],
        ("large", "0.50:0.95", *who): statistics["APl"],
    }
    assert {labels: precision.get(labels) for labels in ours} == ours
    assert statistics["AP"] is not None

    recall = prometheus.values('boxgauge_average_recall{area="all"}')
    assert recall == {("all", most, *who): statistics[f"AR{most}"] for most in ("1", "10", "100")}
    point, losses = report["operating_point"], report["losses"]
    for name, value in {
        "boxgauge_precision": point["precision"],
        "boxgauge_recall": point["recall"],
        "boxgauge_true_positives": point["true_positives"],
        "boxgauge_false_positives": point["false_positives"],
        "boxgauge_false_negatives": point["false_negatives"],
        'boxgauge_loss_mean{loss="giou_loss"}': losses["giou"],
        'boxgauge_loss_mean{loss="bce_loss"}': losses["bce"],
        "boxgauge_positives": report["positives"],
        "boxgauge_images": report["images"],
        "boxgauge_label_coverage_ratio": report["label_coverage"],
    }.items():
        loss = re.findall(r'loss="(\w+)"', name)
        assert prometheus.values(name) == {(*loss, *who): value}, name


def test_the_shipped_rules_are_loaded_and_evaluate(prometheus: Prometheus) -> None:
    wanted = {
        rule.get("alert") or rule["record"]
        for path in (SHIPPED / "rules").glob("*.yml")
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    }

    def evaluated() -> dict[str, dict[str, str]] | None:
        rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
        found = {rule["name"]: rule for rule in rules}
        return None if any(each["health"] == "unknown" for each in rules) else found

    found = eventually(evaluated, "evaluated rules")
    assert set(found) == wanted
    assert {name: each["health"] for name, each in found.items()} == dict.fromkeys(wanted, "ok")


def test_prometheus_answers_every_query_of_the_dashboard(prometheus: Prometheus) -> None:
    dashboard = ROOT / "docker" / "grafana" / "dashboards" / "boxgauge.json"
    board = json.loads(dashboard.read_text(encoding="utf-8"))
    queries = {
        target["expr"]: panel["title"]
        for panel in board["panels"]
        for target in panel.get("targets", ())
    }
    chosen = {"$__rate_interval": "5s", "$monitor": "s", "$model": ".*", "$window": "all"}

    def answered() -> bool | None:
        """Ask every query; say whether these panels have data, rates among them."""
        found = set()
        for query, title in queries.items():
            asked = query.replace("$slice", "^$")
            for variable, choice in chosen.items():
                asked = asked.replace(variable, choice)
            if prometheus.get("query", query=asked)["result"]:
                found.add(title)
        return wanted <= found or None

    wanted = {
        "Average precision by IoU",
        "Average recall",
        "At the operating point",
        "True positives, false positives, false negatives",
        "Losses",
        "AP by class",
        "Label coverage",
        "Images and positives",
        "Age",
        "Instances",
        "Frames",
        "Exported series",
    }
    eventually(answered, "data for the panels")


@pytest.mark.parametrize("counter", ["boxgauge_frames_total", "boxgauge_outcomes_total"])
def test_a_refused_frame_s_exemplar_names_its_image(
    prometheus: Prometheus, service: Served, credentials: Credentials, counter: str
) -> None:
    from boxgauge.client import MonitorClient, prediction_batch

    with MonitorClient(service.address, **credentials.access) as client:
        strange = prediction_batch([counter], [1], [[0, 0, 1, 1]], [999], [0.5])
        (answer,) = client.observe("s", [strange], model="m")
        assert answer.refused

    def found() -> set[str] | None:
        end = str(time.time() + 60)
        series = prometheus.get("query_exemplars", query=counter, start="0", end=end)
        exemplars = [each["labels"] for row in series for each in row["exemplars"]]
        assert {each["monitor"] for each in exemplars} <= {"s"}
        return {each["image_id"] for each in exemplars} & {counter} or None

    assert eventually(found, "exemplar") == {counter}


def test_promtool_finds_nothing_wrong_with_the_metrics(
    service: Served, credentials: Credentials
) -> None:
    body = fetched(service.metrics_url, credentials)
    assert body is not None
    assert b"boxgauge_average_precision" in body
    done = subprocess.run(
        [require_tool("promtool"), "check", "metrics"],
        input=body,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_revoked_token_is_turned_away_and_a_new_one_taken_without_a_restart(
    prometheus: Prometheus, credentials: Credentials
) -> None:
    def health() -> str:
        (target,) = prometheus.get("targets")["activeTargets"]
        return f"{target['health']} {target['lastError']}"

    eventually(lambda: health().startswith("up") or None, "healthy target")
    credentials.run("revoke", "scrape")
    credentials.scrape_token.write_text("boxgauge_no_token", encoding="utf-8")
    eventually(lambda: "401" in health() or None, "target that is turned away")
    credentials.scrape_token.unlink()
    credentials.run("make")
    credentials.run("renew")
    eventually(lambda: health().startswith("up") or None, "healthy target again")
