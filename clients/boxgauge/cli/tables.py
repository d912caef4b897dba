"""Documents as tables to read."""

from rich import box
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from boxgauge.cli.documents import Document

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


def print_report(console: Console, title: str, document: Document) -> None:
    """Print the 12 statistics, the operating point, the classes and the notes."""
    console.print(escape(title), soft_wrap=True)
    console.print(_statistics(document))
    console.print(_operating_point(document))
    console.print(_classes(document))
    counts = (f"{document[key]} {key}" for key in ("images", "positives", "detections"))
    console.print(", ".join(counts))
    for note in document["notes"]:
        console.print(f"note: {escape(note)}")


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


def _statistics(document: Document) -> Table:
    made = table("statistic", "IoU", "area", "detections", "value", text=3)
    for name, iou, area, most in _STATISTICS:
        made.add_row(name, iou, area, most, number(document["statistics"][name]))
    return made


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
