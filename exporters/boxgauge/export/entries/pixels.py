"""The catalog's graphs of pixel metrics: float64 and integers, never for TensorRT."""

from boxgauge.export.entry import Entry
from boxgauge.export.examples import pixels as examples
from boxgauge.export.ports import Port
from boxgauge.metrics import count_pixels, pixel_metrics

_REFERENCE = (
    "Long et al., Fully Convolutional Networks for Semantic Segmentation, CVPR 2015; Everingham "
    "et al., The PASCAL Visual Object Classes Challenge: A Retrospective, IJCV 2015"
)

PIXELS: tuple[Entry, ...] = (
    Entry(
        name="count_pixels",
        # Makes a table as long as the largest id: for our own tallies, not for anybody's requests.
        family="report",
        kernel=count_pixels,
        inputs=(
            Port("pred", "int64", ("p",)),
            Port("target", "int64", ("p",)),
            Port("classes", "int64", ("k",)),
            Port("counts", "int64", ("k1", "k1")),
        ),
        outputs=(Port("new_counts", "int64", ("k1", "k1")),),
        example=examples.masks,
        parity_examples=examples.extreme_masks,
        reference=_REFERENCE,
    ),
    Entry(
        name="pixel_metrics",
        family="metric",
        kernel=pixel_metrics,
        inputs=(Port("counts", "int64", ("k1", "k1")),),
        outputs=(
            *(Port(name, "float64", ("k1",)) for name in ("iou", "dice", "precision", "recall")),
            *(Port(name, "bool", ("k1",)) for name in ("is_true", "is_predicted")),
            *(
                Port(name, "float64", (1,))
                for name in ("pixel_accuracy", "mean_accuracy", "mean_iou", "weighted_iou")
            ),
        ),
        example=examples.counts,
        parity_examples=examples.extreme_counts,
        reference=_REFERENCE,
    ),
)
