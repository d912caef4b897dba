"""What is said of predictions alone, before any label comes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class DriftFeature:
    """How one distribution differs from the reference's.

    Attributes:
        name: ``score``, ``size``, ``aspect``, ``count`` or ``class``.
        psi: Population stability index, nats.
        ks: Kolmogorov-Smirnov distance; None for ``class``.
        wasserstein: In the units of the feature; None for ``class``.
        jensen_shannon: Nats, in [0, ln 2].
        p_value: Chance of at least so large a difference without drift, clusters of images
            allowed for.
        drifted: It is below the level, corrected for the number of features.
        edges: Ends of the bins; of ``class``, class ids.
        reference: Share of each bin in the reference.
        current: Share of each bin now.
    """

    name: str
    psi: float
    ks: float | None
    wasserstein: float | None
    jensen_shannon: float
    p_value: float
    drifted: bool
    edges: NDArray[np.float64]
    reference: NDArray[np.float64]
    current: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drift:
    """Predictions of a window against those of the reference; ``reason`` says why there is none."""

    features: tuple[DriftFeature, ...]
    reference_images: int
    current_images: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What calibrated scores let one expect before labels come: an estimate, named as such.

    Attributes:
        precision: Expected at the score threshold; None without detections there.
        ap50: Expected AP at the operating point's IoU, mean over classes.
        images: Predicted images that it is about.
        calibration_images: Labelled images on which the calibration was learned.
        ap50_error: Mean absolute error of ``ap50`` on runs of labelled images so far, each
            estimated before it was learned from.
        reason: Why there is no answer; empty where there is one.
    """

    precision: float | None
    ap50: float | None
    images: int
    calibration_images: int
    ap50_error: float | None = None
    reason: str = ""
