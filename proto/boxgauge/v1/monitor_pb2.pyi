from boxgauge.v1 import frames_pb2 as _frames_pb2
from boxgauge.v1 import report_pb2 as _report_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TallyKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TALLY_KIND_UNSPECIFIED: _ClassVar[TallyKind]
    TALLY_KIND_EXACT: _ClassVar[TallyKind]
    TALLY_KIND_SKETCH: _ClassVar[TallyKind]
TALLY_KIND_UNSPECIFIED: TallyKind
TALLY_KIND_EXACT: TallyKind
TALLY_KIND_SKETCH: TallyKind

class SliceKey(_message.Message):
    __slots__ = ("key", "max_values")
    KEY_FIELD_NUMBER: _ClassVar[int]
    MAX_VALUES_FIELD_NUMBER: _ClassVar[int]
    key: str
    max_values: int
    def __init__(self, key: _Optional[str] = ..., max_values: _Optional[int] = ...) -> None: ...

class WindowSettings(_message.Message):
    __slots__ = ("name", "duration_s", "images")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DURATION_S_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    name: str
    duration_s: float
    images: int
    def __init__(self, name: _Optional[str] = ..., duration_s: _Optional[float] = ..., images: _Optional[int] = ...) -> None: ...

class RingSettings(_message.Message):
    __slots__ = ("minutes", "hours", "days")
    MINUTES_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    minutes: int
    hours: int
    days: int
    def __init__(self, minutes: _Optional[int] = ..., hours: _Optional[int] = ..., days: _Optional[int] = ...) -> None: ...

class ComparisonSettings(_message.Message):
    __slots__ = ("champion", "challenger")
    CHAMPION_FIELD_NUMBER: _ClassVar[int]
    CHALLENGER_FIELD_NUMBER: _ClassVar[int]
    champion: str
    challenger: str
    def __init__(self, champion: _Optional[str] = ..., challenger: _Optional[str] = ...) -> None: ...

class DriftSettings(_message.Message):
    __slots__ = ("reference_from_us", "reference_s", "level")
    REFERENCE_FROM_US_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_S_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    reference_from_us: int
    reference_s: float
    level: float
    def __init__(self, reference_from_us: _Optional[int] = ..., reference_s: _Optional[float] = ..., level: _Optional[float] = ...) -> None: ...

class MonitorSettings(_message.Message):
    __slots__ = ("classes", "evaluation", "tally", "slices", "windows", "ring", "retention_s", "max_ahead_s", "losses", "comparisons", "drift")
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_FIELD_NUMBER: _ClassVar[int]
    TALLY_FIELD_NUMBER: _ClassVar[int]
    SLICES_FIELD_NUMBER: _ClassVar[int]
    WINDOWS_FIELD_NUMBER: _ClassVar[int]
    RING_FIELD_NUMBER: _ClassVar[int]
    RETENTION_S_FIELD_NUMBER: _ClassVar[int]
    MAX_AHEAD_S_FIELD_NUMBER: _ClassVar[int]
    LOSSES_FIELD_NUMBER: _ClassVar[int]
    COMPARISONS_FIELD_NUMBER: _ClassVar[int]
    DRIFT_FIELD_NUMBER: _ClassVar[int]
    classes: _containers.RepeatedCompositeFieldContainer[_report_pb2.ObjectClass]
    evaluation: _report_pb2.EvaluationSettings
    tally: TallyKind
    slices: _containers.RepeatedCompositeFieldContainer[SliceKey]
    windows: _containers.RepeatedCompositeFieldContainer[WindowSettings]
    ring: RingSettings
    retention_s: float
    max_ahead_s: float
    losses: _containers.RepeatedScalarFieldContainer[str]
    comparisons: _containers.RepeatedCompositeFieldContainer[ComparisonSettings]
    drift: DriftSettings
    def __init__(self, classes: _Optional[_Iterable[_Union[_report_pb2.ObjectClass, _Mapping]]] = ..., evaluation: _Optional[_Union[_report_pb2.EvaluationSettings, _Mapping]] = ..., tally: _Optional[_Union[TallyKind, str]] = ..., slices: _Optional[_Iterable[_Union[SliceKey, _Mapping]]] = ..., windows: _Optional[_Iterable[_Union[WindowSettings, _Mapping]]] = ..., ring: _Optional[_Union[RingSettings, _Mapping]] = ..., retention_s: _Optional[float] = ..., max_ahead_s: _Optional[float] = ..., losses: _Optional[_Iterable[str]] = ..., comparisons: _Optional[_Iterable[_Union[ComparisonSettings, _Mapping]]] = ..., drift: _Optional[_Union[DriftSettings, _Mapping]] = ...) -> None: ...

