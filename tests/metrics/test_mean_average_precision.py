"""The running metric: pycocotools' bits under torchmetrics' names, whatever the batches."""

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from boxgauge.metrics import MeanAveragePrecision
from tests.integration.scenes import Scene, pycocotools, scenes
from tests.metrics.images import Images, as_images, listed

# Derandomized: the same examples everywhere, so that a red run means a change of the code.
COMMON: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}
KEYS = (
    *("map", "map_50", "map_75", "map_small", "map_medium", "map_large"),
    *("mar_1", "mar_10", "mar_100", "mar_small", "mar_medium", "mar_large"),
)
BOX = torch.tensor([[8.0, 8, 24, 40]])


def mean(values: NDArray[np.float64]) -> float:
    """Return what pycocotools' summary would."""
    defined = values[values > -1]
    return float(np.mean(defined)) if len(defined) else -1.0


def filled(sides: tuple[Images, Images], seed: int, **options: object) -> MeanAveragePrecision:
    """Return the metric after batches of random sizes, empty ones among them."""
    metric = MeanAveragePrecision(box_format="xywh", **options)  # type: ignore[arg-type]
    images = len(sides[0])
    cuts = np.sort(np.random.default_rng(seed).integers(0, images + 1, 3)).tolist()
    for start, end in zip([0, *cuts], [*cuts, images], strict=True):
        metric.update(sides[0][start:end], sides[1][start:end])
    return metric


def as_floats(result: dict[str, torch.Tensor]) -> dict[str, float]:
    return {key: value.item() for key, value in result.items() if value.ndim == 0}


@settings(max_examples=100, **COMMON)
@given(scene=scenes(), seed=st.integers(0, 2**32 - 1))
def test_equals_pycocotools_in_all_bits(scene: Scene, seed: int) -> None:
    scene = listed(scene)
    result = filled(as_images(scene), seed, class_metrics=True).compute()
    expected = pycocotools(scene)
    assert as_floats(result) == {
        key: value for key, value in zip(KEYS, expected.statistics, strict=True) if value > -1
    }
    known = sorted(scene.categories)
    found = [k for k in range(len(known)) if (expected.recall[0, k, 0, 2] > -1).all()]
    assert result["classes"].tolist() == [known[k] for k in found]
    assert result["map_per_class"].tolist() == [
        mean(expected.precision[:, :, k, 0, 2]) for k in found
    ]
    assert result["mar_100_per_class"].tolist() == [
        mean(expected.recall[:, k, 0, 2]) for k in found
    ]


@settings(max_examples=100, **COMMON)
@given(
    scene=scenes(),
    seed=st.integers(0, 2**32 - 1),
    points=st.lists(st.integers(0, 1000), min_size=1, max_size=250, unique=True),
    maxima=st.lists(st.sampled_from([1, 3, 10, 120]), min_size=1, max_size=4, unique=True),
    classes=st.booleans(),
)
def test_equals_pycocotools_under_other_options(
    scene: Scene, seed: int, points: list[int], maxima: list[int], classes: bool
) -> None:
    scene, recalls, maxima = listed(scene), [k / 1000 for k in sorted(points)], sorted(maxima)
    ious = [0.3, 0.5, 0.9]
    result = filled(
        as_images(scene),
        seed,
        iou_thresholds=ious,
        rec_thresholds=recalls,
        max_detection_thresholds=maxima,
        average="macro" if classes else "micro",
    ).compute()
    expected = pycocotools(
        scene,
        iouThrs=np.array(ious),
        recThrs=np.array(recalls),
        maxDets=[*maxima],
        useCats=int(classes),
    )
    precision, recall = expected.precision, expected.recall
    sizes = ("small", "medium", "large")
    theirs = {
        "map": mean(precision[..., 0, -1]),
        "map_50": mean(precision[1:2, ..., 0, -1]),
        **{f"map_{size}": mean(precision[..., a, -1]) for a, size in enumerate(sizes, start=1)},
        **{f"mar_{most}": mean(recall[..., 0, m]) for m, most in enumerate(maxima)},
        **{f"mar_{size}": mean(recall[..., a, -1]) for a, size in enumerate(sizes, start=1)},
    }
    assert as_floats(result) == {key: value for key, value in theirs.items() if value > -1}
    assert ("classes" in result) is classes


