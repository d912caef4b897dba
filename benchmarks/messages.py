"""Observe messages, every image new: 100 detections and 10 ground truths an image."""

from dataclasses import dataclass

from workload import CLASSES, make_workload

from boxgauge.client import ground_truth_batch, prediction_batch
from boxgauge.frames import GroundTruths, Predictions
from boxgauge.v1 import frames_pb2, monitor_pb2, report_pb2

MONITOR, MODEL = "benchmark", "detector"
TRUTHS_PER_IMAGE = 10


@dataclass(frozen=True, slots=True)
class Traffic:
    """Messages ready to send, and the same images as frames.

    Attributes:
        messages: Serialised `ObserveRequest`, both sides of the same images in each.
        frames: What each message carries.
        images: Images a message.
    """

    messages: list[bytes]
    frames: list[tuple[Predictions, GroundTruths]]
    images: int


def make_traffic(images: int, *, in_message: int, seed: int) -> Traffic:
    """Return so many images in messages of ``in_message``; boxes and scores are float32."""
    whole = images - images % in_message or in_message
    workload = make_workload(whole, seed=seed, truths=TRUTHS_PER_IMAGE)
    predictions, truths = workload.predictions(), workload.ground_truths()
    messages, frames = [], []
    for sequence, start in enumerate(range(0, whole, in_message)):
        part = range(start, start + in_message)
        dt, gt = predictions.take(part), truths.take(part)
        frames.append((dt, gt))
        sent = prediction_batch(
            dt.image_ids,
            dt.counts,
            dt.boxes.astype("f4"),
            dt.labels,
            dt.scores.astype("f4"),
        )
        true = ground_truth_batch(
            gt.image_ids,
            gt.counts,
            gt.boxes.astype("f4"),
            gt.labels,
            areas=gt.areas,
            crowd=gt.crowd,
        )
        request = monitor_pb2.ObserveRequest(
            monitor=MONITOR,
            model=MODEL,
            sequence=sequence,
            frames=frames_pb2.Frames(predictions=[sent], ground_truths=[true]),
        )
        messages.append(request.SerializeToString())
    return Traffic(messages, frames, in_message)


def create_request() -> monitor_pb2.CreateMonitorRequest:
    """Return the request for the monitor that the messages name."""
    classes = [report_pb2.ObjectClass(id=k, name=str(k)) for k in range(1, CLASSES + 1)]
    settings = monitor_pb2.MonitorSettings(classes=classes)
    return monitor_pb2.CreateMonitorRequest(monitor=MONITOR, settings=settings)
