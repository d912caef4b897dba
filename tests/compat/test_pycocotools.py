"""The front for pycocotools against pycocotools itself: arrays, statistics, output, index."""

import contextlib
import copy
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pycocotools.coco
import pycocotools.cocoeval
import pytest
from hypothesis import HealthCheck, given, settings

from boxgauge.compat.pycocotools import COCO, COCOeval
from boxgauge.frames import InvalidInputError
from tests.integration.scenes import Scene, scenes

ROOT = Path(__file__).parents[2]
COMMON = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}
THEIRS = (pycocotools.coco.COCO, pycocotools.cocoeval.COCOeval)
OURS = (COCO, COCOeval)

# Either implementation's options.
Options = Any
Change = Callable[[Options], None]
Outcome = dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def _graphs(graphs_dir: Path) -> Iterator[None]:
    """Let the front find the graphs, whatever folder the tests run in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOXGAUGE_GRAPHS", str(graphs_dir))
        yield


def document(scene: Scene) -> dict[str, Any]:
    return {
        "info": {"year": 2014},
        "images": [{"id": each, "file_name": f"{each}.jpg"} for each in scene.images],
        "categories": [
            {"id": each, "name": str(each), "supercategory": "even" if each % 2 == 0 else "odd"}
            for each in scene.categories
        ],
        "annotations": copy.deepcopy(scene.annotations),
    }


def run(
    classes: tuple[type, type], scene: Scene, change: Change, *, as_array: bool = False
) -> Outcome:
    """Return what one implementation makes of a scene: its arrays and all that it printed."""
    coco, coco_eval = classes
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        truth = coco()
        truth.dataset = document(scene)
        truth.createIndex()
        results: Any = copy.deepcopy(scene.results)
        if as_array:
            results = np.array(
                [(r["image_id"], *r["bbox"], r["score"], r["category_id"]) for r in results]
            )
        evaluator = coco_eval(truth, truth.loadRes(results), "bbox")
        change(evaluator.params)
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    times = re.compile(r"t=\d+\.\d+s")
    return evaluator.eval | {
        "stats": evaluator.stats,
        "printed": times.sub("t", printed.getvalue()),
    }


def assert_same(ours: Outcome, theirs: Outcome) -> None:
    for name in ("precision", "recall", "scores", "stats"):
        assert ours[name].shape == theirs[name].shape, name
        assert ours[name].tobytes() == theirs[name].tobytes(), name
    assert ours["printed"] == theirs["printed"]
    assert ours["counts"] == theirs["counts"]
    assert ours.keys() == theirs.keys()


def nothing(_params: Options) -> None:
    pass


def pooled(params: Options) -> None:
    params.useCats = 0


def some(params: Options) -> None:
    params.imgIds = [*params.imgIds[::2], params.imgIds[0]]
    params.catIds = params.catIds[-1:]


def other_grids(params: Options) -> None:
    params.iouThrs = np.array([0.75, 0.3, 0.5])
    params.maxDets = [100, 3, 100]
    params.areaRng = [[0, 1e10], [0, 1600], [0, 1600], [400, 9216]]
    params.areaRngLbl = ["all", "small", "medium", "large"]


def no_hundred(params: Options) -> None:
    params.maxDets = [2, 5, 50]


@pytest.mark.parametrize("change", [nothing, pooled, some, other_grids, no_hundred])
@settings(max_examples=60, **COMMON)
@given(scene=scenes(strict=True).filter(lambda scene: bool(scene.results)))
def test_equals_pycocotools_in_all_bits_and_lines(change: Change, scene: Scene) -> None:
    assert_same(run(OURS, scene, change), run(THEIRS, scene, change))


@settings(max_examples=20, **COMMON)
@given(scene=scenes().filter(lambda scene: bool(scene.results)))
def test_takes_results_as_an_array(scene: Scene) -> None:
    assert_same(
        run(OURS, scene, nothing, as_array=True), run(THEIRS, scene, nothing, as_array=True)
    )


def test_a_script_gives_the_same_output_with_either_import() -> None:
    script = (ROOT / "examples" / "coco_style" / "evaluate.py").read_text()
    theirs = script.replace(
        "from boxgauge.compat.pycocotools import COCO, COCOeval",
        "from pycocotools.coco import COCO\nfrom pycocotools.cocoeval import COCOeval",
    )
    assert theirs != script
    printed = [
        subprocess.run(
            [sys.executable, "-c", each, str(ROOT / "examples" / "sample")],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        ).stdout
        for each in (script, theirs)
    ]
    ours, expected = (re.sub(r"t=\d+\.\d+s", "t", each) for each in printed)
    assert ours == expected
    assert "Average Precision" in ours


def annotated(
    number: int, image: int, label: int, side: float, area: float, crowd: int
) -> dict[str, Any]:
    box = [0.0, 0.0, side, side]
    named = {"id": number, "image_id": image, "category_id": label}
    return named | {"bbox": box, "area": area, "iscrowd": crowd}


def both_sets() -> list[Any]:
    scene = Scene(
        images=[4, 2, 9],
        categories=[1, 5, 6],
        annotations=[
            annotated(7, 2, 5, 9.0, 81.0, 0),
            annotated(8, 4, 1, 3.0, 9.0, 1),
            annotated(3, 2, 1, 5.0, 20.0, 0),
        ],
        results=[],
    )
    sets = []
    for coco in (COCO, THEIRS[0]):
        made = coco()
        made.dataset = document(scene)
        with contextlib.redirect_stdout(io.StringIO()):
            made.createIndex()
        sets.append(made)
    return sets


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: c.getAnnIds(),
        lambda c: c.getAnnIds(imgIds=2),
        lambda c: c.getAnnIds(imgIds=[9, 2], catIds=[1]),
        lambda c: c.getAnnIds(areaRng=[9, 50]),
        lambda c: c.getAnnIds(iscrowd=True),
        lambda c: c.getCatIds(),
        lambda c: c.getCatIds(catNms=["5", "6"]),
        lambda c: c.getCatIds(supNms="even"),
        lambda c: c.getCatIds(catIds=[6, 1]),
        lambda c: c.getImgIds(),
        lambda c: c.getImgIds(catIds=[1]),
        lambda c: sorted(c.getImgIds(catIds=[1, 5])),
        lambda c: sorted(c.getImgIds(imgIds=[2, 9], catIds=[1])),
        lambda c: c.loadAnns([8, 3]),
        lambda c: c.loadAnns(8),
        lambda c: c.loadCats(c.getCatIds()),
        lambda c: c.loadImgs([9]),
        lambda c: (dict(c.imgToAnns), dict(c.catToImgs), c.anns, c.cats, c.imgs),
    ],
)
def test_the_index_answers_alike(ask: Callable[[Any], Any]) -> None:
    ours, theirs = both_sets()
    assert ask(ours) == ask(theirs)


def test_results_are_indexed_alike_once_looked_at() -> None:
    rows = [{"image_id": 2, "category_id": 5, "bbox": [1.0, 2.0, 4.0, 8.0], "score": 0.5}]
    with contextlib.redirect_stdout(io.StringIO()):
        ours, theirs = (each.loadRes(copy.deepcopy(rows)) for each in both_sets())
    assert ours.anns == theirs.anns
    assert ours.dataset == theirs.dataset
    assert ours.getImgIds() == theirs.getImgIds()


def test_results_changed_after_loading_are_evaluated_as_they_are_now() -> None:
    rows = [{"image_id": 2, "category_id": 5, "bbox": [0.0, 0, 9, 9], "score": 0.5}]
    with contextlib.redirect_stdout(io.StringIO()):
        truth, _ = both_sets()
        results = truth.loadRes(rows)
        results.anns[1]["bbox"] = [50.0, 50, 9, 9]
        results.anns[1]["area"] = 81.0
        evaluator = COCOeval(truth, results, "bbox")
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    assert evaluator.stats[0] == 0


@pytest.mark.parametrize("iou_type", ["segm", "keypoints"])
def test_other_kinds_are_named_and_not_implemented(iou_type: str) -> None:
    with pytest.raises(NotImplementedError, match=iou_type):
        COCOeval(iouType=iou_type)


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        pytest.param([], IndexError, "at least one record", id="nothing"),
        pytest.param({"a": 1}, AssertionError, "list of objects: got dict", id="no list"),
        pytest.param(
            [{"image_id": 77, "bbox": [0, 0, 1, 1]}],
            AssertionError,
            "image_id is 77",
            id="stranger",
        ),
        pytest.param(
            [{"image_id": 2, "segmentation": {}}], NotImplementedError, "segmentation", id="masks"
        ),
        pytest.param(np.zeros((2, 6)), AssertionError, r"\[n, 7\]: got \[2, 6\]", id="six columns"),
    ],
)
@pytest.mark.usefixtures("capsys")
def test_results_that_cannot_be_loaded_are_refused(
    rows: object, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        both_sets()[0].loadRes(rows)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"score": "high"}, r"annotations\[0\]\.score.*'high'", id="a word"),
        pytest.param({"bbox": [1, 2, 3]}, r"annotations\[0\]\.bbox", id="three numbers"),
        pytest.param({"bbox": [0, 0, 9, 1e308]}, r"bbox\[3\] must be at most 1e\+100", id="absurd"),
    ],
)
@pytest.mark.usefixtures("capsys")
def test_bad_records_are_named(change: dict[str, Any], words: str) -> None:
    row = {"image_id": 2, "category_id": 5, "bbox": [0.0, 0, 9, 9], "score": 0.5} | change
    truth = both_sets()[0]
    with pytest.raises(InvalidInputError, match=words):
        COCOeval(truth, truth.loadRes([row]), "bbox").evaluate()


@pytest.mark.usefixtures("capsys")
def test_what_changed_after_evaluation_is_refused() -> None:
    truth = both_sets()[0]
    row = {"image_id": 2, "category_id": 5, "bbox": [0.0, 0, 9, 9], "score": 0.5}
    evaluator = COCOeval(truth, truth.loadRes([row]), "bbox")
    with pytest.raises(RuntimeError, match="accumulate"):
        evaluator.summarize()
    evaluator.evaluate()
    evaluator.params.catIds = [5]
    with pytest.raises(NotImplementedError, match="catIds"):
        evaluator.accumulate()
    evaluator.params.recThrs = np.linspace(0, 1, 11)
    with pytest.raises(NotImplementedError, match="recThrs"):
        evaluator.evaluate()
