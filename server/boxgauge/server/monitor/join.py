"""The join: sides that came, by image, and which pairs of them are still to be matched.

Everything here runs on the event loop and never waits, so each call is atomic.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np

from boxgauge.engine import ExactTally, Matches
from boxgauge.frames import AlreadyExistsError, ImageId


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """One side of one image as held; compared by identity, replaced as a whole.

    Attributes:
        revision: Of the content; only a higher one replaces it.
        rows: The packed boxes (`boxgauge.server.monitor.rows`).
        boxes: How many.
    """

    revision: int
    rows: bytes
    boxes: int


@dataclass(slots=True, eq=False)
class Model:
    """One model's predictions on a monitor, and the tally of its matched images.

    Attributes:
        matched: Per image in the tally, the two sides that were matched.
        version: Grows with every change of the tally.
    """

    name: str
    tally: ExactTally
    version: int = 0
    predictions: dict[ImageId, Stored] = field(default_factory=dict)
    matched: dict[ImageId, tuple[Stored, Stored]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Both sides of one image for one model, to be matched."""

    model: Model
    image_id: ImageId
    predictions: Stored
    ground_truth: Stored


def newer(known: Stored | None, came: Stored, image_id: ImageId) -> bool:
    """Say whether what came replaces what is known; the same again and stale ones do not.

    Raises:
        AlreadyExistsError: The revision is known with another content.
    """
    if known is None or came.revision > known.revision:
        return True
    if came.revision == known.revision and came.rows != known.rows:
        raise AlreadyExistsError(
            f"revision {came.revision} of image {image_id!r} is known with another content:"
            " send a correction under a higher revision",
            field="revision",
            value=came.revision,
        )
    return False


class Join:
    """The two sides of every image of one monitor.

    A pair stays open until its match is in the tally: one whose match failed is
    tried again when either side is sent again.

    Attributes:
        labels: Ground truth by image.
        models: By name, in the order first seen.
    """

    def __init__(self) -> None:
        self.labels: dict[ImageId, Stored] = {}
        self.models: dict[str, Model] = {}

    def open_pairs(self, models: Collection[Model], image_ids: list[ImageId]) -> list[Pair]:
        """Return the pairs of these models and images that the tallies do not reflect yet."""
        found: dict[tuple[str, ImageId], Pair] = {}
        for image_id in image_ids:
            label = self.labels.get(image_id)
            if label is None:
                continue
            for each in models:
                predictions = each.predictions.get(image_id)
                if predictions is not None and each.matched.get(image_id) != (predictions, label):
                    found[each.name, image_id] = Pair(each, image_id, predictions, label)
        return list(found.values())

    def is_open(self, pair: Pair) -> bool:
        """Say whether both sides are still the current ones and not in the tally yet."""
        model, image_id = pair.model, pair.image_id
        return (
            model.predictions.get(image_id) is pair.predictions
            and self.labels.get(image_id) is pair.ground_truth
            and model.matched.get(image_id) != (pair.predictions, pair.ground_truth)
        )

    def settle(self, pairs: list[Pair], matches: Matches) -> None:
        """Put the matches of those pairs that are still open into the tallies, replacing."""
        chosen: dict[Model, list[int]] = {}
        for k, pair in enumerate(pairs):
            if self.is_open(pair):
                chosen.setdefault(pair.model, []).append(k)
        for model, positions in chosen.items():
            for k in positions:
                image_id = pairs[k].image_id
                if image_id in model.matched:
                    model.tally.remove(image_id)
                model.matched[image_id] = (pairs[k].predictions, pairs[k].ground_truth)
            whole = len(positions) == len(pairs)
            model.tally.add(matches if whole else matches.select(np.array(positions)))
            model.version += 1

    def clear(self) -> None:
        """Forget everything; pairs still being matched are then no longer open."""
        self.labels.clear()
        for model in self.models.values():
            model.predictions.clear()
            model.matched.clear()
            model.tally.clear()
        self.models.clear()
