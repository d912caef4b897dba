"""The comparison of losses: fair, repeatable, resumable, and right in its arithmetic."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("sklearn", reason="the examples extra (scikit-learn) is not installed")

import compare
from balance import EpochByEpoch, StepByStep
from choices import best_weights
from configurations import CONFIGURATIONS, Configuration, Outcome
from detections import Detections
from detector import Detector
from learning import DivergedError, Recipe, train
from lessons import Lessons, as_input, flipped, stacked
from report import MEASURES, differences, print_report
from runs import RecipeError, Run, carry_out, complete
from scene import Scene
from scoring import (
    Ranking,
    at_threshold,
    best_f1_threshold,
    class_ap,
    detect_all,
    ranking,
    recall_threshold,
    statistics,
)
from splits import Splits, digit_splits

from tests.examples.blood_cells import write_folder

QUICK = Recipe(epochs=1, batch=2)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Keep these tiny batches on one thread: on busy cores, threads wait for each other."""
    before, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
    torch.use_deterministic_algorithms(deterministic)


@pytest.fixture(scope="module")
def splits() -> Splits:
    """Pictures of 56 × 72 pixels, of which no coarse grid divides both sides."""
    rng = np.random.default_rng(3)

    def scene(boxes: int) -> Scene:
        corner = rng.uniform(0, 20, (boxes, 2))
        return Scene(
            image=rng.integers(0, 256, (56, 72, 3), dtype=np.uint8),
            boxes=np.concatenate([corner, corner + rng.uniform(12, 36, (boxes, 2))], 1),
            labels=rng.integers(0, 3, boxes),
            iscrowd=np.zeros(boxes, dtype=np.bool_),
        )

    pictures = [scene(count) for count in (2, 1, 0, 3)]
    classes = ("RBC", "WBC", "Platelets")
    return Splits("squares", classes, pictures, pictures[:2], pictures[2:], mirrored=True)


@pytest.mark.parametrize("key", CONFIGURATIONS)
@pytest.mark.parametrize("box_weight", [2.0, None], ids=["weighted", "balanced"])
def test_every_configuration_trains(splits: Splits, key: str, box_weight: float | None) -> None:
    recipe = Recipe(epochs=2, batch=2, box_weight=box_weight)
    model = train(splits, Lessons(splits), CONFIGURATIONS[key], recipe, seed=0)
    assert all(torch.isfinite(value).all() for value in model.state_dict().values())
    found = detect_all(model, splits.val)
    assert len(found) == 2
    assert all(0 < len(each.scores) <= 100 for each in found)


@pytest.mark.parametrize("key", CONFIGURATIONS)
def test_every_configuration_pushes_scores_apart_and_boxes_on(splits: Splits, key: str) -> None:
    model = Detector(splits.size, channels=3, class_count=3)
    lesson = next(Lessons(splits).epoch(np.random.default_rng(0), 4))
    logits = torch.zeros(4, len(model.points), 3, requires_grad=True)
    half = 1.2 * model.strides
    start = torch.cat([model.points - half, model.points + half], 1)
    boxes = start.expand(4, -1, -1).clone().requires_grad_()
    terms = CONFIGURATIONS[key].terms(Outcome(lesson, logits, boxes, model.points, model.strides))
    torch.autograd.backward(terms["classification"] + terms["box"])
    assert logits.grad is not None
    assert boxes.grad is not None
    positive = lesson.classes == 1
    # On average: a positive whose box is poor may well be asked to step back.
    assert logits.grad[positive].mean() < 0
    assert logits.grad[~positive].mean() > 0
    moved = boxes.grad.abs().sum(-1) > 0
    assert moved[lesson.positive].all()
    assert not moved[~lesson.positive].any()


def test_a_batch_without_objects_has_finite_terms(splits: Splits) -> None:
    empty = Splits("blank", splits.classes, [splits.train[2]] * 2, [], [], mirrored=True)
    model = Detector(empty.size, channels=3, class_count=3)
    lesson = next(Lessons(empty).epoch(np.random.default_rng(0), 2))
    logits, boxes = model(lesson.images)
    for configuration in CONFIGURATIONS.values():
        outcome = Outcome(lesson, logits, boxes, model.points, model.strides)
        assert all(torch.isfinite(term).all() for term in configuration.terms(outcome).values())


