"""The catalog's graphs of score thresholds: float64 and integers, never for TensorRT."""

from boxgauge.export.entry import Entry
from boxgauge.export.examples import score_curves as examples
from boxgauge.export.ports import Port
from boxgauge.metrics import f_beta, score_counts

SCORE_CURVES: tuple[Entry, ...] = (
    Entry(
        name="score_counts",
        # Not a metric, which a server offers to anyone: a label alone can make its work large.
        family="report",
        kernel=score_counts,
        inputs=(
            Port("label", "int64", ("n",)),
            Port("scores", "float64", ("n",)),
            Port("outcome", "int8", ("n",)),
        ),
        outputs=(
            Port("label_at", "int64", ("s",)),
            Port("threshold", "float64", ("s",)),
            Port("tp", "int64", ("s",)),
            Port("fp", "int64", ("s",)),
        ),
        example=examples.outcomes,
        parity_examples=examples.hard_outcomes,
        reference="Davis and Goadrich, The Relationship Between Precision-Recall and ROC Curves, "
        "ICML 2006",
    ),
    Entry(
        name="f_beta",
        family="metric",
        kernel=f_beta,
        inputs=(
            *(Port(name, "int64", ("n",)) for name in ("tp", "fp", "positives")),
            Port("beta", "float64", (1,)),
        ),
        outputs=(
            *(Port(name, "float64", ("n",)) for name in ("precision", "recall", "f_beta")),
            Port("defined", "bool", (3, "n")),
        ),
        example=examples.counts,
        parity_examples=examples.extreme_counts,
        reference="van Rijsbergen, Information Retrieval, 1979",
    ),
)
