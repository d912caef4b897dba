"""False alarms of the drift test, what it finds and how soon, and what it costs.

    python benchmarks/drift.py --streams 1000 --runs 200

A false alarm is a stream without drift of which any feature is said to have drifted. Delays
are those of a window of the newest images that is tested again and again, from the last image
before a change on that costs three points of AP.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from drift_shifts import CHANGES, SETTINGS, Change, costing
from drift_streams import SCORES, Stream
from simulated import CLASSES, make_population
from timing import machine

from boxgauge.engine import Engine, EvaluationSettings, ModelRepository, ObjectClass, find_graphs
from boxgauge.engine.online.drift import drift
from boxgauge.engine.online.f_distribution import f_tail
from boxgauge.engine.online.facts import ImageFacts
from boxgauge.engine.online.prediction_bins import FEATURES
from boxgauge.engine.online.prediction_store import PredictionStore
from boxgauge.engine.online.prediction_tally import PredictionTally
from boxgauge.engine.online.windows import DAY_US, HOUR_US, Ring, Window
from boxgauge.frames import Predictions

LEVELS = (0.01, 0.05)
STREAMS = (
    *((Stream(scores), 600, 300) for scores in SCORES),
    (Stream(), 200, 60),
    (Stream(), 4000, 500),
    (Stream(), 500, 4000),
    (Stream("background", 20, 0.5), 1600, 800),
    (Stream("spread", 20, 0.5), 1200, 600),
    (Stream("spread", 10, 0.5), 1000, 300),
    (Stream("quantised", 5, 0.5), 1000, 500),
    (Stream("confident", 50, 1.0), 3000, 2000),
)
POINTS, FRAMES = 3.0, 5
REFERENCE, WINDOW, STEP, LAST = 2000, 1000, 50, 4000


def false_alarms(engine: Engine, streams: int) -> None:
    """Print the share of streams without drift that raise an alarm."""
    print("\nfalse alarms of streams without drift, and of a chi-squared test that takes")
    print("boxes as independent, both at 1% and 5%:")
    for stream, reference, current in STREAMS:
        random, alarms, naive, answers = np.random.default_rng(7), [0, 0], [0, 0], 0
        for _ in range(streams):
            sides = stream.tally(random, reference), stream.tally(random, current)
            found = drift(engine, *sides, 0.5)
            if found.reason:
                continue
            answers += 1
            # Holm's procedure rejects something where Bonferroni's does.
            least = min(each.p_value for each in found.features) * len(found.features)
            of_boxes = min(chi_squared(*sides, k) for k in range(len(FEATURES))) * len(FEATURES)
            for k, level in enumerate(LEVELS):
                alarms[k] += least <= level
                naive[k] += of_boxes <= level
        shares = [f"{100 * each / max(answers, 1):5.1f}%" for each in (*alarms, *naive)]
        print(
            f"    {stream.scores:<10} {reference:>6} and {current:>6} images in clusters of "
            f"{stream.frames:<2} (spread {stream.spread}): {' '.join(shares[:2])}   chi-squared "
            f"{' '.join(shares[2:])}   {answers} of {streams} answered"
        )


def chi_squared(reference: PredictionTally, current: PredictionTally, feature: int) -> float:
    """Return the p-value of Pearson's test on counts of boxes; bins with few are left out."""
    both = np.stack([each.histograms(feature).sum(0) for each in (reference, current)])
    expected = both.sum(0) * both.sum(1, keepdims=True) / both.sum()
    kept = expected.min(0) >= 5
    distance = ((both - expected)[:, kept] ** 2 / expected[:, kept]).sum()
    freedom = int(kept.sum()) - 1
    # Without a denominator of its own chance, F is a chi-squared over its degrees of freedom.
    return f_tail(distance / freedom, freedom, 1e9) if freedom > 0 else 1.0


