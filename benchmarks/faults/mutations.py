"""Real messages, and ways to spoil them: bytes at random, and fields one by one."""

import math
import random
import struct
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from boxgauge.oip import inference_pb2 as oip
from boxgauge.v1 import evaluation_pb2, frames_pb2, monitor_pb2, report_pb2

TEXTS = (
    "",
    "a",
    "A b",
    "\0",
    "..",
    "../../etc/passwd",
    "x" * 65,
    "x" * 5000,
    "é" * 33,
    "\u202eabc",
    "\U0001f4a9",
    "a\u0301",
    "__other__",
    "label_source",
    "%s%n{0}",
    '"\\\n',
    "nan",
    "1e999",
)
INTEGERS = tuple(
    each
    for bits in (0, 7, 8, 15, 16, 31, 32, 52, 53, 62, 63, 64)
    for each in ((1 << bits) - 1, 1 << bits, (1 << bits) + 1, -(1 << bits), 1 - (1 << bits))
)
FLOATS = (
    *(0.0, -0.0, 1.0, -1.0, 0.5, 5e-324, 2.2e-308, 1e-9, 1e9, 1e15, 1e19, 1e154, 1e300),
    *(1.7e308, -1.7e308, float("inf"), float("-inf"), float("nan"), 1 + 2**-52),
)
_RANGES = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
    FieldDescriptor.CPPTYPE_ENUM: (-(2**31), 2**31 - 1),
}
Random = random.Random


def flip_bits(raw: bytes, chosen: Random) -> bytes:
    """Flip one to eight bits."""
    spoilt = bytearray(raw)
    for _ in range(chosen.randint(1, 8)):
        if spoilt:
            spoilt[chosen.randrange(len(spoilt))] ^= 1 << chosen.randrange(8)
    return bytes(spoilt)


def cut(raw: bytes, chosen: Random) -> bytes:
    """Leave out the end, or a part."""
    begin, end = sorted((chosen.randint(0, len(raw)), chosen.randint(0, len(raw))))
    return raw[:begin] if chosen.random() < 0.5 else raw[:begin] + raw[end:]


def double(raw: bytes, chosen: Random) -> bytes:
    """Repeat a part once, or often."""
    begin, end = sorted((chosen.randint(0, len(raw)), chosen.randint(0, len(raw))))
    return raw[:begin] + raw[begin:end] * chosen.choice((2, 2, 3, 20)) + raw[end:]


def overwrite(raw: bytes, chosen: Random) -> bytes:
    """Put a number, or noise, over a part."""
    number = chosen.choice(INTEGERS) & (2**64 - 1)
    put = chosen.choice(
        (
            struct.pack("<Q", number),
            struct.pack("<d", chosen.choice(FLOATS)),
            struct.pack("<f", chosen.choice((0.0, float("nan"), float("inf"), 3e38))),
            b"\xff" * chosen.randint(1, 10),
            chosen.randbytes(chosen.randint(1, 16)),
        )
    )
    at = chosen.randint(0, len(raw))
    return raw[:at] + put + raw[at + len(put) * chosen.randint(0, 1) :]


def splice(raw: bytes, others: Sequence[bytes], chosen: Random) -> bytes:
    """Go on with a part of another message."""
    other = chosen.choice(others)
    return raw[: chosen.randint(0, len(raw))] + other[chosen.randint(0, len(other)) :]


BYTES: tuple[Callable[[bytes, Random], bytes], ...] = (flip_bits, cut, double, overwrite)


def spoil_bytes(raw: bytes, others: Sequence[bytes], chosen: Random) -> bytes:
    """Return the message with one to three such faults."""
    for _ in range(chosen.randint(1, 3)):
        how = chosen.choice((*BYTES, partial(splice, others=others)))
        raw = how(raw, chosen=chosen)
    return raw


