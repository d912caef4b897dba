"""Columnar frames, their validation and box formats: the data type that all parts share."""

from boxgauge.frames.boxes import MAX_PIXELS, BoxFormat, sane_numbers, to_xywh, wanted_number
from boxgauge.frames.columns import Frames, GroundTruths, Predictions
from boxgauge.frames.errors import (
    AlreadyExistsError,
    BoxGaugeError,
    DataLossError,
    FailedPreconditionError,
    GraphError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    ProviderError,
    ResourceExhaustedError,
    UnauthenticatedError,
    UnavailableError,
)
from boxgauge.frames.faults import ground_truth_faults, prediction_faults, refuse_first
from boxgauge.frames.image_ids import (
    ImageId,
    check_image_id,
    check_image_ids,
    image_order,
    in_image_order,
)

__all__ = [
    "MAX_PIXELS",
    "AlreadyExistsError",
    "BoxFormat",
    "BoxGaugeError",
    "DataLossError",
    "FailedPreconditionError",
    "Frames",
    "GraphError",
    "GroundTruths",
    "ImageId",
    "InvalidInputError",
    "NotFoundError",
    "PermissionDeniedError",
    "Predictions",
    "ProviderError",
    "ResourceExhaustedError",
    "UnauthenticatedError",
    "UnavailableError",
    "check_image_id",
    "check_image_ids",
    "ground_truth_faults",
    "image_order",
    "in_image_order",
    "prediction_faults",
    "refuse_first",
    "sane_numbers",
    "to_xywh",
    "wanted_number",
]
