"""Draw scenes with what is there and what was found."""

import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # before pyplot: a server has no display

import matplotlib.pyplot as plt
from detections import Detections
from matplotlib.patches import Rectangle
from PIL import Image
from scene import Scene
from scenes import CLASSES

_SHOWN = 0.5  # least score drawn
_BACKING = {"facecolor": "black", "alpha": 0.6, "pad": 1, "linewidth": 0}


def draw(scenes: Sequence[Scene], found: Sequence[Detections], path: Path) -> None:
    """Write one PNG: per scene a panel, truth solid (crowds dotted), detections dashed."""
    figure, panels = plt.subplots(1, len(scenes), figsize=(5 * len(scenes), 5), squeeze=False)
    for panel, scene, detections in zip(panels[0], scenes, found, strict=True):
        panel.imshow(scene.image, cmap="gray", vmin=0, vmax=255, extent=(0, 256, 256, 0))
        panel.axis("off")
        for box, crowd in zip(scene.boxes.tolist(), scene.iscrowd.tolist(), strict=True):
            panel.add_patch(_outline(box, "lime", ":" if crowd else "-"))
        for box, score, label in zip(
            detections.boxes.tolist(),
            detections.scores.tolist(),
            detections.labels.tolist(),
            strict=True,
        ):
            if score >= _SHOWN:
                panel.add_patch(_outline(box, "orange", "--"))
                text = f"{CLASSES[label]} {score:.2f}"
                panel.text(box[0] + 1, box[1] - 2, text, color="orange", fontsize=8, bbox=_BACKING)
    figure.tight_layout(pad=0.3)
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=85)
    plt.close(figure)
    # Noise hardly compresses: 64 colours are a third of the bytes and look the same.
    Image.open(drawn).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(
        path, optimize=True
    )


def _outline(box: list[float], colour: str, line: str) -> Rectangle:
    left, top, right, bottom = box
    size = (right - left, bottom - top)
    return Rectangle(
        (left, top), *size, fill=False, edgecolor=colour, linestyle=line, linewidth=1.5
    )