def spoil_fields(message: Message, chosen: Random) -> None:
    """Change one to four fields, of the message or of those within it."""
    for _ in range(chosen.randint(1, 4)):
        target = message
        while True:
            inner = [
                each
                for field, value in target.ListFields()
                if field.message_type is not None and not _is_map(field)
                for each in (value if _is_list(field) else [value])
            ]
            if not inner or chosen.random() < 0.3:
                break
            target = chosen.choice(inner)
        if target.DESCRIPTOR.fields:
            _spoil_field(target, chosen.choice(target.DESCRIPTOR.fields), chosen)


def _spoil_field(target: Message, field: FieldDescriptor, chosen: Random) -> None:
    if chosen.random() < 0.1:
        target.ClearField(field.name)
    elif _is_map(field):
        if field.message_type.fields_by_name["value"].message_type is None:
            getattr(target, field.name)[chosen.choice(TEXTS)] = chosen.choice(TEXTS)
    elif _is_list(field):
        _spoil_list(getattr(target, field.name), field, chosen)
    elif field.message_type is not None:
        getattr(target, field.name).SetInParent()
    else:
        setattr(target, field.name, _value(field, getattr(target, field.name), chosen))


def _spoil_list(values: Any, field: FieldDescriptor, chosen: Random) -> None:  # noqa: ANN401
    how = chosen.randrange(5) if values else 4
    of_messages = field.message_type is not None
    if how == 0:
        del values[chosen.randrange(len(values))]
    elif how == 1:
        values.extend(list(values) * chosen.choice((1, 1, 1, 30)))
    elif how in (2, 3) and not of_messages:
        values[chosen.randrange(len(values))] = _value(field, values[0], chosen)
    elif of_messages:
        values.add()
    else:
        values.append(_value(field, b"", chosen))


def _value(field: FieldDescriptor, old: Any, chosen: Random) -> Any:  # noqa: ANN401 (any field's)
    kind = field.cpp_type
    if kind in _RANGES:
        low, high = _RANGES[kind]
        number = chosen.choice(INTEGERS) if chosen.random() < 0.7 else chosen.randint(-3, 12)
        return min(max(number, low), high)
    if kind in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        return chosen.choice(FLOATS)
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return chosen.random() < 0.5
    if field.type == FieldDescriptor.TYPE_BYTES:
        if chosen.random() < 0.5:
            return chosen.choice(BYTES)(old if isinstance(old, bytes) else b"", chosen)
        # A column of the right length, each element hostile.
        dtype = chosen.choice(("<f8", "<f4", "<i8", "u1"))
        rows = len(old) // np.dtype(dtype).itemsize if isinstance(old, bytes) else 4
        return _column(dtype, rows, chosen)
    return chosen.choice(TEXTS)


def _column(dtype: str, rows: int, chosen: Random) -> bytes:
    kind = np.dtype(dtype)
    if kind.kind == "f":
        most = float(np.finfo(kind).max)
        values = [
            min(max(each, -most), most) if math.isfinite(each) else each
            for each in (chosen.choice(FLOATS) for _ in range(rows))
        ]
        return np.array(values, kind).tobytes()
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    return np.array(
        [min(max(chosen.choice(INTEGERS), low), high) for _ in range(rows)], kind
    ).tobytes()


def _is_list(field: FieldDescriptor) -> bool:
    return bool(field.is_repeated)


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def spoilt(
    kind: type[Message], raw: bytes, others: Sequence[bytes], chosen: Random
) -> tuple[bytes, Message | None]:
    """Return a spoilt message, and what it parses as; None: nothing."""
    if chosen.random() < 0.4:
        made = spoil_bytes(raw, others, chosen)
        try:
            return made, kind.FromString(made)
        except DecodeError:
            return made, None
    message = kind.FromString(raw)
    spoil_fields(message, chosen)
    return message.SerializeToString(), message


