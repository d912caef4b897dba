"""Predictions by slice and time: every window is the tally of its images, whatever happened."""

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from boxgauge.engine import EvaluationSettings
from boxgauge.engine.online.facts import ImageFacts
from boxgauge.engine.online.prediction_store import MAX_BYTES, PredictionStore
from boxgauge.engine.online.prediction_tally import PredictionTally
from boxgauge.engine.online.windows import DAY_US, HOUR_US, MINUTE_US, Ring, Window
from boxgauge.frames import InvalidInputError, Predictions, ResourceExhaustedError
from tests.engine.online.drawn_predictions import CLASSES, SETTINGS, draw_predictions

START_US = 20_000 * DAY_US
RING = Ring(minutes=3, hours=2, days=2)
WINDOWS = (
    Window(),
    Window("1m", MINUTE_US),
    Window("3h", 3 * HOUR_US),
    Window("newest", images=4),
)
CAMERAS = ("camera=a", "camera=b")


def store_of(max_bytes: int = MAX_BYTES) -> PredictionStore:
    return PredictionStore(CLASSES, SETTINGS, RING, max_bytes)


def facts_of(times_us: list[int], cameras: list[str]) -> ImageFacts:
    n = len(times_us)
    slices = tuple((each,) if each else () for each in cameras)
    return ImageFacts(
        np.array(times_us, np.int64),
        slices,
        tuple(
            f"{camera}/{time // HOUR_US}" for camera, time in zip(cameras, times_us, strict=True)
        ),
        ("",) * n,
        np.zeros(n, np.int64),
    )


def tally_of(images: list[tuple[Predictions, ImageFacts]]) -> PredictionTally:
    tally = PredictionTally(CLASSES, SETTINGS)
    for predictions, facts in images:
        tally.add(predictions, facts.clusters)
    return tally


def assert_holds(store: PredictionStore, images: list[tuple[Predictions, ImageFacts]]) -> None:
    """Compare each window and slice with the tally of its images."""
    for name in ("", *CAMERAS):
        own = [(p, f) for p, f in images if not name or name in f.slices[0]]
        for window in WINDOWS:
            span = store.span(window, name)
            inside = [(p, f) for p, f in own if span.from_us <= int(f.times_us[0]) < span.until_us]
            snapshot = store.snapshot(window, name)
            assert store.images(window, name) == snapshot.images == len(inside)
            assert store.tally(snapshot).to_bytes() == tally_of(inside).to_bytes()
            if window.images and len(own) > window.images:
                assert len(inside) >= window.images or store.dropped_images


class Streams(RuleBasedStateMachine):
    """Images come in any order, are taken back, age, and the store is restarted."""

    @initialize()
    def begin(self) -> None:
        self.store = store_of()
        self.images: list[tuple[Predictions, ImageFacts]] = []
        self.kept: dict[str, bytes] = {}
        self.seed = 0

    @rule(
        minutes=st.lists(
            st.one_of(st.integers(0, 9), st.integers(0, 600), st.integers(0, 7000)),
            min_size=1,
            max_size=4,
        ),
        cameras=st.lists(st.sampled_from(["", *CAMERAS]), min_size=4, max_size=4),
    )
    def add(self, minutes: list[int], cameras: list[str]) -> None:
        self.seed += 1
        predictions = draw_predictions(self.seed, len(minutes), mean=3)
        facts = facts_of(
            [START_US + each * MINUTE_US + 7 for each in minutes], cameras[: len(minutes)]
        )
        self.store.add(predictions, facts)
        self.images += [(predictions.take([k]), facts.select([k])) for k in range(len(minutes))]

    @rule(place=st.integers(0, 50))
    def take_back(self, place: int) -> None:
        if self.images:
            predictions, facts = self.images[place % len(self.images)]
            gone = self.store.subtract(predictions, facts)
            everything = self.store.span(Window())
            assert gone == (int(facts.times_us[0]) < everything.from_us)
            self.images.pop(place % len(self.images))

    @rule(minutes=st.integers(0, 9000))
    def advance(self, minutes: int) -> None:
        self.store.advance(START_US + minutes * MINUTE_US)

    @rule()
    def restart(self) -> None:
        for key, part in self.store.changed().packed().items():
            if part is None:
                del self.kept[key]
            else:
                self.kept[key] = part
        dropped = self.store.dropped_images
        self.store = store_of()
        self.store.restore(self.kept)
        assert self.store.dropped_images == dropped

    @invariant()
    def every_window_is_the_tally_of_its_images(self) -> None:
        assert_holds(self.store, self.images)


