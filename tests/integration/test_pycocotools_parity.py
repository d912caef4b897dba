"""Every number equals pycocotools' own, in all bits, on random scenes full of corner cases."""

from collections.abc import Mapping
from dataclasses import astuple
from typing import Any, cast

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from boxgauge.engine import (
    Engine,
    EvaluationSettings,
    ExactTally,
    Matches,
    ObjectClass,
    Report,
    evaluate,
    match_images,
)
from boxgauge.export import catalog
from tests.integration.scenes import Expected, Scene, pycocotools, scenes

# Derandomized: the same examples everywhere, so that a red run means a change of the code.
COMMON = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}


class Eager:
    """The engine's graphs, computed by the kernels they were exported from."""

    workers = 1

    def run(self, name: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        entry = catalog()[name]
        outputs = entry(*(torch.tensor(inputs[port.name]) for port in entry.inputs))
        return {
            port.name: output.numpy() for port, output in zip(entry.outputs, outputs, strict=True)
        }


def report_of(engine: Engine, scene: Scene, *, strict: bool = False) -> Report:
    classes = tuple(ObjectClass(each, str(each)) for each in scene.categories)
    found = evaluate(engine, *scene.frames(), classes, EvaluationSettings(strict=strict))
    assert found.dropped == sum(
        each["category_id"] not in scene.categories for each in scene.results
    )
    return found.report


def assert_same_bits(report: Report, expected: Expected) -> None:
    for name in ("precision", "recall", "scores"):
        ours, theirs = getattr(report.curves, name), getattr(expected, name)
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
        assert ours.tobytes() == theirs.tobytes(), name
    ours = [-1.0 if value is None else value for value in astuple(report.statistics)]
    assert [value.hex() for value in ours] == [value.hex() for value in expected.statistics]


@settings(max_examples=1000, **COMMON)
@given(scene=scenes())
def test_the_exported_graphs_equal_pycocotools(engine: Engine, scene: Scene) -> None:
    assert_same_bits(report_of(engine, scene), pycocotools(scene))


@settings(max_examples=200, **COMMON)
@given(scene=scenes(strict=True))
def test_strict_mode_reproduces_id_0_and_overwritten_ignore(engine: Engine, scene: Scene) -> None:
    assert_same_bits(report_of(engine, scene, strict=True), pycocotools(scene))


@settings(max_examples=50, **COMMON)
@given(scene=scenes())
def test_the_eager_kernels_equal_pycocotools(scene: Scene) -> None:
    eager = cast(Engine, Eager())
    assert_same_bits(report_of(eager, scene), pycocotools(scene))


@settings(max_examples=800, **COMMON)
@given(scene=scenes(), seed=st.integers(0, 2**32 - 1))
def test_any_batching_order_and_tree_of_merges_gives_the_same_bits(
    engine: Engine, scene: Scene, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    known = [each for each in scene.results if each["category_id"] in scene.categories]
    listed = Scene(scene.images, scene.categories, scene.annotations, known)
    predictions, truths = listed.frames()
    asked = EvaluationSettings()
    classes = tuple(ObjectClass(each, str(each)) for each in scene.categories)

    order = rng.permutation(len(scene.images))
    cuts = np.sort(rng.integers(0, len(order) + 1, rng.integers(0, 4)))
    tallies = []
    for images in np.split(order, cuts):
        tally = ExactTally(classes, asked)
        matches = match_images(engine, predictions.take(images), truths.take(images), asked)
        tally.add(matches)
        tallies.append(corrected(tally, matches, rng))
    while len(tallies) > 1:
        absorbed = tallies.pop(rng.integers(len(tallies)))
        into = tallies[rng.integers(len(tallies))]
        into.merge(absorbed)
        if rng.random() < 0.3:
            into.subtract(absorbed)
            into.merge(ExactTally.from_bytes(absorbed.to_bytes()))

    merged = tallies[0].report(engine)
    assert_same_bits(merged, pycocotools(listed))
    whole = report_of(engine, listed)
    assert merged.losses == whole.losses
    assert merged.operating_point == whole.operating_point


def corrected(tally: ExactTally, matches: Matches, rng: np.random.Generator) -> ExactTally:
    """Return the tally after some images were taken out and added again, or stored and read."""
    if rng.random() < 0.3:
        tally = ExactTally.from_bytes(tally.to_bytes())
    if rng.random() < 0.3:
        again = np.flatnonzero(rng.random(len(matches)) < 0.5)
        tally.subtract([matches.image_ids[k] for k in again])
        tally.add(matches.select(again))
    return tally


def test_the_scenes_hold_the_corner_cases_they_are_made_for(engine: Engine) -> None:
    """A generator that misses them would make the tests above easy to pass."""
    seen: set[str] = set()

    @settings(max_examples=500, database=None, **COMMON)
    @given(scene=scenes())
    def look(scene: Scene) -> None:
        seen.update(name for name, holds in features(scene).items() if holds)

    look()
    assert seen == set(features(Scene([], [], [], [])))


def features(scene: Scene) -> dict[str, bool]:
    cells = [(each["image_id"], each["category_id"]) for each in scene.results]
    scores = [each["score"] for each in scene.results]
    areas = {each["area"] for each in scene.annotations}
    overlaps = {
        (truth["bbox"][3] and found["bbox"][3] / truth["bbox"][3])
        for truth in scene.annotations
        for found in scene.results
        if found["bbox"][:3] == truth["bbox"][:3]
    }
    sides = [
        {each["image_id"] for each in records} for records in (scene.results, scene.annotations)
    ]
    return {
        "ties": len(set(scores)) < len(scores),
        "zeros of both signs": {"0x0.0p+0", "-0x0.0p+0"} <= {score.hex() for score in scores},
        "a crowd": any(each["iscrowd"] for each in scene.annotations),
        "both edges of area": {1024.0, 9216.0} <= areas,
        "an overlap of 0.5": 0.5 in overlaps,
        "an overlap of 0.75": 0.75 in overlaps,
        "more than 100": any(cells.count(cell) > 100 for cell in set(cells)),
        "an image without anything": bool(set(scene.images) - sides[0] - sides[1]),
        "predictions alone": bool(sides[0] - sides[1]),
        "ground truth alone": bool(sides[1] - sides[0]),
        "no results at all": not scene.results and bool(scene.images),
        "an unlisted category": any(label not in scene.categories for _, label in cells),
    }


@pytest.mark.parametrize("name", ["match", "report", "score_counts", "f_beta"])
@pytest.mark.parametrize("n", [0, 1, 100])
def test_an_exact_graph_equals_its_kernel_exactly(engine: Engine, name: str, n: int) -> None:
    entry = catalog()[name]
    inputs = entry.example(n, torch.Generator().manual_seed(n))
    feeds = {port.name: x.numpy() for port, x in zip(entry.inputs, inputs, strict=True)}
    found = engine.run(name, feeds)
    for port, expected in zip(entry.outputs, entry(*inputs), strict=True):
        assert found[port.name].tobytes() == expected.contiguous().numpy().tobytes(), port.name
