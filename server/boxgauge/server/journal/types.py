"""What the journal takes and gives: sides of images, and what became of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from boxgauge.frames import BoxGaugeError, ImageId

TRUTH = ""  # the model name under which ground truth is kept

# A side is made several times on its way in, and never changed; to make a frozen one takes four
# times as long.


@dataclass(slots=True)  # not frozen: see above
class CameFrame:
    """One side of one image as it came, already validated.

    Attributes:
        model: Whose predictions; empty: ground truth.
        image_id: Of the image; 1 and "1" are two images.
        revision: Only a higher one replaces; 0 to 2^64 - 1.
        retracted: Takes the side out again; there are no rows then.
        digest: 16 bytes over everything that the sender said of the side.
        rows: The packed boxes (`boxgauge.server.monitor.rows`).
        boxes: How many.
        time_us: Event time if given, else that of arrival; for ground truth the watermark then.
        is_time_given: A correction that does not give it keeps the time known.
        arrived_us: When it came.
        slices: ``key=value`` each, distinct.
        cluster: Images of one cluster are not independent; empty where not given.
        source: How the label came; empty where not stated.
        no_room: Why it may change nothing; None: it may. What is known already needs no room.
    """

    model: str
    image_id: ImageId
    revision: int
    retracted: bool
    digest: bytes
    rows: bytes
    boxes: int
    time_us: int
    is_time_given: bool
    arrived_us: int
    slices: tuple[str, ...]
    cluster: str
    source: str
    no_room: BoxGaugeError | None = None


@dataclass(slots=True)  # not frozen: see above
class HeldSide:
    """One side of one image as kept; see `CameFrame`.

    Attributes:
        number: Of its row, increasing over the whole journal: equal numbers are equal sides.
    """

    number: int
    revision: int
    rows: bytes
    boxes: int
    time_us: int
    arrived_us: int
    slices: tuple[str, ...]
    cluster: str
    source: str


class Outcome(StrEnum):
    """What became of a frame."""

    CHANGED = "changed"
    SAME = "same"
    STALE = "stale"
    CONFLICT = "conflict"
    REFUSED = "refused"
    RETRACTED_UNKNOWN = "retracted_unknown"


@dataclass(slots=True)
class Change:
    """What became of one model's predictions of one image, or of its label, in one take.

    Two models are compared over (predictions of the one, of the other, ground truth). To
    follow that, take the triple of this model, a partner in ``partners_before`` and
    ``truth_before`` out, and put that of ``partners`` and ``truth_after`` in: over all changes
    in order each triple comes in once and goes out once, whichever of its sides changed.

    Attributes:
        number: Increasing over the whole journal.
        monitor: Its id.
        model: Whose predictions.
        image_id: Of the image.
        predictions_before: None where there were none.
        predictions_after: None where they were taken out.
        truth_before: None where the image had no label.
        truth_after: None where it has none.
        partners: Current predictions of the models asked for beside this one, by model.
        partners_before: Those from before the change, by model.
    """

    number: int
    monitor: int
    model: str
    image_id: ImageId
    predictions_before: HeldSide | None
    predictions_after: HeldSide | None
    truth_before: HeldSide | None
    truth_after: HeldSide | None
    partners: dict[str, HeldSide] = field(default_factory=dict)
    partners_before: dict[str, HeldSide] = field(default_factory=dict)


@dataclass(slots=True)
class Taken:
    """What became of the frames of one take.

    Attributes:
        outcomes: One a frame.
        errors: Of those in conflict or refused, by position.
        changes: In journal order; an image without predictions has none.
        number: The last one given when this take was through.
    """

    outcomes: list[Outcome]
    errors: dict[int, BoxGaugeError]
    changes: list[Change]
    number: int


@dataclass(frozen=True, slots=True)
class Expired:
    """What was too old to be kept.

    Attributes:
        unlabelled: Predictions that never got ground truth.
        unpredicted: Ground truth that never had predictions.
        joined: Model and image of the predictions that had ground truth.
        more: There is more; call again.
    """

    unlabelled: int
    unpredicted: int
    joined: list[tuple[str, ImageId]]
    more: bool


@dataclass(frozen=True, slots=True)
class KeptMonitor:
    """One monitor as it was created."""

    id: int
    name: str
    definition: bytes


@dataclass(frozen=True, slots=True)
class Counts:
    """What is held of one monitor now; sides that were taken out are none.

    Attributes:
        labelled: Images with ground truth.
        sides: Of both kinds.
        predicted: Images with predictions, by model; 0 of one whose predictions are all gone.
        boxes: Of all sides.
    """

    labelled: int
    sides: int
    predicted: dict[str, int]
    boxes: int


@dataclass(frozen=True, slots=True)
class Commit:
    """One transaction, for metrics.

    Attributes:
        jobs: Calls that were in it.
        size: Bytes of boxes and parts that they brought.
        seconds: From its beginning to its end.
        sync_s: Of those, until it was on disk once all was done.
        rows: Written or removed.
        waited_s: How long each call waited before it began.
    """

    jobs: int
    size: int
    seconds: float
    sync_s: float
    rows: int = 0
    waited_s: tuple[float, ...] = ()


Judge: TypeAlias = Callable[[CameFrame, HeldSide], None]
OnCommit: TypeAlias = Callable[[Commit], None]
