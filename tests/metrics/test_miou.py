import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.metrics import mean_iou
from tests.reference import masks as reference

Masks = list[list[int]]


@pytest.mark.parametrize(
    ("pred", "target", "iou", "present", "miou"),
    [
        pytest.param([[1, 1, 2]], [[1, 1, 2]], [1, 1, 0], [1, 1, 0], 1, id="equal-one-absent"),
        pytest.param([[1, 1, 2]], [[1, 2, 2]], [0.5, 0.5, 0], [1, 1, 0], 0.5, id="one-wrong"),
        pytest.param([[3, 3, 3]], [[1, 1, 3]], [0, 0, 1 / 3], [1, 0, 1], 1 / 6, id="one-missed"),
        pytest.param(
            [[1, 1], [1, 2]], [[1, 2], [1, 1]], [0.5, 0, 0], [1, 1, 0], 0.25, id="images-pooled"
        ),
        pytest.param([[1, 2]], [[1, -1]], [1, 0, 0], [1, 0, 0], 1, id="void-counts-nowhere"),
        pytest.param([[1, 1]], [[1, 0]], [0.5, 0, 0], [1, 0, 0], 0.5, id="unlisted-is-wrong"),
        pytest.param([[7, 8]], [[9, 0]], [0, 0, 0], [0, 0, 0], 0, id="none-present"),
    ],
)
def test_worked_values(
    pred: Masks, target: Masks, iou: list[float], present: list[int], miou: float
) -> None:
    actual = mean_iou(torch.tensor(pred), torch.tensor(target), torch.tensor([1, 2, 3]))
    assert actual.iou.tolist() == pytest.approx(iou, abs=0, rel=1e-15)
    assert actual.present.tolist() == [bool(p) for p in present]
    assert actual.miou.tolist() == pytest.approx([miou], abs=0, rel=1e-15)


def test_a_void_pixel_counts_nowhere_even_if_its_class_is_asked_for() -> None:
    actual = mean_iou(torch.tensor([[0, 1]]), torch.tensor([[0, -1]]), torch.tensor([-1, 0]))
    assert actual.present.tolist() == [False, True]
    assert actual.miou.tolist() == [1.0]


@given(
    pixels=st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 4)), max_size=30),
    classes=st.lists(st.integers(0, 5), unique=True, max_size=5),
)
@settings(deadline=None)
def test_agrees_with_sets_of_pixels(pixels: list[tuple[int, int]], classes: list[int]) -> None:
    pred, target = [p for p, _ in pixels], [t for _, t in pixels]
    ids = torch.tensor(classes, dtype=torch.int64)
    a = torch.tensor([pred], dtype=torch.int64)
    b = torch.tensor([target], dtype=torch.int64)

    actual = mean_iou(a, b, ids)
    iou, present, miou = reference.mean_iou(pred, target, classes)
    assert actual.iou.dtype == actual.miou.dtype == torch.float64
    assert actual.iou.tolist() == iou
    assert actual.present.tolist() == present
    assert actual.miou.item() == pytest.approx(miou, abs=1e-15)
    assert ((actual.iou >= 0) & (actual.iou <= 1)).all()

    # How the pixels are cut into images does not matter.
    column = mean_iou(a.reshape(-1, 1), b.reshape(-1, 1), ids)
    assert column.iou.tolist() == iou


@pytest.mark.parametrize("shape", [(0, 4), (2, 0)])
def test_no_pixels_are_ordinary(shape: tuple[int, int]) -> None:
    empty = torch.zeros(shape, dtype=torch.int64)
    actual = mean_iou(empty, empty, torch.tensor([1]))
    assert actual.present.tolist() == [False]
    assert actual.miou.tolist() == [0.0]
