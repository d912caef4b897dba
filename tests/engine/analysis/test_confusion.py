"""The confusion matrix: a loop's and hotcoco's counts, and independence of batching."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from boxgauge.engine import (
    Engine,
    EvaluationSettings,
    MatchedImages,
    ObjectClass,
    evaluate,
    match_images,
)
from boxgauge.engine.analysis import Confusion, ConfusionMatrix, confusion
from boxgauge.frames import GroundTruths, InvalidInputError, Predictions, ResourceExhaustedError
from tests.engine.analysis.hotcoco_peer import evaluator
from tests.engine.analysis.scenes import (
    COCO,
    NAMES,
    Scene,
    accumulate,
    batches,
    load,
)
from tests.engine.sides import CLASSES, draw_sides
from tests.greedy import match_greedily
from tests.reference import errors as reference


def count(engine: Engine, scene: Scene, settings_: EvaluationSettings = COCO) -> Confusion:
    matrix = ConfusionMatrix(engine, scene.classes, settings_)
    return accumulate(engine, scene, matrix, settings_).report()


def loop(scene: Scene, threshold: float) -> NDArray[np.int64]:
    """Return the counts of greedy matching: across classes, then within them for ignored ones."""
    found, truths = scene.predictions, scene.truths
    whole = (np.array([0.5]), np.array([[0.0, 1e10]]), np.array([100]))
    dt = (found.image_index, found.labels, found.boxes, found.scores)
    gt = (truths.image_index, truths.labels, truths.boxes, truths.areas)
    within = match_greedily(*dt, *gt, truths.crowd, truths.ignore, *whole)
    real = ~(truths.crowd | truths.ignore)
    no = np.zeros(int(real.sum()), bool)
    one = (dt[0], np.zeros_like(dt[1]), *dt[2:]), (gt[0], np.zeros_like(gt[1]), *gt[2:])
    across = match_greedily(
        *one[0], *(each[real] for each in one[1]), no, no, *whole[:2], np.array([10**6])
    )
    kept = (within.rank < 100) & ((across.match[0, 0] >= 0) | ~within.ignored[0, 0])
    ids = [each.id for each in scene.classes]
    return np.array(
        reference.confusion(
            [ids.index(each) for each in found.labels[kept].tolist()],
            found.scores[kept].tolist(),
            across.match[0, 0][kept].tolist(),
            [ids.index(each) for each in truths.labels[real].tolist()],
            len(ids),
            threshold,
        )
    )


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), threshold=st.sampled_from([0.0, 0.25, 0.5, 2.0]))
def test_agrees_with_a_loop_where_boxes_and_scores_tie(
    engine: Engine, seed: int, threshold: float
) -> None:
    scene = Scene(*draw_sides(seed), CLASSES)
    found = count(engine, scene, replace(COCO, score_threshold=threshold))
    np.testing.assert_array_equal(found.counts, loop(scene, threshold))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("threshold", [0.05, 0.5])
def test_agrees_with_hotcoco_without_crowds(
    engine: Engine, tmp_path: Path, name: str, threshold: float
) -> None:
    scene = load(name).without_crowds()
    found = count(engine, scene, replace(COCO, score_threshold=threshold))
    wanted = evaluator(scene, tmp_path).confusion_matrix(0.5, 1000, threshold)["matrix"]
    np.testing.assert_array_equal(found.counts, wanted.astype(np.int64))


@pytest.mark.parametrize("name", NAMES)
def test_rows_sum_to_the_objects_of_each_class(engine: Engine, name: str) -> None:
    scene = load(name)
    report = evaluate(engine, scene.predictions, scene.truths, scene.classes, COCO).report
    found = count(engine, scene)
    sums = found.counts.sum(axis=1)[:-1]
    assert sums.tolist() == [each.positives for each in report.classes]
    assert found.counts[-1, -1] == 0


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), parts=st.integers(1, 4))
def test_batching_order_merging_and_taking_back_change_no_count(
    engine: Engine, seed: int, parts: int
) -> None:
    scene = Scene(*draw_sides(seed), CLASSES)
    whole = count(engine, scene)
    order = np.random.default_rng(seed).permutation(len(scene.predictions))
    chunks = [each.tolist() for each in np.array_split(order, 5)]
    shares = [ConfusionMatrix(engine, scene.classes, COCO) for _ in range(parts)]
    parted = batches(engine, scene, chunks, COCO)
    for k, images in enumerate(parted):
        shares[k % parts].add(images)
    for each in shares[1:]:
        shares[0].merge(each)
    np.testing.assert_array_equal(shares[0].report().counts, whole.counts)
    for images in parted:
        shares[0].subtract(images)
    assert not shares[0].report().counts.any()


def test_shares_of_a_class_without_objects_are_masked(engine: Engine) -> None:
    scene = Scene(*draw_sides(3), CLASSES)
    shares = count(engine, scene).of_truth()
    has = [*(np.isin([3, 7, 9], scene.truths.labels)), True]
    assert (~shares.mask[:, 0]).tolist() == has
    np.testing.assert_allclose(shares[has].sum(axis=1), 1)


def test_more_detections_of_an_image_than_a_run_numbers_are_refused(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confusion, "_MAX_DETECTIONS", 3)
    box = [[0.0, 0, 9, 9]]
    predictions = Predictions.from_arrays(["a"], [4], box * 4, [3, 3, 7, 7], [0.9] * 4)
    truths = GroundTruths.from_arrays(["a"], [1], box, [3])
    with pytest.raises(ResourceExhaustedError, match=r"image 'a' has 4 detections .* at most 3"):
        count(engine, Scene(predictions, truths, CLASSES))


def test_classes_whose_matrix_would_not_fit_are_refused(engine: Engine) -> None:
    many = tuple(ObjectClass(k, str(k)) for k in range(8192))
    with pytest.raises(InvalidInputError, match="classes must be at most 8191"):
        ConfusionMatrix(engine, many, COCO)


def test_others_do_not_merge(engine: Engine) -> None:
    one = ConfusionMatrix(engine, CLASSES, COCO)
    with pytest.raises(InvalidInputError, match="of the same classes and settings"):
        one.merge(ConfusionMatrix(engine, CLASSES[:1], COCO))


def test_a_class_that_is_not_listed_is_refused(engine: Engine) -> None:
    sides = draw_sides(3)
    images = MatchedImages(*sides, match_images(engine, *sides, COCO))
    with pytest.raises(InvalidInputError, match="label must be a listed class: got 7"):
        ConfusionMatrix(engine, CLASSES[:1], COCO).add(images)
