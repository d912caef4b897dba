"""Losses of images: those of their pairs and scores, whatever else is in the batch."""

import math

import numpy as np
import pytest

from boxgauge.engine import Engine, EvaluationSettings, MatchedImages, match_images
from boxgauge.engine.analysis.outcomes import operating_outcomes
from boxgauge.engine.online.loss_graphs import LOSS_EDGES, LossGraphs, LossValues
from boxgauge.frames import GroundTruths, Predictions
from tests.engine.online.streams import draw_stream, select

SETTINGS = EvaluationSettings()
BOXES = (
    *("iou_loss", "giou_loss", "diou_loss", "ciou_loss", "eiou_loss", "focal_eiou_loss"),
    *("siou_loss", "alpha_iou_loss", "wise_iou_loss", "inner_iou_loss", "shape_iou_loss"),
    *("nwd_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "balanced_l1_loss"),
)
SCORES = ("bce_loss", "bce_with_logits_loss", "focal_loss", "asymmetric_loss", "poly_focal_loss")


def values_of(engine: Engine, images: MatchedImages, *names: str) -> LossValues:
    return LossGraphs(engine, names).values(images, operating_outcomes(images.matches, SETTINGS))


def matched(engine: Engine, predictions: Predictions, truths: GroundTruths) -> MatchedImages:
    return MatchedImages(predictions, truths, match_images(engine, predictions, truths, SETTINGS))


@pytest.mark.parametrize("name", BOXES + SCORES)
def test_no_bit_of_an_images_losses_depends_on_its_batch(engine: Engine, name: str) -> None:
    stream = draw_stream(engine, SETTINGS, 1, 60)
    whole = values_of(engine, stream[0], name)
    assert whole.numbers[:, 0, 2].sum() > 40
    order = np.random.default_rng(0).permutation(60)
    shuffled = values_of(engine, select(*stream, order.tolist())[0], name)
    np.testing.assert_array_equal(shuffled.numbers, whole.numbers[order])
    np.testing.assert_array_equal(shuffled.bins, whole.bins[order])
    for k in range(60):
        alone = values_of(engine, select(*stream, [k])[0], name)
        np.testing.assert_array_equal(alone.numbers[0], whole.numbers[k])
        np.testing.assert_array_equal(alone.bins[0], whole.bins[k])


def test_sums_and_bins_are_those_of_pairs_and_scores_one_by_one(engine: Engine) -> None:
    images, _ = draw_stream(engine, SETTINGS, 2, 20)
    outcomes = operating_outcomes(images.matches, SETTINGS)
    found = values_of(engine, images, "l1_loss", "bce_loss", "focal_loss")
    ends = images.predictions.offsets.tolist()
    partners = images.partners
    for k in range(20):
        rows = [row for row in range(ends[k], ends[k + 1]) if outcomes[row] != 2]
        distances, entropies = [], []
        for row in rows:
            hit = outcomes[row] == 1
            score = float(np.float32(images.matches.scores[row]))
            wanted = score if hit else 1 - score
            # The graph's own bound.
            entropies.append(-math.log(max(wanted, 1e-7)))
            if hit:
                one, other = (
                    np.concatenate([box[:2] + box[2:] / 2, box[2:]])
                    for box in (
                        images.predictions.boxes[row],
                        images.ground_truths.boxes[partners[row]],
                    )
                )
                distances.append(float(np.abs(one - other).sum()))
        for values, losses in ((distances, 0), (entropies, 1)):
            high, low, count, not_finite = found.numbers[k, losses].tolist()
            assert (count, not_finite) == (len(values), 0)
            assert high + low / 2**32 == pytest.approx(sum(values), rel=1e-5, abs=1e-6)
            bins = np.searchsorted(LOSS_EDGES, values, side="right") - 1
            own = np.bincount(bins, minlength=len(LOSS_EDGES))
            assert found.bins[k, losses].tolist() == own.tolist()
        assert found.numbers[k, 2, 2] == len(entropies)


def test_scores_that_are_no_probability_and_certain_ones(engine: Engine) -> None:
    box = [0.0, 0.0, 50.0, 50.0]
    scores = [1.0, 0.0, 1.5, -0.1]
    predictions = Predictions.from_arrays([5], [4], [box] * 4, [3] * 4, scores)
    truths = GroundTruths.from_arrays([5], [1], [box], [3])
    found = values_of(
        engine, matched(engine, predictions, truths), "bce_with_logits_loss", "giou_loss"
    )
    # The highest score takes the ground truth: what is certain and wrong costs the bound.
    high, low, count, not_finite = found.numbers[0, 0].tolist()
    assert (count, not_finite) == (2, 2)
    assert high + low / 2**32 == pytest.approx(-math.log(1e-7), rel=1e-6)
    assert found.numbers[0, 1].tolist() == [0, 0, 1, 0]


def test_what_is_not_finite_or_too_large_is_counted_and_nowhere_else(engine: Engine) -> None:
    far = [0.0, 0.0, 3e9, 3e9]
    near = [0.0, 0.0, 2e9, 3e9]
    predictions = Predictions.from_arrays([5], [1], [far], [3], [0.9])
    truths = GroundTruths.from_arrays([5], [1], [near], [3], areas=[6e18])
    wide = EvaluationSettings(iou_thresholds=(0.1,))
    images = MatchedImages(predictions, truths, match_images(engine, predictions, truths, wide))
    outcomes = np.ones(1, np.uint8)
    found = LossGraphs(engine, ("l1_loss", "iou_loss")).values(images, outcomes)
    assert found.numbers[0, 0, 2] + found.numbers[0, 0, 3] == 1
    assert found.bins[0, 0].sum() == found.numbers[0, 0, 2]
    assert found.numbers[0, 1, 2] == 1


def test_images_without_pairs_have_no_mean(engine: Engine) -> None:
    predictions = Predictions.from_arrays([1, 2], [0, 0], np.zeros((0, 4)), [], [])
    truths = GroundTruths.from_arrays([1, 2], [0, 0], np.zeros((0, 4)), [])
    images = matched(engine, predictions, truths)
    assert np.isnan(values_of(engine, images, "giou_loss").first_means()).all()
    assert np.isnan(values_of(engine, images).first_means()).all()
    assert values_of(engine, images).numbers.shape == (2, 0, 4)
