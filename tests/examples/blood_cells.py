"""A tiny folder in BCCD's form: noise with dark squares for cells."""

from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (320, 240)  # width, height
SPLITS = {"train": 4, "val": 2, "test": 2}


def write_folder(folder: Path) -> Path:
    """Write all three splits and return the folder."""
    rng = np.random.default_rng(7)
    for split, count in SPLITS.items():
        names = [f"{split}_{number}" for number in range(count)]
        for name in names:
            write_picture(folder, name, rng)
        listing = folder / "ImageSets" / "Main" / f"{split}.txt"
        listing.parent.mkdir(parents=True, exist_ok=True)
        listing.write_text("\n".join(names) + "\n")
    return folder


def write_picture(folder: Path, name: str, rng: np.random.Generator) -> None:
    """Write one photograph with a cell of each class, and its annotation."""
    width, height = SIZE
    pixels = rng.integers(150, 256, (height, width, 3), dtype=np.uint8)
    objects = []
    for label, side in (("RBC", 100), ("WBC", 150), ("Platelets", 40)):
        left, top = int(rng.integers(width - side)), int(rng.integers(height - side))
        pixels[top : top + side, left : left + side] //= 3
        objects.append(voc_object(label, (left, top, left + side, top + side)))
    (folder / "JPEGImages").mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(folder / "JPEGImages" / f"{name}.jpg")
    write_annotation(folder / "Annotations" / f"{name}.xml", *objects)


def write_annotation(path: Path, *objects: str) -> Path:
    """Write a VOC file of these objects and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"<annotation>{''.join(objects)}</annotation>")
    return path


def voc_object(label: str, corners: tuple[object, object, object, object]) -> str:
    """Return an object as VOC writes it."""
    keys = ("xmin", "ymin", "xmax", "ymax")
    box = "".join(f"<{key}>{value}</{key}>" for key, value in zip(keys, corners, strict=True))
    return f"<object><name>{label}</name><bndbox>{box}</bndbox></object>"
