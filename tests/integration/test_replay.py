"""What is streamed is reported in the bits of an offline evaluation, however it came."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.servers import ROOT, Served, boxgauge

STATISTICS = [
    "AP",
    "AP50",
    "AP75",
    "APs",
    "APm",
    "APl",
    "AR1",
    "AR10",
    "AR100",
    "ARs",
    "ARm",
    "ARl",
]


@dataclass(frozen=True)
class Pair:
    """A COCO pair, and the 12 statistics to expect as hex doubles, None where undefined."""

    name: str
    folder: Path
    expected: list[str | None]

    @property
    def options(self) -> tuple[object, ...]:
        return (
            *("--gt", self.folder / "ground_truth.json"),
            *("--dt", self.folder / "detections.json"),
        )


def bits(printed: str) -> list[str | None]:
    statistics = json.loads(printed)["statistics"]
    assert list(statistics) == STATISTICS
    return [None if value is None else value.hex() for value in statistics.values()]


@pytest.fixture(scope="module", params=["sample", "coco_val2014_100", "voc2007_100"])
def pair(request: pytest.FixtureRequest, graphs_dir: Path) -> Pair:
    name = request.param
    if name == "sample":
        sample = Pair(name, ROOT / "examples" / "sample", [])
        offline = boxgauge("eval", *sample.options, "--graphs", graphs_dir, "--json")
        return Pair(name, sample.folder, bits(offline))
    given = os.environ.get("BOXGAUGE_DATA")
    if not given:
        pytest.skip("BOXGAUGE_DATA names no folder of shared data")
    expected = json.loads((Path(given) / "expected.json").read_text())[name]["hex"]
    # pycocotools shows the undefined as -1.
    undefined = (-1.0).hex()
    return Pair(name, Path(given) / name, [None if h == undefined else h for h in expected])


def reported(server: Served, monitor: str) -> list[str | None]:
    asked = ("--target", server.address, "--monitor", monitor, "--json")
    return bits(boxgauge("report", *asked))


def test_an_offline_evaluation_has_the_bits(pair: Pair, graphs_dir: Path) -> None:
    offline = boxgauge("eval", *pair.options, "--graphs", graphs_dir, "--json")
    assert bits(offline) == pair.expected
    assert any(pair.expected)


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_shuffled_and_in_batches_the_report_has_the_same_bits(
    pair: Pair, server: Served, batch: int
) -> None:
    monitor = f"{pair.name}/{batch}"
    to = ("--target", server.address, "--monitor", monitor)
    boxgauge("replay", *pair.options, *to, "--batch", batch, "--shuffle", batch)
    assert reported(server, monitor) == pair.expected


def test_labels_that_come_later_give_the_same_bits(pair: Pair, server: Served) -> None:
    monitor = f"{pair.name}/late"
    to = ("--target", server.address, "--monitor", monitor)
    late = ("--label-delay", "0.2", "--rate", "2000", "--batch", "7", "--shuffle", "3")
    boxgauge("replay", *pair.options, *to, *late)
    assert reported(server, monitor) == pair.expected
