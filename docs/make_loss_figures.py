"""Draw each box loss, and the length of its gradient, against offset and scale.

    python docs/make_loss_figures.py

Writes ``docs/images/losses/<name>.png`` for every loss of boxes in the catalog. The true box
is 40 by 40 pixels; the predicted one equals it but for what is on the axis.
"""

import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import torch
from torch import Tensor

from boxgauge.export.catalog import catalog
from boxgauge.export.entry import Entry

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from PIL import Image

IMAGES = Path(__file__).resolve().parent / "images" / "losses"
SIDE = 40.0
# What some losses take beside the boxes, for n pairs: sizes of the image, and running means.
FURTHER: dict[str, Callable[[int], Tensor]] = {
    "image_size": lambda n: torch.tensor([[640.0, 480.0]]).expand(n, 2),
    "mean_iou_loss": lambda _: torch.tensor([0.5]),
}

_OFFSETS = torch.linspace(-1.5 * SIDE, 1.5 * SIDE, 601)
_SCALES = torch.logspace(-1, 1, 601)
_LOSS, _GRADIENT = "#1f5fa8", "#d1711c"


def box_losses() -> list[Entry]:
    """Return the losses that get a figure."""
    return [entry for entry in catalog().values() if entry.topic == "boxes"]


def centres(*, offset: Tensor | float = 0.0, scale: Tensor | float = 1.0) -> tuple[Tensor, Tensor]:
    """Return predicted and true boxes as centre and sides: the true box moved and scaled."""
    offsets, scales = torch.broadcast_tensors(torch.as_tensor(offset), torch.as_tensor(scale))
    target = torch.tensor([100.0, 100.0, SIDE, SIDE]).expand(*offsets.shape, 4)
    moved = torch.stack((100 + offsets, torch.full_like(offsets, 100)), -1)
    return torch.cat((moved, scales[:, None].expand(-1, 2) * SIDE), -1), target


def values(entry: Entry, pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss and the length of its gradient, per pixel, for boxes by their centres."""
    pair = [
        boxes if "cxcywh" in entry.inputs[0].name else _corners(boxes) for boxes in (pred, target)
    ]
    variable = pair[0].clone().requires_grad_()
    further = [FURTHER[port.name](len(pred)) for port in entry.inputs[2:]]
    loss = entry(variable, pair[1], *further)[0]
    (slope,) = torch.autograd.grad(loss.sum(), variable)
    return loss.detach(), slope.norm(dim=-1)


def draw(entry: Entry, file: Path) -> None:
    """Write the figure of one loss."""
    figure, panels = plt.subplots(1, 2, figsize=(8, 2.4), layout="constrained")
    _panel(panels[0], entry, _OFFSETS, centres(offset=_OFFSETS), "horizontal offset, px")
    _panel(
        panels[1], entry, _SCALES, centres(scale=_SCALES), "sides of the prediction / true sides"
    )
    panels[1].set_xscale("log")
    panels[1].set_xticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10"])
    panels[0].set_ylabel("loss", color=_LOSS)
    figure.suptitle(entry.name, fontsize=10)
    drawn = BytesIO()
    figure.savefig(drawn, dpi=100)
    plt.close(figure)
    # A palette: a quarter of the size, and no difference to the eye.
    Image.open(drawn).convert("RGB").quantize(64).save(file, optimize=True)


def _panel(panel: Axes, entry: Entry, x: Tensor, pair: tuple[Tensor, Tensor], label: str) -> None:
    loss, slope = values(entry, *pair)
    panel.plot(x, loss, color=_LOSS)
    panel.set_xlabel(label, fontsize=8)
    panel.tick_params(labelsize=8)
    panel.grid(alpha=0.3)
    panel.set_ylim(bottom=min(0.0, float(loss.min())))
    other = panel.twinx()
    other.plot(x, slope, color=_GRADIENT, linewidth=1, linestyle="--")
    other.set_ylim(bottom=0)
    other.tick_params(labelsize=8)
    other.set_ylabel("|gradient|, 1/px", color=_GRADIENT, fontsize=8)


def _corners(boxes: Tensor) -> Tensor:
    centre, sides = boxes.split(2, -1)
    return torch.cat((centre - sides / 2, centre + sides / 2), -1)


def main() -> None:
    """Draw them all."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for entry in box_losses():
        draw(entry, IMAGES / f"{entry.name}.png")
        sys.stdout.write(f"{entry.name}.png\n")


if __name__ == "__main__":
    main()
