"""What a refusal means for a feed: try again, look closer, or give a frame up."""

import grpc

from boxgauge.client.acknowledgements import RefusedFrame
from boxgauge.client.feed.frames_in import FrameBatch, image_id_of
from boxgauge.frames import BoxGaugeError, InvalidInputError, ResourceExhaustedError
from boxgauge.v1 import frames_pb2 as pb

_LATER = frozenset(
    code.value[0] for code in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE)
)
# Bounds of the whole service or of a monitor, not of a frame: there is room again once frames
# expire, a monitor is reset or deleted, or the bound is raised.
_BOUNDS_OF_ALL = frozenset(
    (
        "max_journal_bytes",
        "max_tally_bytes",
        "max_held_boxes",
        "max_held_images",
        "max_waiting",
        "journal",
    )
)
_CODES = {code.name: code.value[0] for code in grpc.StatusCode}


def may_be_taken_later(refused: RefusedFrame) -> bool:
    """Say whether a bound was in the way of a frame, rather than what the frame holds."""
    return refused.code in _LATER


def waits_for_room(refused: RefusedFrame | BoxGaugeError) -> bool:
    """Say whether the service is full, so that any frame would have been refused.

    That is an outage, and no fault of the frame, which waits for its end.
    """
    if isinstance(refused, RefusedFrame):
        return may_be_taken_later(refused) and refused.field in _BOUNDS_OF_ALL
    return isinstance(refused, ResourceExhaustedError) and refused.field in _BOUNDS_OF_ALL


def is_fault_of_a_message(error: BoxGaugeError) -> bool:
    """Say whether a stream ended because of what one of its messages holds, or of its size."""
    oversize = isinstance(error, ResourceExhaustedError) and error.field == "message"
    return oversize or isinstance(error, InvalidInputError)


def refusal_of(frame: FrameBatch, error: BoxGaugeError) -> RefusedFrame:
    """Return the refusal of a frame that ended a stream on its own."""
    side = "predictions" if isinstance(frame, pb.PredictionBatch) else "ground truth"
    code = _CODES.get(error.status, _CODES["UNKNOWN"])
    return RefusedFrame(side, image_id_of(frame), code, str(error), error.field, error.value)
