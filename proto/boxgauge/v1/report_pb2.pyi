from boxgauge.v1 import frames_pb2 as _frames_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ObjectClass(_message.Message):
    __slots__ = ("id", "name")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    id: int
    name: str
    def __init__(self, id: _Optional[int] = ..., name: _Optional[str] = ...) -> None: ...

class AreaRange(_message.Message):
    __slots__ = ("name", "low", "high")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    name: str
    low: float
    high: float
    def __init__(self, name: _Optional[str] = ..., low: _Optional[float] = ..., high: _Optional[float] = ...) -> None: ...

class EvaluationSettings(_message.Message):
    __slots__ = ("iou_thresholds", "areas", "max_detections", "strict", "score_threshold")
    IOU_THRESHOLDS_FIELD_NUMBER: _ClassVar[int]
    AREAS_FIELD_NUMBER: _ClassVar[int]
    MAX_DETECTIONS_FIELD_NUMBER: _ClassVar[int]
    STRICT_FIELD_NUMBER: _ClassVar[int]
    SCORE_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    iou_thresholds: _containers.RepeatedScalarFieldContainer[float]
    areas: _containers.RepeatedCompositeFieldContainer[AreaRange]
    max_detections: _containers.RepeatedScalarFieldContainer[int]
    strict: bool
    score_threshold: float
    def __init__(self, iou_thresholds: _Optional[_Iterable[float]] = ..., areas: _Optional[_Iterable[_Union[AreaRange, _Mapping]]] = ..., max_detections: _Optional[_Iterable[int]] = ..., strict: _Optional[bool] = ..., score_threshold: _Optional[float] = ...) -> None: ...

class Statistics(_message.Message):
    __slots__ = ("ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large", "ar_first", "ar_second", "ar_last", "ar_small", "ar_medium", "ar_large")
    AP_FIELD_NUMBER: _ClassVar[int]
    AP50_FIELD_NUMBER: _ClassVar[int]
    AP75_FIELD_NUMBER: _ClassVar[int]
    AP_SMALL_FIELD_NUMBER: _ClassVar[int]
    AP_MEDIUM_FIELD_NUMBER: _ClassVar[int]
    AP_LARGE_FIELD_NUMBER: _ClassVar[int]
    AR_FIRST_FIELD_NUMBER: _ClassVar[int]
    AR_SECOND_FIELD_NUMBER: _ClassVar[int]
    AR_LAST_FIELD_NUMBER: _ClassVar[int]
    AR_SMALL_FIELD_NUMBER: _ClassVar[int]
    AR_MEDIUM_FIELD_NUMBER: _ClassVar[int]
    AR_LARGE_FIELD_NUMBER: _ClassVar[int]
    ap: float
    ap50: float
    ap75: float
    ap_small: float
    ap_medium: float
    ap_large: float
    ar_first: float
    ar_second: float
    ar_last: float
    ar_small: float
    ar_medium: float
    ar_large: float
    def __init__(self, ap: _Optional[float] = ..., ap50: _Optional[float] = ..., ap75: _Optional[float] = ..., ap_small: _Optional[float] = ..., ap_medium: _Optional[float] = ..., ap_large: _Optional[float] = ..., ar_first: _Optional[float] = ..., ar_second: _Optional[float] = ..., ar_last: _Optional[float] = ..., ar_small: _Optional[float] = ..., ar_medium: _Optional[float] = ..., ar_large: _Optional[float] = ...) -> None: ...

