"""The sketch: whether its intervals hold, how narrow they are, how large it is, what it costs.

    python benchmarks/sketch.py

Scores are drawn from seven distributions, outcomes so that better scores are hit more often; the
exact tally over the same detections is the truth. A case is one class at one IoU threshold.
Sizes and costs are of the workload of the evaluator's benchmark, matched once.
"""

import argparse
import statistics
import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from timing import machine, measure
from workload import CLASSES, make_workload

from boxgauge.engine import (
    COCO_AREAS,
    Engine,
    EvaluationSettings,
    ExactTally,
    Matches,
    ModelRepository,
    ObjectClass,
    SketchTally,
    find_graphs,
    match_images,
)
from boxgauge.engine.matches import SUMS, ImageSums, pack_patterns, unpack_patterns
from boxgauge.engine.sketch.bounds import certified_curves
from boxgauge.engine.sketch.ordered import OrderedRows

COCO = EvaluationSettings()
ALL_ALONE = EvaluationSettings(areas=COCO_AREAS[:1], max_detections=(100,))
CLASS_LIST = tuple(ObjectClass(k, str(k)) for k in range(1, CLASSES + 1))
GROUPS, BATCH = 32, 64
_NOT_NESTED = 0.017

Float64 = NDArray[np.float64]
Random = np.random.Generator


def float32_sigmoid(logits: Float64) -> Float64:
    """Return scores as a detector computes them: 1 from a logit of 17 on."""
    return (np.float32(1) / (1 + np.exp(-logits.astype(np.float32)))).astype(np.float64)


DISTRIBUTIONS: dict[str, Callable[[Random, int], Float64]] = {
    "uniform": lambda random, n: random.random(n),
    "mostly background": lambda random, n: np.where(
        random.random(n) < 0.1, random.beta(4, 2, n), random.beta(1, 14, n)
    ),
    "confident": lambda random, n: float32_sigmoid(random.normal(5, 2, n)),
    "saturated": lambda random, n: float32_sigmoid(random.normal(8, 5, n)),
    "a quarter at 1": lambda random, n: float32_sigmoid(random.normal(12, 8, n)),
    "8 bits": lambda random, n: random.integers(0, 256, n) / 255,
    "2 decimals": lambda random, n: random.beta(1, 3, n).round(2),
}


def draw_matches(draw: Callable[[Random, int], Float64], n: int, random: Random) -> Matches:
    """Return n detections, of which classes have very uneven shares, as one image."""
    shares = 1 / np.arange(1, CLASSES + 1) ** 0.7
    labels = random.choice(CLASSES, n, p=shares / shares.sum()) + 1
    scores = draw(random, n)
    place = np.argsort(np.argsort(scores, kind="stable")) / n
    quality = place**3 * random.uniform(0.4, 1.0, n) + 0.35 * random.random(n)
    passed = quality >= np.array(COCO.iou_thresholds)[:, None]
    dropped = np.flatnonzero(random.random(n) < _NOT_NESTED)
    passed[random.integers(0, len(passed), len(dropped)), dropped] = False
    masks, codes = np.unique(2 ** np.arange(len(passed)) @ passed, return_inverse=True)
    outcomes = (masks >> np.arange(len(passed))[:, None] & 1).astype(bool)
    hits = np.bincount(labels[passed.any(axis=0)], minlength=CLASSES + 1)
    truths = np.repeat(np.arange(CLASSES + 1), (hits * random.uniform(1, 1.6)).astype(np.int64))
    one = np.zeros((1, SUMS), np.int64)
    return Matches(
        (1,),
        np.array([n]),
        labels,
        scores,
        np.zeros(n, np.int64),
        codes,
        pack_patterns(outcomes, np.zeros_like(outcomes)),
        np.full(n, -1),
        np.array([len(truths)]),
        truths,
        np.ones(len(truths), np.uint32),
        ImageSums(*one.T),
    )


