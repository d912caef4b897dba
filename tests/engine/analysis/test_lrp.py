"""oLRP: vernier's figures, a loop's, and independence of batching and order."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vernier.instance import optimal_lrp

from boxgauge.engine import Engine, EvaluationSettings, ObjectClass
from boxgauge.engine.analysis import LrpErrors, LrpReport
from boxgauge.frames import AlreadyExistsError, InvalidInputError
from tests.engine.analysis.scenes import (
    COCO,
    NAMES,
    Scene,
    accumulate,
    batches,
    coco_files,
    draw_scene,
    load,
)
from tests.engine.sides import CLASSES, draw_sides
from tests.greedy import match_greedily
from tests.reference import errors as reference

# Each 1 - IoU is rounded to 2^-32, and divided by 1 - 0.5.
ROUNDING = 2.0**-32


def measure(engine: Engine, scene: Scene) -> LrpReport:
    return accumulate(engine, scene, LrpErrors(engine, scene.classes, COCO)).report()


@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_vernier_at_every_score(engine: Engine, name: str) -> None:
    scene = load(name)
    found = measure(engine, scene)
    truth, detections = coco_files(scene)
    scores = sorted({each["score"] for each in detections})
    peer = optimal_lrp(json.dumps(truth).encode(), json.dumps(detections).encode(), tau_grid=scores)
    of_class = {each.category_id: each for each in peer.per_class}
    for each in found.classes:
        wanted = of_class[each.object_class.id]
        if each.olrp is None:
            assert wanted.is_empty_class
            continue
        assert each.olrp == pytest.approx(wanted.olrp, abs=ROUNDING)
        assert each.false_negative == pytest.approx(wanted.olrp_fn, abs=1e-15)
        if each.score_threshold is None:
            assert np.isnan(wanted.tau)
            continue
        assert each.score_threshold == wanted.tau
        assert each.false_positive == pytest.approx(wanted.olrp_fp, abs=1e-15)
        # vernier divides by 1 - τ here; the paper's component does not.
        assert each.localisation == pytest.approx(wanted.olrp_loc / 2, abs=ROUNDING)
    assert found.olrp == pytest.approx(peer.olrp, abs=ROUNDING)
    assert found.localisation == pytest.approx(peer.loc / 2, abs=ROUNDING)
    assert found.false_negative == pytest.approx(peer.fn, abs=1e-14)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_agrees_with_loops_where_scores_tie(engine: Engine, seed: int) -> None:
    scene = Scene(*draw_sides(seed), CLASSES)
    dt, gt = scene.predictions, scene.truths
    matched = match_greedily(
        dt.image_index,
        dt.labels,
        dt.boxes,
        dt.scores,
        gt.image_index,
        gt.labels,
        gt.boxes,
        gt.areas,
        gt.crowd,
        gt.ignore,
        np.array([0.5]),
        np.array([[0.0, 1e10]]),
        np.array([100]),
    )
    taken, ignored = matched.match[0, 0], matched.ignored[0, 0]
    outcomes = np.where(ignored, 2, taken >= 0)
    ious = [
        reference.overlap(tuple(dt.boxes[d]), tuple(gt.boxes[g])) if g >= 0 else 0.0
        for d, g in enumerate(taken.tolist())
    ]
    for each in measure(engine, scene).classes:
        own = np.flatnonzero(dt.labels == each.object_class.id)
        real = gt.labels == each.object_class.id
        positives = int((real & ~gt.crowd & ~gt.ignore).sum())
        if not positives:
            assert (each.olrp, each.false_negative, each.score_threshold) == (None, None, None)
            continue
        rows = (
            dt.scores[own].tolist(),
            outcomes[own].tolist(),
            [ious[d] for d in own],
            positives,
            0.5,
        )
        wanted = reference.optimal_lrp(*rows)
        assert each.olrp == pytest.approx(wanted, abs=ROUNDING)
        if each.score_threshold is None:
            assert wanted == pytest.approx(1, abs=ROUNDING)
            assert (each.localisation, each.false_positive) == (None, None)
            continue
        # Of values that differ by less than the rounding, any threshold will do.
        there = reference.lrp(*rows, each.score_threshold)
        assert there.lrp == pytest.approx(wanted, abs=ROUNDING)
        parts = (each.localisation, each.false_positive, each.false_negative)
        assert parts == pytest.approx(there[1:], abs=ROUNDING)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), parts=st.integers(1, 5))
def test_batching_order_and_merging_change_no_bit(engine: Engine, seed: int, parts: int) -> None:
    scene = Scene(*draw_sides(seed), CLASSES)
    order = np.random.default_rng(seed).permutation(len(scene.predictions))
    chunks = [each.tolist() for each in np.array_split(order, 5)]
    shares = [LrpErrors(engine, scene.classes, COCO) for _ in range(parts)]
    for k, images in enumerate(batches(engine, scene, chunks, COCO)):
        shares[k % parts].add(images)
    for each in shares[1:]:
        shares[0].merge(each)
    assert shares[0].report() == measure(engine, scene)


def test_what_is_removed_leaves_no_trace(engine: Engine) -> None:
    scene = draw_scene(5)
    first, second = batches(engine, scene, [range(10), range(10, 25)], COCO)
    changed, wanted = (LrpErrors(engine, scene.classes, COCO) for _ in range(2))
    changed.add(first)
    changed.add(second)
    for image_id in second.predictions.image_ids:
        changed.remove(image_id)
    wanted.add(first)
    assert changed.report() == wanted.report()
    with pytest.raises(AlreadyExistsError, match="image 1 is there already"):
        changed.add(first)


def test_nothing_is_absent_not_zero(engine: Engine) -> None:
    report = LrpErrors(engine, (ObjectClass(1, "cat"),), COCO).report()
    assert (report.olrp, report.localisation) == (None, None)
    assert (report.false_positive, report.false_negative) == (None, None)
    assert report.classes[0].score_threshold is None


def test_the_first_threshold_stands_in_for_a_half(engine: Engine) -> None:
    scene = draw_scene(2)
    strict = EvaluationSettings(iou_thresholds=(0.75, 0.9))
    errors = LrpErrors(engine, scene.classes, strict)
    report = accumulate(engine, scene, errors, strict).report()
    assert report.iou_threshold == 0.75
    usual = measure(engine, scene)
    assert report.olrp is not None
    assert usual.olrp is not None
    assert report.olrp > usual.olrp


def test_a_threshold_that_leaves_no_room_is_refused(engine: Engine) -> None:
    with pytest.raises(InvalidInputError, match=r"iou_thresholds must be below 1 for LRP: got 1"):
        LrpErrors(engine, CLASSES, replace(COCO, iou_thresholds=(1.0,)))


def test_others_do_not_merge(engine: Engine) -> None:
    one = LrpErrors(engine, CLASSES, COCO)
    with pytest.raises(InvalidInputError, match="of the same classes and settings"):
        one.merge(LrpErrors(engine, CLASSES[:1], COCO))