def test_one_seed_gives_one_detector_and_another_seed_another(splits: Splits) -> None:
    lessons = Lessons(splits)
    once, again, other = (
        train(splits, lessons, CONFIGURATIONS["focal-giou"], QUICK, seed=seed) for seed in (4, 4, 5)
    )
    same = [torch.equal(a, b) for a, b in zip(once.parameters(), again.parameters(), strict=True)]
    assert all(same)
    assert not torch.equal(next(once.parameters()), next(other.parameters()))


def test_a_loss_that_is_not_finite_stops_the_run_by_name(splits: Splits) -> None:
    def broken(outcome: Outcome) -> dict[str, torch.Tensor]:
        return {"classification": outcome.logits.sum().reshape(1) * torch.nan, "box": torch.ones(1)}

    with pytest.raises(DivergedError, match="broken, seed 3, step 1: the loss is nan"):
        train(splits, Lessons(splits), Configuration("broken", broken), QUICK, seed=3)


def test_flipped_targets_are_where_the_flipped_picture_has_them(splits: Splits) -> None:
    scene = splits.train[0]
    height, width = splits.size
    marked = torch.zeros(height, width)
    left, top, right, bottom = scene.boxes[0].round().astype(int)
    marked[top:bottom, left:right] = 1
    whole = Scene(scene.image, scene.boxes.round(), scene.labels, scene.iscrowd)
    for flip in ((), (-2,), (-1,), (-2, -1)):
        rows, columns = marked.flip(flip).nonzero().T
        seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert flipped(whole, flip, splits.size).boxes[0].tolist() == [int(side) for side in seen]


def test_digits_are_not_mirrored_and_grey() -> None:
    digits = digit_splits(train=2, val=1, test=1)
    assert not digits.mirrored
    assert digits.channels == 1
    assert stacked(digits.train).shape == (2, 1, *digits.size)
    lesson = next(Lessons(digits).epoch(np.random.default_rng(0), 2))
    expected = {as_input(stacked([scene])).numpy().tobytes() for scene in digits.train}
    assert {image[None].numpy().tobytes() for image in lesson.images} == expected


def test_balances() -> None:
    assert StepByStep().weight(0.6, 0.3) == pytest.approx(2)
    balance = EpochByEpoch()
    assert [balance.weight(1.0, 0.5), balance.weight(2.0, 0.5)] == [50, 50]
    balance.end_epoch()
    assert balance.weight(0.0, 0.0) == pytest.approx((3 + 1) / 1)


# Two images of one class: true, false, true, true, and a miss; the last two scores tie.
RANKED = Ranking(
    scores=torch.tensor([0.9, 0.8, 0.8, 0.3, 0.3], dtype=torch.float64),
    outcome=torch.tensor([1, 0, 1, 1, 0]),
    positives=4,
)


def test_operating_points_worked_by_hand() -> None:
    # From .9: F1 2/5; from .8: tp 2 of 3, 4/7; from .3: tp 3 of 5, 6/9.
    assert best_f1_threshold(RANKED) == 0.3
    assert at_threshold(RANKED, 0.3) == {
        "precision": 3 / 5,
        "recall": 3 / 4,
        "f1": pytest.approx(6 / 9),
    }
    assert recall_threshold(RANKED, 0.25) == 0.9
    assert recall_threshold(RANKED, 0.26) == 0.8
    assert recall_threshold(RANKED, 0.8) is None


def test_detections_inside_a_heap_count_neither_way() -> None:
    scene = Scene(
        image=np.zeros((64, 64), dtype=np.uint8),
        boxes=np.array([[0.0, 0, 20, 20], [30, 30, 60, 60]]),
        labels=np.array([0, 0]),
        iscrowd=np.array([False, True]),
    )
    boxes = torch.tensor([[0.0, 0, 20, 20], [32, 32, 50, 50], [0, 40, 10, 60]]).double()
    scores = torch.tensor([0.2, 0.9, 0.5]).double()
    found = [Detections(boxes, scores, torch.tensor([0, 0, 0]))]
    ranked = ranking(found, [scene])
    assert ranked.outcome.tolist() == [2, 0, 1]
    assert ranked.positives == 1
    assert at_threshold(ranked, 0.0)["precision"] == 1 / 2
    assert statistics(found, [scene])["AP"] == pytest.approx(0.5)
    assert class_ap(found, [scene], 0) == statistics(found, [scene])["AP"]
    assert class_ap(found, [scene], 1) is None


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("cells"))


