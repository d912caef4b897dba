"""`replay`, `report` and `monitor` against a served process."""

import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from boxgauge.client import MonitorClient
from tests.client.feed.proxy import Proxy
from tests.integration.servers import served

from .conftest import Boxgauge
from .test_evaluate import STATISTICS

IMAGES = 40


@pytest.fixture
def many(tmp_path: Path) -> tuple[Path, Path]:
    """Return a COCO pair of some images, each with one object that is found."""
    box = {"category_id": 1, "bbox": [0, 0, 10, 10]}
    truth = {
        "images": [{"id": k} for k in range(1, IMAGES + 1)],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [box | {"id": k, "image_id": k, "area": 100} for k in range(1, IMAGES + 1)],
    }
    found = [box | {"image_id": k, "score": 0.5} for k in range(1, IMAGES + 1)]
    gt, dt = tmp_path / "many.json", tmp_path / "found.json"
    gt.write_text(json.dumps(truth))
    dt.write_text(json.dumps(found))
    return gt, dt


def replayed(pair: tuple[Path, Path], target: str, monitor: str) -> list[object]:
    gt, dt = pair
    return ["replay", "--gt", gt, "--dt", dt, "--target", target, "--monitor", monitor]


def test_what_is_replayed_is_reported(
    boxgauge: Boxgauge, pair: tuple[Path, Path], target: str
) -> None:
    ended = boxgauge(*replayed(pair, target, "cam"), "--model", "m")
    assert ended.status == 0
    assert ended.out == "3 images sent to monitor cam as model m: 6 frames taken\n"
    assert ended.err == "dropped 1 detection: the monitor does not list their category\n"

    ended = boxgauge("report", "--target", target, "--monitor", "cam", "--json")
    assert ended.status == 0
    document = json.loads(ended.out)
    assert list(document["statistics"]) == STATISTICS
    assert document["statistics"]["AR100"] == pytest.approx(0.8)
    assert document["statistics"]["APl"] is None
    assert (document["model"], document["images"], document["label_coverage"]) == ("m", 3, 1)
    assert [each["name"] for each in document["classes"]] == ["cat", "dog [red]"]

    ended = boxgauge("report", "--target", target, "--monitor", "cam")
    assert ended.status == 0
    assert "AP50" in ended.out
    assert "-1.0" not in ended.out


def test_the_same_again_changes_nothing(
    boxgauge: Boxgauge, pair: tuple[Path, Path], target: str
) -> None:
    boxgauge(*replayed(pair, target, "again"))
    ended = boxgauge(*replayed(pair, target, "again"), "--shuffle", "7", "--batch", "1")
    assert "6 frames taken, 6 of them known already" in ended.out


def test_labels_may_come_later(boxgauge: Boxgauge, pair: tuple[Path, Path], target: str) -> None:
    late = ("--label-delay", "0.01", "--rate", "1000", "--batch", "1")
    ended = boxgauge(*replayed(pair, target, "late"), *late)
    assert ended.status == 0
    ended = boxgauge("report", "--target", target, "--monitor", "late", "--json")
    assert json.loads(ended.out)["statistics"]["AR100"] == pytest.approx(0.8)


def test_refused_frames_are_printed_and_the_rest_is_taken(
    boxgauge: Boxgauge, pair: tuple[Path, Path], detections: list[dict[str, Any]], target: str
) -> None:
    detections[0]["score"] = 1.5
    pair[1].write_text(json.dumps(detections))
    ended = boxgauge(*replayed(pair, target, "refusing"))
    assert ended.status == 1
    assert "5 frames taken; 1 refused" in ended.out
    assert (
        "refused: predictions of image 1: scores[0] must be a probability in [0, 1]: got 1.5"
        in ended.err
    )


