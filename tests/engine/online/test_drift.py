"""Drift: silent without it, loud with it, and no answer from too little."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from boxgauge.engine import Engine, EvaluationSettings
from boxgauge.engine.online.drift import MIN_GROUPS, MIN_IMAGES, drift
from boxgauge.engine.online.f_distribution import f_tail
from boxgauge.engine.online.prediction_tally import PredictionTally
from boxgauge.frames import InvalidInputError, Predictions
from tests.engine.online.drawn_predictions import CLASSES, SETTINGS, draw_predictions
from tests.reference import distributions as reference


def tally_of(*parts: Predictions) -> PredictionTally:
    tally = PredictionTally(CLASSES, SETTINGS)
    for each in parts:
        tally.add(each, each.image_ids)
    return tally


@given(ratio=st.floats(1e-3, 1e3), numerator=st.floats(0.5, 300), denominator=st.floats(0.5, 3000))
def test_the_tail_is_scipys(ratio: float, numerator: float, denominator: float) -> None:
    expected = stats.f.sf(ratio, numerator, denominator)
    assert f_tail(ratio, numerator, denominator) == pytest.approx(expected, rel=1e-8, abs=1e-13)


def test_the_tail_at_its_ends() -> None:
    assert f_tail(0.0, 3, 40) == f_tail(-1.0, 3, 40) == 1
    assert f_tail(1e9, 3, 40) < 1e-100


def test_without_drift_nothing_is_said_to_drift(engine: Engine) -> None:
    found = drift(
        engine, tally_of(draw_predictions(1, 600)), tally_of(draw_predictions(2, 300)), 0.01
    )
    assert (found.reference_images, found.current_images, found.reason) == (600, 300, "")
    assert [each.name for each in found.features] == ["score", "size", "aspect", "count", "class"]
    assert not any(each.drifted for each in found.features)
    assert min(each.p_value for each in found.features) > 0.01


@pytest.mark.parametrize(
    ("change", "names"),
    [({"blur": 1.0}, {"score", "count"}), ({"size": 1.5}, {"size"}), ({"mean": 9.0}, {"count"})],
)
def test_what_has_changed_is_named(
    engine: Engine, change: dict[str, float], names: set[str]
) -> None:
    found = drift(
        engine,
        tally_of(draw_predictions(1, 600)),
        tally_of(draw_predictions(2, 300, **change)),
        0.01,
    )
    assert {each.name for each in found.features if each.drifted} == names


def test_a_class_that_is_gone_is_found(engine: Engine) -> None:
    now = draw_predictions(2, 300)
    now.labels[now.labels == 4] = 1
    found = drift(engine, tally_of(draw_predictions(1, 600)), tally_of(now), 0.01)
    (drifted,) = [each for each in found.features if each.drifted]
    assert drifted.name == "class"
    assert drifted.edges.tolist() == [1, 4, 7, 10, 13, 16]
    assert drifted.current[1] == 0
    assert (drifted.ks, drifted.wasserstein) == (None, None)


def test_distances_are_those_of_the_counts(engine: Engine) -> None:
    before, now = tally_of(draw_predictions(1, 80)), tally_of(draw_predictions(2, 60, blur=0.5))
    for k, each in enumerate(drift(engine, before, now, 0.01).features):
        p, q = before.histograms(k).sum(0).tolist(), now.histograms(k).sum(0).tolist()
        assert each.psi == pytest.approx(reference.psi(p, q), abs=1e-12)
        assert each.jensen_shannon == pytest.approx(reference.jensen_shannon(p, q), abs=1e-12)
        np.testing.assert_allclose(each.reference, reference.shares(p))
        np.testing.assert_allclose(each.current, reference.shares(q))
        if each.name != "class":
            area = reference.wasserstein(p, q, np.diff(each.edges).tolist(), steps=50)
            assert each.wasserstein == pytest.approx(area, rel=1e-2)
            assert each.ks == pytest.approx(reference.kolmogorov_smirnov(p, q), abs=1e-12)


def test_a_side_that_is_too_small_is_given_as_the_reason(engine: Engine) -> None:
    many, few = tally_of(draw_predictions(1, 200)), tally_of(draw_predictions(2, MIN_IMAGES - 1))
    found = drift(engine, many, few, 0.01)
    assert found.features == ()
    assert (
        found.reason
        == f"what is held against the reference has {MIN_IMAGES - 1} images: at least 50 are wanted"
    )
    assert "the reference has 0 images" in drift(engine, tally_of(), many, 0.01).reason

    clustered = PredictionTally(CLASSES, SETTINGS)
    clustered.add(draw_predictions(3, 500), [k % 10 for k in range(500)])
    reason = drift(engine, many, clustered, 0.01).reason
    assert reason.startswith("what is held against the reference has images in ")
    assert reason.endswith(f"groups of clusters: at least {MIN_GROUPS} are wanted")


def test_a_feature_without_detections_is_left_out(engine: Engine) -> None:
    nothing = draw_predictions(2, 100, blur=50.0)
    found = drift(engine, tally_of(draw_predictions(1, 200)), tally_of(nothing), 0.01)
    assert [each.name for each in found.features] == ["score", "count"]
    assert all(each.drifted for each in found.features)


def test_equal_tallies_do_not_differ(engine: Engine) -> None:
    both = tally_of(draw_predictions(1, 100))
    for each in drift(engine, both, both, 0.01).features:
        assert (each.p_value, each.drifted) == (1, False)
        assert each.psi == each.jensen_shannon == 0


def stuck(images: int, score: float, first: int = 0) -> Predictions:
    """Return images of a detector that says one thing."""
    ids = [*range(first, first + images)]
    boxes = np.tile([10.0, 10, 20, 20], (images, 1))
    labels = np.full(images, CLASSES[0].id)
    return Predictions.from_arrays(
        ids, np.ones(images, np.int64), boxes, labels, np.full(images, score)
    )


def test_a_stuck_detector_that_says_another_thing_has_drifted(engine: Engine) -> None:
    before, same, other = stuck(200, 0.9), stuck(500, 0.9, 1000), stuck(500, 0.2, 1000)
    unchanged = drift(engine, tally_of(before), tally_of(same), 0.01)
    assert not any(each.drifted for each in unchanged.features)
    assert {each.p_value for each in unchanged.features} == {1.0}
    found = drift(engine, tally_of(before), tally_of(other), 0.01)
    score = next(each for each in found.features if each.name == "score")
    assert (score.p_value, score.drifted) == (0.0, True)


def test_bad_input_is_named(engine: Engine) -> None:
    here = tally_of(draw_predictions(1, 100))
    with pytest.raises(InvalidInputError, match="of the same classes and settings"):
        drift(engine, here, PredictionTally(CLASSES, EvaluationSettings()), 0.01)
    for level in (0.0, 1.0, float("nan")):
        with pytest.raises(InvalidInputError, match=r"level must be in \(0, 1\)"):
            drift(engine, here, here, level)