class Monitor(_message.Message):
    __slots__ = ("name", "settings", "models", "labelled_images", "held_boxes", "slices", "watermark_us", "outcomes", "tally_bytes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    LABELLED_IMAGES_FIELD_NUMBER: _ClassVar[int]
    HELD_BOXES_FIELD_NUMBER: _ClassVar[int]
    SLICES_FIELD_NUMBER: _ClassVar[int]
    WATERMARK_US_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    TALLY_BYTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    settings: MonitorSettings
    models: _containers.RepeatedScalarFieldContainer[str]
    labelled_images: int
    held_boxes: int
    slices: _containers.RepeatedScalarFieldContainer[str]
    watermark_us: int
    outcomes: _containers.RepeatedCompositeFieldContainer[OutcomeCount]
    tally_bytes: int
    def __init__(self, name: _Optional[str] = ..., settings: _Optional[_Union[MonitorSettings, _Mapping]] = ..., models: _Optional[_Iterable[str]] = ..., labelled_images: _Optional[int] = ..., held_boxes: _Optional[int] = ..., slices: _Optional[_Iterable[str]] = ..., watermark_us: _Optional[int] = ..., outcomes: _Optional[_Iterable[_Union[OutcomeCount, _Mapping]]] = ..., tally_bytes: _Optional[int] = ...) -> None: ...

class OutcomeCount(_message.Message):
    __slots__ = ("outcome", "count")
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    outcome: str
    count: int
    def __init__(self, outcome: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class CreateMonitorRequest(_message.Message):
    __slots__ = ("monitor", "settings")
    MONITOR_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    monitor: str
    settings: MonitorSettings
    def __init__(self, monitor: _Optional[str] = ..., settings: _Optional[_Union[MonitorSettings, _Mapping]] = ...) -> None: ...

class CreateMonitorResponse(_message.Message):
    __slots__ = ("monitor",)
    MONITOR_FIELD_NUMBER: _ClassVar[int]
    monitor: Monitor
    def __init__(self, monitor: _Optional[_Union[Monitor, _Mapping]] = ...) -> None: ...

class ListMonitorsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListMonitorsResponse(_message.Message):
    __slots__ = ("monitors",)
    MONITORS_FIELD_NUMBER: _ClassVar[int]
    monitors: _containers.RepeatedCompositeFieldContainer[Monitor]
    def __init__(self, monitors: _Optional[_Iterable[_Union[Monitor, _Mapping]]] = ...) -> None: ...

class ResetMonitorRequest(_message.Message):
    __slots__ = ("monitor",)
    MONITOR_FIELD_NUMBER: _ClassVar[int]
    monitor: str
    def __init__(self, monitor: _Optional[str] = ...) -> None: ...

class ResetMonitorResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DeleteMonitorRequest(_message.Message):
    __slots__ = ("monitor",)
    MONITOR_FIELD_NUMBER: _ClassVar[int]
    monitor: str
    def __init__(self, monitor: _Optional[str] = ...) -> None: ...

class DeleteMonitorResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ObserveRequest(_message.Message):
    __slots__ = ("monitor", "model", "sequence", "frames")
    MONITOR_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    monitor: str
    model: str
    sequence: int
    frames: _frames_pb2.Frames
    def __init__(self, monitor: _Optional[str] = ..., model: _Optional[str] = ..., sequence: _Optional[int] = ..., frames: _Optional[_Union[_frames_pb2.Frames, _Mapping]] = ...) -> None: ...

class ObserveResponse(_message.Message):
    __slots__ = ("sequence", "accepted", "unchanged", "errors")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    accepted: int
    unchanged: int
    errors: _containers.RepeatedCompositeFieldContainer[_frames_pb2.FrameError]
    def __init__(self, sequence: _Optional[int] = ..., accepted: _Optional[int] = ..., unchanged: _Optional[int] = ..., errors: _Optional[_Iterable[_Union[_frames_pb2.FrameError, _Mapping]]] = ...) -> None: ...

class GetReportRequest(_message.Message):
    __slots__ = ("monitor", "model", "window", "slice", "max_age_s")
    MONITOR_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    SLICE_FIELD_NUMBER: _ClassVar[int]
    MAX_AGE_S_FIELD_NUMBER: _ClassVar[int]
    monitor: str
    model: str
    window: str
    slice: str
    max_age_s: float
    def __init__(self, monitor: _Optional[str] = ..., model: _Optional[str] = ..., window: _Optional[str] = ..., slice: _Optional[str] = ..., max_age_s: _Optional[float] = ...) -> None: ...

class GetReportResponse(_message.Message):
    __slots__ = ("model", "report")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    model: str
    report: _report_pb2.Report
    def __init__(self, model: _Optional[str] = ..., report: _Optional[_Union[_report_pb2.Report, _Mapping]] = ...) -> None: ...

class WatchReportRequest(_message.Message):
    __slots__ = ("monitor", "model", "interval_s", "window", "slice")
    MONITOR_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_S_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    SLICE_FIELD_NUMBER: _ClassVar[int]
    monitor: str
    model: str
    interval_s: float
    window: str
    slice: str
    def __init__(self, monitor: _Optional[str] = ..., model: _Optional[str] = ..., interval_s: _Optional[float] = ..., window: _Optional[str] = ..., slice: _Optional[str] = ...) -> None: ...

class WatchReportResponse(_message.Message):
    __slots__ = ("model", "report")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    model: str
    report: _report_pb2.Report
    def __init__(self, model: _Optional[str] = ..., report: _Optional[_Union[_report_pb2.Report, _Mapping]] = ...) -> None: ...

class CompareModelsRequest(_message.Message):
    __slots__ = ("monitor", "champion", "challenger", "window", "slice")
    MONITOR_FIELD_NUMBER: _ClassVar[int]
    CHAMPION_FIELD_NUMBER: _ClassVar[int]
    CHALLENGER_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    SLICE_FIELD_NUMBER: _ClassVar[int]
    monitor: str
    champion: str
    challenger: str
    window: str
    slice: str
    def __init__(self, monitor: _Optional[str] = ..., champion: _Optional[str] = ..., challenger: _Optional[str] = ..., window: _Optional[str] = ..., slice: _Optional[str] = ...) -> None: ...

class CompareModelsResponse(_message.Message):
    __slots__ = ("comparison",)
    COMPARISON_FIELD_NUMBER: _ClassVar[int]
    comparison: _report_pb2.Comparison
    def __init__(self, comparison: _Optional[_Union[_report_pb2.Comparison, _Mapping]] = ...) -> None: ...

class ExportTalliesRequest(_message.Message):
    __slots__ = ("monitor", "model", "window")
    MONITOR_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    monitor: str
    model: str
    window: str
    def __init__(self, monitor: _Optional[str] = ..., model: _Optional[str] = ..., window: _Optional[str] = ...) -> None: ...

class ExportTalliesResponse(_message.Message):
    __slots__ = ("model", "slice", "window", "part", "is_last")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SLICE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    IS_LAST_FIELD_NUMBER: _ClassVar[int]
    model: str
    slice: str
    window: _report_pb2.Window
    part: bytes
    is_last: bool
    def __init__(self, model: _Optional[str] = ..., slice: _Optional[str] = ..., window: _Optional[_Union[_report_pb2.Window, _Mapping]] = ..., part: _Optional[bytes] = ..., is_last: _Optional[bool] = ...) -> None: ...