def test_a_monitor_of_other_classes_is_refused(
    boxgauge: Boxgauge, pair: tuple[Path, Path], ground_truth: dict[str, Any], target: str
) -> None:
    boxgauge(*replayed(pair, target, "classes"))
    ground_truth["categories"].append({"id": 3, "name": "cow"})
    ground_truth["annotations"][0]["category_id"] = 3
    pair[0].write_text(json.dumps(ground_truth))
    ended = boxgauge(*replayed(pair, target, "classes"))
    assert ended.status == 2
    assert "category_id must be a class of monitor classes: got 3" in ended.err
    ended = boxgauge(*replayed(pair, target, "classes"), "--strict")
    assert ended.status == 2
    assert "--strict must be False as monitor classes is: got True" in ended.err


def test_monitors_are_created_listed_reset_and_deleted(
    boxgauge: Boxgauge, pair: tuple[Path, Path], target: str
) -> None:
    to = ("--target", target)
    ended = boxgauge("monitor", "create", "by-hand", "--gt", pair[0], *to)
    assert ended.out == "monitor by-hand watches 2 classes\n"
    assert "by-hand" in boxgauge("monitor", "list", *to).out
    assert boxgauge("monitor", "reset", "by-hand", *to).status == 0
    assert boxgauge("monitor", "delete", "by-hand", *to).status == 0
    ended = boxgauge("monitor", "delete", "by-hand", *to)
    assert ended.status == 2
    assert "by-hand" in ended.err
    assert ended.err.count("\n") == 1


def test_a_replay_goes_on_when_its_connection_is_too_old(
    boxgauge: Boxgauge, many: tuple[Path, Path], graphs_dir: Path
) -> None:
    with served(
        graphs_dir, connection_age_s=1, connection_age_grace_s=1, log_level="error"
    ) as service:
        ended = boxgauge(*replayed(many, service.address, "aged"), "--rate", "12", "--batch", "1")
        assert ended.status == 0
        assert "connecting again in 0.5 s" in ended.err
        assert f"{IMAGES} images sent" in ended.out
        assert f"{2 * IMAGES} frames taken" in ended.out
        ended = boxgauge("report", "--target", service.address, "--monitor", "aged", "--json")
        assert json.loads(ended.out)["images"] == IMAGES


def test_a_replay_outlives_connections_that_break(
    boxgauge: Boxgauge, many: tuple[Path, Path], target: str
) -> None:
    done = threading.Event()
    with Proxy(target) as proxy:

        def break_it() -> None:
            with MonitorClient(target) as client:
                for wanted in (5, 15):
                    while not done.wait(0.01):
                        found = [e for e in client.list_monitors() if e.name == "broken"]
                        if found and found[0].labelled_images >= wanted:
                            break
                    proxy.stop()
                    proxy.start()

        breaking = threading.Thread(target=break_it)
        breaking.start()
        try:
            ended = boxgauge(
                *replayed(many, proxy.address, "broken"), "--rate", "25", "--batch", "1"
            )
        finally:
            done.set()
            breaking.join()
    assert ended.status == 0
    assert ended.err.count("connecting again") == 2
    ended = boxgauge("report", "--target", target, "--monitor", "broken", "--json")
    assert json.loads(ended.out)["images"] == IMAGES


def test_a_service_that_is_not_there_is_not_waited_for(
    boxgauge: Boxgauge, pair: tuple[Path, Path]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    ended = boxgauge(*replayed(pair, f"127.0.0.1:{port}", "none"))
    assert ended.status == 2
    assert "nothing answers at" in ended.err


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_real_pairs_streamed_equal_pycocotools_in_all_bits(
    boxgauge: Boxgauge, shared_pair: tuple[Path, Path, list[str]], target: str, batch: int
) -> None:
    gt, dt, expected = shared_pair
    monitor = f"{gt.parent.name}/{batch}"
    order = ("--batch", batch, "--shuffle", batch)
    assert boxgauge(*replayed((gt, dt), target, monitor), *order).status == 0
    ended = boxgauge("report", "--target", target, "--monitor", monitor, "--json")
    statistics = json.loads(ended.out)["statistics"]
    assert [statistics[name].hex() for name in STATISTICS] == expected
