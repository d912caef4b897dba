"""A journal in a few dictionaries: what the real one must equal, slow and without a file."""

from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, int | str]  # model, "" for ground truth; image
Side = tuple[Any, ...]  # revision, rows, boxes, time_us, arrived_us, slices, cluster, source
MAX_PAIRS = 12  # boxes of one side times boxes of the other


@dataclass(frozen=True)
class Frame:
    """A frame as it came."""

    model: str
    image: int | str
    revision: int
    retracted: bool
    content: int
    time_us: int
    is_time_given: bool

    @property
    def boxes(self) -> int:
        return 0 if self.retracted else self.content

    @property
    def said(self) -> tuple[bool, int, int, bool]:
        return self.retracted, self.content, self.time_us, self.is_time_given


@dataclass(frozen=True)
class Known:
    """What is known of one side; `side` is None where it was taken out."""

    revision: int
    said: tuple[bool, int, int, bool]
    time_us: int
    side: Side | None
    joined: bool = False


@dataclass
class Plain:
    """One monitor."""

    max_models: int
    known: dict[Key, Known] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)

    def take(self, came: Frame) -> str:
        """Return the outcome of one frame."""
        key = came.model, came.image
        old = self.known.get(key)
        if old is not None and came.revision < old.revision:
            return "stale"
        if old is not None and came.revision == old.revision:
            return "same" if came.said == old.said else "conflict"
        if not came.retracted:
            for (model, image), each in self.known.items():
                is_partner = image_equal(image, came.image) and (model == "") != (came.model == "")
                if is_partner and each.side is not None and each.side[2] * came.boxes > MAX_PAIRS:
                    return "refused"
        if came.model and came.model not in self.models:
            if len(self.models) == self.max_models:
                return "refused"
            self.models.add(came.model)
        time_us = came.time_us if old is None or came.is_time_given else old.time_us
        side = None if came.retracted else side_of(came, time_us)
        joined = old is not None and old.joined
        self.known[key] = Known(came.revision, came.said, time_us, side, joined)
        return "retracted_unknown" if came.retracted and not (old and old.side) else "changed"

    def expire(self, before_us: int) -> tuple[int, int, set[Key]]:
        """Return unlabelled, unpredicted and joined sides that were let go."""
        unlabelled, unpredicted, joined = 0, 0, set()
        for key in [k for k, each in self.known.items() if k[0] and each.time_us < before_us]:
            gone = self.known.pop(key)
            truth = self.known.get(("", key[1]))
            if gone.side is not None and truth is not None and truth.side is not None:
                joined.add(key)
                self.known["", key[1]] = Known(
                    truth.revision, truth.said, truth.time_us, truth.side, joined=True
                )
            elif gone.side is not None:
                unlabelled += 1
        for key in [k for k, each in self.known.items() if not k[0] and each.time_us < before_us]:
            if not any(k[0] and k[1] == key[1] and each.side for k, each in self.known.items()):
                gone = self.known.pop(key)
                unpredicted += gone.side is not None and not gone.joined
        return unlabelled, unpredicted, joined

    def sides(self) -> dict[Key, Side]:
        """Return the sides that hold."""
        return {key: each.side for key, each in self.known.items() if each.side is not None}

    def joins(self) -> dict[Key, tuple[Side, Side | None]]:
        """Return predictions with their ground truth."""
        sides = self.sides()
        return {key: (side, sides.get(("", key[1]))) for key, side in sides.items() if key[0]}

    def triples(self, one: str, other: str) -> dict[int | str, tuple[Side, ...]]:
        """Return both models' predictions and the ground truth of images that have all."""
        sides = self.sides()
        found = {image: [(name, image) for name in (one, other, "")] for _, image in sides}
        return {
            image: tuple(sides[key] for key in keys)
            for image, keys in found.items()
            if all(key in sides for key in keys)
        }


def image_equal(one: int | str, other: int | str) -> bool:
    """Say whether these are one image: 1 and "1" are not."""
    return type(one) is type(other) and one == other


def side_of(came: Frame, time_us: int) -> Side:
    """Return the side that a frame makes."""
    return (
        came.revision,
        rows_of(came),
        came.content,
        time_us,
        1000 + came.content,
        (f"camera={came.content}", "site=ö"),
        f"cluster {came.content}",
        "random" if came.model == "" else "",
    )


def rows_of(came: Frame) -> bytes:
    """Return packed boxes, as far as the journal can tell."""
    return bytes([came.content]) * (came.content * 48)
