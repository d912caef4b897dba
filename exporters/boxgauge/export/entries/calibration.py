"""The catalog's graphs of calibration: float64 and integers, never for TensorRT."""

from boxgauge.export.entry import Entry
from boxgauge.export.examples import calibration as examples
from boxgauge.export.ports import Port
from boxgauge.metrics import calibration_errors, count_calibration

_REFERENCE = (
    "Küppers et al., Multivariate Confidence Calibration for Object Detection, CVPR Workshops "
    "2020; Oksuz et al., Towards Building Self-Aware Object Detectors, CVPR 2023"
)

CALIBRATION: tuple[Entry, ...] = (
    Entry(
        name="count_calibration",
        # Indexes by what it is given: for our own tallies, not for anybody's requests.
        family="report",
        kernel=count_calibration,
        inputs=(
            Port("group", "int64", ("d",)),
            Port("scores", "float64", ("d",)),
            Port("correct", "bool", ("d",)),
            Port("boxes", "float64", ("d", 4)),
            Port("truths", "float64", ("d", 4)),
            Port("bounds", "float64", ("c",)),
            Port("counts", "int64", ("g", "b", 4)),
        ),
        outputs=(Port("new_counts", "int64", ("g", "b", 4)),),
        example=examples.detections,
        parity_examples=examples.extreme_detections,
        reference=_REFERENCE,
    ),
    Entry(
        name="calibration_errors",
        family="metric",
        kernel=calibration_errors,
        inputs=(Port("counts", "int64", ("g", "b", 4)), Port("least", "int64", (1,))),
        outputs=(
            Port("d_ece", "float64", ("g",)),
            Port("la_ece", "float64", ("g",)),
            Port("detections", "int64", ("g",)),
        ),
        example=examples.counts,
        parity_examples=examples.extreme_counts,
        reference=_REFERENCE,
    ),
)
