"""The evaluators that are compared, each from what it takes natively to COCO's numbers."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from coco_style import Run, from_arrays, from_files, hotcoco_arrays, hotcoco_streaming
from workload import CLASSES, Workload

NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")


@dataclass(frozen=True, slots=True)
class Tool:
    """One evaluator.

    Attributes:
        distribution: What pip calls it.
        arrays: From a workload to a run that starts at arrays.
        files: From two JSON files to a run that starts there; None where it reads none.
    """

    distribution: str
    arrays: Callable[[Workload], Run]
    files: Callable[[Path, Path], Run] | None = None


def _coco_style(distribution: str, coco: str, evaluator: str) -> Tool:
    return Tool(
        distribution,
        partial(from_arrays, coco=coco, evaluator=evaluator),
        partial(from_files, coco=coco, evaluator=evaluator),
    )


def vernier_arrays(workload: Workload) -> Run:
    """Detections as [n, 7]; ground truth as a data set, made beforehand."""
    import orjson
    from vernier.instance import Bbox, CocoDataset, Evaluator

    truth = CocoDataset.from_json(orjson.dumps(workload.coco_ground_truth()))
    rows = workload.coco_detections()
    evaluator = Evaluator(Bbox())
    return lambda: [float(each) for each in evaluator.evaluate(truth, rows).stats]


def vernier_files(ground_truth: Path, detections: Path) -> Run:
    """Both files as bytes, which it parses itself."""
    from vernier.instance import Bbox, Evaluator

    evaluator = Evaluator(Bbox())

    def run() -> list[float]:
        found = evaluator.evaluate(ground_truth.read_bytes(), detections.read_bytes())
        return [float(each) for each in found.stats]

    return run


def torchmetrics(workload: Workload) -> Run:
    """Tensors of each image, with its faster back end."""
    import torch
    from torchmetrics.detection.mean_ap import MeanAveragePrecision

    def images(counts: Any, **columns: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        parts = {
            key: torch.split(torch.from_numpy(column), counts.tolist())
            for key, column in columns.items()
        }
        return [dict(zip(parts, each, strict=True)) for each in zip(*parts.values(), strict=True)]

    predictions = images(
        workload.counts, boxes=workload.boxes, labels=workload.labels, scores=workload.scores
    )
    truths = images(
        workload.truth_counts,
        boxes=workload.truth_boxes,
        labels=workload.truth_labels,
        area=workload.truth_areas,
        iscrowd=workload.truth_crowd.astype(np.int64),
    )

    def run() -> list[float]:
        metric = MeanAveragePrecision(box_format="xywh", backend="faster_coco_eval")
        metric.update(predictions, truths)
        found = metric.compute()
        keys = ("map", "map_50", "map_75", "map_small", "map_medium", "map_large")
        recalls = ("mar_1", "mar_10", "mar_100", "mar_small", "mar_medium", "mar_large")
        return [float(found[key]) for key in keys + recalls]

    return run


def supervision(workload: Workload) -> Run:
    """Corner boxes of each image; it returns the six precisions, recalls are a metric apart."""
    import supervision as sv
    from supervision.metrics import MeanAveragePrecision

    def images(counts: Any, boxes: Any, **columns: Any) -> list[Any]:  # noqa: ANN401
        corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
        ends = np.cumsum(counts)[:-1]
        parts = [np.split(each, ends) for each in columns.values()]
        return [
            sv.Detections(xyxy=xyxy, **_fields(dict(zip(columns, each, strict=True))))
            for xyxy, *each in zip(np.split(corners, ends), *parts, strict=True)
        ]

    predictions = images(
        workload.counts, workload.boxes, class_id=workload.labels, confidence=workload.scores
    )
    truths = images(
        workload.truth_counts,
        workload.truth_boxes,
        class_id=workload.truth_labels,
        area=workload.truth_areas,
        iscrowd=workload.truth_crowd.astype(np.int64),
    )

    def run() -> list[float]:
        found = MeanAveragePrecision().update(predictions, truths).compute()
        sizes = (found.small_objects, found.medium_objects, found.large_objects)
        values = (found.map50_95, found.map50, found.map75, *(each.map50_95 for each in sizes))
        return [float(each) for each in values]

    return run


def _fields(columns: dict[str, Any]) -> dict[str, Any]:
    """Put what supervision has no field for into its free ones."""
    extra = {key: columns.pop(key) for key in ("area", "iscrowd") if key in columns}
    return columns | ({"data": extra} if extra else {})


def boxgauge_arrays(workload: Workload, *, workers: int = 1) -> Run:
    """Detections as columns; ground truth as frames and the graphs loaded, both beforehand."""
    from boxgauge.engine import EvaluationSettings, ObjectClass, evaluate

    engine = _engine(workers)
    classes = tuple(ObjectClass(k, str(k)) for k in range(1, CLASSES + 1))
    truth = workload.ground_truths()
    settings = EvaluationSettings()
    return lambda: _numbers(
        evaluate(engine, workload.predictions(), truth, classes, settings).report
    )


def boxgauge_files(ground_truth: Path, detections: Path, *, workers: int = 1) -> Run:
    """Both files as JSON on disk; the graphs are loaded beforehand."""
    from boxgauge.engine import EvaluationSettings, ObjectClass, evaluate
    from boxgauge.formats import read_detections, read_ground_truth

    engine = _engine(workers)

    def run() -> list[float]:
        truth = read_ground_truth(ground_truth)
        predictions, _ = read_detections(detections, truth)
        classes = tuple(ObjectClass(each.id, each.name) for each in truth.classes)
        settings = EvaluationSettings()
        return _numbers(evaluate(engine, predictions, truth.frames, classes, settings).report)

    return run


def _engine(workers: int) -> Any:  # noqa: ANN401  # imported only where it is measured
    from boxgauge.engine import Engine, ModelRepository, find_graphs

    folder = os.environ.get("BOXGAUGE_GRAPHS")
    repository = ModelRepository.open(find_graphs(Path(folder) if folder else None))
    return Engine.open(repository, workers=workers)


def _numbers(report: Any) -> list[float]:  # noqa: ANN401
    values = [getattr(report.statistics, name) for name in NAMES]
    return [-1.0 if each is None else each for each in values]


_HOTCOCO = _coco_style("hotcoco", "hotcoco.COCO", "hotcoco.COCOeval")

TOOLS: dict[str, Tool] = {
    "pycocotools": _coco_style(
        "pycocotools", "pycocotools.coco.COCO", "pycocotools.cocoeval.COCOeval"
    ),
    "faster-coco-eval": _coco_style(
        "faster-coco-eval", "faster_coco_eval.COCO", "faster_coco_eval.COCOeval_faster"
    ),
    "torchmetrics": Tool("torchmetrics", torchmetrics),
    "supervision": Tool("supervision", supervision),
    "vernier": Tool("vernier", vernier_arrays, vernier_files),
    "hotcoco": Tool("hotcoco", hotcoco_arrays, _HOTCOCO.files),
    "hotcoco, streaming": Tool("hotcoco", hotcoco_streaming),
    "ultrafast-pycocotools": _coco_style(
        "ultrafast-pycocotools", "ultrafast_pycocotools.COCO", "ultrafast_pycocotools.COCOeval"
    ),
    "BoxGauge": Tool("boxgauge", boxgauge_arrays, boxgauge_files),
    "BoxGauge, 2 workers": Tool(
        "boxgauge", partial(boxgauge_arrays, workers=2), partial(boxgauge_files, workers=2)
    ),
}


def release(tool: str) -> str | None:
    """Return the installed version; None where a peer is not installed."""
    distribution = TOOLS[tool].distribution
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "" if distribution == "boxgauge" else None
