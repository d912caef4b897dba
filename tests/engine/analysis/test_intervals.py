"""Intervals: against evaluations of the images that are left, scipy, and themselves."""

import math
from dataclasses import astuple

import numpy as np
import pytest
from scipy import stats

from boxgauge.engine import Engine, EvaluationSettings, evaluate
from boxgauge.engine.analysis import Interval, ResamplingTally, bootstrap, jackknife
from boxgauge.engine.analysis.student import t_quantile
from boxgauge.engine.analysis.units import make_units
from boxgauge.frames import FailedPreconditionError, InvalidInputError
from tests.engine.analysis.tallies import COCO, numbered, tally_of
from tests.engine.sides import CLASSES, draw_sides


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 10, 31, 200])
@pytest.mark.parametrize("probability", [0.5, 0.8, 0.975, 0.9995])
def test_the_quantiles_are_scipys(probability: float, freedom: int) -> None:
    wanted = stats.t.ppf(probability, freedom)
    assert t_quantile(probability, freedom) == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_an_image_is_always_in_the_same_group() -> None:
    # The first byte of `printf i7 | b2sum -l 64`, of s7 and of scamera/1, modulo 32.
    units = make_units((7, "7", "camera/1"), None)
    assert units.groups(32).tolist() == [0x28 % 32, 0x65 % 32, 0xAF % 32]


def test_the_jackknife_leaves_one_group_out_at_a_time(engine: Engine) -> None:
    predictions, truths = draw_sides(11, images=30)
    found = jackknife(engine, tally_of(engine, predictions, truths), groups=4, confidence=0.9)
    group = make_units(predictions.image_ids, None).groups(4)
    values = []
    for each in range(4):
        rest = np.flatnonzero(group != each).tolist()
        report = evaluate(engine, predictions.take(rest), truths.take(rest), CLASSES, COCO).report
        values.append(report.statistics.AP50)
    whole = evaluate(engine, predictions, truths, CLASSES, COCO).report.statistics.AP50
    assert whole is not None
    mean = sum(values) / 4
    error = math.sqrt(3 / 4 * sum((each - mean) ** 2 for each in values))
    reach = stats.t.ppf(0.95, 3) * error
    interval = found.statistics["AP50"]
    assert interval.value == whole
    assert interval.standard_error == pytest.approx(error, rel=1e-12)
    assert interval.low == pytest.approx(max(whole - reach, 0), rel=1e-9)
    assert interval.high == pytest.approx(min(whole + reach, 1), rel=1e-9)
    assert interval.replicates == found.replicates == 4


def test_the_bootstrap_is_that_of_evaluated_copies(engine: Engine) -> None:
    predictions, truths = draw_sides(12, images=8)
    tally = tally_of(engine, predictions, truths)
    found = bootstrap(engine, tally, replicates=40, confidence=0.5, seed=3)
    random, values = np.random.default_rng(3), []
    for _ in range(40):
        chosen = random.integers(8, size=8).tolist()
        # Recall does not depend on the order of ties, so that copies may stand anywhere.
        dt, gt = numbered(predictions.take(chosen)), numbered(truths.take(chosen))
        values.append(evaluate(engine, dt, gt, CLASSES, COCO).report.statistics.AR100)
    defined = np.array([each for each in values if each is not None])
    interval = found.statistics["AR100"]
    assert (interval.low, interval.high) == pytest.approx(
        tuple(np.quantile(defined, [0.25, 0.75])), rel=1e-12
    )
    assert interval.standard_error == pytest.approx(defined.std(ddof=1), rel=1e-12)
    assert interval.replicates == len(defined)


def test_a_seed_gives_one_answer_and_another_one_another(engine: Engine) -> None:
    predictions, truths = draw_sides(13, images=20)
    tally = tally_of(engine, predictions, truths)
    backwards = [*range(len(predictions))][::-1]
    turned = tally_of(engine, predictions.take(backwards), truths.take(backwards))
    first = bootstrap(engine, tally, replicates=30, seed=5)
    assert bootstrap(engine, turned, replicates=30, seed=5) == first
    assert bootstrap(engine, tally, replicates=30, seed=6) != first
    assert jackknife(engine, turned) == jackknife(engine, tally)


def test_clusters_are_drawn_as_one(engine: Engine) -> None:
    predictions, truths = draw_sides(14, images=20)
    tally = tally_of(engine, predictions, truths)
    alone = {each: each for each in predictions.image_ids}
    assert bootstrap(engine, tally, replicates=20, clusters=alone) == bootstrap(
        engine, tally, replicates=20
    )
    # One cluster of all: there is nothing to draw, and every resample is the whole.
    one = bootstrap(engine, tally, replicates=20, clusters=dict.fromkeys(alone, "all"))
    ap = one.statistics["AP"]
    assert (one.units, ap.low, ap.high, ap.standard_error) == (1, ap.value, ap.value, 0.0)
    only = jackknife(engine, tally, clusters=dict.fromkeys(alone, "all")).statistics["AP"]
    assert (only.value, only.low, only.standard_error) == (ap.value, None, None)


def test_what_is_undefined_has_no_interval(engine: Engine) -> None:
    predictions, truths = draw_sides(15, images=20)
    found = bootstrap(engine, tally_of(engine, predictions, truths), replicates=10)
    emu = dict(found.class_ap)[CLASSES[2]]
    assert emu == Interval(None, None, None, None, 0)
    values = [value for each in found.statistics.values() for value in astuple(each)]
    assert not any(value is not None and math.isnan(value) for value in values)


def test_bad_requests_are_refused(engine: Engine) -> None:
    predictions, truths = draw_sides(16)
    tally = tally_of(engine, predictions, truths)
    with pytest.raises(InvalidInputError, match="replicates must be at least 2: got 1"):
        bootstrap(engine, tally, replicates=1)
    with pytest.raises(InvalidInputError, match=r"confidence must be in \(0, 1\): got 95"):
        bootstrap(engine, tally, confidence=95)
    with pytest.raises(InvalidInputError, match="seed must be at least 0: got -1"):
        bootstrap(engine, tally, seed=-1)
    with pytest.raises(InvalidInputError, match="groups must be at least 2: got 1"):
        jackknife(engine, tally, groups=1)
    with pytest.raises(InvalidInputError, match=r"clusters\[10\] must be a cluster's key"):
        jackknife(engine, tally, clusters={})
    with pytest.raises(FailedPreconditionError, match="no images"):
        bootstrap(engine, ResamplingTally(CLASSES, EvaluationSettings()))
