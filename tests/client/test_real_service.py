"""Both clients against the real service, in process."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from boxgauge.client import (
    AsyncEvaluationClient,
    AsyncMonitorClient,
    EvaluationClient,
    EvaluationSettings,
    MonitorClient,
    chunks,
    ground_truth_batch,
    prediction_batch,
)
from boxgauge.engine import Engine, ModelRepository, ObjectClass, evaluate
from boxgauge.engine import EvaluationSettings as EngineSettings
from boxgauge.frames import (
    AlreadyExistsError,
    BoxFormat,
    GroundTruths,
    InvalidInputError,
    NotFoundError,
    Predictions,
)
from boxgauge.server.app import App
from boxgauge.server.settings import read_settings
from tests.garbage import GARBAGE

CLASSES = {1: "cat", 2: "dog"}
IMAGES = 40


@pytest.fixture(scope="module")
def engine(graphs_dir: Path) -> Engine:
    return Engine.open(ModelRepository.open(graphs_dir))


@pytest.fixture
async def address(engine: Engine) -> AsyncIterator[str]:
    settings = read_settings(port=0, metrics_port=0, drain_s=0, ephemeral=True)
    async with App(settings, registry=CollectorRegistry(), engine=engine, garbage=GARBAGE) as app:
        yield app.address


@pytest.fixture
def sides() -> tuple[Predictions, GroundTruths]:
    random = np.random.default_rng(7)
    ids = [*range(IMAGES // 2), *(f"camera-{k}" for k in range(IMAGES // 2))]
    counts = random.integers(0, 6, IMAGES)
    n = int(counts.sum())
    boxes = np.concatenate([random.random((n, 2)) * 50, 10 + random.random((n, 2)) * 90], axis=1)
    labels = random.integers(1, 3, n)
    noisy = boxes + random.normal(0, 3, boxes.shape)
    scores = random.integers(0, 20, n) / 20  # many ties
    truths = GroundTruths.from_arrays(ids, counts, boxes, labels, crowd=random.random(n) < 0.1)
    return Predictions.from_arrays(ids, counts, noisy, labels, scores), truths


def in_process(
    engine: Engine, predictions: Predictions, truths: GroundTruths
) -> dict[str, float | None]:
    classes = tuple(ObjectClass(class_id, name) for class_id, name in CLASSES.items())
    report = evaluate(engine, predictions, truths, classes, EngineSettings()).report
    return {name: getattr(report.statistics, name) for name in report.statistics.__slots__}


async def test_a_stream_of_either_client_is_the_offline_evaluation(
    engine: Engine, address: str, sides: tuple[Predictions, GroundTruths]
) -> None:
    predictions, truths = sides
    expected = in_process(engine, predictions, truths)

    def observe_and_report() -> dict[str, float | None]:
        with MonitorClient(address) as client:
            client.create_monitor("sync", CLASSES)
            items = [*chunks(predictions, images=3), *chunks(truths, images=5)]
            answers = list(client.observe("sync", items, model="m", window=2))
            assert sum(answer.accepted for answer in answers) == 2 * IMAGES
            assert not any(answer.refused for answer in answers)
            return client.get_report("sync").report.statistics

    assert await asyncio.to_thread(observe_and_report) == expected

    async with AsyncMonitorClient(address) as client:
        await client.create_monitor("async", CLASSES)
        items = [[predictions.take([k]), truths.take([k])] for k in reversed(range(IMAGES))]
        async for answer in client.observe("async", items, model="m", window=4):
            assert answer.accepted == 2
        assert (await client.get_report("async")).report.statistics == expected
        names = [(each.name, each.models) for each in await client.list_monitors()]
        assert names == [("async", ("m",)), ("sync", ("m",))]


async def test_an_evaluation_of_either_client_is_the_offline_evaluation(
    engine: Engine, address: str, sides: tuple[Predictions, GroundTruths]
) -> None:
    predictions, truths = sides
    expected = in_process(engine, predictions, truths)
    items = [*chunks(truths, images=7), *chunks(predictions, images=3)]

    def evaluated() -> dict[str, float | None]:
        with EvaluationClient(address) as client:
            return client.evaluate(CLASSES, items).report.statistics

    assert await asyncio.to_thread(evaluated) == expected
    async with AsyncEvaluationClient(address) as client:
        result = await client.evaluate({1: "cat"}, items)
    dogs = int((predictions.labels == 2).sum())
    assert result.dropped_detections == dogs
    assert [each.name for each in result.report.classes] == ["cat"]


@pytest.mark.parametrize("box_format", BoxFormat)
async def test_raw_arrays_mean_what_their_format_says(address: str, box_format: BoxFormat) -> None:
    boxes = {
        BoxFormat.XYWH: [10, 20, 30, 40],
        BoxFormat.XYXY: [10, 20, 40, 60],
        BoxFormat.CXCYWH: [25, 40, 30, 40],
    }
    sent = np.array([boxes[box_format]], np.float32)
    truth = ground_truth_batch([1], [1], [[10.0, 20, 30, 40]], [1])
    found = prediction_batch([1], [1], sent, [1], np.float32([0.9]), box_format=box_format)
    async with AsyncEvaluationClient(address) as client:
        result = await client.evaluate(CLASSES, [[truth, found]])
    assert result.report.statistics["AR100"] == 1
    assert result.report.losses.giou == 0


async def test_a_watch_tells_of_changes(address: str) -> None:
    async with AsyncMonitorClient(address) as client:
        await client.create_monitor("cam", CLASSES)

        async def observe(image_id: int) -> None:
            truth = ground_truth_batch([image_id], [1], [[10.0, 20, 30, 40]], [1])
            found = prediction_batch([image_id], [1], [[10.0, 20, 30, 40]], [1], [0.9])
            async for _ in client.observe("cam", [[truth, found]], model="m"):
                pass

        await observe(1)
        watched = client.watch_report("cam", interval_s=0.1)
        assert (await anext(watched)).report.images == 1
        await observe(2)
        assert (await anext(watched)).report.images == 2
        await watched.aclose()


async def test_refusals_are_typed_and_name_the_field(address: str) -> None:
    async with AsyncMonitorClient(address) as client:
        with pytest.raises(NotFoundError) as missing:
            await client.get_report("nobody")
        assert missing.value.value == "nobody"
        await client.create_monitor("cam", CLASSES)
        with pytest.raises(AlreadyExistsError):
            await client.create_monitor("cam", CLASSES, EvaluationSettings(strict=True))
        with pytest.raises(InvalidInputError) as bad:
            await client.create_monitor("other", CLASSES, EvaluationSettings([0.9, 0.5]))
        assert bad.value.field.endswith("iou_thresholds")
        await client.reset_monitor("cam")
        await client.delete_monitor("cam")
        with pytest.raises(NotFoundError):
            async for _ in client.observe("cam", [prediction_batch([1], [0], [], [], [])]):
                pass
