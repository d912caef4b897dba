"""What the eager evaluation refuses, by image and field."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

# As boxgauge.frames, which nothing here imports: areas stay far from float64's end.
_MAX_PIXELS = 1e100
_SIDES = ("x", "y", "w", "h")


def check_sides(
    predictions: Sequence[Mapping[str, Tensor]], targets: Sequence[Mapping[str, Tensor]]
) -> None:
    """Check that every image has its tensors, of fitting shapes and types, and finite.

    Raises:
        ValueError: Names side, image and field, what was found and what is wanted.
    """
    for side, images, own in (("predictions", predictions, "scores"), ("targets", targets, "area")):
        for k, image in enumerate(images):
            where = f"{side}[{k}]"
            _check_kinds(where, image, scored=side == "predictions")
            boxes, labels = image["boxes"], image["labels"]
            fits = boxes.numel() == 0 or (boxes.ndim == 2 and boxes.shape[1] == 4)
            if not fits or not boxes.is_floating_point():
                raise ValueError(
                    f"{where}.boxes must be floating of shape [n, 4]:"
                    f" got {boxes.dtype} of {[*boxes.shape]}"
                )
            n = len(boxes)
            for key in ("labels", "scores", "area", "iscrowd", "ignore"):
                if key in image and image[key].shape != (n,):
                    raise ValueError(
                        f"{where}.{key} must be of shape [{n}]: got {[*image[key].shape]}"
                    )
            if n and (labels.is_floating_point() or labels.dtype == torch.bool):
                raise ValueError(f"{where}.labels must be integers: got {labels.dtype}")
            _check_values(f"{where}.labels", labels, labels >= 0, "at least 0")
            _check_values(f"{where}.boxes", boxes, torch.isfinite(boxes), "finite")
            near = boxes.double().abs() <= _MAX_PIXELS
            _check_values(f"{where}.boxes", boxes, near, f"at most {_MAX_PIXELS:g} from 0")
            if own in image:
                _check_values(f"{where}.{own}", image[own], torch.isfinite(image[own]), "finite")


def check_sizes(side: str, xywh: Tensor, images: Tensor) -> None:
    """Check that no width or height is negative.

    Raises:
        ValueError: Names the first image and box.
    """
    bad = torch.nonzero(xywh[:, 2:] < 0)
    if len(bad):
        row, column = bad[0].tolist()
        image = int(images[row])
        place = row - int(torch.nonzero(images == image)[0])
        raise ValueError(
            f"{side}[{image}].boxes[{place}].{_SIDES[2 + column]} must be at least 0:"
            f" got {xywh[row, 2 + column].item()}"
        )


def _check_kinds(where: str, image: object, *, scored: bool) -> None:
    # TypeErrors in name only: one kind of error for all bad input.
    if not isinstance(image, Mapping):
        found = type(image).__name__
        raise ValueError(f"{where} must be a mapping, one an image: got {found}")  # noqa: TRY004
    for key in ("boxes", "labels", *(("scores",) if scored else ())):
        if not isinstance(image.get(key), Tensor):
            found = type(image.get(key)).__name__ if key in image else "nothing"
            raise ValueError(f"{where}.{key} must be a tensor: got {found}")  # noqa: TRY004


def _check_values(field: str, values: Tensor, sane: Tensor, wanted: str) -> None:
    bad = torch.nonzero(~sane)
    if len(bad):
        place = bad[0].tolist()
        shown = "".join(f"[{k}]" for k in place)
        raise ValueError(f"{field}{shown} must be {wanted}: got {values[tuple(place)].item()}")
