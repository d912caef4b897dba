"""A monitor's definition survives the wire and the journal; what it may not be is refused."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.engine import AreaRange, EvaluationSettings, ObjectClass
from boxgauge.engine.online.windows import Ring, Window
from boxgauge.frames import InvalidInputError
from boxgauge.server.monitor.definition import (
    Compared,
    Definition,
    DriftReference,
    SliceKey,
    TallyKind,
)
from boxgauge.server.monitor.definition_bytes import definition_bytes, definition_of
from boxgauge.server.monitor.differences import difference
from boxgauge.server.wire.monitor_wire import definition_in, definition_out
from boxgauge.v1 import monitor_pb2 as pb

CLASSES = (ObjectClass(1, "cat"), ObjectClass(2, "dog"))
PLAIN = Definition(CLASSES, EvaluationSettings())
NAMES = st.sampled_from(["a", "B", "_c1", "day_2", "Z" * 32])
SECONDS = st.integers(60, 10**6).map(lambda seconds: seconds * 1_000_000)


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    models = draw(st.lists(NAMES, min_size=2, max_size=3, unique=True))
    windows = [
        Window(name, *draw(st.sampled_from([(0, 0), (0, 50), (3_600_000_000, 0)])))
        for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    ]
    return Definition(
        classes=CLASSES,
        settings=EvaluationSettings(
            iou_thresholds=tuple(sorted(draw(st.sets(st.floats(0.01, 1), min_size=1, max_size=4)))),
            areas=(AreaRange("all", 0, 1e10), AreaRange("tiny", 0, draw(st.floats(1, 99)))),
            strict=draw(st.booleans()),
            score_threshold=draw(st.floats(0, 1)),
        ),
        tally=draw(st.sampled_from(TallyKind)),
        slices=tuple(
            SliceKey(key, draw(st.integers(1, 1000)))
            for key in draw(st.lists(NAMES, max_size=4, unique=True))
        ),
        windows=tuple(windows),
        ring=Ring(draw(st.integers(1, 99)), draw(st.integers(1, 99)), draw(st.integers(20, 99))),
        retention_us=draw(SECONDS),
        max_ahead_us=draw(SECONDS),
        losses=tuple(draw(st.lists(NAMES, max_size=4, unique=True))),
        comparisons=(Compared(*models[:2]),),
        drift=DriftReference(
            draw(st.integers(0, 2**50)), draw(SECONDS), draw(st.floats(0.01, 0.9))
        ),
    )


@given(definition=definitions())
def test_it_comes_back_from_the_wire_and_from_the_journal(definition: Definition) -> None:
    assert definition_in(definition_out(definition)) == definition
    assert definition_of(definition_bytes(definition)) == definition


def test_what_is_left_out_takes_its_default() -> None:
    message = pb.MonitorSettings(classes=definition_out(PLAIN).classes)
    assert definition_in(message) == PLAIN


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        pytest.param({"windows": ()}, "windows", id="no window"),
        pytest.param({"windows": (Window("a"),) * 9}, "windows", id="nine windows"),
        pytest.param({"windows": (Window("a"), Window("a"))}, "windows.name", id="same names"),
        pytest.param({"windows": (Window("a b"),)}, "windows.name", id="a space"),
        pytest.param({"windows": (Window("a", 5, 5),)}, "windows[a]", id="both lengths"),
        pytest.param({"windows": (Window("a", -1),)}, "windows[a]", id="before itself"),
        pytest.param({"slices": (SliceKey("a b"),)}, "slices.key", id="a malformed key"),
        pytest.param({"slices": (SliceKey("a", 0),)}, "slices[a].max_values", id="no values"),
        pytest.param({"slices": (SliceKey("a", 1001),)}, "slices[a].max_values", id="many"),
        pytest.param({"slices": (SliceKey("a"), SliceKey("a"))}, "slices.key", id="a key twice"),
        pytest.param({"ring": Ring(0, 1, 1)}, "ring", id="no minutes"),
        pytest.param({"ring": Ring(999, 1, 1)}, "ring", id="too many buckets"),
        pytest.param({"retention_us": 59_000_000}, "retention_s", id="under a minute"),
        pytest.param({"ring": Ring(1, 1, 6)}, "retention_s", id="longer than the ring"),
        pytest.param({"max_ahead_us": -1}, "max_ahead_s", id="behind"),
        pytest.param({"losses": ("a", "a")}, "losses", id="a loss twice"),
        pytest.param({"comparisons": (Compared("a", "a"),)}, "comparisons", id="one model"),
        pytest.param({"drift": DriftReference(level=1.0)}, "drift.level", id="level 1"),
        pytest.param({"drift": DriftReference(duration_us=1)}, "drift.reference", id="short"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Definition(CLASSES, EvaluationSettings(), **changed)
    assert caught.value.field == field


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 1e300])
def test_durations_that_are_none_are_refused(value: float) -> None:
    message = definition_out(PLAIN)
    message.retention_s = value
    with pytest.raises(InvalidInputError, match="retention_s"):
        definition_in(message)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"{", id="no JSON"),
        pytest.param(orjson.dumps({"version": 2}), id="a later version"),
        pytest.param(orjson.dumps({"version": 1}), id="nothing else"),
        pytest.param(
            definition_bytes(PLAIN).replace(b'"exact"', b'"vague"'), id="an unknown kind of tally"
        ),
    ],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError, match="definition"):
        definition_of(data)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"tally": TallyKind.SKETCH}, "tally is exact, not sketch"),
        ({"losses": ("giou_loss",)}, "losses is none, not giou_loss"),
        ({"retention_us": 60_000_000}, "retention is 604800 s, not 60 s"),
        (
            {"windows": (Window("1h", 3_600_000_000), Window("last", images=500), Window())},
            "windows is all (all), not 1h (3600 s), last (500 images), all (all)",
        ),
        ({"ring": Ring(days=7)}, "ring is 60,48,90, not 60,48,7"),
        ({"slices": (SliceKey("camera", 12),)}, "slices is none, not camera=12"),
        ({"comparisons": (Compared("v6", "v7"),)}, "comparisons is none, not v6,v7"),
        (
            {"drift": DriftReference(level=0.05)},
            "drift is from the first image, 3600 s, level 0.01,"
            " not from the first image, 3600 s, level 0.05",
        ),
        ({"classes": CLASSES[:1]}, "of the classes it has 2=dog where the request has none"),
        ({"settings": EvaluationSettings(strict=True)}, "strict is false, not true"),
    ],
)
def test_a_difference_is_told_with_both_values(changed: dict[str, Any], words: str) -> None:
    asked = {"classes": CLASSES, "settings": EvaluationSettings()} | changed
    assert difference(PLAIN, Definition(**asked)) == words
