"""The service's answer to one message of frames."""

from dataclasses import dataclass

from boxgauge.client.report_parts_in import image_id_from
from boxgauge.frames import ImageId
from boxgauge.v1 import frames_pb2
from boxgauge.v1 import monitor_pb2 as pb

_SIDES = {
    frames_pb2.SIDE_PREDICTIONS: "predictions",
    frames_pb2.SIDE_GROUND_TRUTH: "ground truth",
}


@dataclass(frozen=True, slots=True)
class RefusedFrame:
    """One side of one image that was not taken; the rest of its message was.

    Attributes:
        side: "predictions" or "ground truth".
        image_id: Of which image; None when even that could not be read.
        code: The canonical gRPC status code, for example 3 for INVALID_ARGUMENT.
        message: What was found and what was wanted.
        field: The field at fault, or "".
        value: What was found there, or "".
    """

    side: str
    image_id: ImageId | None
    code: int
    message: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What became of one message.

    Attributes:
        sequence: Number of the message in its stream, from 0.
        accepted: Frames taken, repeats and stale revisions among them.
        unchanged: Of those, frames that changed nothing.
        refused: Frames not taken, with reasons.
    """

    sequence: int
    accepted: int
    unchanged: int
    refused: tuple[RefusedFrame, ...]


def acknowledgement_from(message: pb.ObserveResponse) -> Acknowledgement:
    """Return the answer that a message carries."""
    return Acknowledgement(
        sequence=message.sequence,
        accepted=message.accepted,
        unchanged=message.unchanged,
        refused=tuple(_refused(each) for each in message.errors),
    )


def _refused(message: frames_pb2.FrameError) -> RefusedFrame:
    return RefusedFrame(
        side=_SIDES.get(message.side, "frame"),
        image_id=image_id_from(message.image_id),
        code=message.code,
        message=message.message,
        field=message.field,
        value=message.value,
    )
