"""A client of another language, written from the .proto files, gets the same numbers."""

import json
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boxgauge.client import MonitorClient, Report, ground_truth_batch, prediction_batch
from boxgauge.client.reports import STATISTICS
from tests.integration.servers import ROOT, Served
from tests.tools import lacking, require_tool

FOLDER = Path(__file__).with_name("node")
CLASSES = {3: "cat", 12: "dog"}
# Beyond the 53 bits of a JavaScript number; and text, from a number.
IDS = ("9007199254740993", "-5", "17", 1, 2)

pytestmark = pytest.mark.tools


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the client with its two packages, as package-lock.json pins them."""
    npm = require_tool("npm")
    folder = tmp_path_factory.mktemp("node") / "client"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("node_modules"))
    quiet = ("--no-audit", "--no-fund", "--no-update-notifier", "--ignore-scripts")
    done = subprocess.run(
        [npm, "ci", "--prefer-offline", *quiet],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode != 0:
        lacking(f"the packages of tests/integration/node: npm ci says {done.stderr.strip()}")
    return folder


@pytest.fixture(scope="module")
def scene() -> dict[str, Any]:
    rng = np.random.default_rng(4)
    images = []
    for k, image_id in enumerate(IDS):
        truths = [
            {
                "box": [*rng.uniform(0, 200, 2).tolist(), *rng.uniform(5, 120, 2).tolist()],
                "label": int(rng.choice(list(CLASSES))),
                "area": float(rng.uniform(50, 12000)),
                "crowd": bool(rng.random() < 0.2),
                "ignore": bool(rng.random() < 0.2),
            }
            for _ in range(0 if k == 1 else 6)
        ]
        found = [
            {
                "box": (np.array(each["box"]) + rng.normal(0, 4, 4)).clip(1).tolist(),
                "label": each["label"],
                "score": float(rng.choice([0.3, 0.3, rng.random()])),
            }
            for each in [*truths, *truths[:2]]
        ]
        images.append({"id": image_id, "predictions": found, "ground_truths": truths})
    classes = [{"id": str(number), "name": name} for number, name in CLASSES.items()]
    return {"classes": classes, "images": images}


@pytest.fixture(scope="module")
def from_node(installed: Path, scene: dict[str, Any], server: Served) -> dict[str, Any]:
    """What the client in Node printed."""
    done = subprocess.run(
        [require_tool("node"), "round_trip.js", ROOT / "proto", server.address],
        cwd=installed,
        input=json.dumps(scene),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


@pytest.fixture(scope="module")
def from_python(scene: dict[str, Any], server: Served) -> Report:
    """The report of the same frames, sent by the Python client."""
    images = scene["images"]
    batches = []
    for is_text in (False, True):
        part = [each for each in images if isinstance(each["id"], int) == is_text]
        ids = [f"camera-{each['id']}" if is_text else int(each["id"]) for each in part]
        found = [row for each in part for row in each["predictions"]]
        truths = [row for each in part for row in each["ground_truths"]]
        batches += [
            prediction_batch(
                ids,
                [len(each["predictions"]) for each in part],
                *([row[key] for row in found] for key in ("box", "label", "score")),
            ),
            ground_truth_batch(
                ids,
                [len(each["ground_truths"]) for each in part],
                *([row[key] for row in truths] for key in ("box", "label")),
                areas=[row["area"] for row in truths],
                crowd=[row["crowd"] for row in truths],
                ignore=[row["ignore"] for row in truths],
            ),
        ]
    with MonitorClient(server.address) as client:
        client.create_monitor("node/python", CLASSES)
        (answer,) = client.observe("node/python", [batches], model="detector")
        assert (answer.accepted, answer.refused) == (2 * len(images), ())
        return client.get_report("node/python").report


@pytest.mark.parametrize(("form", "messages"), [("boxes", len(IDS)), ("columns", 2)])
def test_every_frame_from_node_is_taken(
    form: str, messages: int, from_node: dict[str, Any]
) -> None:
    answers = from_node[form]["answers"]
    # Protobuf leaves zeros out: the first message's sequence.
    assert [int(each.get("sequence", 0)) for each in answers] == list(range(messages))
    assert sum(each["accepted"] for each in answers) == 2 * len(IDS)
    assert not any(each.get("errors") for each in answers)


@pytest.mark.parametrize("form", ["boxes", "columns"])
def test_the_report_in_node_has_the_python_client_s_numbers(
    form: str, from_node: dict[str, Any], from_python: Report
) -> None:
    assert from_node[form]["model"] == "detector"
    report = from_node[form]["report"]
    found = {name: report["statistics"].get(field) for name, field in STATISTICS.items()}
    assert found == from_python.statistics
    assert found["AP"] is not None

    classes = [
        {
            "id": int(each["object_class"]["id"]),
            "name": each["object_class"]["name"],
            **{key: each.get(key) for key in ("ap", "ap50", "ap75", "ar")},
            **{key: int(each.get(key, 0)) for key in ("positives", "detections")},
        }
        for each in report["classes"]
    ]
    # What a monitor says beyond these (intervals, best thresholds) node keeps as messages.
    assert classes == [
        {key: value for key, value in asdict(each).items() if key in classes[0]}
        for each in from_python.classes
    ]
    point = {key: float(value) for key, value in report["operating_point"].items()}
    assert point == {k: v for k, v in asdict(from_python.operating_point).items() if v}
    assert report["losses"] == asdict(from_python.losses)
    for key in ("images", "predicted_images", "labelled_images", "positives", "detections"):
        assert int(report[key]) == getattr(from_python, key)


def test_a_refused_frame_says_why_in_node(from_node: dict[str, Any]) -> None:
    ((answer,),) = [from_node["refused"]]
    (error,) = answer["errors"]
    assert error["image_id"]["string"] == "bad"
    assert (error["field"], error["value"]) == ("scores[0]", "1.5")


def test_an_unknown_monitor_is_not_found_in_node(from_node: dict[str, Any]) -> None:
    assert from_node["unknown"]["code"] == 5
    assert "nobody" in from_node["unknown"]["details"]
