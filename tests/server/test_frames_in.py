"""What the contract's messages become, and which of them are refused."""

import numpy as np
import pytest

from boxgauge.frames import BoxFormat, ResourceExhaustedError
from boxgauge.server.monitor.rows import pack, unpack_ground_truths, unpack_predictions
from boxgauge.server.monitor.sides import Side
from boxgauge.server.wire.frames_in import (
    MAX_FRAMES,
    arrivals,
    ground_truth_batch,
    prediction_batch,
)
from boxgauge.v1 import frames_pb2 as pb

XYWH = np.array([[10.25, 20.5, 30.125, 40.75], [1.0, 2.0, 3.0, 4.0], [5.5, 6.5, 7.5, 8.5]])
FORMS = {
    BoxFormat.XYWH: (pb.BOX_FORMAT_XYWH, XYWH),
    BoxFormat.XYXY: (pb.BOX_FORMAT_XYXY, np.hstack([XYWH[:, :2], XYWH[:, :2] + XYWH[:, 2:]])),
    BoxFormat.CXCYWH: (
        pb.BOX_FORMAT_CXCYWH,
        np.hstack([XYWH[:, :2] + XYWH[:, 2:] / 2, XYWH[:, 2:]]),
    ),
}


def predictions(**changed: object) -> pb.PredictionBatch:
    given: dict[str, object] = {
        "image_ids": pb.ImageIds(integers=[7, 8]),
        "counts": [2, 1],
        "boxes": XYWH.tobytes(),
        "box_format": pb.BOX_FORMAT_XYWH,
        "box_type": pb.FLOAT_TYPE_FLOAT64,
        "scores": np.array([0.5, 0.25, 0.125]).tobytes(),
        "score_type": pb.FLOAT_TYPE_FLOAT64,
        "labels": np.array([1, 2, 1]).tobytes(),
    }
    return pb.PredictionBatch(**(given | changed))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("kind", "dtype"),
    [(pb.FLOAT_TYPE_FLOAT32, np.float32), (pb.FLOAT_TYPE_FLOAT64, np.float64)],
)
def test_every_box_format_and_type_keeps_every_bit(
    form: BoxFormat, kind: pb.FloatType, dtype: type
) -> None:
    stated, boxes = FORMS[form]
    batch = prediction_batch(
        predictions(boxes=boxes.astype(dtype).tobytes(), box_format=stated, box_type=kind)
    )
    np.testing.assert_array_equal(batch.frames.boxes, XYWH)
    assert batch.frames.image_ids == (7, 8)
    assert list(batch.revisions) == [0, 0]


@pytest.mark.parametrize(
    ("changed", "field", "value"),
    [
        ({"boxes": XYWH.tobytes()[:-1]}, "boxes", "95 bytes"),
        ({"labels": b"\0" * 8}, "labels", "8 bytes"),
        ({"scores": b""}, "scores", "0 bytes"),
        ({"counts": [2]}, "counts", "1 counts"),
        ({"counts": [2, 2]}, "boxes", "96 bytes"),
        ({"box_format": pb.BOX_FORMAT_UNSPECIFIED}, "box_format", "0"),
        ({"box_type": pb.FLOAT_TYPE_UNSPECIFIED}, "box_type", "0"),
        ({"score_type": pb.FLOAT_TYPE_UNSPECIFIED}, "score_type", "0"),
        ({"revisions": [1, 2, 3]}, "revisions", "3 revisions"),
        ({"image_ids": pb.ImageIds(integers=[7, 7])}, "image_ids", "7"),
    ],
)
def test_a_malformed_batch_refuses_its_images_and_names_field_and_value(
    changed: dict[str, object], field: str, value: str
) -> None:
    found = arrivals(pb.Frames(predictions=[predictions(**changed), predictions()]))
    assert len(found.predictions) == 1
    assert {refusal.side for refusal in found.refused} == {Side.PREDICTIONS}
    assert len(found.refused) == 2
    error = found.refused[0].error
    assert (error.field, error.value) == (field, value)


def test_both_forms_of_a_message_become_the_same_content() -> None:
    columns = predictions(revisions=[3, 4])
    frames = [
        pb.PredictionFrame(
            image_id=pb.ImageId(integer=image_id),
            box_format=pb.BOX_FORMAT_XYWH,
            revision=revision,
            predictions=[
                pb.Prediction(box=pb.Box(a=a, b=b, c=c, d=d), label=label, score=score)
                for (a, b, c, d), label, score in rows
            ],
        )
        for image_id, revision, rows in (
            (7, 3, [(XYWH[0], 1, 0.5), (XYWH[1], 2, 0.25)]),
            (8, 4, [(XYWH[2], 1, 0.125)]),
        )
    ]
    wide = prediction_batch(columns)
    (narrow,) = arrivals(pb.Frames(prediction_frames=frames)).predictions
    assert pack(wide.frames) == pack(narrow.frames)
    assert list(wide.revisions) == list(narrow.revisions)


