"""Arrays as columnar batches, without losing a bit."""

from collections.abc import Mapping, Sequence

from numpy.typing import ArrayLike

from boxgauge.client import image_columns
from boxgauge.client.image_columns import Moment
from boxgauge.client.packing import (
    box_counts,
    box_format_value,
    exact_column,
    float_column,
    image_ids_message,
)
from boxgauge.frames import BoxFormat, ImageId
from boxgauge.v1 import frames_pb2 as pb

NO_TAGS: Mapping[str, Sequence[str]] = {}


def prediction_batch(
    image_ids: Sequence[ImageId],
    counts: ArrayLike,
    boxes: ArrayLike,
    labels: ArrayLike,
    scores: ArrayLike,
    *,
    box_format: BoxFormat | str = BoxFormat.XYWH,
    revisions: Sequence[int] = (),
    event_times: Sequence[Moment] = (),
    tags: Mapping[str, Sequence[str]] = NO_TAGS,
    clusters: Sequence[str] = (),
    retracted: Sequence[bool] = (),
) -> pb.PredictionBatch:
    """Return predictions of a batch of images, ready to send.

    float32 and float64 travel as they are; float16 and small integers widen, which
    loses nothing. Values are judged by the service, image by image.

    Args:
        image_ids: One a image, all integers or all strings, distinct.
        counts: Boxes of each image; 0 is "the detector found nothing".
        boxes: Rows of 4 numbers in ``box_format``, pixels, [n, 4].
        labels: Class ids, integers, [n].
        scores: Confidence, [n]. A monitor takes [0, 1], an evaluation any finite one.
        box_format: Meaning of the four numbers.
        revisions: One an image, or none for all 0. A higher one replaces.
        event_times: When each image was taken: datetimes with a time zone, or seconds since
            1970; none: when they arrive. They decide in which window an image counts.
        tags: One value an image by key, for example ``{"camera": ["north", "south"]}``; an
            empty one: the image does not have the tag. A monitor slices by the keys it knows.
        clusters: One an image, or none: images of one cluster (a video, a camera's hour) are
            not independent; an empty one: the image is its own.
        retracted: One an image, or none: takes the predictions out again; no boxes then.

    Raises:
        InvalidInputError: Lengths, shapes or types do not fit; names the field.
    """
    ids_message, images = image_ids_message(image_ids)
    sizes, rows = box_counts(counts, images)
    box_bytes, box_type = float_column("boxes", boxes, (rows, 4))
    score_bytes, score_type = float_column("scores", scores, (rows,))
    return pb.PredictionBatch(
        image_ids=ids_message,
        counts=sizes,
        boxes=box_bytes,
        box_format=box_format_value(box_format),
        box_type=box_type,
        scores=score_bytes,
        score_type=score_type,
        labels=exact_column("labels", labels, "<i8", rows),
        revisions=image_columns.revisions(revisions, images),
        event_times_us=image_columns.event_times_us(event_times, images),
        tags=image_columns.tag_columns(tags, images),
        clusters=image_columns.texts("clusters", clusters, images),
        retracted=image_columns.retractions(retracted, sizes),
    )


def ground_truth_batch(
    image_ids: Sequence[ImageId],
    counts: ArrayLike,
    boxes: ArrayLike,
    labels: ArrayLike,
    *,
    areas: ArrayLike | None = None,
    crowd: ArrayLike | None = None,
    ignore: ArrayLike | None = None,
    ids: ArrayLike | None = None,
    box_format: BoxFormat | str = BoxFormat.XYWH,
    revisions: Sequence[int] = (),
    sources: Sequence[str] = (),
    retracted: Sequence[bool] = (),
) -> pb.GroundTruthBatch:
    """Return the ground truth of a batch of images, ready to send.

    Args:
        image_ids: One an image, all integers or all strings, distinct.
        counts: Boxes of each image; 0 is "no objects", which is a label.
        boxes: Rows of 4 numbers in ``box_format``, pixels, [n, 4].
        labels: Class ids, integers, [n].
        areas: px² that decide the size range, [n]; None: w·h.
        crowd: Regions of many objects, booleans, [n]; None: none.
        ignore: Counted neither way, booleans, [n]; None: none.
        ids: Annotation ids, integers, [n]; None: numbered. Only strict mode reads them.
        box_format: Meaning of the four numbers.
        revisions: One an image, or none for all 0. A higher one replaces.
        sources: How each image was chosen or who labelled it, for example ``random`` or
            ``reported``; an empty one, or none: not stated.
        retracted: One an image, or none: takes the label out again; no boxes then.

    Raises:
        InvalidInputError: Lengths, shapes or types do not fit; names the field.
    """
    ids_message, images = image_ids_message(image_ids)
    sizes, rows = box_counts(counts, images)
    box_bytes, box_type = float_column("boxes", boxes, (rows, 4))
    return pb.GroundTruthBatch(
        image_ids=ids_message,
        counts=sizes,
        boxes=box_bytes,
        box_format=box_format_value(box_format),
        box_type=box_type,
        labels=exact_column("labels", labels, "<i8", rows),
        areas=b"" if areas is None else exact_column("areas", areas, "<f8", rows),
        crowd=b"" if crowd is None else exact_column("crowd", crowd, "?", rows),
        ignore=b"" if ignore is None else exact_column("ignore", ignore, "?", rows),
        ids=b"" if ids is None else exact_column("ids", ids, "<i8", rows),
        revisions=image_columns.revisions(revisions, images),
        sources=image_columns.texts("sources", sources, images),
        retracted=image_columns.retractions(retracted, sizes),
    )
