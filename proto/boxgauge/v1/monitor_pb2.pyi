from boxgauge.v1 import frames_pb2 as _frames_pb2
from boxgauge.v1 import report_pb2 as _report_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MonitorSettings(_message.Message):
    __slots__ = ("classes", "evaluation")
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_FIELD_NUMBER: _ClassVar[int]
    classes: _containers.RepeatedCompositeFieldContainer[_report_pb2.ObjectClass]
    evaluation: _report_pb2.EvaluationSettings
    def __init__(self, classes: _Optional[_Iterable[_Union[_report_pb2.ObjectClass, _Mapping]]] = ..., evaluation: _Optional[_Union[_report_pb2.EvaluationSettings, _Mapping]] = ...) -> None: ...

class Monitor(_message.Message):
    __slots__ = ("name", "settings", "models", "labelled_images", "held_boxes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    LABELLED_IMAGES_FIELD_NUMBER: _ClassVar[int]
    HELD_BOXES_FIELD_NUMBER: _ClassVar[int]
    name: str
    settings: MonitorSettings
    models: _containers.RepeatedScalarFieldContainer[str]
    labelled_images: int
    held_boxes: int
    def __init__(self, name: _Optional[str] = ..., settings: _Optional[_Union[MonitorSettings, _Mapping]] = ..., models: _Optional[_Iterable[str]] = ..., labelled_images: _Optional[int] = ..., held_boxes: _Optional[int] = ...) -> None: ...

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
    __slots__ = ("monitor", "model")
    MONITOR_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    monitor: str
    model: str
    def __init__(self, monitor: _Optional[str] = ..., model: _Optional[str] = ...) -> None: ...

class GetReportResponse(_message.Message):
    __slots__ = ("model", "report")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    model: str
    report: _report_pb2.Report
    def __init__(self, model: _Optional[str] = ..., report: _Optional[_Union[_report_pb2.Report, _Mapping]] = ...) -> None: ...

class WatchReportRequest(_message.Message):
    __slots__ = ("monitor", "model", "interval_s")
    MONITOR_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_S_FIELD_NUMBER: _ClassVar[int]
    monitor: str
    model: str
    interval_s: float
    def __init__(self, monitor: _Optional[str] = ..., model: _Optional[str] = ..., interval_s: _Optional[float] = ...) -> None: ...

class WatchReportResponse(_message.Message):
    __slots__ = ("model", "report")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    model: str
    report: _report_pb2.Report
    def __init__(self, model: _Optional[str] = ..., report: _Optional[_Union[_report_pb2.Report, _Mapping]] = ...) -> None: ...
