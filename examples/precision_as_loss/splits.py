"""What is trained on, chosen by and measured on: photographs, or digit scenes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import photographs
from scene import Scene


@dataclass(frozen=True)
class Splits:
    """Three sets of pictures of one size.

    Attributes:
        source: What they are, for reports.
        classes: Names by label.
        train, val, test: The scenes.
        mirrored: Training may flip them: a mirrored cell is a cell, a mirrored 6 is no digit.
        notes: What was left out, in words.
    """

    source: str
    classes: tuple[str, ...]
    train: Sequence[Scene]
    val: Sequence[Scene]
    test: Sequence[Scene]
    mirrored: bool
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of every picture."""
        height, width = self.train[0].image.shape[:2]
        return height, width

    @property
    def channels(self) -> int:
        """1 for grey pictures, 3 for coloured ones."""
        return 3 if self.train[0].image.ndim == 3 else 1


def photograph_splits(folder: Path) -> Splits:
    """Return BCCD's official splits.

    Raises:
        photographs.UnreadableError: Names the first file that is missing or broken.
    """
    scenes, notes = {}, []
    for split in ("train", "val", "test"):
        scenes[split], dropped = photographs.read_split(folder, split)
        if dropped:
            boxes = "1 box" if dropped == 1 else f"{dropped} boxes"
            notes.append(f"{split}: {boxes} without area left out")
    return Splits("BCCD", photographs.CLASSES, **scenes, mirrored=True, notes=tuple(notes))


def digit_splits(*, train: int = 320, val: int = 100, test: int = 200) -> Splits:
    """Return digit scenes; the test scenes are those of the committed sample.

    No handwritten digit of the training scenes is in the others. Validation and test scenes
    are different scenes of the same handwritten digits.
    """
    # scikit-learn, which holds the digits, takes a second to import.
    from scenes import CLASSES, compose, digits_of

    learned, held_out = digits_of("train"), digits_of("val")
    return Splits(
        "digit scenes",
        CLASSES,
        train=[compose(learned, "train", index) for index in range(train)],
        val=[compose(held_out, "val", test + index) for index in range(val)],
        test=[compose(held_out, "val", index) for index in range(test)],
        mirrored=False,
    )
