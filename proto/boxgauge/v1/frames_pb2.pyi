from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BoxFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BOX_FORMAT_UNSPECIFIED: _ClassVar[BoxFormat]
    BOX_FORMAT_XYXY: _ClassVar[BoxFormat]
    BOX_FORMAT_XYWH: _ClassVar[BoxFormat]
    BOX_FORMAT_CXCYWH: _ClassVar[BoxFormat]

class FloatType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FLOAT_TYPE_UNSPECIFIED: _ClassVar[FloatType]
    FLOAT_TYPE_FLOAT32: _ClassVar[FloatType]
    FLOAT_TYPE_FLOAT64: _ClassVar[FloatType]

class Side(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SIDE_UNSPECIFIED: _ClassVar[Side]
    SIDE_PREDICTIONS: _ClassVar[Side]
    SIDE_GROUND_TRUTH: _ClassVar[Side]
BOX_FORMAT_UNSPECIFIED: BoxFormat
BOX_FORMAT_XYXY: BoxFormat
BOX_FORMAT_XYWH: BoxFormat
BOX_FORMAT_CXCYWH: BoxFormat
FLOAT_TYPE_UNSPECIFIED: FloatType
FLOAT_TYPE_FLOAT32: FloatType
FLOAT_TYPE_FLOAT64: FloatType
SIDE_UNSPECIFIED: Side
SIDE_PREDICTIONS: Side
SIDE_GROUND_TRUTH: Side

class ImageIds(_message.Message):
    __slots__ = ("integers", "strings")
    INTEGERS_FIELD_NUMBER: _ClassVar[int]
    STRINGS_FIELD_NUMBER: _ClassVar[int]
    integers: _containers.RepeatedScalarFieldContainer[int]
    strings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, integers: _Optional[_Iterable[int]] = ..., strings: _Optional[_Iterable[str]] = ...) -> None: ...

class TagColumn(_message.Message):
    __slots__ = ("key", "values")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    key: str
    values: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, key: _Optional[str] = ..., values: _Optional[_Iterable[str]] = ...) -> None: ...

class PredictionBatch(_message.Message):
    __slots__ = ("image_ids", "counts", "boxes", "box_format", "box_type", "scores", "score_type", "labels", "revisions", "event_times_us", "tags", "clusters", "retracted")
    IMAGE_IDS_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    BOXES_FIELD_NUMBER: _ClassVar[int]
    BOX_FORMAT_FIELD_NUMBER: _ClassVar[int]
    BOX_TYPE_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    SCORE_TYPE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    REVISIONS_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIMES_US_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    CLUSTERS_FIELD_NUMBER: _ClassVar[int]
    RETRACTED_FIELD_NUMBER: _ClassVar[int]
    image_ids: ImageIds
    counts: _containers.RepeatedScalarFieldContainer[int]
    boxes: bytes
    box_format: BoxFormat
    box_type: FloatType
    scores: bytes
    score_type: FloatType
    labels: bytes
    revisions: _containers.RepeatedScalarFieldContainer[int]
    event_times_us: _containers.RepeatedScalarFieldContainer[int]
    tags: _containers.RepeatedCompositeFieldContainer[TagColumn]
    clusters: _containers.RepeatedScalarFieldContainer[str]
    retracted: _containers.RepeatedScalarFieldContainer[bool]
    def __init__(self, image_ids: _Optional[_Union[ImageIds, _Mapping]] = ..., counts: _Optional[_Iterable[int]] = ..., boxes: _Optional[bytes] = ..., box_format: _Optional[_Union[BoxFormat, str]] = ..., box_type: _Optional[_Union[FloatType, str]] = ..., scores: _Optional[bytes] = ..., score_type: _Optional[_Union[FloatType, str]] = ..., labels: _Optional[bytes] = ..., revisions: _Optional[_Iterable[int]] = ..., event_times_us: _Optional[_Iterable[int]] = ..., tags: _Optional[_Iterable[_Union[TagColumn, _Mapping]]] = ..., clusters: _Optional[_Iterable[str]] = ..., retracted: _Optional[_Iterable[bool]] = ...) -> None: ...

class GroundTruthBatch(_message.Message):
    __slots__ = ("image_ids", "counts", "boxes", "box_format", "box_type", "labels", "areas", "crowd", "ignore", "ids", "revisions", "sources", "retracted")
    IMAGE_IDS_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    BOXES_FIELD_NUMBER: _ClassVar[int]
    BOX_FORMAT_FIELD_NUMBER: _ClassVar[int]
    BOX_TYPE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    AREAS_FIELD_NUMBER: _ClassVar[int]
    CROWD_FIELD_NUMBER: _ClassVar[int]
    IGNORE_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    REVISIONS_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    RETRACTED_FIELD_NUMBER: _ClassVar[int]
    image_ids: ImageIds
    counts: _containers.RepeatedScalarFieldContainer[int]
    boxes: bytes
    box_format: BoxFormat
    box_type: FloatType
    labels: bytes
    areas: bytes
    crowd: bytes
    ignore: bytes
    ids: bytes
    revisions: _containers.RepeatedScalarFieldContainer[int]
    sources: _containers.RepeatedScalarFieldContainer[str]
    retracted: _containers.RepeatedScalarFieldContainer[bool]
    def __init__(self, image_ids: _Optional[_Union[ImageIds, _Mapping]] = ..., counts: _Optional[_Iterable[int]] = ..., boxes: _Optional[bytes] = ..., box_format: _Optional[_Union[BoxFormat, str]] = ..., box_type: _Optional[_Union[FloatType, str]] = ..., labels: _Optional[bytes] = ..., areas: _Optional[bytes] = ..., crowd: _Optional[bytes] = ..., ignore: _Optional[bytes] = ..., ids: _Optional[bytes] = ..., revisions: _Optional[_Iterable[int]] = ..., sources: _Optional[_Iterable[str]] = ..., retracted: _Optional[_Iterable[bool]] = ...) -> None: ...