def requests() -> dict[str, list[Message]]:
    """Return good requests of every method, by its full name."""
    monitors, evaluation = "/boxgauge.v1.MonitorService/", "/boxgauge.v1.EvaluationService/"
    inference = "/inference.GRPCInferenceService/"
    name = {"monitor": "cam"}
    asked = {**name, "model": "m", "window": "1h", "slice": "camera=a"}
    infer = [_infer("giou_loss", "pred", "target"), _infer_typed(), _infer_metric()]
    return {
        monitors + "CreateMonitor": [
            monitor_pb2.CreateMonitorRequest(monitor=each, settings=made)
            for each, made in (("cam", monitor_settings()), ("plain", _plain_settings()))
        ],
        monitors + "ListMonitors": [monitor_pb2.ListMonitorsRequest()],
        monitors + "ResetMonitor": [monitor_pb2.ResetMonitorRequest(**name)],
        monitors + "DeleteMonitor": [monitor_pb2.DeleteMonitorRequest(**name)],
        monitors + "Observe": [
            monitor_pb2.ObserveRequest(monitor=each, model="m", sequence=k, frames=frames)
            for each in ("cam", "plain")
            for k, frames in enumerate((_columns(), _columns(strings=True), _boxes()))
        ],
        monitors + "GetReport": [monitor_pb2.GetReportRequest(**asked, max_age_s=1)],
        monitors + "WatchReport": [monitor_pb2.WatchReportRequest(**asked, interval_s=1)],
        monitors + "CompareModels": [
            monitor_pb2.CompareModelsRequest(
                **name, champion="m", challenger="n", window="1h", slice="camera=a"
            )
        ],
        monitors + "ExportTallies": [
            monitor_pb2.ExportTalliesRequest(**name, model="m", window="1h")
        ],
        evaluation + "Evaluate": [
            evaluation_pb2.EvaluateRequest(
                settings=evaluation_pb2.EvaluateSettings(
                    classes=monitor_settings().classes,
                    evaluation=monitor_settings().evaluation,
                ),
                frames=frames,
            )
            for frames in (_columns(), _columns(strings=True), _boxes())
        ],
        inference + "ModelInfer": infer,
        inference + "ModelStreamInfer": infer,
        inference + "ModelReady": [oip.ModelReadyRequest(name="giou_loss", version="1")],
        inference + "ModelMetadata": [oip.ModelMetadataRequest(name="giou_loss", version="1")],
        inference + "ModelConfig": [oip.ModelConfigRequest(name="giou_loss", version="1")],
    }


def monitor_settings() -> monitor_pb2.MonitorSettings:
    """Return settings of a monitor in which every field says something."""
    return monitor_pb2.MonitorSettings(
        classes=[report_pb2.ObjectClass(id=k, name=f"class {k}") for k in (1, 2, 7)],
        evaluation=report_pb2.EvaluationSettings(
            iou_thresholds=[0.5, 0.75],
            areas=[report_pb2.AreaRange(name="all", low=0, high=1e10)],
            max_detections=[1, 10, 100],
            score_threshold=0.1,
        ),
        tally=monitor_pb2.TALLY_KIND_SKETCH,
        slices=[monitor_pb2.SliceKey(key="camera", max_values=4)],
        windows=[
            monitor_pb2.WindowSettings(name="1h", duration_s=3600),
            monitor_pb2.WindowSettings(name="last", images=100),
        ],
        ring=monitor_pb2.RingSettings(minutes=5, hours=3, days=2),
        retention_s=86_400,
        max_ahead_s=60,
        losses=["giou_loss"],
        comparisons=[monitor_pb2.ComparisonSettings(champion="m", challenger="n")],
        drift=monitor_pb2.DriftSettings(reference_from_us=10**15, reference_s=3600, level=0.01),
    )


def _plain_settings() -> monitor_pb2.MonitorSettings:
    return monitor_pb2.MonitorSettings(
        classes=[report_pb2.ObjectClass(id=1, name="a"), report_pb2.ObjectClass(id=2, name="b")]
    )


