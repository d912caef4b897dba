"""The catalog's graph of certified intervals: float64 and integers, never for TensorRT."""

from boxgauge.export.entry import Entry
from boxgauge.export.examples import certified as examples
from boxgauge.export.ports import Port
from boxgauge.metrics import certified_curves
from boxgauge.metrics.report import RECALL_POINTS

CERTIFIED: tuple[Entry, ...] = (
    Entry(
        name="certified_report",
        family="report",
        kernel=certified_curves,
        inputs=(
            Port("label", "int64", ("n",)),
            Port("score_bin", "int64", ("n",)),
            Port("code", "int64", ("n",)),
            Port("counts", "int64", ("n", "m")),
            Port("outcomes", "int64", ("p", "a", "t")),
            Port("positives", "int64", ("k", "a")),
            Port("recall_points", "float64", (RECALL_POINTS,)),
        ),
        outputs=(
            Port("low", "float64", ("t", RECALL_POINTS, "k", "a", "m")),
            Port("high", "float64", ("t", RECALL_POINTS, "k", "a", "m")),
            Port("recall", "float64", ("t", "k", "a", "m")),
        ),
        example=examples.bins,
        parity_examples=examples.hard_bins,
        reference="Lin et al., Microsoft COCO: Common Objects in Context, ECCV 2014; "
        "pycocotools 2.0.11",
    ),
)
