"""Documents as tables to read."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from boxgauge.cli.documents import Document
from boxgauge.cli.terminal import counted

if TYPE_CHECKING:
    from boxgauge.client import Interval

# Name, IoU, area, detections an image and class: COCO's 12 statistics in their order.
_STATISTICS = (
    ("AP", "0.50:0.95", "all", "100"),
    ("AP50", "0.50", "all", "100"),
    ("AP75", "0.75", "all", "100"),
    ("APs", "0.50:0.95", "small", "100"),
    ("APm", "0.50:0.95", "medium", "100"),
    ("APl", "0.50:0.95", "large", "100"),
    ("AR1", "0.50:0.95", "all", "1"),
    ("AR10", "0.50:0.95", "all", "10"),
    ("AR100", "0.50:0.95", "all", "100"),
    ("ARs", "0.50:0.95", "small", "100"),
    ("ARm", "0.50:0.95", "medium", "100"),
    ("ARl", "0.50:0.95", "large", "100"),
)


_NAME_WIDTH = 12
_CERTIFIED_PLACES = 6


def print_report(console: Console, title: str, document: Document) -> None:
    """Print the 12 statistics, the operating point, the classes and the notes."""
    console.print(escape(title), soft_wrap=True)
    console.print(_statistics(document))
    console.print(_operating_point(document))
    console.print(_classes(document))
    counts = (counted(document[f"{each}s"], each) for each in ("image", "positive", "detection"))
    console.print(", ".join(counts))
    for note in document["notes"]:
        console.print(f"note: {escape(note)}")


def print_details(console: Console, document: Document) -> None:
    """Print what costs AP, the best thresholds, and one line each of LRP and calibration."""
    errors = document["errors"]
    costs = table("error", "count", "AP lost")
    costs.title = f"errors at IoU {errors['iou_threshold']:.2f}, AP {number(errors['AP'])}"
    costs.title_justify, costs.title_style = "left", ""
    for name, each in errors["kinds"].items():
        costs.add_row(name, f"{each['count']:,}", number(each["cost"]))
    for name in ("false_positives", "false_negatives"):
        costs.add_row(f"all {name.replace('_', ' ')}", "", number(errors[name]))
    console.print(costs)
    best = table("class", "best threshold", "precision", "recall", "F1")
    for each in document["best_thresholds"]:
        if each["f_beta"] is not None:
            keys = ("score_threshold", "precision", "recall", "f_beta")
            name = "all classes" if each["class"] is None else each["class"]
            best.add_row(escape(name), *(number(each[key]) for key in keys))
    console.print(best)
    lrp, calibration = document["LRP"], document["calibration"]
    console.print(
        f"oLRP {number(lrp['oLRP'])}: localisation {number(lrp['localisation'])}, false positives"
        f" {number(lrp['false_positive'])}, false negatives {number(lrp['false_negative'])}"
    )
    console.print(f"D-ECE {number(calibration['D-ECE'])}, LaECE {number(calibration['LaECE'])}")
    worst = ", ".join(str(each["image_id"]) for each in document["worst_images"])
    if worst:
        console.print(f"most errors: images {escape(worst)}")


def table(*headings: str, text: int = 1) -> Table:
    """Return an empty table whose first ``text`` columns are words and the others numbers."""
    made = Table(box=box.SIMPLE_HEAD)
    for k, heading in enumerate(headings):
        made.add_column(
            heading,
            justify="left" if k < text else "right",
            no_wrap=k >= text,
            overflow="fold" if k < text else "ellipsis",
        )
    return made


def number(value: float | None) -> str:
    """Return a ratio to four places, or a dash where it is undefined."""
    return "–" if value is None else f"{value:.4f}"


def interval_text(found: "Interval | None", *, places: int = 4) -> str:
    """Return both ends, or a dash where there are none."""
    return "–" if found is None else _from_to(found.low, found.high, places)


def certified_text(found: "Interval | None") -> str:
    """Return both ends of a certified interval, which differ in the fifth place or so."""
    return interval_text(found, places=_CERTIFIED_PLACES)


def _statistics(document: Document) -> Table:
    made = table("statistic", "IoU", "area", "detections", "value", text=3)
    intervals = (document.get("intervals") or {}).get("statistics", {})
    certified = (document.get("intervals") or {}).get("certified", {})
    certified = {name: each for name, each in certified.items() if each is not None}
    if certified:
        made.add_column("certified", justify="right", no_wrap=True)
    if intervals:
        made.add_column("95% interval", justify="right", no_wrap=True)
    for name, iou, area, most in _cuts(document):
        cells = [name, iou, escape(area), most, number(document["statistics"][name])]
        if certified:
            cells.append(_interval(certified.get(name), _CERTIFIED_PLACES))
        if intervals:
            cells.append(_interval(intervals.get(name)))
        made.add_row(*cells)
    return made


def _cuts(document: Document) -> Iterable[tuple[str, str, str, str]]:
    """Yield name, IoU, area and detections of each statistic; a monitor's are COCO's 12."""
    if "averages" not in document:
        yield from _STATISTICS
        return
    ious = document["settings"]["iou_thresholds"]
    every = f"{ious[0]:.2f}:{ious[-1]:.2f}" if len(ious) > 1 else f"{ious[0]:.2f}"
    for each in document["averages"]:
        iou = every if each["iou"] is None else f"{each['iou']:.2f}"
        yield each["name"], iou, each["area"], str(each["max_detections"])


def _interval(found: Document | None, places: int = 4) -> str:
    if found is None or found["low"] is None:
        return "–"
    return _from_to(found["low"], found["high"], places)


def _from_to(low: float, high: float, places: int) -> str:
    return f"{low:.{places}f} to {high:.{places}f}"


def _operating_point(document: Document) -> RenderableType:
    point, losses = document["operating_point"], document["losses"]
    headings = ("precision", "recall", "TP", "FP", "FN", "GIoU loss", "BCE")
    made = table(*headings, text=0)
    made.title = f"at IoU {point['iou_threshold']:.2f} and score {point['score_threshold']:.2f}"
    made.title_justify = "left"
    made.title_style = ""
    made.add_row(
        number(point["precision"]),
        number(point["recall"]),
        str(point["true_positives"]),
        str(point["false_positives"]),
        str(point["false_negatives"]),
        number(losses["giou"]),
        number(losses["bce"]),
    )
    return made


def _classes(document: Document) -> Table:
    made = table("class", "AP", "AP50", "AP75", "AR", "objects", "detections")
    longest = max((cell_len(each["name"]) for each in document["classes"]), default=0)
    made.columns[0].min_width = min(longest, _NAME_WIDTH)  # never squeezed to nothing
    for each in document["classes"]:
        made.add_row(
            escape(each["name"]),
            *(number(each[key]) for key in ("AP", "AP50", "AP75", "AR")),
            str(each["positives"]),
            str(each["detections"]),
        )
    return made
