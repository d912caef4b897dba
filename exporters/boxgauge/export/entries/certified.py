"""The catalog's graphs of certified intervals and jackknife: float64, never for TensorRT."""

from boxgauge.export.entry import Entry
from boxgauge.export.examples import certified as examples
from boxgauge.export.ports import Port
from boxgauge.metrics import certified_curves, left_out_precision
from boxgauge.metrics.left_out import STEPS
from boxgauge.metrics.report import RECALL_POINTS

CERTIFIED: tuple[Entry, ...] = (
    Entry(
        name="certified_report",
        family="report",
        kernel=certified_curves,
        inputs=(
            *(Port(name, "int64", ("e",)) for name in ("hits", "correction", "before", "upto")),
            Port("curve", "int64", ("e",)),
            Port("curve_events", "int64", ("s",)),
            Port("positives", "int64", ("s",)),
            Port("recall_points", "float64", (RECALL_POINTS,)),
        ),
        outputs=(
            Port("low", "float64", (RECALL_POINTS, "s")),
            Port("high", "float64", (RECALL_POINTS, "s")),
        ),
        example=examples.events,
        parity_examples=examples.hard_events,
        reference="Lin et al., Microsoft COCO: Common Objects in Context, ECCV 2014; "
        "pycocotools 2.0.11",
        version=2,
    ),
    Entry(
        name="left_out_report",
        family="report",
        kernel=left_out_precision,
        inputs=(
            Port("hits", "float32", (STEPS, "g", "s")),
            Port("seen", "float32", (STEPS, "g", "s")),
            Port("positives", "int64", ("g", "s")),
        ),
        outputs=(Port("precision", "float32", ("g", "s")),),
        example=examples.groups,
        parity_examples=examples.hard_groups,
        reference="Kott, The Delete-a-Group Jackknife, Journal of Official Statistics 2001",
    ),
)
