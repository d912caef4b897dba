"""The scripts behind the sample: scenes repeat, splits are apart, training learns."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("sklearn", reason="the examples extra (scikit-learn) is not installed")

import coco
from calibrate import fit
from detections import detect
from detector import DigitDetector
from scene import Scene
from scenes import CANVAS, compose, digits_of
from targets import assign
from train import CLASSIFICATION, VAL_SCENES, batch_loss


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Keep these tiny batches on one thread: on busy cores, threads wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    digits = digits_of("train")
    return [compose(digits, "train", index) for index in range(3)]


def test_the_same_seed_and_index_compose_the_same_scene() -> None:
    digits = digits_of("train")
    once, again = (compose(digits, "train", 3, seed=5) for _ in range(2))
    np.testing.assert_array_equal(once.image, again.image)
    np.testing.assert_array_equal(once.boxes, again.boxes)
    np.testing.assert_array_equal(once.labels, again.labels)
    other = compose(digits, "train", 4, seed=5)
    assert not np.array_equal(once.image, other.image)


def test_no_handwritten_image_is_in_both_splits() -> None:
    train, val = digits_of("train"), digits_of("val")
    assert len(train.labels) + len(val.labels) == 1797
    assert set(val.labels) == set(range(10))
    pixels = {image.tobytes() for image in train.images}
    assert not any(image.tobytes() in pixels for image in val.images)


def test_the_committed_ground_truth_is_what_the_composer_makes(sample: Path) -> None:
    committed = json.loads((sample / "ground_truth.json").read_text())
    digits = digits_of("val")
    composed = [compose(digits, "val", index) for index in range(VAL_SCENES)]
    made = coco.ground_truth(composed, description=committed["info"]["description"])
    assert made == committed


def test_every_digit_has_a_location_and_background_none(scenes: list[Scene]) -> None:
    model = DigitDetector(CANVAS)
    for scene in scenes:
        targets = assign(scene, model.points, model.strides)
        asked_for = {tuple(box) for box in targets.boxes[targets.positive].tolist()}
        assert asked_for == {tuple(box) for box in scene.boxes[~scene.iscrowd].tolist()}
        assert (targets.classes.sum(1) == targets.positive).all()
        assert targets.counted[targets.positive].all()


def test_a_scene_without_digits_asks_for_background_alone() -> None:
    blank = Scene(
        image=np.zeros((CANVAS, CANVAS), dtype=np.uint8),
        boxes=np.zeros((0, 4)),
        labels=np.zeros(0, dtype=np.int64),
        iscrowd=np.zeros(0, dtype=np.bool_),
    )
    model = DigitDetector(CANVAS)
    targets = assign(blank, model.points, model.strides)
    assert not targets.positive.any()
    assert targets.counted.all()


def test_suppression_keeps_the_best_of_a_class_and_spares_other_classes() -> None:
    boxes = torch.tensor([[10.0, 10, 50, 50], [12, 10, 52, 50], [100, 100, 120, 120]])
    logits = torch.full((3, 10), -9.0)
    logits[0, 3], logits[1, 3], logits[1, 4], logits[2, 3] = 2.0, 1.0, 0.5, 0.0
    found = detect(logits, boxes, size=(CANVAS, CANVAS))
    assert found.labels.tolist() == [3, 4, 3]
    assert found.boxes[:, 0].tolist() == [10, 12, 100]
    assert found.scores.dtype == torch.float64


def test_calibration_finds_the_probabilities_that_drew_the_targets() -> None:
    generator = torch.Generator().manual_seed(0)
    log_odds = torch.randn(20_000, generator=generator)
    target = (torch.rand(20_000, generator=generator) < log_odds.sigmoid()).float()
    calibrate = fit(log_odds / 5 - 40, target)
    assert calibrate.slope == pytest.approx(5, rel=0.05)
    torch.testing.assert_close(calibrate(log_odds / 5 - 40), log_odds.double(), atol=0.2, rtol=0.05)


@pytest.mark.parametrize("classification", sorted(CLASSIFICATION))
def test_a_few_steps_lower_the_loss(classification: str, scenes: list[Scene]) -> None:
    torch.manual_seed(0)
    model = DigitDetector(CANVAS)
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3)
    totals = []
    for _ in range(4):
        total, terms = batch_loss(model, scenes, classification)
        assert set(terms) == {classification, "giou"}
        totals.append(float(total.detach()))
        optimiser.zero_grad()
        torch.autograd.backward(total)
        optimiser.step()
    assert totals[-1] < totals[0]