class ImageId(_message.Message):
    __slots__ = ("integer", "string")
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    STRING_FIELD_NUMBER: _ClassVar[int]
    integer: int
    string: str
    def __init__(self, integer: _Optional[int] = ..., string: _Optional[str] = ...) -> None: ...

class Box(_message.Message):
    __slots__ = ("a", "b", "c", "d")
    A_FIELD_NUMBER: _ClassVar[int]
    B_FIELD_NUMBER: _ClassVar[int]
    C_FIELD_NUMBER: _ClassVar[int]
    D_FIELD_NUMBER: _ClassVar[int]
    a: float
    b: float
    c: float
    d: float
    def __init__(self, a: _Optional[float] = ..., b: _Optional[float] = ..., c: _Optional[float] = ..., d: _Optional[float] = ...) -> None: ...

class Prediction(_message.Message):
    __slots__ = ("box", "label", "score")
    BOX_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    box: Box
    label: int
    score: float
    def __init__(self, box: _Optional[_Union[Box, _Mapping]] = ..., label: _Optional[int] = ..., score: _Optional[float] = ...) -> None: ...

class GroundTruth(_message.Message):
    __slots__ = ("box", "label", "area", "crowd", "ignore", "id")
    BOX_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    AREA_FIELD_NUMBER: _ClassVar[int]
    CROWD_FIELD_NUMBER: _ClassVar[int]
    IGNORE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    box: Box
    label: int
    area: float
    crowd: bool
    ignore: bool
    id: int
    def __init__(self, box: _Optional[_Union[Box, _Mapping]] = ..., label: _Optional[int] = ..., area: _Optional[float] = ..., crowd: _Optional[bool] = ..., ignore: _Optional[bool] = ..., id: _Optional[int] = ...) -> None: ...

class PredictionFrame(_message.Message):
    __slots__ = ("image_id", "box_format", "predictions", "revision", "event_time_us", "tags", "cluster", "retracted")
    class TagsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    BOX_FORMAT_FIELD_NUMBER: _ClassVar[int]
    PREDICTIONS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_US_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    RETRACTED_FIELD_NUMBER: _ClassVar[int]
    image_id: ImageId
    box_format: BoxFormat
    predictions: _containers.RepeatedCompositeFieldContainer[Prediction]
    revision: int
    event_time_us: int
    tags: _containers.ScalarMap[str, str]
    cluster: str
    retracted: bool
    def __init__(self, image_id: _Optional[_Union[ImageId, _Mapping]] = ..., box_format: _Optional[_Union[BoxFormat, str]] = ..., predictions: _Optional[_Iterable[_Union[Prediction, _Mapping]]] = ..., revision: _Optional[int] = ..., event_time_us: _Optional[int] = ..., tags: _Optional[_Mapping[str, str]] = ..., cluster: _Optional[str] = ..., retracted: _Optional[bool] = ...) -> None: ...

class GroundTruthFrame(_message.Message):
    __slots__ = ("image_id", "box_format", "ground_truths", "revision", "source", "retracted")
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    BOX_FORMAT_FIELD_NUMBER: _ClassVar[int]
    GROUND_TRUTHS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    RETRACTED_FIELD_NUMBER: _ClassVar[int]
    image_id: ImageId
    box_format: BoxFormat
    ground_truths: _containers.RepeatedCompositeFieldContainer[GroundTruth]
    revision: int
    source: str
    retracted: bool
    def __init__(self, image_id: _Optional[_Union[ImageId, _Mapping]] = ..., box_format: _Optional[_Union[BoxFormat, str]] = ..., ground_truths: _Optional[_Iterable[_Union[GroundTruth, _Mapping]]] = ..., revision: _Optional[int] = ..., source: _Optional[str] = ..., retracted: _Optional[bool] = ...) -> None: ...

class Frames(_message.Message):
    __slots__ = ("predictions", "ground_truths", "prediction_frames", "ground_truth_frames")
    PREDICTIONS_FIELD_NUMBER: _ClassVar[int]
    GROUND_TRUTHS_FIELD_NUMBER: _ClassVar[int]
    PREDICTION_FRAMES_FIELD_NUMBER: _ClassVar[int]
    GROUND_TRUTH_FRAMES_FIELD_NUMBER: _ClassVar[int]
    predictions: _containers.RepeatedCompositeFieldContainer[PredictionBatch]
    ground_truths: _containers.RepeatedCompositeFieldContainer[GroundTruthBatch]
    prediction_frames: _containers.RepeatedCompositeFieldContainer[PredictionFrame]
    ground_truth_frames: _containers.RepeatedCompositeFieldContainer[GroundTruthFrame]
    def __init__(self, predictions: _Optional[_Iterable[_Union[PredictionBatch, _Mapping]]] = ..., ground_truths: _Optional[_Iterable[_Union[GroundTruthBatch, _Mapping]]] = ..., prediction_frames: _Optional[_Iterable[_Union[PredictionFrame, _Mapping]]] = ..., ground_truth_frames: _Optional[_Iterable[_Union[GroundTruthFrame, _Mapping]]] = ...) -> None: ...

class FrameError(_message.Message):
    __slots__ = ("side", "image_id", "code", "message", "field", "value")
    SIDE_FIELD_NUMBER: _ClassVar[int]
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    side: Side
    image_id: ImageId
    code: int
    message: str
    field: str
    value: str
    def __init__(self, side: _Optional[_Union[Side, str]] = ..., image_id: _Optional[_Union[ImageId, _Mapping]] = ..., code: _Optional[int] = ..., message: _Optional[str] = ..., field: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
