"""The catalog's losses of logits and probabilities: float32, one value a row."""

from collections.abc import Callable, Iterable

from torch import Generator

from boxgauge.export.entry import Entry, Inputs, Kernel
from boxgauge.export.examples import classification as examples
from boxgauge.export.ports import Port
from boxgauge.losses import (
    asymmetric_loss,
    bce_loss,
    bce_with_logits_loss,
    cross_entropy_loss,
    distribution_focal_loss,
    focal_loss,
    ghm_c_loss,
    poly_focal_loss,
    poly_loss,
    quality_focal_loss,
    seesaw_loss,
    varifocal_loss,
)

Example = Callable[[int, Generator], Inputs]
Extremes = Callable[[Generator], Iterable[Inputs]]

_LOSS = Port("loss", "float32", ("n",))
_CLASSES = (Port("logits", "float32", ("n", "k")), Port("target", "int64", ("n",)))
_QUALITY = ("logits", "quality")
_GOOD = "Good, Rational Decisions, J. Royal Statistical Society B 14, 1952"
_LI = "Li et al., Generalized Focal Loss, NeurIPS 2020"
_LENG = "Leng et al., PolyLoss, ICLR 2022"


def _binary(
    name: str,
    kernel: Kernel,
    reference: str,
    *,
    ports: tuple[str, str] = ("logits", "target"),
    example: Example = examples.logits_and_labels,
    parity_examples: Extremes = examples.extreme_logits,
) -> Entry:
    """Return the row of a loss of single logits, or of probabilities, with labels in [0, 1]."""
    return Entry(
        name=name,
        family="loss",
        topic="classification",
        kernel=kernel,
        inputs=tuple(Port(port, "float32", ("n",)) for port in ports),
        outputs=(_LOSS,),
        gradient_of=ports[:1],
        per_pair=True,
        tensorrt=True,
        example=example,
        parity_examples=parity_examples,
        reference=reference,
    )


def _of_classes(name: str, kernel: Kernel, reference: str) -> Entry:
    """Return the row of a loss of a class among many."""
    return Entry(
        name=name,
        family="loss",
        topic="classification",
        kernel=kernel,
        inputs=_CLASSES,
        outputs=(_LOSS,),
        gradient_of=("logits",),
        per_pair=True,
        tensorrt=True,
        example=examples.logits_and_classes,
        parity_examples=examples.extreme_classes,
        reference=reference,
    )


CLASSIFICATION: tuple[Entry, ...] = (
    _binary(
        "bce_loss",
        bce_loss,
        _GOOD,
        ports=("prob", "target"),
        example=examples.probabilities_and_labels,
        parity_examples=examples.extreme_probabilities,
    ),
    _binary("bce_with_logits_loss", bce_with_logits_loss, _GOOD),
    _of_classes("cross_entropy_loss", cross_entropy_loss, _GOOD),
    _binary(
        "focal_loss", focal_loss, "Lin et al., Focal Loss for Dense Object Detection, ICCV 2017"
    ),
    _binary(
        "quality_focal_loss",
        quality_focal_loss,
        _LI,
        ports=_QUALITY,
        example=examples.logits_and_qualities,
    ),
    Entry(
        name="distribution_focal_loss",
        family="loss",
        topic="classification",
        kernel=distribution_focal_loss,
        inputs=(Port("logits", "float32", ("n", "b")), Port("position", "float32", ("n",))),
        outputs=(_LOSS,),
        gradient_of=("logits",),
        per_pair=True,
        tensorrt=True,
        example=examples.bins_and_positions,
        parity_examples=examples.extreme_positions,
        reference=_LI,
    ),
    _binary(
        "varifocal_loss",
        varifocal_loss,
        "Zhang et al., VarifocalNet: An IoU-aware Dense Object Detector, CVPR 2021",
        ports=_QUALITY,
        example=examples.logits_and_qualities,
    ),
    _binary(
        "asymmetric_loss",
        asymmetric_loss,
        "Ridnik et al., Asymmetric Loss for Multi-Label Classification, ICCV 2021",
    ),
    _of_classes("poly_loss", poly_loss, _LENG),
    _binary("poly_focal_loss", poly_focal_loss, _LENG),
    Entry(
        name="ghm_c_loss",
        family="loss",
        topic="classification",
        kernel=ghm_c_loss,
        inputs=(
            Port("logits", "float32", ("n",)),
            Port("target", "float32", ("n",)),
            Port("bin_counts", "float32", ("bins",)),
        ),
        outputs=(_LOSS, Port("next_bin_counts", "float32", ("bins",))),
        gradient_of=("logits",),
        tensorrt=True,
        example=examples.logits_and_bin_counts,
        parity_examples=examples.extreme_bin_counts,
        reference="Li et al., Gradient Harmonized Single-stage Detector, AAAI 2019",
    ),
    Entry(
        name="seesaw_loss",
        family="loss",
        topic="classification",
        kernel=seesaw_loss,
        inputs=(*_CLASSES, Port("class_counts", "int64", ("k",))),
        outputs=(_LOSS, Port("next_class_counts", "int64", ("k",))),
        gradient_of=("logits",),
        tensorrt=True,
        example=examples.logits_and_class_counts,
        parity_examples=examples.extreme_class_counts,
        reference="Wang et al., Seesaw Loss for Long-Tailed Instance Segmentation, CVPR 2021",
    ),
)