TestStreams = Streams.TestCase
TestStreams.settings = settings(max_examples=30, stateful_step_count=12, deadline=None)


def full_store() -> tuple[PredictionStore, list[tuple[Predictions, ImageFacts]]]:
    store, images = store_of(), []
    for seed in range(12):
        predictions = draw_predictions(seed, 3)
        times = [START_US + seed * MINUTE_US + k for k in range(3)]
        facts = facts_of(times, [CAMERAS[seed % 2]] * 3)
        store.add(predictions, facts)
        images += [(predictions.take([k]), facts.select([k])) for k in range(3)]
    return store, images


def test_a_snapshot_stays_as_it_was() -> None:
    store, images = full_store()
    snapshot = store.snapshot(Window())
    before = store.tally(snapshot).to_bytes()
    store.subtract(*images[0])
    store.advance(START_US + 90 * DAY_US)
    assert store.images(Window()) == 0
    assert store.tally(snapshot).to_bytes() == before == tally_of(images).to_bytes()


def test_only_what_has_changed_is_kept_again() -> None:
    store, images = full_store()
    first = store.changed().packed()
    # The hour and three minutes of all, of which the cameras share out the minutes.
    assert len(first) == 1 + 4 + 2 + 3
    assert "state" in first
    assert store.changed().packed().keys() == {"state"}
    predictions, facts = draw_predictions(99, 1), facts_of([START_US + 11 * MINUTE_US], [""])
    store.add(predictions, facts)
    again = store.changed().packed()
    minute = f"{MINUTE_US}/{START_US + 11 * MINUTE_US}/"
    assert again.keys() == {"state", minute}
    store.advance(START_US + 2 * HOUR_US)
    gone = {key for key, part in store.changed().packed().items() if part is None}
    assert minute in gone
    assert_holds(store, [*images, (predictions, facts)])


def test_too_much_is_refused_and_changes_nothing() -> None:
    store, images = store_of(max_bytes=7_000), []

    def add_for_ever() -> None:
        for seed in range(1000):
            predictions = draw_predictions(seed, 2)
            facts = facts_of([START_US + seed, START_US], ["", ""])
            store.add(predictions, facts)
            images.append((predictions, facts))

    with pytest.raises(ResourceExhaustedError, match=r"tally_bytes must be at most 7000: .* make"):
        add_for_ever()
    assert 10 < len(images) < 1000
    assert store.tally_bytes <= 7_000
    assert store.tally(store.snapshot(Window())).to_bytes() == tally_of(images).to_bytes()


def test_what_was_not_added_cannot_be_taken_away() -> None:
    store, images = full_store()
    before = store.tally(store.snapshot(Window())).to_bytes()
    for other, facts in (
        (draw_predictions(500, 1), images[0][1]),
        (images[0][0], facts_of([START_US], ["camera=c"])),
    ):
        with pytest.raises(InvalidInputError, match="predictions must be of what was added"):
            store.subtract(other, facts)
    with pytest.raises(InvalidInputError, match="facts must be of 1 images: got 3"):
        store.add(images[0][0], facts_of([START_US] * 3, ["", "", ""]))
    strange = Predictions.from_arrays([1], [1], [[0.0, 0, 1, 1]], [2], [0.5])
    with pytest.raises(InvalidInputError, match="label must be a class of the tally: got 2"):
        store.add(strange, images[0][1])
    assert store.tally(store.snapshot(Window())).to_bytes() == before


def test_parts_of_another_store_are_refused() -> None:
    store, _ = full_store()
    parts = {key: part for key, part in store.changed().packed().items() if part is not None}
    key = next(each for each in parts if each != "state")
    other = PredictionStore(CLASSES, EvaluationSettings(), RING)
    with pytest.raises(InvalidInputError, match="of the same classes and settings"):
        other.restore(parts)
    for wrong, message in (
        ({}, "parts must be all of a store"),
        ({**parts, "x/1/": parts[key]}, "parts must be keys of cells: got 'x/1/'"),
        ({**parts, "state": parts[key]}, "tally must be"),
        ({**parts, key: parts[key][:-1]}, "tally must be whole"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            store_of().restore(wrong)
