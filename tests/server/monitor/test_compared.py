"""Two models are compared on the images that both have, listed beforehand or not."""

import random
import time

import grpc
import pytest
from grpc import aio

from boxgauge.v1 import monitor_pb2, report_pb2
from tests.server.calls import Calls, Sides, predictions, truths

NOW = time.time_ns() // 1000
TRUTH = [(1, 10, 10, 20, 20), (2, 50, 50, 40, 40)]
LISTED = monitor_pb2.MonitorSettings(
    comparisons=[monitor_pb2.ComparisonSettings(champion="m", challenger="n")]
)


def sides(ids: range, *, missed: float, seed: int) -> Sides:
    chance = random.Random(seed)
    return {
        k: [(*row, 0.5 + chance.random() / 2) for row in TRUTH if chance.random() > missed]
        for k in ids
    }


async def fill(calls: Calls) -> None:
    """Model m sees images 0 to 79, n images 20 to 99 and elsewhere in time; 90 are labelled."""
    await calls.observe(truths({k: list(TRUTH) for k in range(90)}))
    good, worse = range(80), range(20, 100)
    await calls.observe(
        predictions(sides(good, missed=0.1, seed=1), times_us=dict.fromkeys(good, NOW))
    )
    earlier = dict.fromkeys(worse, NOW - 10**9)
    late = predictions(sides(worse, missed=0.4, seed=2), times_us=earlier)
    late.predictions[0].clusters.extend(f"video {k % 9}" for k in worse)
    await calls.observe(late, model="n")


async def compared(calls: Calls, champion: str, challenger: str) -> report_pb2.Comparison:
    request = monitor_pb2.CompareModelsRequest(
        monitor="cam", champion=champion, challenger=challenger
    )
    answer: report_pb2.Comparison = (await calls.monitors.CompareModels(request)).comparison
    return answer


def of(comparison: report_pb2.Comparison, name: str) -> report_pb2.StatisticDifference:
    (found,) = (each for each in comparison.statistics if each.name == name)
    return found


async def test_an_exact_monitor_compares_any_two_models(calls: Calls) -> None:
    await calls.create()
    await fill(calls)
    comparison = await compared(calls, "m", "n")
    assert comparison.images == 60  # 20 to 79: both have predicted them, and they are labelled
    ap50 = of(comparison, "ap50")
    assert ap50.difference == ap50.challenger - ap50.champion < -0.1
    assert ap50.confidence.low < ap50.difference < ap50.confidence.high < 0
    assert ap50.p_value < 0.01
    other = of(await compared(calls, "n", "m"), "ap50")
    assert other.difference == -ap50.difference


@pytest.mark.parametrize(
    "kind", [monitor_pb2.TALLY_KIND_EXACT, monitor_pb2.TALLY_KIND_SKETCH], ids=["exact", "sketch"]
)
async def test_a_listed_pair_counts_the_same_images_where_the_champion_saw_them(
    calls: Calls, kind: monitor_pb2.TallyKind
) -> None:
    asked = monitor_pb2.MonitorSettings(
        tally=kind, windows=[monitor_pb2.WindowSettings(name="1m", duration_s=60)]
    )
    asked.MergeFrom(LISTED)
    await calls.create(asked=asked)
    await fill(calls)
    comparison = await compared(calls, "m", "n")
    assert comparison.images == 60
    assert of(comparison, "ap50").difference < -0.1
    assert of(await compared(calls, "n", "m"), "ap50").difference > 0.1
    # A correction of either model, or of the label, is followed.
    await calls.observe(predictions({k: [] for k in range(20, 50)}, revision=1), model="n")
    worse = of(await compared(calls, "m", "n"), "ap50")
    assert worse.difference < of(comparison, "ap50").difference
    gone = truths({20: []}, revision=1)
    gone.ground_truths[0].retracted.append(True)
    await calls.observe(gone)
    assert (await compared(calls, "m", "n")).images == 59


async def test_a_sketch_compares_what_is_listed_alone(calls: Calls) -> None:
    asked = monitor_pb2.MonitorSettings(tally=monitor_pb2.TALLY_KIND_SKETCH)
    asked.MergeFrom(LISTED)
    await calls.create(asked=asked)
    await fill(calls)
    await calls.observe(predictions(sides(range(5), missed=0.1, seed=3)), model="o")
    with pytest.raises(aio.AioRpcError, match="compares m and n: not m and o") as caught:
        await compared(calls, "m", "o")
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    with pytest.raises(aio.AioRpcError, match="no model 'x'"):
        await compared(calls, "m", "x")


async def test_a_comparison_of_a_slice_that_was_never_seen_is_none(calls: Calls) -> None:
    await calls.create(asked=LISTED)
    await fill(calls)
    request = monitor_pb2.CompareModelsRequest(
        monitor="cam", champion="m", challenger="n", slice="camera=north"
    )
    with pytest.raises(aio.AioRpcError, match="no slice 'camera=north'") as caught:
        await calls.monitors.CompareModels(request)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_what_is_compared_has_names_that_models_may_have(calls: Calls) -> None:
    for name in ("", "a model"):
        pair = monitor_pb2.ComparisonSettings(champion="m", challenger=name)
        with pytest.raises(aio.AioRpcError, match=r"comparisons\.challenger must be"):
            await calls.create(asked=monitor_pb2.MonitorSettings(comparisons=[pair]))


async def test_a_slice_that_was_not_seen_is_said(calls: Calls) -> None:
    asked = monitor_pb2.MonitorSettings(slices=[monitor_pb2.SliceKey(key="camera")])
    asked.MergeFrom(LISTED)
    await calls.create(asked=asked)
    await fill(calls)
    request = monitor_pb2.CompareModelsRequest(
        monitor="cam", champion="m", challenger="n", slice="camera=east"
    )
    wanted = "no slice 'camera=east': it slices by camera, as camera=VALUE"
    with pytest.raises(aio.AioRpcError, match=wanted) as caught:
        await calls.monitors.CompareModels(request)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
