"""The evaluators that are compared, each from what it takes natively in memory to 12 numbers."""

import contextlib
import io
import os
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from workload import CLASSES, Workload

Run = Callable[[], list[float]]
NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")


def pycocotools(workload: Workload) -> Run:
    """Detections as [n, 7]; ground truth as an indexed COCO object, made beforehand."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    truth = COCO()
    truth.dataset = workload.coco_ground_truth()
    truth.createIndex()
    rows = workload.coco_detections()

    def run() -> list[float]:
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation = COCOeval(truth, truth.loadRes(rows), "bbox")
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        return [float(each) for each in evaluation.stats]

    return run


def faster_coco_eval(workload: Workload) -> Run:
    """Detections as [n, 7]; ground truth as an indexed COCO object, made beforehand."""
    from faster_coco_eval import COCO, COCOeval_faster

    truth = COCO(workload.coco_ground_truth())
    rows = workload.coco_detections()

    def run() -> list[float]:
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation = COCOeval_faster(truth, truth.loadRes(rows), "bbox")
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        return [float(each) for each in evaluation.stats[:12]]

    return run


def hotcoco(workload: Workload) -> Run:
    """Detections as [n, 7]; ground truth as a COCO object, made beforehand."""
    from hotcoco import COCO, COCOeval

    truth = COCO(workload.coco_ground_truth())
    rows = workload.coco_detections()

    def run() -> list[float]:
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation = COCOeval(truth, truth.load_res(rows), "bbox")
            evaluation.run()
        return [float(each) for each in evaluation.stats]

    return run


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


def boxgauge(workload: Workload) -> Run:
    """Detections as columns; ground truth as frames and the graphs loaded, both beforehand."""
    from boxgauge.engine import (
        Engine,
        EvaluationSettings,
        ModelRepository,
        ObjectClass,
        evaluate,
        find_graphs,
    )

    folder = os.environ.get("BOXGAUGE_GRAPHS")
    repository = ModelRepository.open(find_graphs(Path(folder) if folder else None))
    engine = Engine.open(repository)
    classes = tuple(ObjectClass(k, str(k)) for k in range(1, CLASSES + 1))
    truth = workload.ground_truths()
    settings = EvaluationSettings()

    def run() -> list[float]:
        found = evaluate(engine, workload.predictions(), truth, classes, settings).report
        values: list[Any] = [getattr(found.statistics, name) for name in NAMES]
        return [-1.0 if each is None else each for each in values]

    return run


TOOLS: dict[str, tuple[str, Callable[[Workload], Run]]] = {
    "pycocotools": ("pycocotools", pycocotools),
    "faster-coco-eval": ("faster-coco-eval", faster_coco_eval),
    "hotcoco": ("hotcoco", hotcoco),
    "hotcoco, streaming": ("hotcoco", hotcoco_streaming),
    "BoxGauge": ("boxgauge", boxgauge),
}


def release(tool: str) -> str | None:
    """Return the installed version; None where a peer is not installed."""
    distribution = TOOLS[tool][0]
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "" if distribution == "boxgauge" else None