def power(engine: Engine, runs: int) -> None:
    """Print how often, and how soon, changes that cost three points of AP are found."""
    large = make_population(20_000, FRAMES, np.random.default_rng(1))
    print(f"\nchanges that cost {POINTS:.0f} points of AP, clusters of {FRAMES} frames, level 1%,")
    print(f"reference of {REFERENCE} images; share of full windows of so many images that alarm:")
    sizes = (250, 500, 1000, 2000)
    print(f"    {'':<29}" + "".join(f"{size:>8}" for size in sizes) + "   named most often")
    sized = {}
    for name, (change, most) in CHANGES.items():
        sized[name] = costing(engine, large, change, most, POINTS)
        random, names = np.random.default_rng(3), list[str]()
        shares = []
        for size in sizes:
            alarms = 0
            for _ in range(runs):
                reference = batch(random, change, 0.0, REFERENCE)
                now = batch(random, change, sized[name].amount, size)
                drifted = [
                    x.name for x in drift(engine, reference, now, 0.01).features if x.drifted
                ]
                alarms, names = alarms + bool(drifted), names + drifted
            shares.append(alarms / runs)
        most_named = ", ".join(sorted(set(names), key=names.count, reverse=True)[:3])
        print(
            f"    {name:<29}"
            + "".join(f"{100 * share:>7.0f}%" for share in shares)
            + f"   {most_named}   (amount {sized[name].amount:.3f}, AP -{sized[name].lost:.1f})"
        )
    print(
        f"\nimages from the change to the first alarm, window of the newest {WINDOW}, tested "
        f"every {STEP}: median, 90th percentile, share found within {LAST}:"
    )
    for name, (change, _) in CHANGES.items():
        random = np.random.default_rng(4)
        delays = sorted(delay(engine, random, change, sized[name].amount) for _ in range(runs))
        found = [each for each in delays if each <= LAST]
        at = (delays[len(delays) // 2], delays[9 * len(delays) // 10])
        shown = " ".join(f"{each:>6}" if each <= LAST else f">{LAST:>5}" for each in at)
        print(f"    {name:<29} {shown}   {100 * len(found) / runs:.0f}%")


def delay(engine: Engine, random: np.random.Generator, change: Change, amount: float) -> int:
    """Return the images from a change to the first alarm; more than the last one if none."""
    reference = batch(random, change, 0.0, REFERENCE)
    parts = [batch(random, change, 0.0, STEP) for _ in range(WINDOW // STEP)]
    window = PredictionTally(CLASSES, SETTINGS)
    for each in parts:
        window.merge(each)
    for after in range(STEP, LAST + 1, STEP):
        parts.append(batch(random, change, amount, STEP))
        window.merge(parts[-1])
        window.subtract(parts.pop(0))
        if any(each.drifted for each in drift(engine, reference, window, 0.01).features):
            return after
    return LAST + 1


def batch(
    random: np.random.Generator, change: Change, amount: float, images: int
) -> PredictionTally:
    """Return the tally of new images after a change."""
    found, _ = change(make_population(images, FRAMES, random), random, amount)
    tally = PredictionTally(CLASSES, SETTINGS)
    keys = random.integers(0, 2**60, -(-images // FRAMES)).tolist()
    tally.add(found, [keys[k // FRAMES] for k in range(images)])
    return tally


def cost(engine: Engine, repeats: int) -> None:
    """Print what it takes to keep predictions, and to say what has drifted: medians."""
    classes = tuple(ObjectClass(k, str(k)) for k in range(80))
    random = np.random.default_rng(0)
    batches = [*traffic(random, 200)]
    added, summed, tested, snapped = list[float](), list[float](), list[float](), list[float]()
    binned = list[float]()
    for _ in range(repeats):
        began = time.process_time()
        for predictions, _ in batches:
            for values in (predictions.scores, *predictions.boxes.T[2:]):
                np.histogram(values, bins=50)
        binned.append((time.process_time() - began) / (64 * len(batches)))
        store = PredictionStore(classes, EvaluationSettings(), Ring())
        began = time.process_time()
        for predictions, facts in batches:
            store.add(predictions, facts)
        # What waits is counted too.
        store.changed()
        added.append((time.process_time() - began) / (64 * len(batches)))
        began = time.perf_counter()
        snapshot = store.snapshot(Window())
        snapped.append(time.perf_counter() - began)
        began = time.perf_counter()
        tally = store.tally(snapshot)
        summed.append(time.perf_counter() - began)
        began = time.perf_counter()
        drift(engine, tally, tally, 0.01)
        tested.append(time.perf_counter() - began)
    print("\nbatches of 64 images of 100 detections, 80 classes, 100 cameras, 2 slices an image:")
    print(
        f"    add {1e6 * statistics.median(added):.1f} µs of CPU an image; numpy's histograms of "
        f"three columns alone, without slices or groups, {1e6 * statistics.median(binned):.1f} µs"
    )
    print(
        f"    snapshot {1e6 * statistics.median(snapped):.0f} µs, its tally "
        f"{1e3 * statistics.median(summed):.1f} ms, drift {1e3 * statistics.median(tested):.1f} ms"
    )
    print(f"    {store.tally_bytes / 2**20:.1f} MiB for {64 * len(batches)} images")


def traffic(random: np.random.Generator, batches: int) -> Iterator[tuple[Predictions, ImageFacts]]:
    """Yield batches of 64 images, 100 a second, each of one of 100 cameras."""
    for k in range(batches):
        n = 64 * 100
        sides = 2 ** random.normal(5, 1, (n, 2))
        predictions = Predictions.from_arrays(
            range(64 * k, 64 * (k + 1)),
            [100] * 64,
            np.concatenate([np.zeros((n, 2)), sides], axis=1),
            random.integers(0, 80, n),
            1 / (1 + np.exp(1.5 - random.normal(0, 2, n))),
        )
        times = 20_000 * DAY_US + np.arange(64 * k, 64 * (k + 1)) * 10_000
        cameras = random.integers(0, 100, 64).tolist()
        hours = (times // HOUR_US).tolist()
        facts = ImageFacts(
            times,
            tuple((f"camera={each}",) for each in cameras),
            tuple(f"{camera}/{hour}" for camera, hour in zip(cameras, hours, strict=True)),
            ("",) * 64,
            np.zeros(64, np.int64),
        )
        yield predictions, facts


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--graphs", type=Path)
    asked = parser.parse_args()
    print(machine())
    engine = Engine.open(ModelRepository.open(find_graphs(asked.graphs)))
    if asked.repeats:
        cost(engine, asked.repeats)
    if asked.streams:
        false_alarms(engine, asked.streams)
    if asked.runs:
        power(engine, asked.runs)


if __name__ == "__main__":
    sys.exit(main())
