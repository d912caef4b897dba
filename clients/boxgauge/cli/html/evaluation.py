"""From an evaluation to its page: which pictures answer which question."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from boxgauge.cli.analyses import Details
from boxgauge.cli.html.drawings import draw
from boxgauge.cli.html.error_figures import confusion, error_costs
from boxgauge.cli.html.figures import class_bars, precision_recall, size_bars
from boxgauge.cli.html.page import Page, Section, Table, Tile
from boxgauge.cli.html.score_figures import best_rows, reliability, score_lines
from boxgauge.engine import COCO_AREAS, AreaRange, Report
from boxgauge.engine.analysis import Averages
from boxgauge.frames import ImageId

Size = tuple[float, float]
ANY_AREA = COCO_AREAS[0].high


def evaluation_page(
    title: str,
    subtitle: str,
    report: Report,
    details: Details,
    *,
    sizes: Mapping[ImageId, Size],
    photos: Mapping[ImageId, Path],
    notes: Sequence[str],
    version: str,
) -> Page:
    """Return the page of an evaluation.

    Args:
        title: What was evaluated.
        subtitle: From which files.
        report: The exact report.
        details: What else was found.
        sizes: Width and height of images that are known.
        photos: Image files that are known.
        notes: What a reader of the numbers should know.
        version: BoxGauge's.
    """
    sections = [
        _curves(report),
        _classes(report, details),
        _sizes(report),
        _errors(details),
        _confusion(details),
        _scores(details),
        _calibration(details),
        *_worst(report, details, sizes, photos),
    ]
    return Page(
        title=title,
        subtitle=subtitle,
        tiles=_tiles(report, details),
        sections=sections,
        notes=notes,
        footer=f"BoxGauge {version}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC. COCO's statistics are"
        " pycocotools' in all bits.",
    )


def number(value: float | None, digits: int = 3) -> str:
    """Return a ratio, or a dash where it is undefined."""
    return "–" if value is None else f"{value:.{digits}f}"


def _tiles(report: Report, details: Details) -> list[Tile]:
    point = report.operating_point
    at = f"IoU {point.iou_threshold:.2f}, score ≥ {point.score_threshold:.2f}"
    averages = [
        Tile(name, number(value), _interval(details, name))
        for name, value in Averages(report).named().items()
        if not name.startswith("AR")
    ]
    return [
        *averages,
        Tile("AR", number(Averages(report).at().ar), _interval(details, "AR100")),
        Tile("Precision", number(point.precision), at),
        Tile("Recall", number(point.recall), at),
        Tile("Images", f"{report.images:,}"),
        Tile("Objects", f"{report.positives:,}"),
        Tile("Detections", f"{report.detections:,}"),
    ]


def _interval(details: Details, name: str) -> str:
    """Return the 95% interval of a statistic in words, if there is one."""
    found = details.intervals.statistics.get(name) if details.intervals else None
    if found is None or found.low is None or found.high is None:
        return ""
    return f"{found.low:.3f} to {found.high:.3f}"


def _curves(report: Report) -> Section:
    return Section(
        "curves",
        "Precision and recall",
        "How precise the detector still is at each recall, by how well boxes must overlap. The area"
        " below a curve is its AP. A class can be chosen at the left.",
        [precision_recall(report)],
    )


def _classes(report: Report, details: Details) -> Section:
    lrp = {each.object_class.id: each for each in details.lrp.classes}
    rows = [
        (
            each.object_class.name,
            *(number(value) for value in (each.ap, each.ap50, each.ap75, each.ar)),
            number(lrp[each.object_class.id].olrp),
            f"{each.positives:,}",
            f"{each.detections:,}",
        )
        for each in report.classes
    ]
    without = sum(each.ap is None for each in report.classes)
    extra = f" {without} classes have no objects here, and so no AP." if without else ""
    return Section(
        "classes",
        "Classes",
        f"AP of each class, bars, and its AP50, diamonds.{extra}",
        [class_bars(report)],
        table=Table(("class", "AP", "AP50", "AP75", "AR", "oLRP", "objects", "detections"), rows),
    )


def _sizes(report: Report) -> Section:
    ranges = ", ".join(f"{area.name} {_span(area)}" for area in report.settings.areas[1:])
    lead = f"The same statistics over objects of one size: {ranges}." if ranges else ""
    return Section("sizes", "Sizes", lead, [size_bars(report)])


def _span(area: AreaRange) -> str:
    """Return an area range in words; COCO's largest area stands for any."""
    if area.high >= ANY_AREA:
        return f"from {area.low:,.0f} px²"
    return f"{area.low:,.0f} to {area.high:,.0f} px²"


def _errors(details: Details) -> Section:
    errors = details.errors
    return Section(
        "errors",
        "Errors",
        f"What each kind of error costs: the AP at IoU {errors.iou_threshold:.2f}, now"
        f" {number(errors.ap)}, that would be gained without it, and above the bar how often it"
        " occurs. The two bars at the right mend all false positives, or all that was missed.",
        [error_costs(errors)],
    )


def _confusion(details: Details) -> Section:
    matrix = details.confusion
    return Section(
        "confusion",
        "Confusion",
        f"Objects, by row, and what they were detected as at IoU {matrix.iou_threshold:.2f} and"
        f" score {matrix.score_threshold:.2f}. The last column was missed, the last row is"
        " detections of nothing.",
        [confusion(matrix)],
    )


def _scores(details: Details) -> Section:
    curves = details.scores
    headings = ("class", "threshold", "precision", "recall", f"F{curves.beta:g}")
    return Section(
        "scores",
        "Where to cut",
        "What remains of all detections from a score on, at IoU"
        f" {curves.iou_threshold:.2f}; the dotted line is the best compromise. The best threshold"
        " of each class is in the table.",
        [score_lines(curves)],
        table=Table(headings, best_rows(curves)),
    )


def _calibration(details: Details) -> Section:
    found = details.calibration
    return Section(
        "calibration",
        "Calibration",
        "What a score is worth: the share of detections with about this score that are right at"
        f" IoU {found.iou_threshold:.2f}. On the dotted line a score is a probability. Mean"
        f" distance from it (D-ECE) {number(found.overall.d_ece)}; with localisation, by class"
        f" (LaECE) {number(found.mean_la_ece)}.",
        [reliability(found)],
    )


def _worst(
    report: Report,
    details: Details,
    sizes: Mapping[ImageId, Size],
    photos: Mapping[ImageId, Path],
) -> list[Section]:
    """Return the section of the worst images; none if no image has an error."""
    names = {each.object_class.id: each.object_class.name for each in report.classes}
    drawings = [
        draw(each, names, size=sizes.get(each.image_id), photo=photos.get(each.image_id))
        for each in details.worst
    ]
    point = report.operating_point
    lead = (
        f"The {len(drawings)} images with the most errors at IoU {point.iou_threshold:.2f} and"
        f" score {point.score_threshold:.2f}; hover over a box for its class and score."
    )
    return [Section("worst", "Worst images", lead, drawings=drawings)] if drawings else []
