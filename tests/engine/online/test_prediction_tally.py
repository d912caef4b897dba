"""The counts of predictions: against counting one by one, and exact whatever the order."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.engine import EvaluationSettings, sealing
from boxgauge.engine.analysis.units import group_of
from boxgauge.engine.online.prediction_bins import ASPECT, CLASS, COUNT, SCORE, SIZE
from boxgauge.engine.online.prediction_tally import SEAL, PredictionTally
from boxgauge.engine.sketch.varints import to_varints
from boxgauge.frames import InvalidInputError, Predictions
from tests.engine.online.drawn_predictions import CLASSES, SETTINGS, draw_predictions


def tally_of(*parts: Predictions) -> PredictionTally:
    tally = PredictionTally(CLASSES, SETTINGS)
    for each in parts:
        tally.add(each, each.image_ids)
    return tally


def one_box(width: float, height: float, score: float = 0.9, label: int = 1) -> PredictionTally:
    return tally_of(
        Predictions.from_arrays([1], [1], [[0.0, 0.0, width, height]], [label], [score])
    )


def only_bin(tally: PredictionTally, feature: int) -> tuple[float, float]:
    """Return the ends of the one bin of a feature that has a count."""
    counts = tally.histograms(feature).sum(0)
    assert counts.sum() == 1
    k, edges = int(np.argmax(counts)), tally.bins.edges[feature]
    return float(edges[k]), float(edges[k + 1])


@given(
    width=st.floats(0.01, 1e4),
    height=st.floats(0.01, 1e4),
    score=st.floats(0.31, 1),
)
def test_every_box_lies_within_its_bins(width: float, height: float, score: float) -> None:
    tally, rounding = one_box(width, height, score), 1e-12
    low, high = only_bin(tally, SIZE)
    size = math.log2(math.sqrt(width * height))
    assert low <= max(size, -0.5) + rounding
    assert size < high + rounding or high == tally.bins.edges[SIZE][-1]
    low, high = only_bin(tally, ASPECT)
    aspect = min(max(math.log2(width / height), -4.25 + rounding), 4.25 - rounding)
    assert low - rounding <= aspect <= high + rounding
    low, high = only_bin(tally, SCORE)
    assert low <= score <= high
    assert only_bin(tally, COUNT) == (1, 2)


def test_square_boxes_stand_in_the_middle_of_their_bin() -> None:
    assert only_bin(one_box(40, 40), ASPECT) == (-0.25, 0.25)
    assert only_bin(one_box(80, 40), ASPECT) == (0.75, 1.25)


def test_boxes_without_area_have_a_bin_of_size_and_no_aspect() -> None:
    for width, height in ((0, 0), (7, 0), (0, 7)):
        tally = one_box(width, height)
        assert tally.histograms(SIZE).sum(0)[0] == 1
        assert not tally.histograms(ASPECT).any()
    assert tally.histograms(SIZE)[:, 1:].sum() == 0


def test_the_threshold_decides_what_counts_but_for_scores() -> None:
    boxes = [[0.0, 0, 8, 8]] * 4
    scores = [0.3, np.nextafter(0.3, 0), 0.9, 0.1]
    tally = tally_of(Predictions.from_arrays(["a", "b"], [3, 1], boxes, [1, 1, 4, 7], scores))
    assert tally.histograms(SCORE).sum() == 4
    for feature in (SIZE, ASPECT, CLASS):
        assert tally.histograms(feature).sum() == 2
    assert tally.histograms(COUNT).sum(0)[:3].tolist() == [1, 0, 1]
    assert tally.histograms(CLASS).sum(0).tolist() == [1, 1, 0, 0, 0, 0]
    assert tally.class_scores().sum(1).tolist() == [2, 1, 1, 0, 0, 0]
    # The threshold itself is the edge of a bin.
    place = int(np.searchsorted(tally.bins.edges[SCORE], 0.3))
    assert tally.bins.edges[SCORE][place] == 0.3
    assert tally.histograms(SCORE).sum(0)[place:].sum() == 2


def test_scores_that_are_no_probability_go_to_the_ends() -> None:
    scores = [-2.0, 0.0, 1.0, 17.0]
    boxes = [[0.0, 0, 8, 8]] * 4
    tally = tally_of(Predictions.from_arrays([1], [4], boxes, [1] * 4, scores))
    counts = tally.histograms(SCORE).sum(0)
    assert (counts[0], counts[-1], counts.sum()) == (2, 2, 4)


def test_numbers_beyond_the_last_bin_are_in_it() -> None:
    for n, place in ((15, 15), (16, 16), (19, 16), (20, 17), (1023, -2), (1024, -1), (3000, -1)):
        boxes = np.tile([0.0, 0, 8, 8], (n, 1))
        tally = tally_of(Predictions.from_arrays([1], [n], boxes, [1] * n, [0.5] * n))
        assert tally.histograms(COUNT).sum(0)[place] == 1


def test_images_are_in_the_group_of_their_cluster() -> None:
    predictions = draw_predictions(1, 40)
    tally = PredictionTally(CLASSES, SETTINGS)
    tally.add(predictions, [k % 5 for k in range(40)])
    expected = np.zeros(32, np.int64)
    for k in range(5):
        expected[group_of(k, 32)] += 8
    assert tally.histograms(COUNT).sum(1).tolist() == expected.tolist()
    assert tally.images == 40


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    parts=st.integers(1, 6),
    tree=st.lists(st.integers(0, 5), max_size=6),
)
def test_any_batching_order_and_merge_gives_the_same_bytes(
    seed: int, parts: int, tree: list[int]
) -> None:
    predictions = draw_predictions(seed, 25)
    order = np.random.default_rng(seed).permutation(25)
    batches = [predictions.take(each.tolist()) for each in np.array_split(order, parts)]
    tallies = [tally_of(each) for each in batches]
    for place in tree:
        if len(tallies) > 1:
            taken = tallies.pop()
            tallies[place % len(tallies)].merge(taken)
    while len(tallies) > 1:
        tallies[0].merge(tallies.pop())
    assert tallies[0].to_bytes() == tally_of(predictions).to_bytes()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_what_is_subtracted_is_gone(seed: int) -> None:
    predictions = draw_predictions(seed, 20)
    kept, gone = predictions.take(range(12)), predictions.take(range(12, 20))
    tally = tally_of(predictions)
    tally.subtract(gone, gone.image_ids)
    assert tally.to_bytes() == tally_of(kept).to_bytes()
    tally.subtract(tally_of(kept))
    assert tally.to_bytes() == tally_of().to_bytes()


def test_what_was_not_added_is_refused_and_changes_nothing() -> None:
    here, other = draw_predictions(1, 9), draw_predictions(2, 9)
    tally = tally_of(here)
    before = tally.to_bytes()
    with pytest.raises(InvalidInputError, match="tally must be of what was added"):
        tally.subtract(other, other.image_ids)
    with pytest.raises(InvalidInputError, match="tally must be of what was added"):
        tally.subtract(tally_of(here, here))
    strange = Predictions.from_arrays([1], [1], [[0.0, 0, 1, 1]], [2], [0.5])
    with pytest.raises(InvalidInputError, match="label must be a class of the tally: got 2"):
        tally.add(strange, [1])
    elsewhere = PredictionTally(CLASSES, EvaluationSettings())
    with pytest.raises(InvalidInputError, match="of the same classes and settings"):
        tally.merge(elsewhere)
    assert tally.to_bytes() == before


def test_what_is_stored_comes_back() -> None:
    for tally in (tally_of(), tally_of(draw_predictions(4, 30))):
        again = PredictionTally.from_bytes(tally.to_bytes())
        assert (again.classes, again.settings, again.images) == (CLASSES, SETTINGS, tally.images)
        assert again.to_bytes() == tally.to_bytes()


def test_damaged_bytes_are_refused() -> None:
    stored = tally_of(draw_predictions(4, 5)).to_bytes()
    for k in range(0, len(stored), 7):
        changed = bytearray(stored)
        changed[k] ^= 0x10
        for damaged in (bytes(changed), stored[:k]):
            with pytest.raises(InvalidInputError, match="tally must be"):
                PredictionTally.from_bytes(damaged)


def test_impossible_places_and_counts_under_a_right_digest_are_refused() -> None:
    about = sealing.describe(CLASSES, SETTINGS)
    places = PredictionTally(CLASSES, SETTINGS).bins.places
    for steps, counts in (
        ([places], [1]),
        ([3, 0], [1, 1]),
        ([3], [0]),
        ([3], [2**63]),
        ([3, 4], [1]),
    ):
        body = [to_varints(np.array(each, np.uint64)) for each in (steps, counts)]
        forged = SEAL.close(about | {"places": len(steps)}, body)
        with pytest.raises(InvalidInputError, match="tally must be as this version writes it"):
            PredictionTally.from_bytes(forged)
