"""LVIS's 13 statistics against loops, against hotcoco and against the lvis package."""

import json
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boxgauge.engine import Engine, ObjectClass
from boxgauge.engine.analysis import FederatedLabels, LvisReport, evaluate_lvis
from boxgauge.frames import GroundTruths, InvalidInputError, Predictions
from tests.engine.analysis.lvis_scenes import Record, draw
from tests.engine.analysis.make_lvis_golden import GOLDEN, peer_statistics
from tests.reference import lvis as reference

COMMON = {"deadline": None, "derandomize": True, "suppress_health_check": [HealthCheck.too_slow]}


def frames(document: Record, results: list[Record]) -> tuple[Predictions, GroundTruths]:
    """Return both sides by images in the order of the document."""
    ids = [each["id"] for each in document["images"]]

    def by_image(records: list[Record]) -> tuple[list[int], list[Record]]:
        rows = [[each for each in records if each["image_id"] == k] for k in ids]
        return [len(each) for each in rows], [each for part in rows for each in part]

    counts, found = by_image(results)
    truth_counts, truths = by_image(document["annotations"])

    def column(records: list[Record], key: str, kind: type = float) -> "np.ndarray[Any, Any]":
        return np.array([each.get(key, 0) for each in records], dtype=kind)

    return (
        Predictions.from_arrays(
            ids,
            counts,
            column(found, "bbox"),
            column(found, "category_id", int),
            column(found, "score"),
        ),
        GroundTruths.from_arrays(
            ids,
            truth_counts,
            column(truths, "bbox"),
            column(truths, "category_id", int),
            areas=column(truths, "area"),
            ignore=column(truths, "ignore", bool),
        ),
    )


def evaluated(engine: Engine, document: Record, results: list[Record], most: int) -> LvisReport:
    categories, images = document["categories"], document["images"]
    return evaluate_lvis(
        engine,
        *frames(document, results),
        tuple(ObjectClass(each["id"], each["name"]) for each in categories),
        FederatedLabels(
            {each["id"]: each["frequency"] for each in categories},
            {each["id"]: each["neg_category_ids"] for each in images},
            {each["id"]: each["not_exhaustive_category_ids"] for each in images},
        ),
        max_detections=most,
    )


@settings(max_examples=60, **COMMON)
@given(seed=st.integers(0, 2**31), images=st.integers(0, 5), most=st.sampled_from([1, 5, 300]))
def test_equals_the_loops_in_all_bits(engine: Engine, seed: int, images: int, most: int) -> None:
    document, results = draw(seed, images)
    report = evaluated(engine, document, results, most)
    assert [*astuple(report.statistics)] == reference.statistics(document, results, most)
    left_out = report.beyond_limit + report.dropped + report.not_judged
    assert left_out == len(results) - len([*reference.judged(document, results, most)])


@pytest.mark.parametrize("seed", range(20))
def test_equals_hotcoco(engine: Engine, seed: int, tmp_path: Path) -> None:
    hotcoco = pytest.importorskip("hotcoco", reason="hotcoco comes with the extra `bench`")
    document, results = draw(seed, 12)
    for truth in document["annotations"]:
        truth.pop("ignore", None)  # which hotcoco overwrites, as pycocotools does
    path = tmp_path / "lvis.json"
    path.write_text(json.dumps(document))
    truth = hotcoco.LVIS(str(path))
    answer = hotcoco.LVISResults(truth, results, max_dets=9)
    theirs = hotcoco.LVISEval(truth, answer, "bbox")
    theirs.run()
    found = theirs.get_results()
    statistics = evaluated(engine, document, results, 9).statistics
    for name, ours in zip(statistics.__slots__, astuple(statistics), strict=True):
        key = f"{name}@300" if name.startswith("AR") else name
        assert found[key] == pytest.approx(-1 if ours is None else ours, abs=1e-12), name


@pytest.mark.parametrize("k", range(5))
def test_equals_the_golden_figures_of_the_lvis_package_in_all_bits(engine: Engine, k: int) -> None:
    golden = json.loads(GOLDEN.read_text())
    case = golden["sets"][k]
    report = evaluated(engine, case["document"], case["results"], golden["max_dets"])
    wanted = [float.fromhex(each) for each in case["statistics"]]
    assert undefined_as_minus_one(report) == wanted


@pytest.mark.parametrize("seed", range(20))
def test_equals_the_lvis_package_in_all_bits(
    engine: Engine, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its last release, of 2020, asks numpy for a name that numpy has dropped since.
    monkeypatch.setattr(np, "float", float, raising=False)
    pytest.importorskip("lvis", reason="the package lvis, which needs OpenCV")
    document, results = draw(seed, 12)
    report = evaluated(engine, document, results, 9)
    assert undefined_as_minus_one(report) == peer_statistics(document, results, 9)


def undefined_as_minus_one(report: LvisReport) -> list[float]:
    return [-1.0 if each is None else each for each in astuple(report.statistics)]


def one_image(boxes: int) -> tuple[Predictions, GroundTruths]:
    """Return class 1 found and one more detection of it, of class 2 and of class 3."""
    box = np.array([[0.0, 0, 50, 50]])
    truths = GroundTruths.from_arrays([5], [1], box, [1])
    far = box + np.array([100.0, 0, 0, 0])
    found = np.concatenate([far, far, far, box])[-boxes:]
    labels, scores = [1, 2, 3, 1][-boxes:], [0.9, 0.8, 0.7, 0.6][-boxes:]
    return Predictions.from_arrays([5], [boxes], found, labels, scores), truths


CLASSES = tuple(ObjectClass(k, f"class {k}") for k in (1, 2, 3))
RARE = {1: "r", 2: "c", 3: "f"}


def test_an_unmatched_detection_counts_where_labels_are_exhaustive(engine: Engine) -> None:
    labels = FederatedLabels(RARE)  # type: ignore[arg-type]  # the letters are literals
    report = evaluate_lvis(engine, *one_image(4), CLASSES, labels)
    assert (report.statistics.APr, report.not_judged) == (pytest.approx(0.5), 2)
    labels = FederatedLabels(RARE, {5: [2]}, {5: [1]})  # type: ignore[arg-type]
    report = evaluate_lvis(engine, *one_image(4), CLASSES, labels)
    assert (report.statistics.APr, report.not_judged) == (pytest.approx(1), 1)
    assert (report.statistics.APc, report.statistics.APf) == (None, None)


def test_the_best_of_an_image_are_taken_over_all_classes(engine: Engine) -> None:
    labels = FederatedLabels(RARE)  # type: ignore[arg-type]
    report = evaluate_lvis(engine, *one_image(4), CLASSES, labels, max_detections=3)
    assert (report.statistics.AR, report.beyond_limit) == (0, 1)


def test_a_class_without_frequency_and_a_fourth_frequency_are_refused(engine: Engine) -> None:
    with pytest.raises(InvalidInputError, match=r"frequencies\[2\] must be r, c or f: got 'x'"):
        FederatedLabels({2: "x"})  # type: ignore[dict-item]
    with pytest.raises(InvalidInputError, match=r"frequencies\[3\] must be r, c or f: got noth"):
        evaluate_lvis(engine, *one_image(1), CLASSES, FederatedLabels({1: "r", 2: "c"}))
