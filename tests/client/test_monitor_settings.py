"""What a monitor is asked for is written in words, and comes back in words that mean the same."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.client import (
    DriftSettings,
    EvaluationSettings,
    MonitorClient,
    MonitorSettings,
    RingSettings,
)
from boxgauge.client.durations import seconds, window_message, window_text
from boxgauge.client.monitor_settings import monitor_message, monitor_settings_from
from boxgauge.frames import InvalidInputError
from boxgauge.v1 import monitor_pb2, report_pb2

from .conftest import Peer

CLASSES = {1: "cat"}
names = st.text("abcXYZ019_-", min_size=1, max_size=32)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", 90),
        ("15m", 900),
        ("15 min", 900),
        ("1h", 3600),
        ("7d", 604800),
        ("2w", 1209600),
        ("0.5h", 1800),
        (12, 12),
        (1.5, 1.5),
        (timedelta(hours=2), 7200),
    ],
)
def test_a_length_of_time_is_read(text: Any, expected: float) -> None:  # noqa: ANN401
    assert seconds(text, "retention") == expected


@pytest.mark.parametrize("bad", ["", "h", "1y", "-1h", "1h30m", -1, float("inf"), None, True, [1]])
def test_what_is_no_length_of_time_is_named(bad: Any) -> None:  # noqa: ANN401
    with pytest.raises(InvalidInputError, match=r"^retention must be "):
        seconds(bad, "retention")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1h", monitor_pb2.WindowSettings(name="1h", duration_s=3600)),
        ("24h", monitor_pb2.WindowSettings(name="24h", duration_s=86400)),
        ("7d", monitor_pb2.WindowSettings(name="7d", duration_s=604800)),
        ("5000 images", monitor_pb2.WindowSettings(name="5000-images", images=5000)),
        ("1 image", monitor_pb2.WindowSettings(name="1-images", images=1)),
        ("all", monitor_pb2.WindowSettings(name="all")),
        ("shift=8h", monitor_pb2.WindowSettings(name="shift", duration_s=28800)),
        ("ever=all", monitor_pb2.WindowSettings(name="ever")),
        ("short = 1.5h", monitor_pb2.WindowSettings(name="short", duration_s=5400)),
    ],
)
def test_a_window_is_read(text: str, expected: monitor_pb2.WindowSettings) -> None:
    assert window_message(text) == expected


@pytest.mark.parametrize(
    "bad", ["", "1", "hour", "0h", "0 images", "1.5h", "=1h", "a b=1h", "x" * 33 + "=1h", "all=", 3]
)
def test_what_is_no_window_is_named(bad: object) -> None:
    with pytest.raises(InvalidInputError, match=r"^windows must be "):
        window_message(bad)


@given(
    names,
    st.one_of(
        st.builds(dict, duration_s=st.integers(1, 10**7).map(float)),
        st.builds(dict, duration_s=st.floats(0.001, 1e7)),
        st.builds(dict, images=st.integers(1, 2**40)),
        st.just({}),
    ),
)
def test_a_window_comes_back_as_a_text_that_means_it(name: str, given: dict[str, Any]) -> None:
    window = monitor_pb2.WindowSettings(name=name, **given)
    if 0 < window.duration_s < 1 or window.duration_s != round(window.duration_s):
        assert window_message(window_text(window)).duration_s == pytest.approx(window.duration_s)
    else:
        assert window_message(window_text(window)) == window


EVERYTHING = MonitorSettings(
    evaluation=EvaluationSettings(iou_thresholds=(0.5,), score_threshold=0.3),
    tally="sketch",
    slices={"camera": 50, "site": 0},
    windows=("1h", "shift=8h", "5000 images", "all"),
    ring=RingSettings(30, 24, 10),
    retention="2d",
    max_ahead=5,
    losses=("giou_loss", "bce_loss"),
    comparisons=[("v1", "v2")],
    drift=DriftSettings(datetime(2026, 1, 1, tzinfo=UTC), "30m", 0.05),
)


def test_everything_that_is_asked_for_is_sent() -> None:
    message = monitor_message(CLASSES, EVERYTHING)
    assert message.tally == monitor_pb2.TALLY_KIND_SKETCH
    assert [(each.key, each.max_values) for each in message.slices] == [("camera", 50), ("site", 0)]
    assert [each.name for each in message.windows] == ["1h", "shift", "5000-images", "all"]
    assert (message.ring.minutes, message.ring.hours, message.ring.days) == (30, 24, 10)
    assert (message.retention_s, message.max_ahead_s) == (172800, 5)
    assert list(message.losses) == ["giou_loss", "bce_loss"]
    assert [(each.champion, each.challenger) for each in message.comparisons] == [("v1", "v2")]
    assert message.drift.reference_from_us == 1_767_225_600_000_000
    assert (message.drift.reference_s, message.drift.level) == (1800, 0.05)
    assert list(message.evaluation.iou_thresholds) == [0.5]


@pytest.mark.parametrize(
    "settings", [EVERYTHING, MonitorSettings(), MonitorSettings(slices=["camera"])], ids=str
)
def test_settings_come_back_and_ask_for_the_same(settings: MonitorSettings) -> None:
    message = monitor_message(CLASSES, settings)
    assert monitor_message(CLASSES, monitor_settings_from(message)) == message


def test_what_is_left_out_is_the_services() -> None:
    bare = monitor_pb2.MonitorSettings(classes=[report_pb2.ObjectClass(id=1, name="cat")])
    for settings in (MonitorSettings(), EvaluationSettings()):
        message = monitor_message(CLASSES, settings)
        assert not message.windows
        assert (message.tally, message.retention_s) == (0, 0)
        assert message.classes == bare.classes


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tally": "quick"}, "tally must be exact or sketch: got 'quick'"),
        ({"windows": "1h"}, "windows must be a list: got '1h'"),
        ({"windows": ["1h", "soon"]}, "windows must be a window such as 1h, .* got 'soon'"),
        ({"slices": "camera"}, "slices must be a list: got 'camera'"),
        ({"slices": {"camera": -1}}, r"slices\[camera\] must be a whole number"),
        ({"slices": [3]}, "slices must be a text: got 3"),
        ({"retention": "for ever"}, "retention must be a length of time"),
        ({"losses": "giou_loss"}, "losses must be a list"),
        ({"comparisons": ["v1"]}, r"comparisons must be pairs of \(champion, challenger\)"),
        ({"comparisons": [("v1", 2)]}, "comparisons must be a text: got 2"),
        ({"ring": (60, 48, 90)}, "ring must be RingSettings"),
        ({"ring": RingSettings(minutes=True)}, "ring.minutes must be a whole number"),
        ({"drift": DriftSettings(level="low")}, "drift.level must be a number in"),  # type: ignore[arg-type]
        ({"drift": DriftSettings("noon")}, "drift.reference_from must be seconds since"),  # type: ignore[arg-type]
        ({"drift": None}, "drift must be DriftSettings"),
        ({"evaluation": None}, "settings must be EvaluationSettings"),
    ],
)
def test_what_cannot_be_asked_for_is_named(peer: Peer, given: dict[str, Any], message: str) -> None:
    with (
        MonitorClient(peer.address) as client,
        pytest.raises(InvalidInputError, match=f"^{message}"),
    ):
        client.create_monitor("cam", CLASSES, MonitorSettings(**given))


def test_a_monitor_says_what_it_was_made_with(peer: Peer) -> None:
    with MonitorClient(peer.address) as client:
        made = client.create_monitor("cam", CLASSES, EVERYTHING)
    assert made.settings.windows == ("1h", "shift=8h", "5000 images", "all")
    assert made.settings.tally == "sketch"
    assert made.settings.slices == {"camera": 50, "site": 0}
    assert made.classes == CLASSES