def _columns(*, strings: bool = False) -> frames_pb2.Frames:
    ids = (
        frames_pb2.ImageIds(strings=["x", "ü" * 20, "3"])
        if strings
        else frames_pb2.ImageIds(integers=[1, -5, 2**40])
    )
    width = "f4" if strings else "f8"
    kind = frames_pb2.FLOAT_TYPE_FLOAT32 if strings else frames_pb2.FLOAT_TYPE_FLOAT64
    boxes = np.arange(16, dtype=width).reshape(4, 4) + 1
    return frames_pb2.Frames(
        predictions=[
            frames_pb2.PredictionBatch(
                image_ids=ids,
                counts=[2, 0, 2],
                boxes=boxes.tobytes(),
                box_format=frames_pb2.BOX_FORMAT_XYWH,
                box_type=kind,
                scores=np.array([0.9, 0.5, 0.5, 0.0], width).tobytes(),
                score_type=kind,
                labels=np.array([1, 2, 1, 1]).tobytes(),
                revisions=[1, 2, 3],
                event_times_us=[10**15, 10**15 + 1, 10**15 + 2],
                tags=[frames_pb2.TagColumn(key="camera", values=["a", "b", ""])],
                clusters=["s", "s", "t"],
                retracted=[False, True, False],
            )
        ],
        ground_truths=[
            frames_pb2.GroundTruthBatch(
                image_ids=ids,
                counts=[1, 0, 3],
                boxes=(boxes + 0.5).tobytes(),
                box_format=frames_pb2.BOX_FORMAT_CXCYWH,
                box_type=kind,
                labels=np.array([1, 2, 1, 1]).tobytes(),
                areas=np.array([4.0, 9.0, 16.0, 25.0]).tobytes(),
                crowd=bytes([0, 1, 0, 0]),
                ignore=bytes([0, 0, 1, 0]),
                ids=np.array([5, 6, 7, 8]).tobytes(),
                revisions=[1, 2, 3],
                sources=["human", "", "random"],
                retracted=[False, True, False],
            )
        ],
    )


def _boxes() -> frames_pb2.Frames:
    box = frames_pb2.Box(a=1, b=2, c=3, d=4)
    return frames_pb2.Frames(
        prediction_frames=[
            frames_pb2.PredictionFrame(
                image_id=frames_pb2.ImageId(string="hand"),
                box_format=frames_pb2.BOX_FORMAT_XYWH,
                predictions=[frames_pb2.Prediction(box=box, label=1, score=0.5)],
                revision=1,
                event_time_us=10**15,
                tags={"camera": "a"},
                cluster="s",
            ),
            frames_pb2.PredictionFrame(image_id=frames_pb2.ImageId(integer=9), retracted=True),
        ],
        ground_truth_frames=[
            frames_pb2.GroundTruthFrame(
                image_id=frames_pb2.ImageId(string="hand"),
                box_format=frames_pb2.BOX_FORMAT_XYXY,
                ground_truths=[frames_pb2.GroundTruth(box=box, label=1, area=9, crowd=True, id=4)],
                source="human",
            )
        ],
    )


def _infer(name: str, *inputs: str) -> oip.ModelInferRequest:
    request = oip.ModelInferRequest(model_name=name, id="7")
    for each in inputs:
        request.inputs.add(name=each, datatype="FP32", shape=[2, 4])
        request.raw_input_contents.append(np.arange(8, dtype="f4").tobytes())
    request.outputs.add(name="loss")
    return request


def _infer_typed() -> oip.ModelInferRequest:
    request = oip.ModelInferRequest(model_name="giou_loss", model_version="1")
    for each in ("pred", "target"):
        tensor = request.inputs.add(name=each, datatype="FP32", shape=[2, 4])
        tensor.contents.fp32_contents.extend(range(8))
    return request


def _infer_metric() -> oip.ModelInferRequest:
    request = oip.ModelInferRequest(model_name="bce_with_logits_loss")
    for name in ("logits", "target"):
        request.inputs.add(name=name, datatype="FP32", shape=[3])
        request.raw_input_contents.append(np.array([-1, 0, 1], "f4").tobytes())
    return request