class ClassStatistics(_message.Message):
    __slots__ = ("object_class", "ap", "ap50", "ap75", "ar", "positives", "detections", "ap_certified", "ap_confidence", "best_threshold")
    OBJECT_CLASS_FIELD_NUMBER: _ClassVar[int]
    AP_FIELD_NUMBER: _ClassVar[int]
    AP50_FIELD_NUMBER: _ClassVar[int]
    AP75_FIELD_NUMBER: _ClassVar[int]
    AR_FIELD_NUMBER: _ClassVar[int]
    POSITIVES_FIELD_NUMBER: _ClassVar[int]
    DETECTIONS_FIELD_NUMBER: _ClassVar[int]
    AP_CERTIFIED_FIELD_NUMBER: _ClassVar[int]
    AP_CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    BEST_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    object_class: ObjectClass
    ap: float
    ap50: float
    ap75: float
    ar: float
    positives: int
    detections: int
    ap_certified: Interval
    ap_confidence: Interval
    best_threshold: ScorePoint
    def __init__(self, object_class: _Optional[_Union[ObjectClass, _Mapping]] = ..., ap: _Optional[float] = ..., ap50: _Optional[float] = ..., ap75: _Optional[float] = ..., ar: _Optional[float] = ..., positives: _Optional[int] = ..., detections: _Optional[int] = ..., ap_certified: _Optional[_Union[Interval, _Mapping]] = ..., ap_confidence: _Optional[_Union[Interval, _Mapping]] = ..., best_threshold: _Optional[_Union[ScorePoint, _Mapping]] = ...) -> None: ...

class OperatingPoint(_message.Message):
    __slots__ = ("iou_threshold", "score_threshold", "precision", "recall", "true_positives", "false_positives", "false_negatives")
    IOU_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    SCORE_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    RECALL_FIELD_NUMBER: _ClassVar[int]
    TRUE_POSITIVES_FIELD_NUMBER: _ClassVar[int]
    FALSE_POSITIVES_FIELD_NUMBER: _ClassVar[int]
    FALSE_NEGATIVES_FIELD_NUMBER: _ClassVar[int]
    iou_threshold: float
    score_threshold: float
    precision: float
    recall: float
    true_positives: int
    false_positives: int
    false_negatives: int
    def __init__(self, iou_threshold: _Optional[float] = ..., score_threshold: _Optional[float] = ..., precision: _Optional[float] = ..., recall: _Optional[float] = ..., true_positives: _Optional[int] = ..., false_positives: _Optional[int] = ..., false_negatives: _Optional[int] = ...) -> None: ...

class MeanLosses(_message.Message):
    __slots__ = ("giou", "bce")
    GIOU_FIELD_NUMBER: _ClassVar[int]
    BCE_FIELD_NUMBER: _ClassVar[int]
    giou: float
    bce: float
    def __init__(self, giou: _Optional[float] = ..., bce: _Optional[float] = ...) -> None: ...

class Interval(_message.Message):
    __slots__ = ("low", "high")
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    low: float
    high: float
    def __init__(self, low: _Optional[float] = ..., high: _Optional[float] = ...) -> None: ...

class StatisticIntervals(_message.Message):
    __slots__ = ("name", "certified", "confidence")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CERTIFIED_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    certified: Interval
    confidence: Interval
    def __init__(self, name: _Optional[str] = ..., certified: _Optional[_Union[Interval, _Mapping]] = ..., confidence: _Optional[_Union[Interval, _Mapping]] = ...) -> None: ...

class ScorePoint(_message.Message):
    __slots__ = ("score_threshold", "precision", "recall", "f_beta", "true_positives", "false_positives", "false_negatives")
    SCORE_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    RECALL_FIELD_NUMBER: _ClassVar[int]
    F_BETA_FIELD_NUMBER: _ClassVar[int]
    TRUE_POSITIVES_FIELD_NUMBER: _ClassVar[int]
    FALSE_POSITIVES_FIELD_NUMBER: _ClassVar[int]
    FALSE_NEGATIVES_FIELD_NUMBER: _ClassVar[int]
    score_threshold: float
    precision: float
    recall: float
    f_beta: float
    true_positives: int
    false_positives: int
    false_negatives: int
    def __init__(self, score_threshold: _Optional[float] = ..., precision: _Optional[float] = ..., recall: _Optional[float] = ..., f_beta: _Optional[float] = ..., true_positives: _Optional[int] = ..., false_positives: _Optional[int] = ..., false_negatives: _Optional[int] = ...) -> None: ...