def test_ground_truth_defaults_do_not_depend_on_the_batch() -> None:
    together = pb.GroundTruthBatch(
        image_ids=pb.ImageIds(strings=["a", "b"]),
        counts=[2, 1],
        boxes=XYWH.tobytes(),
        box_format=pb.BOX_FORMAT_XYWH,
        box_type=pb.FLOAT_TYPE_FLOAT64,
        labels=np.array([1, 2, 1]).tobytes(),
    )
    alone = pb.GroundTruthFrame(
        image_id=pb.ImageId(string="b"),
        box_format=pb.BOX_FORMAT_XYWH,
        ground_truths=[pb.GroundTruth(box=pb.Box(a=5.5, b=6.5, c=7.5, d=8.5), label=1)],
    )
    batch = ground_truth_batch(together).frames
    assert batch.ids.tolist() == [1, 2, 1]
    np.testing.assert_array_equal(batch.areas, XYWH[:, 2] * XYWH[:, 3])
    (single,) = arrivals(pb.Frames(ground_truth_frames=[alone])).ground_truths
    assert pack(batch)[1] == pack(single.frames)[0]


def test_frames_are_cut_where_a_format_changes_or_an_image_comes_again() -> None:
    def frame(image_id: int, form: pb.BoxFormat) -> pb.PredictionFrame:
        row = pb.Prediction(box=pb.Box(a=1, b=2, c=3, d=4), label=1, score=1)
        return pb.PredictionFrame(
            image_id=pb.ImageId(integer=image_id), box_format=form, predictions=[row]
        )

    xyxy, xywh = pb.BOX_FORMAT_XYXY, pb.BOX_FORMAT_XYWH
    frames = [frame(1, xywh), frame(2, xywh), frame(2, xywh), frame(3, xyxy)]
    found = arrivals(pb.Frames(prediction_frames=frames))
    assert [batch.frames.image_ids for batch in found.predictions] == [(1, 2), (2,), (3,)]
    np.testing.assert_array_equal(found.predictions[2].frames.boxes, [[1, 2, 2, 2]])


def test_a_frame_without_an_id_or_a_format_is_refused_alone() -> None:
    row = pb.Prediction(box=pb.Box(a=1, b=2, c=3, d=4), label=1, score=1)
    good = pb.PredictionFrame(image_id=pb.ImageId(integer=1))
    nameless = pb.PredictionFrame(predictions=[row], box_format=pb.BOX_FORMAT_XYWH)
    formless = pb.PredictionFrame(image_id=pb.ImageId(integer=2), predictions=[row])
    found = arrivals(pb.Frames(prediction_frames=[nameless, good, formless]))
    assert [refusal.error.field for refusal in found.refused] == ["image_id", "box_format"]
    assert [refusal.image_id for refusal in found.refused] == [None, 2]
    assert [batch.frames.image_ids for batch in found.predictions] == [(1,)]


def test_flags_are_0_or_1() -> None:
    batch = pb.GroundTruthBatch(
        image_ids=pb.ImageIds(integers=[1]),
        counts=[3],
        boxes=XYWH.tobytes(),
        box_format=pb.BOX_FORMAT_XYWH,
        box_type=pb.FLOAT_TYPE_FLOAT64,
        labels=np.array([1, 2, 1]).tobytes(),
        crowd=b"\0\1\2",
    )
    (refusal,) = arrivals(pb.Frames(ground_truths=[batch])).refused
    assert (refusal.error.field, refusal.error.value) == ("crowd[2]", "2")


def test_packed_sides_come_back_bit_for_bit() -> None:
    frames = prediction_batch(predictions(counts=[3, 0])).frames
    again = unpack_predictions(frames.image_ids, pack(frames))
    for before, after in zip(frames.columns, again.columns, strict=True):
        np.testing.assert_array_equal(before, after)
    assert again.counts.tolist() == [3, 0]
    truths = ground_truth_batch(
        pb.GroundTruthBatch(
            image_ids=pb.ImageIds(integers=[1, 2]),
            counts=[0, 3],
            boxes=XYWH.tobytes(),
            box_format=pb.BOX_FORMAT_XYWH,
            box_type=pb.FLOAT_TYPE_FLOAT64,
            labels=np.array([1, 2, 1]).tobytes(),
            ignore=b"\0\1\0",
        )
    ).frames
    twice = unpack_ground_truths(truths.image_ids, pack(truths))
    for before, after in zip(truths.columns, twice.columns, strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(
            pb.Frames(
                predictions=[pb.PredictionBatch(image_ids=pb.ImageIds(integers=[1] * MAX_FRAMES))]
            ),
            id="columns",
        ),
        pytest.param(
            pb.Frames(ground_truths=[pb.GroundTruthBatch()] * (MAX_FRAMES + 1)), id="batches"
        ),
        pytest.param(
            pb.Frames(prediction_frames=[pb.PredictionFrame()] * (MAX_FRAMES + 1)), id="frames"
        ),
    ],
)
def test_a_message_of_too_many_frames_is_refused_as_a_whole(message: pb.Frames) -> None:
    with pytest.raises(ResourceExhaustedError, match=f"at most {MAX_FRAMES} frames") as refused:
        arrivals(message)
    assert refused.value.field == "frames"


def test_a_message_of_as_many_frames_as_may_be_is_read() -> None:
    ids = pb.ImageIds(integers=range(MAX_FRAMES - 1))
    full = pb.PredictionBatch(image_ids=ids, counts=[0] * (MAX_FRAMES - 1))
    (batch,) = arrivals(pb.Frames(predictions=[full])).predictions
    assert len(batch.frames) == MAX_FRAMES - 1
