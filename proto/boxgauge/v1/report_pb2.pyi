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
    __slots__ = ("object_class", "ap", "ap50", "ap75", "ar", "positives", "detections")
    OBJECT_CLASS_FIELD_NUMBER: _ClassVar[int]
    AP_FIELD_NUMBER: _ClassVar[int]
    AP50_FIELD_NUMBER: _ClassVar[int]
    AP75_FIELD_NUMBER: _ClassVar[int]
    AR_FIELD_NUMBER: _ClassVar[int]
    POSITIVES_FIELD_NUMBER: _ClassVar[int]
    DETECTIONS_FIELD_NUMBER: _ClassVar[int]
    object_class: ObjectClass
    ap: float
    ap50: float
    ap75: float
    ar: float
    positives: int
    detections: int
    def __init__(self, object_class: _Optional[_Union[ObjectClass, _Mapping]] = ..., ap: _Optional[float] = ..., ap50: _Optional[float] = ..., ap75: _Optional[float] = ..., ar: _Optional[float] = ..., positives: _Optional[int] = ..., detections: _Optional[int] = ...) -> None: ...

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

class Report(_message.Message):
    __slots__ = ("statistics", "classes", "operating_point", "losses", "images", "predicted_images", "labelled_images", "label_coverage", "positives", "detections", "notes")
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
    def __init__(self, statistics: _Optional[_Union[Statistics, _Mapping]] = ..., classes: _Optional[_Iterable[_Union[ClassStatistics, _Mapping]]] = ..., operating_point: _Optional[_Union[OperatingPoint, _Mapping]] = ..., losses: _Optional[_Union[MeanLosses, _Mapping]] = ..., images: _Optional[int] = ..., predicted_images: _Optional[int] = ..., labelled_images: _Optional[int] = ..., label_coverage: _Optional[float] = ..., positives: _Optional[int] = ..., detections: _Optional[int] = ..., notes: _Optional[_Iterable[str]] = ...) -> None: ...
