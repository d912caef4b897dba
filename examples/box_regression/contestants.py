"""Which losses take part, and what each needs besides two boxes.

The simulation has no pixels: its unit is the side of a square target. Most losses do not
care, being ratios. Those that do get their unit or image here, and nothing else is tuned.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Group = Literal["paper", "later", "focusing", "distance"]

# MPDIoU divides by the image's diagonal: the square with the targets in its middle.
_IMAGE = {"image_size": (20.0, 20.0)}
# NWD's constant is the usual side of the data set's objects; the graph's is AI-TOD's 12.8
# pixels, so that one unit of the simulation has to be 12.8 pixels.
_NWD_PIXELS = 12.8


@dataclass(frozen=True)
class Contestant:
    """A loss of the simulation.

    Attributes:
        graph: Its name in the model repository.
        label: Its name in tables and figures.
        group: The panel of the figure it is drawn in.
        pixels: Length of the simulation's unit in the loss's pixels.
        extras: Further inputs, one row that holds for every pair.
    """

    graph: str
    label: str
    group: Group
    pixels: float = 1.0
    extras: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


CONTESTANTS = (
    Contestant("iou_loss", "IoU", "paper"),
    Contestant("giou_loss", "GIoU", "paper"),
    Contestant("diou_loss", "DIoU", "paper"),
    Contestant("ciou_loss", "CIoU", "paper"),
    Contestant("eiou_loss", "EIoU", "later"),
    Contestant("siou_loss", "SIoU", "later"),
    Contestant("mpdiou_loss", "MPDIoU", "later", extras=_IMAGE),
    Contestant("inner_iou_loss", "Inner-IoU", "later"),
    Contestant("shape_iou_loss", "Shape-IoU", "later"),
    Contestant("alpha_iou_loss", "α-IoU", "focusing"),
    Contestant("focal_eiou_loss", "Focal-EIoU", "focusing"),
    Contestant("wise_iou_loss", "Wise-IoU v1", "focusing"),
    Contestant("wise_iou_v2_loss", "Wise-IoU v2", "focusing"),
    Contestant("wise_iou_v3_loss", "Wise-IoU v3", "focusing"),
    Contestant("nwd_loss", "NWD", "distance", pixels=_NWD_PIXELS),
    Contestant("l1_loss", "L1", "distance"),
    Contestant("smooth_l1_loss", "Smooth L1", "distance"),
    Contestant("huber_loss", "Huber", "distance"),
    Contestant("balanced_l1_loss", "Balanced L1", "distance"),
)