def run_in(folder: Path, photographs: Path, recipe: Recipe = QUICK) -> Run:
    return Run(photographs, "ap-giou", recipe, 0, tested=True, path=folder / "a.json")


def test_what_is_made_is_not_made_again(tmp_path: Path, photographs: Path) -> None:
    run = run_in(tmp_path, photographs)
    record = carry_out(run)
    marked = {**record, "cpu_s": -1}
    run.path.write_text(json.dumps(marked))
    assert complete([run], workers=1) == [marked]
    with pytest.raises(RecipeError, match="use another --out"):
        complete([run_in(tmp_path, photographs, Recipe(epochs=2, batch=2))], workers=1)


def test_runs_that_choices_are_made_by_do_not_see_the_test_split(
    tmp_path: Path, photographs: Path
) -> None:
    run = Run(photographs, "bce-giou", QUICK, 0, tested=False, path=tmp_path / "a.json")
    assert "test" not in carry_out(run)


def test_the_command_compares_and_its_report_can_be_made_again(
    tmp_path: Path, photographs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    only = "focal-giou,precision-giou"
    compare.main(
        [
            *(str(photographs), "--out", str(tmp_path), "--epochs", "1", "--seeds", "2"),
            *("--workers", "1", "--only", only, "--choose"),
        ]
    )
    printed = capsys.readouterr().out
    assert printed.count("Choice of the box weight") == 1
    assert printed.count("| focal + GIoU |") == 3
    assert printed.count("| detection precision + GIoU |") == 4

    figure = tmp_path / "figure.png"
    compare.main(["--report", str(tmp_path / "results.json"), "--figure", str(figure)])
    again = capsys.readouterr().out
    assert again.strip()
    assert printed.endswith(again)
    assert figure.read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["{nowhere}", "--out", "{out}"], "cannot be read"),
        (["--report", "{nowhere}"], "nowhere: cannot be read"),
    ],
)
def test_bad_input_is_one_message(tmp_path: Path, arguments: list[str], wanted: str) -> None:
    places = {"nowhere": tmp_path / "nowhere", "out": tmp_path / "out"}
    with pytest.raises(SystemExit, match=wanted):
        compare.main([argument.format(**places) for argument in arguments])


@pytest.mark.parametrize(
    "arguments", [["cells", "--only", "focal"], ["cells", "--seeds", "0"], ["--scenes", "cells"]]
)
def test_a_wrong_argument_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        compare.main(arguments)
    assert "error: " in capsys.readouterr().err


def record_of(key: str, seed: int, ap: float) -> dict[str, Any]:
    point = {"precision": ap, "recall": ap, "f1": ap}
    test = {
        "AP": ap,
        "AP50": ap,
        "AP75": ap,
        "best_f1": point,
        "recall": None,
        "AP_by_class": {"RBC": ap},
    }
    recipe = {"box_weight": 2.0, "epochs": 1}
    return {"configuration": key, "seed": seed, "recipe": recipe, "test": test, "cpu_s": 1.0}


def test_differences_are_paired_by_seed(capsys: pytest.CaptureFixture[str]) -> None:
    results = {
        "source": "nothing",
        "pictures": {"test": 1},
        "choices": [],
        "runs": [
            *(record_of("ap-giou", seed, ap) for seed, ap in ((2, 0.46), (0, 0.41), (1, 0.40))),
            *(record_of("focal-giou", seed, ap) for seed, ap in ((0, 0.40), (1, 0.38), (2, 0.43))),
        ],
    }
    paired = differences(results, "ap-giou", "focal-giou", MEASURES["AP"])
    assert paired == pytest.approx([0.01, 0.02, 0.03])
    print_report(results)
    printed = capsys.readouterr().out
    # Standard deviation 1 of three: 4.303 / sqrt(3) = 2.48 is more than the mean.
    assert "| AP Loss + GIoU | +2.0 ± 2.5 |" in printed
    # Precision at a recall that no run reached is no number.
    assert "not reached" in printed


def test_the_best_weight_has_the_greatest_mean_validation_ap() -> None:
    records = [
        {"configuration": "alrp", "recipe": {"box_weight": weight}, "val": {"AP": ap}}
        for weight, ap in ((1.0, 0.5), (1.0, 0.1), (None, 0.2), (None, 0.45))
    ]
    assert best_weights(records) == {"alrp": None}
