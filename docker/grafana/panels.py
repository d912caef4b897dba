"""The dashboard's panels: what is plotted, and what the reader is told about it.

No panel averages AP over models, monitors, windows, slices or instances: a mean of APs is not
an AP.
"""

from dataclasses import dataclass

MODELS = 'monitor="$monitor", model=~"$model", window="$window"'
CHOSEN = f'{MODELS}, slice=~"$slice"'
PAIRS = 'monitor="$monitor", window="$window", slice=~"$slice"'


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes:
        title: Shown above it.
        description: Shown on request.
        unit: Grafana's name of it.
        queries: PromQL and legend of each; a table's legend is the head of its column.
        width: Of 24 columns.
        maximum: Upper end of the axis.
        kind: ``timeseries`` or ``table``.
        bands: Legends of lower and upper ends, between which is filled.
        repeat: A variable; there is one panel for each of its chosen values.
        is_signed: Values may be below 0.
    """

    title: str
    description: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    width: int = 8
    maximum: float | None = None
    kind: str = "timeseries"
    bands: tuple[tuple[str, str], ...] = ()
    repeat: str = ""
    is_signed: bool = False


def quantile(of: str, by: str, share: float) -> str:
    """Return the PromQL for a quantile of the histogram ``of``, for each value of ``by``."""
    rate = f"rate({of}_bucket[$__rate_interval])"
    return f"histogram_quantile({share}, sum by ({by}, le) ({rate}))"


def with_intervals(title: str, iou: str) -> Panel:
    """Return a panel of average precision at one IoU within both of its intervals."""
    chosen = f'{CHOSEN}, iou="{iou}", area="all"'
    confidence = ("95% interval, lower end", "95% interval, upper end")
    certified = ("certified, lower end", "certified, upper end")
    return Panel(
        title,
        "The wide band is the 95% interval: how far chance in which images came may have moved "
        "it. The narrow one, of a sketch alone, contains the exact value for certain.",
        "percentunit",
        (
            (f"boxgauge_average_precision{{{chosen}}}", "AP"),
            (f"boxgauge_average_precision_confidence_low{{{chosen}}}", confidence[0]),
            (f"boxgauge_average_precision_confidence_high{{{chosen}}}", confidence[1]),
            (f"boxgauge_average_precision_certified_low{{{chosen}}}", certified[0]),
            (f"boxgauge_average_precision_certified_high{{{chosen}}}", certified[1]),
        ),
        width=24,
        maximum=1,
        bands=(confidence, certified),
        repeat="model",
    )


def each_model(*names: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Return a query and a legend for each of these series and what they are called."""
    return tuple(
        (f"{name}{{{CHOSEN}}}", f"{{{{model}}}} {called}".strip()) for name, called in names
    )