def test_computing_does_not_end_the_stream() -> None:
    metric = MeanAveragePrecision()
    found = {"boxes": BOX, "scores": torch.tensor([0.9]), "labels": torch.tensor([3])}
    missed = {"boxes": BOX[:0], "scores": torch.zeros(0), "labels": torch.zeros(0)}
    truth = {"boxes": BOX, "labels": torch.tensor([3])}
    metric.update([found], [truth])
    assert metric.compute()["mar_100"] == 1
    assert metric.compute()["mar_100"] == 1
    metric.update([missed], [truth])
    assert metric.compute()["mar_100"] == 0.5
    metric.reset()
    assert metric.compute().keys() == {"classes"}


def test_what_is_undefined_has_no_key() -> None:
    metric = MeanAveragePrecision(class_metrics=True)
    alone = {"boxes": BOX, "scores": torch.tensor([0.9]), "labels": torch.tensor([7])}
    metric.update([alone], [{"boxes": BOX, "labels": torch.tensor([3])}])
    result = metric.compute()
    assert "map_large" not in result
    assert result["map"] == 0
    # Class 7 has no objects to be found: no AP is defined for it.
    assert result["classes"].tolist() == [3]
    assert result["map_per_class"].tolist() == [0]
    assert result["mar_100_per_class"].tolist() == [0]


def test_all_classes_as_one_have_no_classes() -> None:
    metric = MeanAveragePrecision(average="micro")
    wrong = {"boxes": BOX, "scores": torch.tensor([0.9]), "labels": torch.tensor([7])}
    metric.update([wrong], [{"boxes": BOX, "labels": torch.tensor([3])}])
    result = metric.compute()
    assert result["map"] == pytest.approx(1)
    assert "classes" not in result


@settings(max_examples=15, **COMMON)
@given(scene=scenes(), seed=st.integers(0, 2**32 - 1))
def test_states_of_two_processes_merge_in_order(scene: Scene, seed: int) -> None:
    predictions, targets = as_images(listed(scene))
    whole = filled((predictions, targets), seed)
    half = len(predictions) // 2
    first = filled((predictions[:half], targets[:half]), seed)
    second = filled((predictions[half:], targets[half:]), seed + 1)
    first.merge_state(pickle.loads(pickle.dumps(second.state())))  # noqa: S301  # our own bytes
    assert as_floats(first.compute()) == as_floats(whole.compute())
    assert second.compute().keys() >= {"classes"}


def test_metrics_with_other_options_do_not_merge() -> None:
    with pytest.raises(ValueError, match="the options must be"):
        MeanAveragePrecision().merge_state(MeanAveragePrecision(iou_thresholds=[0.5]))


def test_a_bad_batch_leaves_the_metric_as_it_was() -> None:
    metric = MeanAveragePrecision()
    truth = {"boxes": BOX, "labels": torch.tensor([3])}
    metric.update([truth | {"scores": torch.tensor([0.5])}], [truth])
    before = as_floats(metric.compute())
    with pytest.raises(ValueError, match=r"scores\[0\] must be finite: got nan"):
        metric.update([truth | {"scores": torch.tensor([float("nan")])}], [truth])
    assert as_floats(metric.compute()) == before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"box_format": "yxyx"}, "box_format must be one of xyxy, xywh, cxcywh: got 'yxyx'"),
        ({"iou_type": "segm"}, "iou_type must be one of bbox: got 'segm'"),
        ({"average": "none"}, "average must be one of macro, micro: got 'none'"),
        ({"class_metrics": True, "average": "micro"}, "class_metrics must be False"),
        ({"iou_thresholds": [0.9, 0.5]}, r"iou_thresholds must be ascending and in \(0, 1\]"),
        ({"iou_thresholds": [0.0]}, r"iou_thresholds must be .*: got \[0\.0\]"),
        ({"rec_thresholds": [0.5, 1.5]}, r"recall_points must be .* in \[0, 1\]"),
        ({"max_detection_thresholds": []}, r"max_detections must be ascending .*: got \[\]"),
        ({"max_detection_thresholds": [0, 1]}, r"max_detections must be .* at least 1"),
    ],
)
@pytest.mark.usefixtures("signatures_unchecked")
def test_bad_options_are_refused_by_name(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MeanAveragePrecision(**given)
