"""The catalog's losses of masks: float32, one value an image."""

from collections.abc import Callable, Iterable

from torch import Generator, Tensor

from boxgauge.export.entry import Entry, Inputs
from boxgauge.export.examples import masks as examples
from boxgauge.export.ports import Port
from boxgauge.losses import (
    combo_loss,
    dice_bce_loss,
    dice_loss,
    focal_tversky_loss,
    lovasz_hinge_loss,
    lovasz_softmax_loss,
    soft_jaccard_loss,
    soft_miou_loss,
    tversky_loss,
)


def _entry(
    kernel: Callable[..., Tensor],
    pred: str,
    axes: tuple[str, ...],
    example: Callable[[int, Generator], Inputs],
    parity_examples: Callable[[Generator], Iterable[Inputs]],
    reference: str,
    *,
    tensorrt: bool = True,
) -> Entry:
    return Entry(
        name=kernel.__name__,
        family="loss",
        topic="masks",
        kernel=kernel,
        inputs=(Port(pred, "float32", axes), Port("target", "float32", axes)),
        outputs=(Port("loss", "float32", axes[:1]),),
        gradient_of=(pred,),
        per_pair=True,
        tensorrt=tensorrt,
        example=example,
        parity_examples=parity_examples,
        reference=reference,
    )


def _of_masks(kernel: Callable[..., Tensor], reference: str) -> Entry:
    masks, extremes = examples.soft_masks, examples.extreme_soft_masks
    return _entry(kernel, "prob", ("n", "p"), masks, extremes, reference)


def _of_logits(kernel: Callable[..., Tensor], reference: str, *, tensorrt: bool = True) -> Entry:
    logits, extremes = examples.mask_logits, examples.extreme_mask_logits
    return _entry(kernel, "logits", ("n", "p"), logits, extremes, reference, tensorrt=tensorrt)


def _of_classes(kernel: Callable[..., Tensor], reference: str, *, tensorrt: bool = True) -> Entry:
    masks, extremes = examples.soft_class_masks, examples.extreme_soft_class_masks
    axes = ("n", "k", "p")
    return _entry(kernel, "prob", axes, masks, extremes, reference, tensorrt=tensorrt)


_LOVASZ = "Berman et al., The Lovász-Softmax Loss, CVPR 2018"

# The Lovász losses sort all pixels; TensorRT's TopK takes a fixed number, below 3840.
MASKS: tuple[Entry, ...] = (
    _of_masks(dice_loss, "Milletari et al., V-Net, 3DV 2016"),
    _of_masks(tversky_loss, "Salehi et al., Tversky Loss Function, MLMI 2017"),
    _of_masks(
        focal_tversky_loss, "Abraham and Khan, A Novel Focal Tversky Loss Function, ISBI 2019"
    ),
    _of_masks(
        soft_jaccard_loss,
        "Rahman and Wang, Optimizing Intersection-Over-Union in Deep Neural Networks, ISVC 2016",
    ),
    _of_classes(
        soft_miou_loss,
        "Rahman and Wang, Optimizing Intersection-Over-Union in Deep Neural Networks, ISVC 2016",
    ),
    _of_logits(lovasz_hinge_loss, _LOVASZ, tensorrt=False),
    _of_classes(lovasz_softmax_loss, _LOVASZ, tensorrt=False),
    _of_logits(dice_bce_loss, "Isensee et al., nnU-Net, Nature Methods 2021"),
    _of_logits(combo_loss, "Taghanaki et al., Combo Loss, Comput. Med. Imaging Graph. 2019"),
)
