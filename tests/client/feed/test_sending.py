"""What a feed does with each kind of answer, from a peer that gives it on purpose."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from boxgauge.client import AsyncFeed, Feed, FeedOptions, RefusedFrame
from boxgauge.frames import FailedPreconditionError, InvalidInputError, UnavailableError
from boxgauge.v1 import frames_pb2, monitor_pb2
from tests.client.conftest import Peer

Requests = Iterator[monitor_pb2.ObserveRequest]
Responses = Iterator[monitor_pb2.ObserveResponse]
WAIT_S = 30
QUICK: dict[str, float] = {"first_retry_s": 0.01, "most_retry_s": 0.05, "batch_age_s": 0.01}


def ids_of(request: monitor_pb2.ObserveRequest) -> list[int]:
    return [k for batch in request.frames.predictions for k in batch.image_ids.integers]


def error(image_id: int, code: int, field: str = "") -> frames_pb2.FrameError:
    return frames_pb2.FrameError(
        side=frames_pb2.SIDE_PREDICTIONS,
        image_id=frames_pb2.ImageId(integer=image_id),
        code=code,
        message=f"no {image_id}",
        field=field,
    )


def feed_to(peer: Peer, spool: Path, **options: float) -> AsyncFeed:
    made = FeedOptions(**QUICK | options)  # type: ignore[arg-type]
    return AsyncFeed(peer.address, "cam", "m", spool=spool, options=made)


async def record(feed: AsyncFeed, *image_ids: int) -> None:
    for image_id in image_ids:
        await feed.predictions(image_id, [[0.0, 0, 9, 9]], [1], [0.5], time=image_id)


async def test_frames_go_out_in_order_and_together(peer: Peer, tmp_path: Path) -> None:
    seen: list[monitor_pb2.ObserveRequest] = []

    def noted(requests: Requests, context: grpc.ServicerContext) -> Responses:
        for request in requests:
            seen.append(request)
            yield monitor_pb2.ObserveResponse(accepted=len(ids_of(request)))

    peer.observe = noted
    async with feed_to(peer, tmp_path, batch_images=16, batch_age_s=WAIT_S) as feed:
        await record(feed, *range(40))
        await feed.flush(WAIT_S)
        counters = feed.counters
    assert [k for request in seen for k in ids_of(request)] == list(range(40))
    assert [len(ids_of(request)) for request in seen] == [16, 16, 8]
    assert {(request.monitor, request.model) for request in seen} == {("cam", "m")}
    times = [us for request in seen for us in request.frames.predictions[0].event_times_us]
    assert times == [k * 1_000_000 for k in range(40)]
    assert (counters.recorded, counters.sent, counters.acknowledged) == (40, 40, 40)
    assert (counters.spooled, counters.retried, counters.refused) == (0, 0, 0)


async def test_a_frame_does_not_wait_for_others_longer_than_said(
    peer: Peer, tmp_path: Path
) -> None:
    async with feed_to(peer, tmp_path, batch_age_s=0.01) as feed:
        await record(feed, 1)
        async with asyncio.timeout(WAIT_S):
            while not feed.counters.acknowledged:  # noqa: ASYNC110  # counters have no event
                await asyncio.sleep(0.005)


async def test_a_refused_frame_is_reported_and_never_sent_again(peer: Peer, tmp_path: Path) -> None:
    came: Counter[int] = Counter()

    def picky(requests: Requests, context: grpc.ServicerContext) -> Responses:
        for request in requests:
            ids = ids_of(request)
            came.update(ids)
            bad = [error(k, 3) for k in ids if k % 10 == 7]
            yield monitor_pb2.ObserveResponse(accepted=len(ids) - len(bad), errors=bad)

    refused: list[RefusedFrame] = []
    peer.observe = picky
    async with AsyncFeed(
        peer.address, "cam", "m", spool=tmp_path, on_refused=refused.append
    ) as feed:
        await record(feed, *range(30))
        await feed.flush(WAIT_S)
        counters = feed.counters
    assert [(each.image_id, each.code) for each in refused] == [(7, 3), (17, 3), (27, 3)]
    assert set(came.values()) == {1}
    assert (counters.acknowledged, counters.refused, counters.spooled) == (27, 3, 0)


async def test_a_frame_without_room_is_offered_again_and_taken(peer: Peer, tmp_path: Path) -> None:
    came: Counter[int] = Counter()

    def full_at_first(requests: Requests, context: grpc.ServicerContext) -> Responses:
        for request in requests:
            ids = ids_of(request)
            came.update(ids)
            lacking = [error(k, 8) for k in ids if k == 5 and came[k] <= 2]
            yield monitor_pb2.ObserveResponse(accepted=len(ids) - len(lacking), errors=lacking)

    peer.observe = full_at_first
    async with feed_to(peer, tmp_path) as feed:
        await record(feed, *range(10))
        await feed.flush(WAIT_S)
        counters = feed.counters
    assert came[5] == 3
    assert (counters.acknowledged, counters.refused) == (10, 0)
    assert counters.sent - counters.retried == 10


@pytest.mark.parametrize(
    "bound", ["max_journal_bytes", "max_tally_bytes", "max_held_boxes", "max_held_images"]
)
async def test_frames_wait_while_the_service_is_full(
    peer: Peer, tmp_path: Path, bound: str
) -> None:
    room, held = [4], dict[int, int]()
    refusals = 0

    def full(requests: Requests, context: grpc.ServicerContext) -> Responses:
        nonlocal refusals
        for request in requests:
            lacking = []
            for k in ids_of(request):
                if k not in held and len(held) < room[0]:
                    held[k] = 0
                if k in held:
                    held[k] += 1
                else:
                    lacking.append(error(k, 8, bound))
            refusals += bool(lacking)
            if refusals == 9:  # more often than a bound of its own is offered to a frame
                room[0] = 10
            taken = len(ids_of(request)) - len(lacking)
            yield monitor_pb2.ObserveResponse(accepted=taken, errors=lacking)

    peer.observe = full
    refused: list[RefusedFrame] = []
    options = FeedOptions(**QUICK, refused_attempts=2)  # type: ignore[arg-type]
    feed = AsyncFeed(
        peer.address, "cam", "m", spool=tmp_path, options=options, on_refused=refused.append
    )
    async with feed:
        await record(feed, *range(10))
        await feed.flush(WAIT_S)
        counters = feed.counters
    assert (counters.acknowledged, counters.refused, counters.spooled) == (10, 0, 0)
    assert (sorted(held), refused) == ([*range(10)], [])
    assert refusals >= 9


async def test_a_frame_without_room_is_not_offered_for_ever(peer: Peer, tmp_path: Path) -> None:
    came: Counter[int] = Counter()

    def always_full(requests: Requests, context: grpc.ServicerContext) -> Responses:
        for request in requests:
            ids = ids_of(request)
            came.update(ids)
            lacking = [error(k, 8, "boxes") for k in ids if k == 5]
            yield monitor_pb2.ObserveResponse(accepted=len(ids) - len(lacking), errors=lacking)

    peer.observe = always_full
    async with feed_to(peer, tmp_path, refused_attempts=3) as feed:
        await record(feed, *range(10))
        await feed.flush(WAIT_S)
        counters = feed.counters
    assert came[5] == 3
    assert (counters.acknowledged, counters.refused, counters.spooled) == (9, 1, 0)


@pytest.mark.parametrize(
    ("code", "details", "words"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, "image 7 is impossible", "7 is impossible"),
        (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "Received message larger than max (99 vs. 10)",
            "message must be at most 10 bytes: got 99 bytes",
        ),
    ],
)
async def test_a_frame_that_ends_the_stream_is_found_and_refused_alone(
    peer: Peer, tmp_path: Path, code: grpc.StatusCode, details: str, words: str
) -> None:
    taken: set[int] = set()

    def breaks_at_seven(requests: Requests, context: grpc.ServicerContext) -> Responses:
        for request in requests:
            if 7 in ids_of(request):
                context.abort(code, details)
            taken.update(ids_of(request))
            yield monitor_pb2.ObserveResponse(accepted=len(ids_of(request)))

    refused: list[RefusedFrame] = []
    peer.observe = breaks_at_seven
    options = FeedOptions(**QUICK, batch_images=4)  # type: ignore[arg-type]
    async with AsyncFeed(
        peer.address, "cam", "m", spool=tmp_path, options=options, on_refused=refused.append
    ) as feed:
        await record(feed, *range(40))
        await feed.flush(WAIT_S)
        counters = feed.counters
    assert taken == set(range(40)) - {7}
    assert [each.image_id for each in refused] == [7]
    assert words in refused[0].message
    assert (counters.acknowledged, counters.refused, counters.spooled) == (39, 1, 0)


@pytest.mark.parametrize(
    "code",
    [
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNAUTHENTICATED,
    ],
)
async def test_what_may_pass_is_waited_out(
    peer: Peer, tmp_path: Path, code: grpc.StatusCode
) -> None:
    calls, order = [0], []

    def fails_twice(requests: Requests, context: grpc.ServicerContext) -> Responses:
        calls[0] += 1
        for k, request in enumerate(requests):
            if calls[0] <= 2 and k == 2:
                context.abort(code, "not now")
            order.append((calls[0], ids_of(request)))
            yield monitor_pb2.ObserveResponse(accepted=len(ids_of(request)))

    peer.observe = fails_twice
    async with feed_to(peer, tmp_path, batch_images=4, window=1) as feed:
        await record(feed, *range(40))
        await feed.flush(WAIT_S)
        counters = feed.counters
    assert calls[0] == 3
    assert [k for _, ids in order for k in ids] == list(range(40))
    assert (counters.acknowledged, counters.refused, counters.spooled) == (40, 0, 0)
    assert counters.retried > 0
    assert (counters.failures, counters.last_error) == (0, "")


async def test_a_service_that_does_not_answer_is_left_and_asked_again(
    peer: Peer, tmp_path: Path
) -> None:
    calls, ended = [0], threading.Event()

    def silent_at_first(requests: Requests, context: grpc.ServicerContext) -> Responses:
        calls[0] += 1
        silent = calls[0] == 1
        for request in requests:
            if silent:
                ended.wait(WAIT_S)
                return
            yield monitor_pb2.ObserveResponse(accepted=len(ids_of(request)))

    peer.observe = silent_at_first
    async with feed_to(peer, tmp_path, answer_timeout_s=0.1) as feed:
        await record(feed, 1, 2, 3)
        await feed.flush(WAIT_S)
        ended.set()
        assert feed.counters.acknowledged == 3
        assert feed.counters.retried == 3
    assert calls[0] >= 2


async def test_a_callback_that_fails_does_not_stop_the_feed(
    peer: Peer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def refusing(requests: Requests, context: grpc.ServicerContext) -> Responses:
        for request in requests:
            yield monitor_pb2.ObserveResponse(errors=[error(k, 3) for k in ids_of(request)])

    def broken(refused: RefusedFrame) -> None:
        raise RuntimeError(str(refused.image_id))

    peer.observe = refusing
    async with AsyncFeed(peer.address, "cam", "m", spool=tmp_path, on_refused=broken) as feed:
        await record(feed, 1, 2)
        await feed.flush(WAIT_S)
        assert feed.counters.refused == 2
    assert "on_refused failed" in caplog.text


async def test_what_is_not_acknowledged_in_time_is_said_and_kept(
    peer: Peer, tmp_path: Path
) -> None:
    def out_of_order(requests: Requests, context: grpc.ServicerContext) -> Responses:
        for _ in requests:
            context.abort(grpc.StatusCode.UNAVAILABLE, "out of order")
        yield from ()

    peer.observe = out_of_order
    async with feed_to(peer, tmp_path, close_timeout_s=0.05) as feed:
        await record(feed, 1, 2, 3)
        with pytest.raises(UnavailableError) as raised:
            await feed.flush(0.2)
        assert str(raised.value).startswith("3 frames wait to be acknowledged after 0.2 s")
        assert "out of order" in str(raised.value)
        assert feed.counters.spooled == 3
        assert "out of order" in feed.counters.last_error
    with pytest.raises(FailedPreconditionError, match="closed"):
        await record(feed, 4)

    peer.observe = Peer.observe
    with Feed(peer.address, "cam", "m", spool=tmp_path) as second:
        second.flush(WAIT_S)
        counters = second.counters
    assert (counters.recovered, counters.recorded, counters.acknowledged) == (3, 0, 3)
    with pytest.raises(FailedPreconditionError, match="closed"):
        second.flush()


async def test_the_monitor_is_created_where_a_feed_knows_its_classes(
    peer: Peer, tmp_path: Path
) -> None:
    async with AsyncFeed(
        peer.address, "cam", "m", spool=tmp_path, classes={1: "cat"}, options=FeedOptions(**QUICK)
    ) as feed:
        await record(feed, 1)
        await feed.flush(WAIT_S)
    (request,) = peer.requests
    assert isinstance(request, monitor_pb2.CreateMonitorRequest)
    assert [each.name for each in request.settings.classes] == ["cat"]


async def test_what_a_feed_is_made_of_is_checked(tmp_path: Path) -> None:
    for arguments, message in (
        (("127.0.0.1", "cam", "m"), "^target must be HOST:PORT"),
        (("127.0.0.1:1", "my cam", "m"), "^monitor must be 1 to 100 letters"),
        (("127.0.0.1:1", "cam", "m m"), "^model must be 1 to 100 letters"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            AsyncFeed(*arguments, spool=tmp_path)
    with pytest.raises(InvalidInputError, match=r"^classes must be whole numbers"):
        AsyncFeed("127.0.0.1:1", "cam", spool=tmp_path, classes={"a": "b"})  # type: ignore[dict-item]
    feed = AsyncFeed("127.0.0.1:1", "cam", spool=tmp_path)
    with pytest.raises(FailedPreconditionError, match="not started"):
        await feed.ground_truth(1, [], [])
    with pytest.raises(InvalidInputError, match=r"^model must be named"):
        await feed.predictions(1, [], [], [])
