"""TIDE's errors: tidecv's and hotcoco's figures, and independence of batching and order."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.engine import Engine, EvaluationSettings, ObjectClass, curves, evaluate
from boxgauge.engine.analysis import ErrorDecomposition, TideErrors, overlaps
from boxgauge.frames import AlreadyExistsError, GroundTruths, InvalidInputError, Predictions
from tests.engine.analysis import tidecv_peer
from tests.engine.analysis.hotcoco_peer import evaluator
from tests.engine.analysis.scenes import (
    COCO,
    NAMES,
    Scene,
    accumulate,
    batches,
    draw_scene,
    load,
)

# tidecv reads AP at k / 100, COCO at numpy's linspace, which differs in the last bit of some.
TIDE_GRID = np.arange(101) / 100


def decompose(engine: Engine, scene: Scene) -> ErrorDecomposition:
    return accumulate(engine, scene, TideErrors(engine, scene.classes, COCO)).report()


def assert_same(one: ErrorDecomposition, other: ErrorDecomposition) -> None:
    assert one.errors == other.errors
    assert (one.ap, one.false_positives, one.false_negatives) == (
        other.ap,
        other.false_positives,
        other.false_negatives,
    )
    np.testing.assert_array_equal(one.counts, other.counts)
    np.testing.assert_array_equal(one.class_ap, other.class_ap)


@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_tidecv_class_by_class(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(curves, "RECALL_GRID", TIDE_GRID)
    # Where scores tie, tidecv ranks errors before true positives once it has mended some.
    scene = load(name).untied()
    found, peer = decompose(engine, scene), tidecv_peer.run(scene)
    assert [each.count for each in found.errors] == tidecv_peer.counts(peer)
    wanted = tidecv_peer.class_aps(peer, [each.id for each in found.classes])
    has_objects = ~found.class_ap.mask[:, 0]
    np.testing.assert_allclose(
        found.class_ap.data[has_objects], wanted[has_objects], rtol=0, atol=1e-14
    )
    # The one difference in the means: tidecv counts a class without objects as AP 0.
    assert not wanted[~has_objects].any()


@pytest.mark.parametrize("name", ["random 0", "random 1", "coco_val2014_100", "voc2007_100"])
def test_agrees_with_hotcoco_without_crowds(engine: Engine, tmp_path: Path, name: str) -> None:
    scene = load(name).without_crowds()
    found = decompose(engine, scene)
    wanted = evaluator(scene, tmp_path).tide_errors()
    names = ("Cls", "Loc", "Both", "Dupe", "Bkg", "Miss")
    assert [each.count for each in found.errors] == [wanted["counts"][k] for k in names]
    gains = [*(each.cost for each in found.errors), found.false_positives, found.false_negatives]
    assert gains == pytest.approx([wanted["delta_ap"][k] for k in (*names, "FP", "FN")], abs=1e-14)
    assert found.ap == pytest.approx(wanted["ap_base"], abs=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_ap_is_the_reports_ap50_in_all_bits(engine: Engine, name: str) -> None:
    scene = load(name)
    report = evaluate(engine, scene.predictions, scene.truths, scene.classes, COCO).report
    assert decompose(engine, scene).ap == report.statistics.AP50


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), parts=st.integers(1, 5))
def test_batching_order_and_merging_change_no_bit(engine: Engine, seed: int, parts: int) -> None:
    scene = draw_scene(seed, images=12)
    # Few scores, so that most tie across images.
    scores = np.ceil(scene.predictions.scores * 5) / 5
    scene = replace(scene, predictions=replace(scene.predictions, scores=scores))
    whole = decompose(engine, scene)
    order = np.random.default_rng(seed).permutation(12)
    shares = [TideErrors(engine, scene.classes, COCO) for _ in range(parts)]
    chunks = [each.tolist() for each in np.array_split(order, 5)]
    for k, images in enumerate(batches(engine, scene, chunks, COCO)):
        shares[k % parts].add(images)
    for each in shares[1:]:
        shares[0].merge(each)
    assert_same(shares[0].report(), whole)


def test_what_is_removed_leaves_no_trace(engine: Engine) -> None:
    scene = draw_scene(5)
    first, second = batches(engine, scene, [range(10), range(10, 25)], COCO)
    changed, wanted = (TideErrors(engine, scene.classes, COCO) for _ in range(2))
    changed.add(first)
    changed.add(second)
    for image_id in second.predictions.image_ids:
        changed.remove(image_id)
    wanted.add(first)
    assert_same(changed.report(), wanted.report())
    with pytest.raises(AlreadyExistsError, match="image 1 is there already"):
        changed.add(first)
    assert_same(changed.report(), wanted.report())


def test_pairs_in_many_runs_are_the_same(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = decompose(engine, draw_scene(1))
    runs: list[str] = []
    monkeypatch.setattr(engine, "observe_run", lambda name, _rows, _seconds: runs.append(name))
    monkeypatch.setattr(overlaps, "MAX_PAIRS", 7)
    assert_same(decompose(engine, draw_scene(1)), whole)
    assert runs.count("image_overlaps") > 10


A, B = [0.0, 0, 10, 10], [50.0, 0, 10, 10]
NEAR_B, NOWHERE = [55.0, 0, 10, 10], [200.0, 0, 9, 9]


@pytest.mark.parametrize(
    ("box", "label", "kind", "costs"),
    [
        pytest.param(NEAR_B, 2, "localisation", {"localisation"}, id="localisation"),
        pytest.param(B, 3, "classification", {"classification"}, id="classification"),
        pytest.param(NEAR_B, 3, "both", {"missed"}, id="both"),
        pytest.param(A, 2, "duplicate", {"missed"}, id="duplicate"),
        pytest.param(NOWHERE, 2, "background", {"missed"}, id="background"),
    ],
)
def test_worked_costs(
    engine: Engine, box: list[float], label: int, kind: str, costs: set[str]
) -> None:
    # A is found with the highest score. Recall stays 1/2, which 51 of 101 points do not
    # exceed, until B is found as well or is no longer asked for.
    scene = Scene(
        Predictions.from_arrays([1], [2], [A, box], [2, label], [0.9, 0.8]),
        GroundTruths.from_arrays([1], [2], [A, B], [2, 2]),
        (ObjectClass(2, "cat"), ObjectClass(3, "dog")),
    )
    found = decompose(engine, scene)
    assert found.ap == pytest.approx(51 / 101)
    wanted = {each.name: 50 / 101 if each.name in costs else 0 for each in found.errors}
    assert {each.name: each.cost for each in found.errors} == pytest.approx(wanted, abs=1e-12)
    assert {each.name for each in found.errors if each.count} == {kind} | costs
    assert found.false_positives == pytest.approx(0, abs=1e-12)
    assert found.false_negatives == pytest.approx(50 / 101)


def test_detections_beyond_the_maximum_are_left_out(engine: Engine) -> None:
    scene = draw_scene(6)
    few = EvaluationSettings(max_detections=(1,))
    found = accumulate(engine, scene, TideErrors(engine, scene.classes, few), few).report()
    cells = scene.predictions.image_index * 10 + scene.predictions.labels
    wrong = int(found.counts[:, :5].sum())
    assert 0 < wrong < len(np.unique(cells))


def test_nothing_is_absent_not_zero(engine: Engine) -> None:
    report = TideErrors(engine, (ObjectClass(1, "cat"),), COCO).report()
    assert report.ap is None
    assert [(each.count, each.cost) for each in report.errors] == [(0, None)] * 6
    assert (report.false_positives, report.false_negatives) == (None, None)
    assert report.class_ap.mask.all()


def test_a_class_that_is_only_missed_costs_nothing_to_mend(engine: Engine) -> None:
    scene = draw_scene(0)
    nothing = Predictions.from_arrays([1], [0], [], [], [])
    cat = GroundTruths.from_arrays([1], [1], [[0.0, 0, 9, 9]], [2])
    alone = replace(scene, predictions=nothing, truths=cat)
    report = decompose(engine, alone)
    # With its only object out of the count, there is nothing left that could be found.
    assert (report.ap, report.errors[5].count, report.errors[5].cost) == (0, 1, 0)


@pytest.mark.parametrize("background", [0.0, 0.5, float("nan")])
def test_a_background_out_of_range_is_refused(engine: Engine, background: float) -> None:
    with pytest.raises(InvalidInputError, match="background_iou must be above 0 and below"):
        TideErrors(engine, (ObjectClass(1, "cat"),), COCO, background_iou=background)


def test_others_do_not_merge(engine: Engine) -> None:
    cat = (ObjectClass(1, "cat"),)
    one = TideErrors(engine, cat, COCO)
    with pytest.raises(InvalidInputError, match="of the same classes and settings"):
        one.merge(TideErrors(engine, cat, EvaluationSettings(score_threshold=0.1)))
    with pytest.raises(InvalidInputError, match="background_iou"):
        one.merge(TideErrors(engine, cat, COCO, background_iou=0.2))
