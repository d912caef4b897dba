"""Cells, each one class of one image: only boxes that share one can match."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.frames import GroundTruths, Predictions

# Cells that are counted densely; beyond, only those that occur are
# numbered, since many images with a box of a class of its own would fill the memory.
MAX_DENSE_CELLS = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The cell (image and class) of each box, numbered in ascending order of the images.

    Attributes:
        of_predictions: Cell of each detection.
        of_ground_truths: Cell of each ground truth.
        first: First cell of each image and, last, the number of cells.
    """

    of_predictions: NDArray[np.int64]
    of_ground_truths: NDArray[np.int64]
    first: NDArray[np.int64]


def number_cells(predictions: Predictions, ground_truths: GroundTruths) -> Cells:
    """Return the cells of two sides that list the same images."""
    labels = np.concatenate([predictions.labels, ground_truths.labels])
    images = np.concatenate([predictions.image_index, ground_truths.image_index])
    lowest = int(labels.min(initial=0))
    index, classes = labels - lowest, int(labels.max(initial=0)) - lowest + 1
    if len(predictions) * classes > MAX_DENSE_CELLS:
        known, index = np.unique(labels, return_inverse=True)
        classes = len(known)
    cell = images * classes + index
    first = np.arange(len(predictions) + 1, dtype=np.int64) * classes
    if len(predictions) * classes > MAX_DENSE_CELLS:
        occurring, cell = np.unique(cell, return_inverse=True)
        first = np.searchsorted(occurring, first)
    split = len(predictions.labels)
    return Cells(cell[:split], cell[split:], first)
