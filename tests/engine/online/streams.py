"""Labelled images of a stream: both sides matched, with times, slices, clusters and sources."""

import numpy as np

from boxgauge.engine import Engine, EvaluationSettings, MatchedImages, match_images
from boxgauge.engine.online.facts import ImageFacts
from boxgauge.engine.online.windows import MINUTE_US
from boxgauge.frames import GroundTruths, Predictions
from tests.engine.sides import draw_sides

Stream = tuple[MatchedImages, ImageFacts]

START_US = 1_700_000_000 * 1_000_000


def draw_stream(
    engine: Engine,
    settings: EvaluationSettings,
    seed: int,
    images: int = 12,
    *,
    hours: float = 3.0,
    sources: int = 3,
) -> Stream:
    """Return matched images and their facts, spread over some hours from `START_US` on."""
    draw = np.random.default_rng(seed)
    _, truths = draw_sides(seed, images)
    predictions = _near(draw, truths)
    matches = match_images(engine, predictions, truths, settings)
    cameras = draw.integers(0, 3, images).tolist()
    facts = ImageFacts(
        START_US + draw.integers(0, int(hours * 60), images) * MINUTE_US,
        tuple((f"camera={each}", f"site={each // 2}")[: 1 + each % 2] for each in cameras),
        tuple(draw.choice(["a", "b", "c", "d"], images).tolist()),
        tuple(f"source {each}" if each else "" for each in draw.integers(0, sources, images)),
        draw.integers(0, 10**11, images),
    )
    return MatchedImages(predictions, truths, matches), facts


def _near(draw: np.random.Generator, truths: GroundTruths) -> Predictions:
    """Return detections near most of the ground truths, some of them of another class."""
    rows = np.sort(draw.choice(len(truths.labels), 2 * len(truths.labels)))
    boxes = truths.boxes[rows] + draw.normal(0, 2, (len(rows), 4)).round(1)
    boxes[:, 2:] = np.maximum(boxes[:, 2:], 1)
    labels = np.where(draw.random(len(rows)) < 0.9, truths.labels[rows], 7)
    counts = np.bincount(truths.image_index[rows], minlength=len(truths))
    scores = draw.integers(0, 33, len(rows)) / 32
    return Predictions.from_arrays(list(truths.image_ids), counts, boxes, labels, scores)


def select(images: MatchedImages, facts: ImageFacts, chosen: list[int]) -> Stream:
    """Return the images at these positions."""
    part = MatchedImages(
        images.predictions.take(chosen),
        images.ground_truths.take(chosen),
        images.matches.select(chosen),
    )
    return part, facts.select(chosen)


def split(stream: Stream, seed: int, parts: int) -> list[Stream]:
    """Return the images in so many parts, in any order."""
    order = np.random.default_rng(seed).permutation(len(stream[1]))
    return [select(*stream, each.tolist()) for each in np.array_split(order, parts)]
