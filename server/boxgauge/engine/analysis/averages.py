"""AP and AR of any class, area range, IoU threshold and maximum of a report, by name."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from boxgauge.engine.analysis.places import place_of
from boxgauge.engine.report import Report
from boxgauge.engine.settings import ObjectClass
from boxgauge.engine.statistics import mean

# COCO's short names; another area range is called by its own.
_SHORT = {"small": "s", "medium": "m", "large": "l"}
_NAMED_IOUS = {0.5: "50", 0.75: "75"}


@dataclass(frozen=True, slots=True)
class Average:
    """AP and AR of one cut through the curves.

    Attributes:
        object_class: None: the mean over the classes that have positives.
        area: Name of the area range.
        max_detections: Detections an image and class.
        iou_threshold: None: the mean over all thresholds.
        ap: Mean precision over the recall points, in [0, 1]; None without positives.
        ar: Recall reached, in [0, 1]; None without positives.
    """

    object_class: ObjectClass | None
    area: str
    max_detections: int
    iou_threshold: float | None
    ap: float | None
    ar: float | None


class Averages:
    """Looks averages up in a report's curves: means by numpy in pycocotools' order.

    Args:
        report: Any report, of any thresholds, area ranges and maxima.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._classes = tuple(each.object_class for each in report.classes)
        self._areas = tuple(area.name for area in report.settings.areas)

    def at(
        self,
        *,
        class_id: int | None = None,
        iou: float | None = None,
        area: str | None = None,
        max_detections: int | None = None,
    ) -> Average:
        """Return one average; what is not given is all classes, all thresholds, first area, most.

        Raises:
            InvalidInputError: There is no such class, threshold, area or maximum in the report.
        """
        asked = self._report.settings
        ids = [each.id for each in self._classes]
        k = None if class_id is None else place_of("class_id", class_id, ids)
        t = None if iou is None else place_of("iou", iou, asked.iou_thresholds)
        a = 0 if area is None else place_of("area", area, self._areas)
        maxima = asked.max_detections
        m = len(maxima) - 1
        if max_detections is not None:
            m = place_of("max_detections", max_detections, maxima)
        return self._average(k, t, a, m)

    def table(self, *, per_iou: bool = False) -> Iterator[Average]:
        """Yield the averages of every class, area and maximum: first those over all classes.

        Args:
            per_iou: Also of each IoU threshold, after the mean over all.
        """
        asked = self._report.settings
        thresholds = range(len(asked.iou_thresholds)) if per_iou else ()
        for k in (None, *range(len(self._classes))):
            for a in range(len(asked.areas)):
                for m in range(len(asked.max_detections)):
                    for t in (None, *thresholds):
                        yield self._average(k, t, a, m)

    def named(self) -> dict[str, float | None]:
        """Return COCO's statistics, or what they are called under other settings: see `listed`.

        None where undefined.
        """
        return {
            name: getattr(average, name[:2].lower())  # AP… is its ap, AR… its ar
            for name, average in self.listed().items()
        }

    def listed(self) -> dict[str, Average]:
        """Return what each statistic is the AP or AR of; a name begins with one of the two.

        ``AP``, ``AP50`` and ``AP75`` (where 0.5 and 0.75 are thresholds) over the first area
        range, ``APs`` or ``AP_name`` of each further one; ``AR1`` and so on for each maximum,
        ``ARs`` or ``AR_name`` of each further area. Under COCO's settings these are its 12, in
        its order.
        """
        asked = self._report.settings
        further = {area: _SHORT.get(area, f"_{area}") for area in self._areas[1:]}
        overall = self.at()
        if asked.strict and 100 not in asked.max_detections:
            overall = replace(overall, ap=None)
        return {
            "AP": overall,
            **{
                f"AP{_NAMED_IOUS[iou]}": self.at(iou=iou)
                for iou in asked.iou_thresholds
                if iou in _NAMED_IOUS
            },
            **{f"AP{name}": self.at(area=area) for area, name in further.items()},
            **{f"AR{most}": self.at(max_detections=most) for most in asked.max_detections},
            **{f"AR{name}": self.at(area=area) for area, name in further.items()},
        }

    def _average(self, k: int | None, t: int | None, a: int, m: int) -> Average:
        asked, curves = self._report.settings, self._report.curves
        return Average(
            None if k is None else self._classes[k],
            self._areas[a],
            asked.max_detections[m],
            None if t is None else asked.iou_thresholds[t],
            mean(curves.precision[_span(t), :, _span(k), a, m]),
            mean(curves.recall[_span(t), _span(k), a, m]),
        )


def _span(place: int | None) -> slice:
    """Return one place, or all."""
    return slice(None) if place is None else slice(place, place + 1)
