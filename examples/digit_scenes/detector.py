"""A small anchor-free detector: about 285k parameters, three strides, a prediction a location."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

STRIDES = (8, 16, 32)
CLASS_COUNT = 10

_RARE = -4.6  # logit of 1%: at the start nearly every location is background


class Detector(nn.Module):
    """Predicts class logits and one box at every location of three grids.

    A location predicts how far the box's centre lies from it and the logarithm of the
    box's sides, both in strides, so every prediction decodes to a valid box.
    """

    points: Tensor
    strides: Tensor

    def __init__(self, size: tuple[int, int], *, channels: int, class_count: int) -> None:
        """Build the layers and the locations for images of one size.

        Args:
            size: Height and width, pixels.
            channels: 1 for grey pictures, 3 for coloured ones.
            class_count: Logits a location.
        """
        super().__init__()
        self.eighth = nn.Sequential(
            _convolution(channels, 24, kernel=7, stride=4),
            _convolution(24, 48, stride=2),
            _Residual(48),
        )
        self.sixteenth = nn.Sequential(_convolution(48, 64, stride=2), _Residual(64))
        self.half_again = nn.Sequential(_convolution(64, 64, stride=2), _convolution(64, 64))
        self.laterals = nn.ModuleList(nn.Conv2d(width, 48, 1) for width in (48, 64, 64))
        self.classify = _shared_branch(48, [_RARE] * class_count)
        # Boxes start e strides wide: near the middle of what each grid answers for.
        self.localise = _shared_branch(48, [0.0, 0.0, 1.0, 1.0])

        points, strides = locations(size)
        self.register_buffer("points", points)
        self.register_buffer("strides", strides)

    def forward(
        self, images: Float[Tensor, "b channels h w"]
    ) -> tuple[Float[Tensor, "b l c"], Float[Tensor, "b l 4"]]:
        """Return class logits and boxes (corner form, pixels) at all locations.

        Args:
            images: Grey levels or colours in [0, 1].
        """
        eighth = self.eighth(images - 0.5)
        sixteenth = self.sixteenth(eighth)
        levels = [
            lateral(level)
            for lateral, level in zip(
                self.laterals, (eighth, sixteenth, self.half_again(sixteenth)), strict=True
            )
        ]
        for finer, coarser in ((1, 2), (0, 1)):
            # To the finer grid's size: twice the coarser's, or one less where a side is odd.
            to = levels[finer].shape[-2:]
            levels[finer] = levels[finer] + functional.interpolate(levels[coarser], size=to)

        logits = torch.cat([_by_location(self.classify(level)) for level in levels], 1)
        offsets = torch.cat([_by_location(self.localise(level)) for level in levels], 1)
        shift, log_sides = offsets.chunk(2, -1)
        centre = self.points + shift * self.strides
        half = log_sides.clamp(-4, 4).exp() * self.strides / 2
        return logits, torch.cat([centre - half, centre + half], -1)


class DigitDetector(Detector):
    """The detector of the digit scenes: square, grey, ten classes."""

    def __init__(self, canvas: int) -> None:
        """Build the layers and the locations for square images of ``canvas`` pixels."""
        super().__init__((canvas, canvas), channels=1, class_count=CLASS_COUNT)


def locations(size: tuple[int, int]) -> tuple[Float[Tensor, "l 2"], Float[Tensor, "l 1"]]:
    """Return the (x, y) of every location, in pixels, and the stride of its grid."""
    points, strides = [], []
    for stride in STRIDES:
        down, across = (
            (torch.arange(-(-side // stride), dtype=torch.float32) + 0.5) * stride for side in size
        )
        rows, columns = torch.meshgrid(down, across, indexing="ij")
        points.append(torch.stack([columns.flatten(), rows.flatten()], -1))
        strides.append(torch.full((rows.numel(), 1), float(stride)))
    return torch.cat(points), torch.cat(strides)


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_convolution(width, width), _convolution(width, width))

    def forward(self, features: Tensor) -> Tensor:
        residual: Tensor = self.body(features)
        return features + residual


def _convolution(width: int, to: int, *, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(width, to, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(to),
        nn.ReLU(inplace=True),
    )


def _shared_branch(width: int, start: list[float]) -> nn.Sequential:
    """Return layers for all three grids whose outputs begin near ``start``."""
    last = nn.Conv2d(width, len(start), 3, 1, 1)
    last.bias = nn.Parameter(torch.tensor(start))
    return nn.Sequential(
        nn.Conv2d(width, width, 3, 1, 1, bias=False),
        # By groups: running statistics of three different grids would fit none of them.
        nn.GroupNorm(8, width),
        nn.ReLU(inplace=True),
        last,
    )


def _by_location(grid: Tensor) -> Tensor:
    return grid.flatten(2).transpose(1, 2)