class Compared:
    """The exact curves of some detections, and the sketch's bounds on them."""

    def __init__(self, engine: Engine, matches: Matches) -> None:
        exact, self.sketch = (kind(CLASS_LIST, ALL_ALONE) for kind in (ExactTally, SketchTally))
        exact.add(matches)
        self.sketch.add(matches)
        wanted, found = exact.report(engine), self.sketch.report(engine)
        curves = (found.curves.low, wanted.curves.precision[..., -1:], found.curves.high)
        defined = wanted.curves.recall[:, :, 0, 0] > -1
        self.low, self.exact, self.high = (
            np.ascontiguousarray(np.moveaxis(each[..., 0, 0], 1, -1)).mean(axis=-1)[defined]
            for each in curves
        )
        self.ap = wanted.statistics.AP or 0.0
        low, high = found.low.statistics.AP or 0.0, found.high.statistics.AP or 0.0
        self.ap_width, self.ap_error = high - low, abs((low + high) / 2 - self.ap)
        self.ap_inside = low <= self.ap <= high
        self.ties_width = self._ties_width(engine, matches)
        self.same_recall = bool((found.curves.recall == wanted.curves.recall).all())

    def _ties_width(self, engine: Engine, matches: Matches) -> float:
        """Return the width of mAP with a bin for each score: no sketch without images has less."""
        now = self.sketch.snapshot()
        order = np.lexsort([-matches.scores, matches.labels])
        falling = np.unique(-matches.scores, return_inverse=True)[1]
        labels, n = matches.labels[order] - 1, len(order)
        begins = (falling[order][1:] != falling[order][:-1]) | (labels[1:] != labels[:-1])
        rows = OrderedRows(
            label=labels,
            place=np.append(0, np.cumsum(begins)),
            code=matches.codes[order],
            counts=np.ones(n, np.int64),
            bucket=np.zeros(n, np.int64),
            group=np.zeros(n, np.int64),
            outcomes=unpack_patterns(matches.patterns.tolist(), 1, len(COCO.iou_thresholds)),
        )
        found = certified_curves(engine, rows, now.totals.positives, 1)
        low, high = (each[each > -1].mean() for each in (found.low, found.high))
        return float(high - low)

    def inside(self) -> int:
        """Return the cases in which the exact value lies between the bounds, to the last bit."""
        return int(((self.low <= self.exact) & (self.exact <= self.high)).sum())


def containment(engine: Engine, rounds: int, detections: int, seed: int) -> None:
    """Print how often the intervals contain the exact value."""
    _row("scores", "cases", "contained", "mAP contained", "recall equal", "mean width")
    _row(*["---"] * 6)
    total = inside = 0
    for name, draw in DISTRIBUTIONS.items():
        random = np.random.default_rng(seed)
        found = [Compared(engine, draw_matches(draw, detections, random)) for _ in range(rounds)]
        cases, contained = (sum(f(each) for each in found) for f in (_cases, Compared.inside))
        total, inside = total + cases, inside + contained
        _row(
            name,
            f"{cases:,}",
            f"{contained:,}",
            f"{sum(each.ap_inside for each in found)} of {rounds}",
            f"{sum(each.same_recall for each in found)} of {rounds}",
            f"{statistics.mean(float((e.high - e.low).mean()) for e in found):.1e}",
        )
    _row("all", f"{total:,}", f"{inside:,}", "", "", "")


def widths(engine: Engine, detections: int, repeats: int, seed: int) -> None:
    """Print widths and errors of the midpoint at full size."""
    _row("scores", "mAP", "width", "of ties", "error", "widest case", "worst error", "bytes")
    _row(*["---"] * 8)
    for name, draw in DISTRIBUTIONS.items():
        random = np.random.default_rng(seed + 1)
        found = [Compared(engine, draw_matches(draw, detections, random)) for _ in range(repeats)]
        middle = statistics.median
        _row(
            name,
            f"{middle(each.ap for each in found):.3f}",
            f"{middle(each.ap_width for each in found):.1e}",
            f"{middle(each.ties_width for each in found):.1e}",
            f"{middle(each.ap_error for each in found):.1e}",
            f"{middle(float((e.high - e.low).max()) for e in found):.1e}",
            f"{middle(_worst(each) for each in found):.1e}",
            f"{middle(len(each.sketch.to_bytes()) for each in found):,.0f}",
        )


