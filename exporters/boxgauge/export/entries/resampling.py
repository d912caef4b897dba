"""The catalog's graph of resampled curves: float64 and integers, never for TensorRT."""

from boxgauge.export.entry import Entry
from boxgauge.export.examples import resampling as examples
from boxgauge.export.ports import Port
from boxgauge.metrics import resampled_curves
from boxgauge.metrics.report import RECALL_POINTS

RESAMPLING: tuple[Entry, ...] = (
    Entry(
        name="resampled_report",
        family="report",
        kernel=resampled_curves,
        inputs=(
            Port("weights", "int64", ("m",)),
            Port("seen_image", "int64", ("v",)),
            Port("group_seen", "int64", ("u",)),
            Port("event_image", "int64", ("e",)),
            Port("event_seen", "int64", ("e",)),
            Port("event_hit", "int64", ("e",)),
            Port("event_correction", "int64", ("e",)),
            Port("event_curve", "int64", ("e",)),
            Port("curve_events", "int64", ("s",)),
            Port("curve_group", "int64", ("s",)),
            Port("positive_image", "int64", ("q",)),
            Port("positive_group", "int64", ("q",)),
            Port("recall_points", "float64", (RECALL_POINTS,)),
        ),
        outputs=(
            Port("precision", "float64", (RECALL_POINTS, "s")),
            Port("recall", "float64", ("s",)),
        ),
        example=examples.resamples,
        parity_examples=examples.hard_resamples,
        reference="Efron, Bootstrap Methods: Another Look at the Jackknife, Annals of Statistics "
        "1979; Lin et al., Microsoft COCO, ECCV 2014",
    ),
)