class PrecisionCurve(_message.Message):
    __slots__ = ("iou", "precision")
    IOU_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    iou: str
    precision: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, iou: _Optional[str] = ..., precision: _Optional[_Iterable[float]] = ...) -> None: ...

class ScoreCalibration(_message.Message):
    __slots__ = ("d_ece", "edges", "detections", "true_positives", "mean_scores")
    D_ECE_FIELD_NUMBER: _ClassVar[int]
    EDGES_FIELD_NUMBER: _ClassVar[int]
    DETECTIONS_FIELD_NUMBER: _ClassVar[int]
    TRUE_POSITIVES_FIELD_NUMBER: _ClassVar[int]
    MEAN_SCORES_FIELD_NUMBER: _ClassVar[int]
    d_ece: float
    edges: _containers.RepeatedScalarFieldContainer[float]
    detections: _containers.RepeatedScalarFieldContainer[int]
    true_positives: _containers.RepeatedScalarFieldContainer[int]
    mean_scores: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, d_ece: _Optional[float] = ..., edges: _Optional[_Iterable[float]] = ..., detections: _Optional[_Iterable[int]] = ..., true_positives: _Optional[_Iterable[int]] = ..., mean_scores: _Optional[_Iterable[float]] = ...) -> None: ...

class LossSummary(_message.Message):
    __slots__ = ("name", "count", "mean", "edges", "counts", "not_finite")
    NAME_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    EDGES_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    NOT_FINITE_FIELD_NUMBER: _ClassVar[int]
    name: str
    count: int
    mean: float
    edges: _containers.RepeatedScalarFieldContainer[float]
    counts: _containers.RepeatedScalarFieldContainer[int]
    not_finite: int
    def __init__(self, name: _Optional[str] = ..., count: _Optional[int] = ..., mean: _Optional[float] = ..., edges: _Optional[_Iterable[float]] = ..., counts: _Optional[_Iterable[int]] = ..., not_finite: _Optional[int] = ...) -> None: ...

class WorstImage(_message.Message):
    __slots__ = ("image_id", "errors", "loss")
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    image_id: _frames_pb2.ImageId
    errors: int
    loss: float
    def __init__(self, image_id: _Optional[_Union[_frames_pb2.ImageId, _Mapping]] = ..., errors: _Optional[int] = ..., loss: _Optional[float] = ...) -> None: ...

class SourceCount(_message.Message):
    __slots__ = ("source", "images")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    source: str
    images: int
    def __init__(self, source: _Optional[str] = ..., images: _Optional[int] = ...) -> None: ...

class LabelDelay(_message.Message):
    __slots__ = ("count", "mean_s", "median_s", "p95_s")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    MEAN_S_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_S_FIELD_NUMBER: _ClassVar[int]
    P95_S_FIELD_NUMBER: _ClassVar[int]
    count: int
    mean_s: float
    median_s: float
    p95_s: float
    def __init__(self, count: _Optional[int] = ..., mean_s: _Optional[float] = ..., median_s: _Optional[float] = ..., p95_s: _Optional[float] = ...) -> None: ...

class DriftFeature(_message.Message):
    __slots__ = ("name", "psi", "ks", "wasserstein", "jensen_shannon", "p_value", "drifted", "edges", "reference", "current")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PSI_FIELD_NUMBER: _ClassVar[int]
    KS_FIELD_NUMBER: _ClassVar[int]
    WASSERSTEIN_FIELD_NUMBER: _ClassVar[int]
    JENSEN_SHANNON_FIELD_NUMBER: _ClassVar[int]
    P_VALUE_FIELD_NUMBER: _ClassVar[int]
    DRIFTED_FIELD_NUMBER: _ClassVar[int]
    EDGES_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    name: str
    psi: float
    ks: float
    wasserstein: float
    jensen_shannon: float
    p_value: float
    drifted: bool
    edges: _containers.RepeatedScalarFieldContainer[float]
    reference: _containers.RepeatedScalarFieldContainer[float]
    current: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, name: _Optional[str] = ..., psi: _Optional[float] = ..., ks: _Optional[float] = ..., wasserstein: _Optional[float] = ..., jensen_shannon: _Optional[float] = ..., p_value: _Optional[float] = ..., drifted: _Optional[bool] = ..., edges: _Optional[_Iterable[float]] = ..., reference: _Optional[_Iterable[float]] = ..., current: _Optional[_Iterable[float]] = ...) -> None: ...

