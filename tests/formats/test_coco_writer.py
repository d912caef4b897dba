"""Ground truth written as COCO comes back in all bits, here and in pycocotools."""

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO

from boxgauge.formats import ObjectClass, read_ground_truth, write_ground_truth
from boxgauge.frames import GroundTruths, ImageId, InvalidInputError

CLASSES = (ObjectClass(1, "cat"), ObjectClass(7, "dög"))
number = st.floats(-1e100, 1e100)
side = st.floats(0, 1e100)


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.tuples(number, number, side, side),
            st.sampled_from([1, 7]),
            side,
            st.booleans(),
            st.booleans(),
        ),
        min_size=1,
    ),
    data=st.data(),
)
def test_every_double_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[tuple[float, ...], int, float, bool, bool]],
    data: st.DataObject,
) -> None:
    boxes, labels, areas, crowd, ignore = zip(*rows, strict=True)
    ids: list[ImageId] = [-3, 2**60, "cam/1"]
    cut = data.draw(st.integers(0, len(rows)))
    truths = GroundTruths.from_arrays(
        ids,
        [cut, 0, len(rows) - cut],
        np.array(boxes),
        labels,
        areas=areas,
        crowd=crowd,
        ignore=ignore,
        ids=np.arange(len(rows)) * 3 - 1,
    )
    path = tmp_path_factory.mktemp("coco") / "gt.json"
    write_ground_truth(path, truths, CLASSES, sizes={2**60: (640, 480)})
    back = read_ground_truth(path)
    assert back.image_ids == tuple(ids)
    assert [(each.id, each.name) for each in back.classes] == [(1, "cat"), (7, "dög")]
    assert back.notes == ()
    np.testing.assert_array_equal(back.frames.counts, truths.counts)
    for ours, theirs in zip(back.frames.columns, truths.columns, strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_pycocotools_reads_what_is_written(tmp_path: Path) -> None:
    truths = GroundTruths.from_arrays([4], [1], np.array([[0.1, 0.2, 30, 40]]), [7])
    write_ground_truth(tmp_path / "gt.json", truths, CLASSES, sizes={4: (640, 480)})
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = COCO(str(tmp_path / "gt.json"))
    assert theirs.imgs == {4: {"id": 4, "width": 640, "height": 480}}
    assert theirs.anns == {
        1: {
            "id": 1,
            "image_id": 4,
            "category_id": 7,
            "bbox": [0.1, 0.2, 30.0, 40.0],
            "area": 1200.0,
            "iscrowd": 0,
        }
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"areas": [1.0, np.nan]}, "gt.json: areas must be finite: got nan"),
        ({"boxes": [[0.0, 0, 1, 1], [0, np.inf, 1, 1]]}, "gt.json: boxes must be finite: got inf"),
        ({"ids": [5, 5]}, "gt.json: ids must be distinct: got 5"),
        ({"labels": [1, 3]}, "gt.json: labels must be the id of a class: got 3"),
    ],
)
def test_what_the_format_cannot_hold_is_not_written(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    given = {"boxes": [[0.0, 0, 1, 1]] * 2, "labels": [1, 7], "areas": [1.0, 1.0]} | change
    truths = GroundTruths.from_arrays([1], [2], **given)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match=re.escape(message)):
        write_ground_truth(tmp_path / "gt.json", truths, CLASSES)
    assert not (tmp_path / "gt.json").exists()
