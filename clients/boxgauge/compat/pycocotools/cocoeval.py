"""``COCOeval``: COCO's evaluation of boxes, with pycocotools' interface, output and faults."""

import copy
import datetime
import os
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from boxgauge.compat.pycocotools.coco import COCO, Results
from boxgauge.compat.pycocotools.columns import (
    detection_columns,
    ground_truths,
    predictions,
    truth_columns,
)
from boxgauge.compat.pycocotools.params import Params, check_iou_type
from boxgauge.compat.pycocotools.summary import summarise
from boxgauge.engine import (
    AreaRange,
    Curves,
    Engine,
    EvaluationSettings,
    ModelRepository,
    ObjectClass,
    available_cores,
    evaluate,
    find_graphs,
)

_POOLED = -1


class COCOeval:
    """Evaluates boxes of ``cocoDt`` against those of ``cocoGt``.

    ``evaluate()``, ``accumulate()`` and ``summarize()``, in this order, give pycocotools
    2.0.11's numbers in all bits, its known faults included. Needs exported graphs: in an
    installed wheel, in the folder that ``BOXGAUGE_GRAPHS`` names, or in ``./graphs``.

    Attributes:
        params: What is asked for; may be changed before ``evaluate()``.
        eval: After ``accumulate()``: ``params``, ``counts``, ``date``, ``precision``
            [T, R, K, A, M], ``recall`` [T, K, A, M] and ``scores`` [T, R, K, A, M],
            -1 where undefined.
        stats: After ``summarize()``: the 12 statistics, -1 where undefined.

    Raises:
        NotImplementedError: ``iouType`` is not ``"bbox"``.
    """

    def __init__(
        self,
        cocoGt: COCO | None = None,
        cocoDt: COCO | None = None,
        iouType: str = "segm",
    ) -> None:
        check_iou_type(iouType)
        self.cocoGt = cocoGt
        self.cocoDt = cocoDt
        self.params = Params(iouType)
        self.eval: dict[str, Any] = {}
        self.stats: Any = []
        self._curves: Curves | None = None
        self._asked = copy.deepcopy(self.params)
        if cocoGt is not None:
            self.params.imgIds = sorted(cocoGt.getImgIds())
            self.params.catIds = sorted(cocoGt.getCatIds())

    def evaluate(self) -> None:
        """Match every image.

        Raises:
            InvalidInputError: A record or an option holds what it may not; names it.
            NotImplementedError: ``params`` asks for what BoxGauge does not evaluate.
        """
        began = time.time()
        print("Running per image evaluation...")
        print(f"Evaluate annotation type *{self.params.iouType}*")
        p = self.params
        check_iou_type(p.iouType if not p.useSegm else "segm")
        if not np.array_equal(p.recThrs, np.linspace(0, 1, 101)):
            raise NotImplementedError("params.recThrs other than np.linspace(0, 1, 101)")
        p.imgIds = list(np.unique(p.imgIds))
        if p.useCats:
            p.catIds = list(np.unique(p.catIds))
        p.maxDets = sorted(p.maxDets)
        self._curves = self._evaluated()
        self._asked = copy.deepcopy(p)
        print(f"DONE (t={time.time() - began:0.2f}s).")

    def accumulate(self, p: Params | None = None) -> None:
        """Put the curves of what was matched into ``eval``.

        Raises:
            NotImplementedError: ``p`` asks for other than was evaluated.
        """
        began = time.time()
        print("Accumulating evaluation results...")
        if self._curves is None:
            print("Please run evaluate() first")
            return
        p = self.params if p is None else p
        for name in ("imgIds", "catIds", "iouThrs", "areaRng", "maxDets", "useCats"):
            if not np.array_equal(getattr(p, name), getattr(self._asked, name)):
                raise NotImplementedError(
                    f"params.{name} changed after evaluate(): evaluate again with it"
                )
        p.catIds = p.catIds if p.useCats else [_POOLED]
        self._asked.catIds = p.catIds
        curves = self._curves
        self.eval = {
            "params": p,
            "counts": list(curves.precision.shape),
            "date": f"{datetime.datetime.now():%Y-%m-%d %H:%M:%S}",  # noqa: DTZ005 (local, as there)
            "precision": curves.precision,
            "recall": curves.recall,
            "scores": curves.scores,
        }
        print(f"DONE (t={time.time() - began:0.2f}s).")

    def summarize(self) -> None:
        """Print the 12 statistics and put them into ``stats``.

        Raises:
            RuntimeError: Nothing was accumulated.
        """
        if not self.eval:
            raise RuntimeError("Please run accumulate() first")
        self.stats = summarise(self.eval, self.params)

    def __str__(self) -> str:
        self.summarize()
        return ""

    @property
    def evalImgs(self) -> None:
        """Not kept: the outcome of each image stays in columns."""
        raise NotImplementedError("evalImgs: BoxGauge keeps no dict an image, class and area range")

    @property
    def ious(self) -> None:
        """Not kept."""
        raise NotImplementedError("ious: BoxGauge keeps no matrix an image and class")

    def _evaluated(self) -> Curves:
        """Return the curves of all images, with the axes in the order of the options."""
        p = self.params
        if self.cocoGt is None or self.cocoDt is None:
            raise ValueError("COCOeval must be given cocoGt and cocoDt to evaluate")
        annotations = self.cocoGt.loadAnns(self.cocoGt.getAnnIds(imgIds=p.imgIds))
        truth = truth_columns(annotations)
        found = (
            self.cocoDt.columns()
            if isinstance(self.cocoDt, Results)
            else detection_columns(self.cocoDt.loadAnns(self.cocoDt.getAnnIds(imgIds=p.imgIds)))
        )
        thresholds, of_threshold = np.unique(p.iouThrs, return_inverse=True)
        maxima, of_maximum = np.unique(p.maxDets, return_inverse=True)
        settings = EvaluationSettings(
            iou_thresholds=tuple(thresholds.tolist()),
            areas=tuple(AreaRange(str(k), *map(float, each)) for k, each in enumerate(p.areaRng)),
            max_detections=tuple(maxima.tolist()),
            strict=True,
            class_agnostic=not p.useCats,
        )
        classes = tuple(ObjectClass(k, str(each)) for k, each in enumerate(p.catIds))
        curves = evaluate(
            _engine(),
            predictions(found, p.imgIds, p.catIds),
            ground_truths(truth, p.imgIds, p.catIds),
            classes,
            settings,
        ).report.curves
        return Curves(
            curves.precision[of_threshold][..., of_maximum],
            curves.recall[of_threshold][..., of_maximum],
            curves.scores[of_threshold][..., of_maximum],
        )


@cache
def _engine() -> Engine:
    """Return the engine of this process, opened when it is first needed."""
    folder = os.environ.get("BOXGAUGE_GRAPHS")
    repository = ModelRepository.open(find_graphs(Path(folder) if folder else None))
    graphs = ("match", "report", "precision_recall", "giou_loss", "bce_loss")
    return Engine.open(repository, workers=available_cores(), names=graphs)
