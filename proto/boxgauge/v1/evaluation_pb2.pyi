from boxgauge.v1 import frames_pb2 as _frames_pb2
from boxgauge.v1 import report_pb2 as _report_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EvaluateRequest(_message.Message):
    __slots__ = ("settings", "frames")
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    settings: EvaluateSettings
    frames: _frames_pb2.Frames
    def __init__(self, settings: _Optional[_Union[EvaluateSettings, _Mapping]] = ..., frames: _Optional[_Union[_frames_pb2.Frames, _Mapping]] = ...) -> None: ...

class EvaluateSettings(_message.Message):
    __slots__ = ("classes", "evaluation")
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_FIELD_NUMBER: _ClassVar[int]
    classes: _containers.RepeatedCompositeFieldContainer[_report_pb2.ObjectClass]
    evaluation: _report_pb2.EvaluationSettings
    def __init__(self, classes: _Optional[_Iterable[_Union[_report_pb2.ObjectClass, _Mapping]]] = ..., evaluation: _Optional[_Union[_report_pb2.EvaluationSettings, _Mapping]] = ...) -> None: ...

class EvaluateResponse(_message.Message):
    __slots__ = ("report", "dropped_detections")
    REPORT_FIELD_NUMBER: _ClassVar[int]
    DROPPED_DETECTIONS_FIELD_NUMBER: _ClassVar[int]
    report: _report_pb2.Report
    dropped_detections: int
    def __init__(self, report: _Optional[_Union[_report_pb2.Report, _Mapping]] = ..., dropped_detections: _Optional[int] = ...) -> None: ...