class Drift(_message.Message):
    __slots__ = ("features", "reference_images", "current_images", "reason")
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_IMAGES_FIELD_NUMBER: _ClassVar[int]
    CURRENT_IMAGES_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    features: _containers.RepeatedCompositeFieldContainer[DriftFeature]
    reference_images: int
    current_images: int
    reason: str
    def __init__(self, features: _Optional[_Iterable[_Union[DriftFeature, _Mapping]]] = ..., reference_images: _Optional[int] = ..., current_images: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class Estimate(_message.Message):
    __slots__ = ("precision", "ap50", "images", "calibration_images", "ap50_error", "reason")
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    AP50_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    CALIBRATION_IMAGES_FIELD_NUMBER: _ClassVar[int]
    AP50_ERROR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    precision: float
    ap50: float
    images: int
    calibration_images: int
    ap50_error: float
    reason: str
    def __init__(self, precision: _Optional[float] = ..., ap50: _Optional[float] = ..., images: _Optional[int] = ..., calibration_images: _Optional[int] = ..., ap50_error: _Optional[float] = ..., reason: _Optional[str] = ...) -> None: ...

class Window(_message.Message):
    __slots__ = ("name", "from_us", "until_us")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FROM_US_FIELD_NUMBER: _ClassVar[int]
    UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    name: str
    from_us: int
    until_us: int
    def __init__(self, name: _Optional[str] = ..., from_us: _Optional[int] = ..., until_us: _Optional[int] = ...) -> None: ...

class Report(_message.Message):
    __slots__ = ("statistics", "classes", "operating_point", "losses", "images", "predicted_images", "labelled_images", "label_coverage", "positives", "detections", "notes", "window", "slice", "intervals", "best_threshold", "curves", "calibration", "loss_summaries", "worst_images", "label_sources", "label_delay", "drift", "estimate", "watermark_us", "age_s")
    STATISTICS_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    OPERATING_POINT_FIELD_NUMBER: _ClassVar[int]
    LOSSES_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_IMAGES_FIELD_NUMBER: _ClassVar[int]
    LABELLED_IMAGES_FIELD_NUMBER: _ClassVar[int]
    LABEL_COVERAGE_FIELD_NUMBER: _ClassVar[int]
    POSITIVES_FIELD_NUMBER: _ClassVar[int]
    DETECTIONS_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    SLICE_FIELD_NUMBER: _ClassVar[int]
    INTERVALS_FIELD_NUMBER: _ClassVar[int]
    BEST_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    CURVES_FIELD_NUMBER: _ClassVar[int]
    CALIBRATION_FIELD_NUMBER: _ClassVar[int]
    LOSS_SUMMARIES_FIELD_NUMBER: _ClassVar[int]
    WORST_IMAGES_FIELD_NUMBER: _ClassVar[int]
    LABEL_SOURCES_FIELD_NUMBER: _ClassVar[int]
    LABEL_DELAY_FIELD_NUMBER: _ClassVar[int]
    DRIFT_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    WATERMARK_US_FIELD_NUMBER: _ClassVar[int]
    AGE_S_FIELD_NUMBER: _ClassVar[int]
    statistics: Statistics
    classes: _containers.RepeatedCompositeFieldContainer[ClassStatistics]
    operating_point: OperatingPoint
    losses: MeanLosses
    images: int
    predicted_images: int
    labelled_images: int
    label_coverage: float
    positives: int
    detections: int
    notes: _containers.RepeatedScalarFieldContainer[str]
    window: Window
    slice: str
    intervals: _containers.RepeatedCompositeFieldContainer[StatisticIntervals]
    best_threshold: ScorePoint
    curves: _containers.RepeatedCompositeFieldContainer[PrecisionCurve]
    calibration: ScoreCalibration
    loss_summaries: _containers.RepeatedCompositeFieldContainer[LossSummary]
    worst_images: _containers.RepeatedCompositeFieldContainer[WorstImage]
    label_sources: _containers.RepeatedCompositeFieldContainer[SourceCount]
    label_delay: LabelDelay
    drift: Drift
    estimate: Estimate
    watermark_us: int
    age_s: float
    def __init__(self, statistics: _Optional[_Union[Statistics, _Mapping]] = ..., classes: _Optional[_Iterable[_Union[ClassStatistics, _Mapping]]] = ..., operating_point: _Optional[_Union[OperatingPoint, _Mapping]] = ..., losses: _Optional[_Union[MeanLosses, _Mapping]] = ..., images: _Optional[int] = ..., predicted_images: _Optional[int] = ..., labelled_images: _Optional[int] = ..., label_coverage: _Optional[float] = ..., positives: _Optional[int] = ..., detections: _Optional[int] = ..., notes: _Optional[_Iterable[str]] = ..., window: _Optional[_Union[Window, _Mapping]] = ..., slice: _Optional[str] = ..., intervals: _Optional[_Iterable[_Union[StatisticIntervals, _Mapping]]] = ..., best_threshold: _Optional[_Union[ScorePoint, _Mapping]] = ..., curves: _Optional[_Iterable[_Union[PrecisionCurve, _Mapping]]] = ..., calibration: _Optional[_Union[ScoreCalibration, _Mapping]] = ..., loss_summaries: _Optional[_Iterable[_Union[LossSummary, _Mapping]]] = ..., worst_images: _Optional[_Iterable[_Union[WorstImage, _Mapping]]] = ..., label_sources: _Optional[_Iterable[_Union[SourceCount, _Mapping]]] = ..., label_delay: _Optional[_Union[LabelDelay, _Mapping]] = ..., drift: _Optional[_Union[Drift, _Mapping]] = ..., estimate: _Optional[_Union[Estimate, _Mapping]] = ..., watermark_us: _Optional[int] = ..., age_s: _Optional[float] = ...) -> None: ...

class Comparison(_message.Message):
    __slots__ = ("champion", "challenger", "images", "statistics", "window", "slice")
    CHAMPION_FIELD_NUMBER: _ClassVar[int]
    CHALLENGER_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    STATISTICS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    SLICE_FIELD_NUMBER: _ClassVar[int]
    champion: str
    challenger: str
    images: int
    statistics: _containers.RepeatedCompositeFieldContainer[StatisticDifference]
    window: Window
    slice: str
    def __init__(self, champion: _Optional[str] = ..., challenger: _Optional[str] = ..., images: _Optional[int] = ..., statistics: _Optional[_Iterable[_Union[StatisticDifference, _Mapping]]] = ..., window: _Optional[_Union[Window, _Mapping]] = ..., slice: _Optional[str] = ...) -> None: ...

class StatisticDifference(_message.Message):
    __slots__ = ("name", "champion", "challenger", "difference", "confidence", "p_value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CHAMPION_FIELD_NUMBER: _ClassVar[int]
    CHALLENGER_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    P_VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    champion: float
    challenger: float
    difference: float
    confidence: Interval
    p_value: float
    def __init__(self, name: _Optional[str] = ..., champion: _Optional[float] = ..., challenger: _Optional[float] = ..., difference: _Optional[float] = ..., confidence: _Optional[_Union[Interval, _Mapping]] = ..., p_value: _Optional[float] = ...) -> None: ...
