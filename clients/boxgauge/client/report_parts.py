"""The parts of reports beside the statistics: how sure they are, and what goes with them."""

from dataclasses import dataclass

from boxgauge.frames import ImageId


@dataclass(frozen=True, slots=True)
class Interval:
    """Two ends, both included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class StatisticIntervals:
    """How sure one statistic is.

    Attributes:
        certified: Contains the exact value for certain; None where the value is exact.
        confidence: 95% confidence interval: how far chance in the choice of images may have
            moved the value; None where it is undefined.
    """

    certified: Interval | None
    confidence: Interval | None


@dataclass(frozen=True, slots=True)
class ScorePoint:
    """What one score threshold lets through; ratios are None where undefined."""

    score_threshold: float
    precision: float | None
    recall: float | None
    f_beta: float | None
    true_positives: int
    false_positives: int
    false_negatives: int


@dataclass(frozen=True, slots=True)
class PrecisionCurve:
    """Precision at recall 0, 0.01, …, 1, mean over classes; ``iou`` as 0.50 or 0.50:0.95."""

    iou: str
    precision: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What scores mean: detections by score.

    Attributes:
        d_ece: Mean distance of score and precision over detections; None without any.
        edges: Ends of the bins, one more than there are bins.
        detections: Detections of each bin that are true or false positives.
        true_positives: Of those, true positives.
        mean_scores: Mean score of each bin; 0 where it is empty.
    """

    d_ece: float | None
    edges: tuple[float, ...]
    detections: tuple[int, ...]
    true_positives: tuple[int, ...]
    mean_scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LossSummary:
    """One loss over what was matched.

    Attributes:
        name: Of its graph, for example ``giou_loss``.
        count: Pairs, or scores, that it was taken over.
        mean: None without any.
        edges: Ends of the bins of its distribution; the last bin has no upper end.
        counts: How many are in each bin.
        not_finite: Values in no mean and no bin.
    """

    name: str
    count: int
    mean: float | None
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    not_finite: int


@dataclass(frozen=True, slots=True)
class WorstImage:
    """An image with many errors, or a high loss; ``loss`` is None where none is configured."""

    image_id: ImageId | None
    errors: int
    loss: float | None


@dataclass(frozen=True, slots=True)
class SourceCount:
    """Images whose labels have one source; empty: not stated."""

    source: str
    images: int


@dataclass(frozen=True, slots=True)
class LabelDelay:
    """From an image's event time to the arrival of its label, seconds; quantiles are bin ends."""

    count: int
    mean_s: float
    median_s: float
    p95_s: float


@dataclass(frozen=True, slots=True)
class DriftFeature:
    """How one distribution differs from that of the reference.

    Attributes:
        name: ``score``, ``size``, ``aspect``, ``count`` or ``class``.
        psi: Population stability index, nats.
        ks: Kolmogorov-Smirnov distance; None for ``class``, which has no order.
        wasserstein: In the units of the feature; None for ``class``.
        jensen_shannon: Divergence, nats.
        p_value: Chance of at least this divergence without drift.
        drifted: ``p_value`` is below the level, corrected for the number of features.
        edges: Ends of the bins.
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
    edges: tuple[float, ...]
    reference: tuple[float, ...]
    current: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Drift:
    """Predictions against those of a reference; ``reason`` says why there is no answer."""

    features: tuple[DriftFeature, ...]
    reference_images: int
    current_images: int
    reason: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What calibrated scores let one expect before labels come. An estimate.

    Attributes:
        precision: At the score threshold; None without detections there.
        ap50: At the operating point's IoU, mean over classes.
        images: Predicted images that it is about.
        calibration_images: Labelled images on which the calibration was learned.
        ap50_error: Mean absolute error of ``ap50`` on labelled windows so far; None before any.
        reason: Why there is no answer; empty where there is one.
    """

    precision: float | None
    ap50: float | None
    images: int
    calibration_images: int
    ap50_error: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Window:
    """Over which images a report is.

    Attributes:
        name: As configured.
        from_us: First event time that belongs to it, microseconds since 1970; 0: from the
            beginning.
        until_us: First event time that no longer belongs to it.
    """

    name: str
    from_us: int
    until_us: int
