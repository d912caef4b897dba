"""Takes one side of a batch into the join: each frame judged, bounded and stored or refused."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from boxgauge.frames import (
    BoxGaugeError,
    GroundTruths,
    ImageId,
    InvalidInputError,
    Predictions,
)
from boxgauge.server.monitor.join import Stored, newer
from boxgauge.server.monitor.ledger import Share
from boxgauge.server.monitor.rows import pack, row_bytes
from boxgauge.server.monitor.sides import Refusal, Side, SideBatch


@dataclass(slots=True)
class Observed:
    """What became of the frames of one message.

    Attributes:
        accepted: Frames taken.
        unchanged: Of those, the same again or a stale revision.
        refused: The others.
        outcomes: Frames by side and outcome, for the metrics.
    """

    accepted: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)
    outcomes: Counter[tuple[Side, str]] = field(default_factory=Counter)

    def refuse(self, refusal: Refusal) -> None:
        """Note one refused frame."""
        self.refused.append(refusal)
        self.outcomes[refusal.side, "refused"] += 1


def take(
    side: Side,
    batch: SideBatch[Predictions] | SideBatch[GroundTruths],
    faults: Mapping[int, InvalidInputError],
    known: dict[ImageId, Stored],
    share: Share,
    observed: Observed,
) -> list[ImageId]:
    """Store the good frames of a batch in ``known`` and return the images touched.

    Images that came again unchanged are among those returned, since their match may
    have failed before.

    Args:
        side: Which side this is.
        batch: The frames.
        faults: Those that hold values that may not be, by position.
        known: This side's images; changed.
        share: Counts what is held, and refuses.
        observed: Outcomes are added here.
    """
    touched: list[ImageId] = []
    changed = 0
    width = row_bytes(type(batch.frames))
    rows = pack(batch.frames)
    for k, image_id in enumerate(batch.frames.image_ids):
        raw = rows[k]
        before = known.get(image_id)
        try:
            if k in faults:
                raise faults[k]
            came = Stored(batch.revisions[k], raw, len(raw) // width)
            if newer(before, came, image_id):
                if before is None:
                    share.take(came.boxes, 1)
                else:
                    share.take(came.boxes - before.boxes, 0)
                known[image_id] = came
                changed += 1
        except BoxGaugeError as error:
            observed.refuse(Refusal(side, image_id, error))
        else:
            touched.append(image_id)
    observed.accepted += len(touched)
    observed.unchanged += len(touched) - changed
    observed.outcomes[side, "accepted"] += changed
    observed.outcomes[side, "unchanged"] += len(touched) - changed
    return touched
