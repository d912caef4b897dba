"""Pixel metrics of masks as arrays: streams, corrections, bad masks, the graphs' bits."""

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix, jaccard_score

from boxgauge.engine import Engine, ObjectClass
from boxgauge.engine.analysis import PixelTally, masks
from boxgauge.frames import InvalidInputError
from boxgauge.metrics import count_pixels, pixel_metrics

ROAD, CAR, SKY = ObjectClass(0, "road"), ObjectClass(13, "car"), ObjectClass(10, "sky")
CLASSES = (ROAD, CAR, SKY)
Masks = list[tuple[np.ndarray, np.ndarray]]


def draw_masks(seed: int, images: int = 6) -> Masks:
    random = np.random.default_rng(seed)
    values = np.array([0, 10, 13, 200, 255], dtype=np.uint8)
    return [
        (random.choice(values[:4], size), random.choice(values, size))
        for size in random.integers(1, 40, (images, 2)).tolist()
    ]


def test_a_stream_of_masks_is_scikit_learn_on_all_pixels(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masks, "_PIXELS", 100)
    tally, drawn = PixelTally(engine, CLASSES, ignore=255), draw_masks(1)
    for pred, target in drawn:
        tally.add(pred, target)
    pred, target = (np.concatenate([each[k].reshape(-1) for each in drawn]) for k in (0, 1))
    pred, target = pred[target != 255], target[target != 255]
    report = tally.report()
    np.testing.assert_array_equal(
        report.confusion, confusion_matrix(target, pred, labels=[0, 10, 13, 200])
    )
    wanted = jaccard_score(target, pred, labels=[0, 10, 13], average=None)
    assert [each.iou for each in report.classes] == pytest.approx(wanted.tolist(), rel=1e-15)
    assert [each.object_class for each in report.classes] == [ROAD, SKY, CAR]
    assert report.mean_iou == pytest.approx(wanted.mean(), rel=1e-14)
    assert report.images == len(tally) == 6


def test_neither_order_nor_merging_nor_corrections_matter(engine: Engine) -> None:
    drawn = draw_masks(2)
    whole, one, other = (PixelTally(engine, CLASSES, ignore=255) for _ in range(3))
    for pair in drawn:
        whole.add(*pair)
    for k, pair in enumerate(drawn[::-1]):
        (one if k % 2 else other).add(*pair)
    one.add(*draw_masks(3)[0])
    one.subtract(*draw_masks(3)[0])
    one.merge(other)
    found, wanted = one.report(), whole.report()
    np.testing.assert_array_equal(found.confusion, wanted.confusion)
    assert (found.classes, found.images) == (wanted.classes, wanted.images)
    assert found.frequency_weighted_iou == wanted.frequency_weighted_iou


def test_what_is_undefined_is_absent(engine: Engine) -> None:
    tally = PixelTally(engine, CLASSES)
    nothing = tally.report()
    assert (nothing.pixel_accuracy, nothing.mean_accuracy, nothing.mean_iou) == (None,) * 3
    assert nothing.frequency_weighted_iou is None
    tally.add(np.array([[0, 13]]), np.array([[0, 0]]))
    road, sky, car = tally.report().classes
    assert (road.iou, road.dice, road.precision, road.recall) == (0.5, 2 / 3, 1.0, 0.5)
    assert (car.iou, car.precision, car.recall, car.predicted_pixels) == (0.0, 0.0, None, 1)
    assert (sky.iou, sky.dice, sky.precision, sky.recall) == (None,) * 4


def test_the_graphs_give_the_bits_of_the_kernels(engine: Engine) -> None:
    random = np.random.default_rng(0)
    inputs = {
        "pred": random.integers(0, 25, 5000),
        "target": random.integers(-1, 25, 5000),
        "classes": np.arange(0, 24),
        "counts": np.zeros((25, 25), np.int64),
    }
    found = engine.run("count_pixels", inputs)["new_counts"]
    eager = count_pixels(**{k: torch.from_numpy(v.copy()) for k, v in inputs.items()})
    np.testing.assert_array_equal(found, eager.numpy())
    metrics = engine.run("pixel_metrics", {"counts": found})
    for name, tensor in pixel_metrics(eager)._asdict().items():
        np.testing.assert_array_equal(metrics[name], tensor.numpy(), err_msg=name)


def test_bad_masks_are_refused(engine: Engine) -> None:
    tally, mask = PixelTally(engine, CLASSES), np.zeros((2, 3), np.uint8)
    with pytest.raises(InvalidInputError, match=r"pred must be of shape \[2, 3\]: got \[3, 2\]"):
        tally.add(mask.T, mask)
    with pytest.raises(InvalidInputError, match="target must be an array of integers: got float64"):
        tally.add(mask, mask.astype(np.float64))
    with pytest.raises(InvalidInputError, match="pred must be an array of integers: got list"):
        tally.add([[1]], mask)  # type: ignore[arg-type]  # what a caller may do all the same
    with pytest.raises(InvalidInputError, match="masks must be masks that were added"):
        tally.subtract(mask, mask)
    with pytest.raises(InvalidInputError, match="of the same classes and ignored class"):
        tally.merge(PixelTally(engine, CLASSES, ignore=255))
    with pytest.raises(InvalidInputError, match=r"classes\.id must be in \[0, 65535\]: got 65536"):
        PixelTally(engine, (ObjectClass(65536, "far"),))
    assert len(tally) == 0
