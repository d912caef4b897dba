"""The catalog's precisions that are differentiable: float32, one value for all rows."""

from boxgauge.export.entry import Entry, Kernel
from boxgauge.export.examples import soft_precision as examples
from boxgauge.export.examples.classification import logits_and_labels
from boxgauge.export.ports import Port
from boxgauge.losses import (
    detection_precision_loss,
    smooth_ap_loss,
    soft_average_precision_loss,
    soft_f_beta_loss,
    soft_precision_loss,
    soft_recall_loss,
)

_LOSS = (Port("loss", "float32", (1,)),)


def _of_labels(name: str, kernel: Kernel, reference: str) -> Entry:
    return Entry(
        name=name,
        family="loss",
        topic="ranking",
        kernel=kernel,
        inputs=tuple(Port(each, "float32", ("n",)) for each in ("logits", "target")),
        outputs=_LOSS,
        gradient_of=("logits",),
        tensorrt=True,
        example=logits_and_labels,
        parity_examples=examples.label_cases,
        reference=reference,
    )


def _of_boxes(name: str, kernel: Kernel, overlap: str, reference: str) -> Entry:
    return Entry(
        name=name,
        family="loss",
        topic="ranking",
        kernel=kernel,
        inputs=tuple(Port(each, "float32", ("n",)) for each in ("logits", "target", overlap)),
        outputs=_LOSS,
        gradient_of=("logits", overlap),
        tensorrt=True,
        example=examples.candidates,
        parity_examples=examples.candidate_cases,
        reference=reference,
    )


SOFT_PRECISION: tuple[Entry, ...] = (
    _of_boxes(
        "detection_precision_loss",
        detection_precision_loss,
        "quality",
        "BoxGauge's own: precision at several recalls, of scores and boxes together",
    ),
    _of_boxes(
        "soft_average_precision_loss",
        soft_average_precision_loss,
        "iou",
        "Brown et al., Smooth-AP, ECCV 2020, at the IoU thresholds of Lin et al., Microsoft COCO: "
        "Common Objects in Context, ECCV 2014",
    ),
    _of_labels(
        "smooth_ap_loss",
        smooth_ap_loss,
        "Brown et al., Smooth-AP: Smoothing the Path Towards Large-Scale Image Retrieval, "
        "ECCV 2020",
    ),
    _of_labels(
        "soft_precision_loss",
        soft_precision_loss,
        "Eban et al., Scalable Learning of Non-Decomposable Objectives, AISTATS 2017",
    ),
    _of_labels(
        "soft_recall_loss",
        soft_recall_loss,
        "Eban et al., Scalable Learning of Non-Decomposable Objectives, AISTATS 2017",
    ),
    _of_labels(
        "soft_f_beta_loss",
        soft_f_beta_loss,
        "Bénédict et al., sigmoidF1: A Smooth F1 Score Surrogate Loss for Multilabel "
        "Classification, TMLR 2022",
    ),
)