def sizes(matches: Matches, alone: Matches) -> None:
    """Print bytes of stored sketches beside those of the exact tally."""
    _row("what", "sketch, bytes", "exact, bytes", "ratio", "rows")
    _row(*["---"] * 5)
    groups = [np.arange(k, len(matches), GROUPS) for k in range(GROUPS)]
    for name, parts, settings in (
        ("area all, 100 detections", [alone], ALL_ALONE),
        ("four areas, 1, 10 and 100", [matches], COCO),
        (f"the same in {GROUPS} groups", [matches.select(each) for each in groups], COCO),
    ):
        sketches, exact = [], 0
        for part in parts:
            sketch, tally = SketchTally(CLASS_LIST, settings), ExactTally(CLASS_LIST, settings)
            sketch.add(part)
            tally.add(part)
            sketches.append(sketch)
            exact += len(tally.to_bytes())
        stored = sum(len(each.to_bytes()) for each in sketches)
        rows = sum(len(each.snapshot().rows.ids) for each in sketches)
        _row(name, f"{stored:,}", f"{exact:,}", f"{exact / stored:.1f}", f"{rows:,}")


def costs(engine: Engine, matches: Matches, repeats: int) -> None:
    """Print CPU milliseconds beside the exact tally's."""
    _row("what", "sketch, ms", "exact, ms", "ratio")
    _row(*["---"] * 4)
    parts = [
        matches.select(np.arange(k, min(k + BATCH, len(matches))))
        for k in range(0, len(matches), BATCH)
    ]

    def fill(kind: type[ExactTally] | type[SketchTally]) -> ExactTally | SketchTally:
        tally = kind(CLASS_LIST, COCO)
        for each in parts:
            tally.add(each)
        return tally

    sketch, exact = SketchTally(CLASS_LIST, COCO), ExactTally(CLASS_LIST, COCO)
    for each in parts:
        sketch.add(each)
        exact.add(each)
    for name, ours, theirs in (
        (f"add all, {BATCH} images at a time", lambda: fill(SketchTally), lambda: fill(ExactTally)),
        ("report", lambda: sketch.report(engine), lambda: exact.report(engine)),
        ("to_bytes", sketch.to_bytes, exact.to_bytes),
    ):
        a, b = (measure(each, repeats).cpu_s * 1e3 for each in (ours, theirs))
        _row(name, f"{a:.0f}", f"{b:.0f}", f"{a / b:.2f}")


def _cases(compared: Compared) -> int:
    return int(compared.exact.size)


def _worst(compared: Compared) -> float:
    return float(np.abs((compared.low + compared.high) / 2 - compared.exact).max())


def _row(*cells: str) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--small", type=int, default=100_000, help="detections of a round")
    parser.add_argument("--images", type=int, default=5000, help="100 detections each")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=("containment", "widths", "sizes", "costs"))
    asked = parser.parse_args()
    engine = Engine.open(ModelRepository.open(find_graphs(None)))
    print(machine())
    if asked.only in (None, "containment"):
        print(f"\n{asked.rounds} rounds of {asked.small:,} detections, {CLASSES} classes\n")
        containment(engine, asked.rounds, asked.small, asked.seed)
    if asked.only in (None, "widths"):
        print(f"\n{100 * asked.images:,} detections, medians of {asked.repeats}\n")
        widths(engine, 100 * asked.images, asked.repeats, asked.seed)
    if asked.only in (None, "sizes", "costs"):
        workload = make_workload(asked.images, seed=asked.seed)
        sides = workload.predictions(), workload.ground_truths()
        print(f"\n{len(workload.labels):,} detections of {asked.images:,} images\n")
        matches, alone = (match_images(engine, *sides, each) for each in (COCO, ALL_ALONE))
        if asked.only != "costs":
            sizes(matches, alone)
        if asked.only != "sizes":
            print()
            costs(engine, matches, asked.repeats)


if __name__ == "__main__":
    main()
