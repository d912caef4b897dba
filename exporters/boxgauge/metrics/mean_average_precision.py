"""Mean average precision as a running metric, with torchmetrics' interface and result keys."""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor

from boxgauge.metrics.averages import Cut, average, summary_cuts
from boxgauge.metrics.options import COCO_AREAS, options
from boxgauge.metrics.outcomes import Outcomes, match_sides
from boxgauge.metrics.report import Curves
from boxgauge.metrics.sides import BoxFormat


class MeanAveragePrecision:
    """COCO's AP and AR of images that come in batches.

    Each batch is matched once, when it comes and where its tensors are. Only what became of its
    boxes is kept, on the CPU (32 bytes a detection), so that the metric can be computed at any
    moment and go on. Ties between images rank in the order of arrival.

    What is undefined, such as ``map_small`` without a small object, has no key in the result:
    there is no number that would not be taken for a value.

    Args:
        box_format: Meaning of the four numbers, on both sides.
        iou_type: Boxes alone.
        iou_thresholds: Ascending in (0, 1]; None: COCO's ten from 0.5 to 0.95.
        rec_thresholds: Recalls at which precision is read, ascending in [0, 1]; None: COCO's 101.
        max_detection_thresholds: Detections an image and class, any number of them, ascending;
            None: 1, 10, 100.
        class_metrics: Give ``map_per_class`` and ``mar_100_per_class`` too.
        average: ``macro`` is the mean over classes, ``micro`` takes all classes for one.

    Raises:
        ValueError: An option is out of its range, or ``class_metrics`` go with ``micro``.

    References:
        Lin et al., "Microsoft COCO", ECCV 2014; interface: torchmetrics 1.8.
    """

    def __init__(
        self,
        box_format: BoxFormat = "xyxy",
        iou_type: Literal["bbox"] = "bbox",
        iou_thresholds: Sequence[float] | None = None,
        rec_thresholds: Sequence[float] | None = None,
        max_detection_thresholds: Sequence[int] | None = None,
        class_metrics: bool = False,
        average: Literal["macro", "micro"] = "macro",
    ) -> None:
        for field, value, among in (
            ("box_format", box_format, ("xyxy", "xywh", "cxcywh")),
            ("iou_type", iou_type, ("bbox",)),
            ("average", average, ("macro", "micro")),
        ):
            if value not in among:
                raise ValueError(f"{field} must be one of {', '.join(among)}: got {value!r}")
        if class_metrics and average == "micro":
            raise ValueError("class_metrics must be False where average is 'micro': got True")
        self.box_format: BoxFormat = box_format
        self.class_metrics = class_metrics
        self.options = options(
            iou_thresholds,
            COCO_AREAS,
            max_detection_thresholds,
            class_agnostic=average == "micro",
            recall_points=rec_thresholds,
        )
        self._parts: list[Outcomes] = []

    def update(
        self, preds: Sequence[Mapping[str, Tensor]], target: Sequence[Mapping[str, Tensor]]
    ) -> None:
        """Take a batch of images in; all or, with an error, none.

        Args:
            preds: For each image ``boxes`` [n, 4], ``scores`` [n] and ``labels`` [n].
            target: For each image ``boxes`` [m, 4], ``labels`` [m] and, if wanted, ``area``
                (else w·h), ``iscrowd`` and ``ignore`` [m] (else none).

        Raises:
            ValueError: See `boxgauge.metrics.evaluate`.
        """
        found = match_sides(preds, target, self.box_format, self.options)
        self._parts.append(found.cpu())

    def compute(self) -> dict[str, Tensor]:
        """Return what is defined so far; later updates add to it.

        Returns:
            ``map``, ``map_50``, ``map_75``, ``map_small``, ``map_medium``, ``map_large``, one
            ``mar_n`` for each maximum, ``mar_small``, ``mar_medium``, ``mar_large``: float64
            without axes, in [0, 1], on the CPU. ``classes``: int64 [k], those with objects to be
            found, ascending; not with ``micro``. With ``class_metrics`` also ``map_per_class``
            and ``mar_n_per_class`` (n the last maximum): float64 [k], row by row with it.
        """
        state = self.state()
        curves = state.curves()
        result = {}
        for cut in summary_cuts(self.options):
            value = average(curves, self.options, cut)
            if value is not None:
                result[self._key(cut)] = torch.tensor(value, dtype=torch.float64)
        if not self.options.class_agnostic:
            result |= self._by_class(state, curves)
        return result

    def reset(self) -> None:
        """Forget all images."""
        self._parts.clear()

    def state(self) -> Outcomes:
        """Return all that was taken in, as tensors on the CPU that can be pickled and sent."""
        nothing = match_sides([], [], self.box_format, self.options)
        self._parts = [Outcomes.join(self._parts or [nothing])]
        return self._parts[0]

    def merge_state(self, incoming: "Outcomes | MeanAveragePrecision") -> None:
        """Take in what another process or metric took in, after what is here.

        Merging the ranks of a distributed run in their order gives the same on each of them.

        Raises:
            ValueError: It has other options.
        """
        state = incoming.state() if isinstance(incoming, MeanAveragePrecision) else incoming
        if state.options != self.options:
            raise ValueError(f"the options must be {self.options}: got {state.options}")
        self._parts.append(state)

    def _by_class(self, state: Outcomes, curves: Curves) -> dict[str, Tensor]:
        last = len(self.options.max_detections) - 1
        classes = state.classes()
        # Recall is defined for the classes that have objects, and for no others.
        places = torch.nonzero(curves.recall[0, :, 0, last] > -1)[:, 0].tolist()
        found = {"classes": classes[places].cpu()}
        if self.class_metrics:
            for key, curve in (
                ("map_per_class", "precision"),
                (f"mar_{self.options.max_detections[last]}_per_class", "recall"),
            ):
                cut = Cut(curve, None, 0, last)  # type: ignore[arg-type]  # one of the two names
                values = [average(curves, self.options, cut, place) for place in places]
                found[key] = torch.tensor(values, dtype=torch.float64)
        return found

    def _key(self, cut: Cut) -> str:
        mean = "map" if cut.curve == "precision" else "mar"
        if cut.area > 0:
            return f"{mean}_{self.options.area_names[cut.area]}"
        if cut.curve == "recall":
            return f"mar_{self.options.max_detections[cut.most]}"
        return mean if cut.iou is None else f"map_{cut.iou * 100:.0f}"
