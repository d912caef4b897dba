"""Other thresholds, areas and maxima, and all classes as one: pycocotools' bits all the same."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from numpy.typing import NDArray

from boxgauge import metrics
from boxgauge.engine import (
    COCO_AREAS,
    POOLED,
    AreaRange,
    Engine,
    Evaluation,
    EvaluationSettings,
    ExactTally,
    ObjectClass,
    evaluate,
)
from boxgauge.engine.analysis import Averages
from boxgauge.frames import InvalidInputError
from tests.integration.scenes import Scene, as_params, asked, pycocotools, scenes
from tests.integration.test_pycocotools_parity import assert_same_bits
from tests.metrics.images import as_images, listed

# Derandomized: the same examples everywhere, so that a red run means a change of the code.
COMMON: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}


def evaluated(engine: Engine, scene: Scene, asked: EvaluationSettings) -> Evaluation:
    classes = tuple(ObjectClass(each, str(each)) for each in scene.categories)
    return evaluate(engine, *scene.frames(), classes, asked)


def mean(values: NDArray[np.float64]) -> str | None:
    """Return what pycocotools' summary would, in hexadecimal; None for its -1."""
    defined = values[values > -1]
    return float(np.mean(defined)).hex() if len(defined) else None


def shown(value: float | None) -> str | None:
    return None if value is None else value.hex()


@settings(max_examples=300, **COMMON)
@given(scene=scenes())
def test_all_classes_as_one_equal_pycocotools(engine: Engine, scene: Scene) -> None:
    report = evaluated(engine, scene, EvaluationSettings(class_agnostic=True)).report
    assert [each.object_class for each in report.classes] == [POOLED]
    assert_same_bits(report, pycocotools(scene, useCats=0))


@settings(max_examples=100, **COMMON)
@given(scene=scenes(strict=True))
def test_all_classes_as_one_have_its_faults_when_strict(engine: Engine, scene: Scene) -> None:
    strict = EvaluationSettings(class_agnostic=True, strict=True)
    assert_same_bits(evaluated(engine, scene, strict).report, pycocotools(scene, useCats=0))


@settings(max_examples=300, **COMMON)
@given(scene=scenes(), asked=asked())
def test_any_thresholds_areas_and_maxima_equal_pycocotools(
    engine: Engine, scene: Scene, asked: EvaluationSettings
) -> None:
    report = evaluated(engine, scene, asked).report
    expected = pycocotools(scene, **as_params(asked))
    for name in ("precision", "recall", "scores"):
        ours, theirs = getattr(report.curves, name), getattr(expected, name)
        assert ours.shape == theirs.shape
        assert ours.tobytes() == theirs.tobytes(), name
    classes = {None: slice(None)} | {each.object_class: k for k, each in enumerate(report.classes)}
    ious = {None: slice(None)} | {iou: t for t, iou in enumerate(asked.iou_thresholds)}
    names = [area.name for area in asked.areas]
    rows = [*Averages(report).table(per_iou=True)]
    assert len(rows) == len(classes) * len(ious) * len(names) * len(asked.max_detections)
    for row in rows:
        t, k = ious[row.iou_threshold], classes[row.object_class]
        a, m = names.index(row.area), asked.max_detections.index(row.max_detections)
        assert shown(row.ap) == mean(expected.precision[t, :, k, a, m])
        assert shown(row.ar) == mean(expected.recall[t, k, a, m])


@settings(max_examples=150, **COMMON)
@given(scene=scenes(strict=True), asked=asked())
def test_the_eager_evaluation_has_the_engines_bits_and_names(
    engine: Engine, scene: Scene, asked: EvaluationSettings
) -> None:
    scene = listed(scene)
    ours = Averages(evaluated(engine, scene, asked).report).named()
    eager = metrics.evaluate(
        *as_images(scene),
        box_format="xywh",
        iou_thresholds=asked.iou_thresholds,
        areas={area.name: (area.low, area.high) for area in asked.areas},
        max_detections=asked.max_detections,
        class_agnostic=asked.class_agnostic,
    )
    assert [*eager] == [*ours]
    assert [*map(shown, eager.values())] == [*map(shown, ours.values())]


def test_a_tally_as_bytes_remembers_that_classes_were_one(engine: Engine) -> None:
    tally = evaluated(engine, SCENE, EvaluationSettings(class_agnostic=True)).tally
    again = ExactTally.from_bytes(tally.to_bytes())
    assert again.settings == tally.settings
    assert again.classes == (POOLED,)


SCENE = Scene(
    images=[1],
    categories=[1, 2],
    annotations=[
        {
            "image_id": 1,
            "category_id": 1,
            "bbox": [0.0, 0.0, 40.0, 40.0],
            "area": 1600.0,
            "iscrowd": 0,
            "ignore": 0,
            "id": 1,
        }
    ],
    results=[
        {"image_id": 1, "category_id": 2, "bbox": [0.0, 0.0, 40.0, 30.0], "score": 0.9},
        {"image_id": 1, "category_id": 1, "bbox": [0.0, 0.0, 40.0, 40.0], "score": 0.5},
    ],
)


def test_the_wrong_class_takes_the_object_where_classes_do_not_matter(engine: Engine) -> None:
    by_class = evaluated(engine, SCENE, EvaluationSettings()).report
    as_one = evaluated(engine, SCENE, EvaluationSettings(class_agnostic=True)).report
    assert Averages(by_class).at(iou=0.5).ar == Averages(as_one).at(iou=0.5).ar == 1
    # The wrong class scores higher, covers three quarters, and comes first.
    assert Averages(as_one).at(iou=0.5, max_detections=1).ap == pytest.approx(1)
    assert Averages(as_one).at(iou=0.95).ap == pytest.approx(0.5)


def test_averages_are_named_as_coco_does_under_its_settings(engine: Engine) -> None:
    report = evaluated(engine, SCENE, EvaluationSettings()).report
    names = {name: getattr(report.statistics, name) for name in report.statistics.__slots__}
    assert Averages(report).named() == names
    assert [*Averages(report).named()] == [*names]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        pytest.param(
            {"max_detections": (300,)},
            "AP AP50 AP75 APs APm APl AR300 ARs ARm ARl",
            id="one maximum",
        ),
        pytest.param(
            {"iou_thresholds": (0.3, 0.5), "areas": COCO_AREAS[:1], "max_detections": (1, 5)},
            "AP AP50 AR1 AR5",
            id="one area",
        ),
        pytest.param(
            {"iou_thresholds": (0.4,), "areas": (COCO_AREAS[0], AreaRange("tiny", 0, 64))},
            "AP AP_tiny AR1 AR10 AR100 AR_tiny",
            id="an area of another name",
        ),
    ],
)
def test_averages_are_named_by_what_was_asked_for(
    engine: Engine, given: dict[str, Any], names: str
) -> None:
    found = Averages(evaluated(engine, SCENE, EvaluationSettings(**given)).report).named()
    assert " ".join(found) == names
    assert found["AP"] == pytest.approx(1)


def test_what_was_not_evaluated_cannot_be_looked_up(engine: Engine) -> None:
    averages = Averages(evaluated(engine, SCENE, EvaluationSettings()).report)
    for wrong, message in (
        ({"class_id": 9}, r"class_id must be among \[1, 2\]: got 9"),
        ({"iou": 0.9}, r"iou must be among .*: got 0\.9"),
        ({"area": "tiny"}, "area must be among .*: got 'tiny'"),
        ({"max_detections": 5}, r"max_detections must be among \[1, 10, 100\]: got 5"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            averages.at(**wrong)  # type: ignore[arg-type]
