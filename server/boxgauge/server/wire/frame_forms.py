"""The per-box form, for clients written by hand, gathered into columns."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import numpy as np

from boxgauge.frames import (
    BoxFormat,
    GroundTruths,
    ImageId,
    InvalidInputError,
    Predictions,
    check_image_id,
)
from boxgauge.server.monitor.sides import Refusal, Side, SideBatch
from boxgauge.server.wire.tensors import box_format
from boxgauge.v1 import frames_pb2 as pb

M = TypeVar("M", pb.PredictionFrame, pb.GroundTruthFrame)


def prediction_runs(
    messages: Iterable[pb.PredictionFrame], refused: list[Refusal]
) -> list[SideBatch[Predictions]]:
    """Return the frames as batches of one box format each; what cannot be read is refused."""
    return [
        SideBatch(
            _predictions(ids, run, form),
            [each.revision for each in run],
            retracted=[each.retracted for each in run],
            times_us=[
                each.event_time_us if each.HasField("event_time_us") else None for each in run
            ],
            tags=_tags(run),
            clusters=[each.cluster for each in run],
        )
        for ids, run, form in _runs(
            messages, Side.PREDICTIONS, lambda m: len(m.predictions), refused
        )
    ]


def ground_truth_runs(
    messages: Iterable[pb.GroundTruthFrame], refused: list[Refusal]
) -> list[SideBatch[GroundTruths]]:
    """Return the frames as batches of one box format each; what cannot be read is refused."""
    return [
        SideBatch(
            _ground_truths(ids, run, form),
            [each.revision for each in run],
            retracted=[each.retracted for each in run],
            sources=[each.source for each in run],
        )
        for ids, run, form in _runs(
            messages, Side.GROUND_TRUTH, lambda m: len(m.ground_truths), refused
        )
    ]


def _runs(
    messages: Iterable[M], side: Side, boxes: Callable[[M], int], refused: list[Refusal]
) -> Iterator[tuple[list[ImageId], list[M], BoxFormat]]:
    """Cut where the box format changes or an image comes again: a batch has neither."""
    ids: dict[ImageId, None] = {}
    run: list[M] = []
    form = BoxFormat.XYWH
    for message in messages:
        image_id: ImageId | None = None
        try:
            image_id = _image_id(message.image_id)
            stated = box_format(message.box_format, boxes(message))
        except InvalidInputError as error:
            refused.append(Refusal(side, image_id, error))
            continue
        if run and (stated is not form or image_id in ids):
            yield list(ids), run, form
            ids, run = {}, []
        form = stated
        ids[image_id] = None
        run.append(message)
    if run:
        yield list(ids), run, form


def _image_id(message: pb.ImageId) -> ImageId:
    kind = message.WhichOneof("id")
    if kind is None:
        raise InvalidInputError.at("image_id", "neither", "an integer or a string")
    return check_image_id(getattr(message, kind), "image_id")


def _predictions(ids: list[ImageId], run: list[pb.PredictionFrame], form: BoxFormat) -> Predictions:
    rows = [each for frame in run for each in frame.predictions]
    return Predictions.from_arrays(
        ids,
        np.array([len(frame.predictions) for frame in run], np.int64),
        np.array([_corners(each.box) for each in rows], np.float64),
        np.array([each.label for each in rows], np.int64),
        np.array([each.score for each in rows], np.float64),
        box_format=form,
    )


def _ground_truths(
    ids: list[ImageId], run: list[pb.GroundTruthFrame], form: BoxFormat
) -> GroundTruths:
    rows = [(k, each) for frame in run for k, each in enumerate(frame.ground_truths, 1)]
    frames = GroundTruths.from_arrays(
        ids,
        np.array([len(frame.ground_truths) for frame in run], np.int64),
        np.array([_corners(each.box) for _, each in rows], np.float64),
        np.array([each.label for _, each in rows], np.int64),
        crowd=np.array([each.crowd for _, each in rows], np.bool_),
        ignore=np.array([each.ignore for _, each in rows], np.bool_),
        ids=np.array([each.id if each.HasField("id") else k for k, each in rows], np.int64),
        box_format=form,
    )
    for row, (_, each) in enumerate(rows):
        if each.HasField("area"):
            frames.areas[row] = each.area
    return frames


def _tags(run: list[pb.PredictionFrame]) -> tuple[tuple[str, list[str]], ...]:
    keys = sorted({key for each in run for key in each.tags})
    return tuple((key, [each.tags.get(key, "") for each in run]) for key in keys)


def _corners(box: pb.Box) -> tuple[float, float, float, float]:
    return box.a, box.b, box.c, box.d
