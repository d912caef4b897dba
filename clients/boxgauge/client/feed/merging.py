"""Frames of single images, put together into one message of columns."""

from boxgauge.client.feed.frames_in import FrameBatch, image_id_of
from boxgauge.frames import ImageId
from boxgauge.v1 import frames_pb2 as pb

_RAW = ("boxes", "scores", "labels", "areas", "crowd", "ignore", "ids")
_TYPES = ("box_type", "score_type")
_TEXTS = ("clusters", "sources")


class Message:
    """What one message carries; batches differ in what cannot stand in one column."""

    def __init__(self) -> None:
        self._groups: dict[tuple[object, ...], list[FrameBatch]] = {}
        self._images: set[tuple[type[FrameBatch], ImageId]] = set()

    def __len__(self) -> int:
        return len(self._images)

    def add(self, frame: FrameBatch) -> bool:
        """Take a batch of one image; False, and not taken, if that side of it is there already."""
        image = (type(frame), image_id_of(frame))
        if image in self._images:
            return False
        self._images.add(image)
        self._group_of(frame).append(frame)
        return True

    def batches(self) -> list[FrameBatch]:
        """Return everything that was added."""
        return [_joined(frames) for frames in self._groups.values()]

    def _group_of(self, frame: FrameBatch) -> list[FrameBatch]:
        """Return the frames that share columns with this one; without boxes it fits to any."""
        side = (type(frame), bool(frame.image_ids.strings), frame.box_format)
        if not frame.counts[0]:
            key = next((key for key in self._groups if key[: len(side)] == side), side)
            return self._groups.setdefault(key, [])
        given = tuple(name for name in _RAW if getattr(frame, name, b""))
        key = (*side, *(getattr(frame, name, 0) for name in _TYPES), given)
        if side in self._groups:  # only images without boxes until now
            self._groups[key] = self._groups.pop(side)
        return self._groups.setdefault(key, [])


def _joined(frames: list[FrameBatch]) -> FrameBatch:
    made = type(frames[0])(box_format=frames[0].box_format)
    for name in (*_RAW, *_TYPES):
        if name in made.DESCRIPTOR.fields_by_name:
            setattr(made, name, _column(frames, name))
    for frame in frames:
        made.image_ids.MergeFrom(frame.image_ids)
        made.counts.extend(frame.counts)
    made.revisions.extend(frame.revisions[0] for frame in frames)
    if any(frame.retracted for frame in frames):
        made.retracted.extend(any(frame.retracted) for frame in frames)
    for name in _TEXTS:
        found = [getattr(frame, name, ()) for frame in frames]
        if any(found):
            getattr(made, name).extend(each[0] if each else "" for each in found)
    if isinstance(made, pb.PredictionBatch):
        _join_times_and_tags(made, [each for each in frames if isinstance(each, type(made))])
    return made


def _column(frames: list[FrameBatch], name: str) -> object:
    if name in _RAW:
        return b"".join(getattr(frame, name) for frame in frames)
    filled = (getattr(frame, name) for frame in frames if frame.counts[0])
    return next(filled, getattr(frames[0], name))


def _join_times_and_tags(made: pb.PredictionBatch, frames: list[pb.PredictionBatch]) -> None:
    made.event_times_us.extend(frame.event_times_us[0] for frame in frames)
    tags = [{tag.key: tag.values[0] for tag in frame.tags} for frame in frames]
    for key in dict.fromkeys(key for each in tags for key in each):
        made.tags.add(key=key, values=[each.get(key, "") for each in tags])
