"""What changes of images ask of stores: images to take out, and images to put in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from boxgauge.engine.online.facts import ImageFacts
from boxgauge.frames import ImageId
from boxgauge.server.journal.types import Change, HeldSide
from boxgauge.server.monitor.definition import Compared


@dataclass(frozen=True, slots=True)
class Joined:
    """Both sides of one image for one model.

    Attributes:
        told_by: The predictions whose time, slices and cluster say where the image counts: of
            two models that are compared the champion's, so that both count it in one place.
    """

    image_id: ImageId
    predictions: HeldSide
    truth: HeldSide
    told_by: HeldSide

    @property
    def key(self) -> tuple[int, int]:
        """Which contents these are: equal keys match equally."""
        return self.predictions.number, self.truth.number


@dataclass(frozen=True, slots=True)
class Step:
    """One joined image that goes into a store or, with ``sign`` -1, out of it."""

    store: str
    sign: int
    joined: Joined


def model_store(model: str) -> str:
    """Return the key of a model's own store."""
    return f"model/{model}"


def model_of(store: str) -> str:
    """Return the model whose own store this is; empty where it is a pair's."""
    return store.removeprefix("model/") if store.startswith("model/") else ""


def pair_store(pair: Compared, model: str) -> str:
    """Return the key of the store of a model's images that the other one has, too."""
    return f"pair/{pair.champion} {pair.challenger}/{model}"


def beside(pairs: Iterable[Compared]) -> dict[str, tuple[str, ...]]:
    """Return, for each model that is compared, those whose predictions are needed beside its."""
    found: dict[str, dict[str, None]] = {}
    for pair in pairs:
        found.setdefault(pair.champion, {})[pair.challenger] = None
        found.setdefault(pair.challenger, {})[pair.champion] = None
    return {model: tuple(others) for model, others in found.items()}


def steps_of(changes: Sequence[Change], pairs: Iterable[Compared]) -> list[Step]:
    """Return the steps of some changes; what goes out stands before what comes in.

    What comes in and goes out again among these changes is no step.
    """
    net: dict[tuple[str, ImageId, tuple[int, int], int], tuple[int, Joined]] = {}

    def count(sign: int, store: str, joined: Joined) -> None:
        key = store, joined.image_id, joined.key, joined.told_by.number
        net[key] = net.get(key, (0, joined))[0] + sign, joined

    for change in changes:
        for sign, partners, side, truth in (
            (-1, change.partners_before, change.predictions_before, change.truth_before),
            (1, change.partners, change.predictions_after, change.truth_after),
        ):
            if side is None or truth is None:
                continue
            image_id, model = change.image_id, change.model
            count(sign, model_store(model), Joined(image_id, side, truth, side))
            for pair in pairs:
                other = pair.other(model)
                partner = partners.get(other)
                if partner is not None:
                    told_by = side if model == pair.champion else partner
                    for name, each in ((model, side), (other, partner)):
                        count(sign, pair_store(pair, name), Joined(image_id, each, truth, told_by))
    steps = [Step(key[0], sign, joined) for key, (sign, joined) in net.items() if sign]
    return sorted(steps, key=lambda step: step.sign)


def facts_of(joined: Sequence[Joined]) -> ImageFacts:
    """Return what is known of each image beside its boxes."""
    times = np.array([each.told_by.time_us for each in joined], np.int64)
    arrived = np.array([each.truth.arrived_us for each in joined], np.int64)
    return ImageFacts(
        times,
        tuple(tuple(dict.fromkeys((*each.told_by.slices, *each.truth.slices))) for each in joined),
        tuple(each.told_by.cluster or each.image_id for each in joined),
        tuple(each.truth.source for each in joined),
        np.maximum(arrived - times, 0),
    )


def prediction_facts(images: Sequence[tuple[ImageId, HeldSide]]) -> ImageFacts:
    """Return what is known of images of which only the predictions matter."""
    return ImageFacts(
        np.array([side.time_us for _, side in images], np.int64),
        tuple(side.slices for _, side in images),
        tuple(side.cluster or image_id for image_id, side in images),
        ("",) * len(images),
        np.zeros(len(images), np.int64),
    )
