"""Evaluators with pycocotools' interface: from arrays, and from files, to 12 numbers."""

import contextlib
import importlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from workload import Workload

Run = Callable[[], list[float]]


def from_arrays(workload: Workload, coco: str, evaluator: str) -> Run:
    """Detections as [n, 7]; ground truth as an indexed COCO object, made beforehand.

    Args:
        workload: What is evaluated.
        coco: Dotted path of the ``COCO`` class.
        evaluator: Dotted path of the ``COCOeval`` class.
    """
    truth = _load(coco)()
    truth.dataset = workload.coco_ground_truth()
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
    rows = workload.coco_detections()
    return lambda: _evaluate(_load(evaluator), truth, rows)


def from_files(ground_truth: Path, detections: Path, coco: str, evaluator: str) -> Run:
    """Both files as JSON on disk; nothing is made beforehand."""

    def run() -> list[float]:
        with contextlib.redirect_stdout(io.StringIO()):
            truth = _load(coco)(str(ground_truth))
        return _evaluate(_load(evaluator), truth, str(detections))

    return run


def _evaluate(evaluator: Any, truth: Any, results: Any) -> list[float]:  # noqa: ANN401
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = evaluator(truth, truth.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(each) for each in evaluation.stats[:12]]


def _load(path: str) -> Any:  # noqa: ANN401  # a class of a peer, which may have no types
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def hotcoco_arrays(workload: Workload) -> Run:
    """Detections as [n, 7]; ground truth as a COCO object, made beforehand."""
    from hotcoco import COCO, COCOeval

    truth = COCO(workload.coco_ground_truth())
    rows = workload.coco_detections()
    return lambda: _evaluate(COCOeval, truth, rows)


def hotcoco_streaming(workload: Workload) -> Run:
    """Detections as [n, 7], ground truth as dicts, fed 64 images at a time."""
    from hotcoco import StreamingEval

    truth = workload.coco_ground_truth()
    rows = workload.coco_detections()
    ends = np.cumsum(workload.truth_counts).tolist()
    dt_ends = np.cumsum(workload.counts).tolist()
    batches = []
    for start in range(0, len(ends), 64):
        last = min(start + 64, len(ends)) - 1
        first = ends[start - 1] if start else 0
        dt_first = dt_ends[start - 1] if start else 0
        batches.append(
            (
                truth["images"][start : last + 1],
                truth["annotations"][first : ends[last]],
                rows[dt_first : dt_ends[last]],
            )
        )

    def run() -> list[float]:
        with contextlib.redirect_stdout(io.StringIO()):
            streaming = StreamingEval(truth["categories"], "bbox")
            for images, annotations, detections in batches:
                streaming.update(images, annotations, detections)
            evaluation = streaming.finalize()
            evaluation.accumulate()
            evaluation.summarize()
        return [float(each) for each in evaluation.stats]

    return run
