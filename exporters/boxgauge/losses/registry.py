"""Which losses there are by name: what a description of a composition may say."""

from collections.abc import Mapping

from boxgauge.losses import modules
from boxgauge.losses.module import LossModule


def loss_modules() -> Mapping[str, type[LossModule]]:
    """Return the module of each loss, by the name of its function: ``giou_loss``."""
    classes = (each for each in vars(modules).values() if isinstance(each, type))
    return {
        each.signature.name: each
        for each in classes
        if issubclass(each, LossModule) and hasattr(each, "kernel")
    }
