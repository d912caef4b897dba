"""Pixel metrics against scikit-learn, which counts pixels as any other labels."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    jaccard_score,
    precision_score,
    recall_score,
)

from boxgauge.metrics import count_pixels, mean_iou, pixel_metrics

CLASSES = [0, 3, 5, 9]


def counts_of(pred: list[int], target: list[int], classes: list[int]) -> torch.Tensor:
    size = len(classes) + 1
    return count_pixels(
        *(torch.tensor(each, dtype=torch.int64) for each in (pred, target, classes)),
        torch.zeros(size, size, dtype=torch.int64),
    )


pixels = st.lists(
    st.tuples(st.sampled_from([*CLASSES, 7, 10**12, -4]), st.sampled_from([*CLASSES, 7, -1])),
    max_size=40,
)


@given(pixels=pixels)
@settings(deadline=None)
def test_counts_are_scikit_learns(pixels: list[tuple[int, int]]) -> None:
    labelled = [(p if p in CLASSES else 99, t if t in CLASSES else 99) for p, t in pixels if t >= 0]
    found = counts_of([p for p, _ in pixels], [t for _, t in pixels], CLASSES)
    if not labelled:
        assert not found.any()
        return
    pred, target = zip(*labelled, strict=True)
    wanted = confusion_matrix(target, pred, labels=[*CLASSES, 99])
    np.testing.assert_array_equal(found.numpy(), wanted)


@given(
    pixels=st.lists(
        st.tuples(st.sampled_from(CLASSES), st.sampled_from(CLASSES)), min_size=1, max_size=60
    )
)
@settings(deadline=None)
def test_ratios_are_scikit_learns(pixels: list[tuple[int, int]]) -> None:
    pred, target = ([*each] for each in zip(*pixels, strict=True))
    found = pixel_metrics(counts_of(pred, target, CLASSES))
    asked = {"labels": CLASSES, "average": None, "zero_division": 0}
    for ours, theirs in (
        (found.iou, jaccard_score),
        (found.dice, f1_score),
        (found.precision, precision_score),
        (found.recall, recall_score),
    ):
        np.testing.assert_allclose(ours[:-1].numpy(), theirs(target, pred, **asked), rtol=1e-15)
        assert ours[-1] == 0
    assert found.pixel_accuracy.item() == accuracy_score(target, pred)
    # Over the classes that occur, weighted by their pixels: scikit-learn's "weighted".
    weighted = jaccard_score(target, pred, labels=CLASSES, average="weighted", zero_division=0)
    assert found.weighted_iou.item() == pytest.approx(weighted, rel=1e-14)
    present = sorted({*target, *pred})
    macro = jaccard_score(target, pred, labels=present, average="macro", zero_division=0)
    assert found.mean_iou.item() == pytest.approx(macro, rel=1e-14)
    accuracy = recall_score(target, pred, labels=sorted({*target}), average="macro")
    assert found.mean_accuracy.item() == pytest.approx(accuracy, rel=1e-14)


@given(pixels=pixels, classes=st.lists(st.sampled_from([*CLASSES, 40]), unique=True))
@settings(deadline=None)
def test_agrees_with_mean_iou(pixels: list[tuple[int, int]], classes: list[int]) -> None:
    pred, target = [p for p, _ in pixels], [t for _, t in pixels]
    whole = mean_iou(
        torch.tensor([pred], dtype=torch.int64),
        torch.tensor([target], dtype=torch.int64),
        torch.tensor(classes, dtype=torch.int64),
    )
    found = pixel_metrics(counts_of(pred, target, classes))
    assert found.iou[:-1].tolist() == whole.iou.tolist()
    assert (found.is_true | found.is_predicted)[:-1].tolist() == whole.present.tolist()
    assert found.mean_iou.item() == pytest.approx(whole.miou.item(), rel=1e-15)


def test_worked_values() -> None:
    # Long et al. 2015, Section 5, by hand: 4 pixels of class 1, 2 of class 2.
    found = pixel_metrics(counts_of([1, 1, 1, 2, 2, 1], [1, 1, 1, 1, 2, 2], [1, 2]))
    assert found.pixel_accuracy.item() == 4 / 6
    assert found.mean_accuracy.item() == (3 / 4 + 1 / 2) / 2
    assert found.mean_iou.item() == pytest.approx((3 / 5 + 1 / 3) / 2, rel=1e-15)
    assert found.weighted_iou.item() == pytest.approx((4 * 3 / 5 + 2 / 3) / 6, rel=1e-15)
