"""The catalog's graphs of what is said before labels come: float64, never for TensorRT."""

from boxgauge.export.entry import Entry
from boxgauge.export.examples import predicted as examples
from boxgauge.export.ports import Port
from boxgauge.metrics import (
    clustered_difference,
    distribution_distances,
    expected_average_precision,
)
from boxgauge.metrics.report import RECALL_POINTS

PREDICTED: tuple[Entry, ...] = (
    Entry(
        name="distribution_distances",
        family="metric",
        kernel=distribution_distances,
        inputs=(
            Port("reference", "int64", ("f", "b")),
            Port("current", "int64", ("f", "b")),
            Port("widths", "float64", ("f", "b")),
        ),
        outputs=(
            *(
                Port(name, "float64", ("f",))
                for name in ("psi", "ks", "wasserstein", "jensen_shannon")
            ),
            Port("defined", "bool", ("f",)),
        ),
        example=examples.counts,
        parity_examples=examples.hard_counts,
        reference="Lin, Divergence Measures Based on the Shannon Entropy, IEEE Transactions on "
        "Information Theory 1991",
    ),
    Entry(
        name="clustered_difference",
        family="metric",
        kernel=clustered_difference,
        inputs=(
            Port("reference", "int64", ("f", "g", "b")),
            Port("current", "int64", ("f", "h", "b")),
            Port("ordered", "bool", ("f",)),
        ),
        outputs=(
            *(Port(name, "float64", ("f",)) for name in ("ratio", "numerator", "denominator")),
            Port("defined", "bool", ("f",)),
        ),
        example=examples.groups,
        parity_examples=examples.hard_groups,
        reference="Rao and Scott, On Chi-squared Tests for Multiway Contingency Tables, Annals "
        "of Statistics 1984; Scholz and Stephens, K-Sample Anderson-Darling Tests, JASA 1987",
    ),
    Entry(
        name="expected_average_precision",
        family="metric",
        kernel=expected_average_precision,
        inputs=(
            Port("tp", "float64", ("k", "b")),
            Port("fp", "float64", ("k", "b")),
            Port("positives", "float64", ("k",)),
            Port("recall_points", "float64", (RECALL_POINTS,)),
        ),
        outputs=(Port("average_precision", "float64", ("k",)),),
        example=examples.expected,
        parity_examples=examples.hard_expected,
        reference="Lin et al., Microsoft COCO: Common Objects in Context, ECCV 2014; "
        "pycocotools 2.0.11",
    ),
)
