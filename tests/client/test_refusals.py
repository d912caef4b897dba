"""What a caller gets wrong is told by field and value, before anything is sent."""

from collections.abc import Callable, Iterable

import grpc
import numpy as np
import pytest

from boxgauge.client import (
    AsyncMonitorClient,
    EvaluationClient,
    EvaluationSettings,
    MonitorClient,
    ground_truth_batch,
    prediction_batch,
)
from boxgauge.frames import (
    FailedPreconditionError,
    InvalidInputError,
    ResourceExhaustedError,
)
from boxgauge.v1 import monitor_pb2

from .conftest import Peer

BATCH = ground_truth_batch(["a"], [0], [], [])
Call = Callable[[MonitorClient], object]

BAD: dict[str, tuple[Call, str]] = {
    "classes as a list": (
        lambda client: client.create_monitor("bl", ["a", "b"]),  # type: ignore[arg-type]
        "classes must be a mapping of names by id",
    ),
    "names as ids": (
        lambda client: client.create_monitor("bl", {"a": 1}),  # type: ignore[dict-item]
        "classes must be whole numbers as ids: .* got 'a'",
    ),
    "a number as a name": (
        lambda client: client.create_monitor("bl", {1: 2}),  # type: ignore[dict-item]
        r"classes\[1\] must be a name: got 2",
    ),
    "a monitor's number": (
        lambda client: client.create_monitor(3, {1: "a"}),  # type: ignore[arg-type]
        "monitor must be a text: got 3",
    ),
    "thresholds as a text": (
        lambda client: client.create_monitor(
            "bl",
            {1: "a"},
            EvaluationSettings(iou_thresholds="high"),  # type: ignore[arg-type]
        ),
        "settings must be numbers",
    ),
    "one batch for all": (
        lambda client: list(client.observe("bl", BATCH)),  # type: ignore[arg-type]
        "batches must be a list or iterator of messages: got one GroundTruthBatch",
    ),
    "a text as a batch": (
        lambda client: list(client.observe("bl", ["hello"])),  # type: ignore[list-item]
        "batches must be predictions or ground truths, .*: got 'hello'",
    ),
    "no window": (
        lambda client: list(client.observe("bl", [BATCH], window=0)),
        "window must be a whole number from 1: got 0",
    ),
    "no model": (
        lambda client: client.get_report("bl", model=None),  # type: ignore[arg-type]
        "model must be a text: got None",
    ),
}


@pytest.mark.parametrize(("call", "message"), BAD.values(), ids=BAD)
def test_a_bad_argument_is_named(peer: Peer, call: Call, message: str) -> None:
    with MonitorClient(peer.address) as client, pytest.raises(InvalidInputError, match=message):
        call(client)


@pytest.mark.parametrize("bad", [-1, 2**64, 1.5, True, "1"])
def test_a_bad_revision_is_named(bad: int) -> None:
    with pytest.raises(InvalidInputError, match=r"^revisions\[0\] must be "):
        ground_truth_batch(["a"], [0], [], [], revisions=[bad])


def test_ids_of_numpy_are_sent() -> None:
    batch = prediction_batch(np.arange(2), [0, 0], [], [], [])  # type: ignore[arg-type]
    assert list(batch.image_ids.integers) == [0, 1]


def test_labels_that_are_no_whole_numbers_are_refused_in_words() -> None:
    with pytest.raises(InvalidInputError, match=r"labels must be whole numbers \(int64\): got "):
        ground_truth_batch(["a"], [1], np.zeros((1, 4)), [1.5])


@pytest.mark.parametrize("bad", ["", "127.0.0.1", "foo", ":8001", "a:99999", "a:b", "::1", 8001])
def test_a_target_without_a_port_is_refused(bad: str) -> None:
    with pytest.raises(InvalidInputError, match=r"^target must be HOST:PORT: got "):
        MonitorClient(bad)
    with pytest.raises(InvalidInputError, match=r"^target must be HOST:PORT: got "):
        AsyncMonitorClient(bad)


@pytest.mark.parametrize("good", ["a:1", "[::1]:8001", "dns:///a.b:8001", "unix:/tmp/s"])
def test_a_target_may_be_any_address_of_grpc(good: str) -> None:
    with MonitorClient(good) as client:
        assert client.target == good


def test_a_closed_client_says_so(peer: Peer) -> None:
    client, evaluation = MonitorClient(peer.address), EvaluationClient(peer.address)
    client.close()
    evaluation.close()
    calls: list[Callable[[], object]] = [
        client.list_monitors,
        lambda: list(client.observe("cam", [BATCH])),
        lambda: list(client.watch_report("cam")),
        lambda: evaluation.evaluate({1: "a"}, [BATCH]),
    ]
    for call in calls:
        with pytest.raises(FailedPreconditionError, match="is closed"):
            call()


async def test_a_closed_async_client_says_so(peer: Peer) -> None:
    client = AsyncMonitorClient(peer.address)
    await client.close()
    with pytest.raises(FailedPreconditionError, match="is closed"):
        await client.list_monitors()
    with pytest.raises(FailedPreconditionError, match="is closed"):
        await anext(client.observe("cam", [BATCH]))


async def test_async_refuses_one_batch(peer: Peer) -> None:
    async with AsyncMonitorClient(peer.address) as client:
        with pytest.raises(InvalidInputError, match="got one GroundTruthBatch"):
            await anext(client.observe("cam", BATCH))  # type: ignore[arg-type]


def test_a_message_too_large_names_the_setting(peer: Peer) -> None:
    def refuse(
        requests: Iterable[monitor_pb2.ObserveRequest], context: grpc.ServicerContext
    ) -> Iterable[monitor_pb2.ObserveResponse]:
        words = "CLIENT: Received message larger than max (20000000 vs. 16777216)"
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, words)

    peer.observe = refuse  # type: ignore[assignment]
    wanted = pytest.raises(ResourceExhaustedError, match="BOXGAUGE_MAX_MESSAGE_BYTES")
    with MonitorClient(peer.address) as client, wanted as caught:
        list(client.observe("cam", [BATCH]))
    assert (caught.value.field, caught.value.value) == ("message", "20000000 bytes")
