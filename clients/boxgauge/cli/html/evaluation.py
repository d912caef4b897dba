"""From an evaluation to its page: which pictures answer which question."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from boxgauge.cli.html.drawings import Drawing, draw
from boxgauge.cli.html.figures import class_bars, precision_recall, size_bars
from boxgauge.cli.html.page import Page, Section, Table, Tile
from boxgauge.engine import COCO_AREAS, AreaRange, Report
from boxgauge.engine.analysis import ImageErrors

Size = tuple[float, float]
ANY_AREA = COCO_AREAS[0].high


def evaluation_page(
    title: str,
    subtitle: str,
    report: Report,
    worst: Sequence[ImageErrors],
    *,
    sizes: Mapping[object, Size],
    photos: Mapping[object, Path],
    notes: Sequence[str],
    version: str,
) -> Page:
    """Return the page of an evaluation.

    Args:
        title: What was evaluated.
        subtitle: From which files.
        report: The exact report.
        worst: The images with the most errors, worst first.
        sizes: Width and height of images that are known, by image id.
        photos: Image files, by image id.
        notes: What a reader of the numbers should know.
        version: BoxGauge's.
    """
    names = {each.object_class.id: each.object_class.name for each in report.classes}
    drawings = [
        draw(each, names, size=sizes.get(each.image_id), photo=photos.get(each.image_id))
        for each in worst
    ]
    sections = [_curves(report), _classes(report), _sizes(report)]
    if drawings:
        sections.append(_worst(report, drawings))
    return Page(
        title=title,
        subtitle=subtitle,
        tiles=_tiles(report),
        sections=sections,
        notes=notes,
        footer=f"BoxGauge {version}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC. COCO's statistics are"
        " pycocotools' in all bits.",
    )


def number(value: float | None, digits: int = 3) -> str:
    """Return a ratio, or a dash where it is undefined."""
    return "–" if value is None else f"{value:.{digits}f}"


def _tiles(report: Report) -> list[Tile]:
    figures, point = report.statistics, report.operating_point
    at = f"IoU {point.iou_threshold:.2f}, score ≥ {point.score_threshold:.2f}"
    return [
        Tile("AP", number(figures.AP), "IoU 0.50:0.95"),
        Tile("AP50", number(figures.AP50)),
        Tile("AP75", number(figures.AP75)),
        Tile("AP small", number(figures.APs)),
        Tile("AP medium", number(figures.APm)),
        Tile("AP large", number(figures.APl)),
        Tile("AR", number(figures.AR100), f"{report.settings.max_detections[-1]} detections"),
        Tile("Precision", number(point.precision), at),
        Tile("Recall", number(point.recall), at),
        Tile("Images", f"{report.images:,}"),
        Tile("Objects", f"{report.positives:,}"),
        Tile("Detections", f"{report.detections:,}"),
    ]


def _curves(report: Report) -> Section:
    return Section(
        "curves",
        "Precision and recall",
        "How precise the detector still is at each recall, by how well boxes must overlap. The area"
        " below a curve is its AP. A class can be chosen at the left.",
        [precision_recall(report)],
    )


def _classes(report: Report) -> Section:
    rows = [
        (
            each.object_class.name,
            number(each.ap),
            number(each.ap50),
            number(each.ap75),
            number(each.ar),
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
        table=Table(("class", "AP", "AP50", "AP75", "AR", "objects", "detections"), rows),
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


def _worst(report: Report, drawings: Sequence[Drawing]) -> Section:
    point = report.operating_point
    return Section(
        "worst",
        "Worst images",
        f"The {len(drawings)} images with the most errors at IoU {point.iou_threshold:.2f} and"
        f" score {point.score_threshold:.2f}; hover over a box for its class and score.",
        drawings=drawings,
    )
