"""A new monitor's options and its TOML file, and what they come to together."""

from pathlib import Path
from typing import Any

import pytest

from boxgauge.cli.monitor_config import read_config
from boxgauge.cli.monitor_options import (
    ClassOptions,
    SettingOptions,
    chosen_classes,
    chosen_settings,
    moment,
)
from boxgauge.client import DriftSettings, EvaluationSettings, MonitorSettings, RingSettings
from boxgauge.client.image_columns import event_time_us
from boxgauge.frames import InvalidInputError

NOTHING: dict[str, Any] = {
    "strict": False,
    "score_threshold": None,
    "iou": None,
    "tally": None,
    "slices": (),
    "windows": (),
    "ring": None,
    "retention": None,
    "max_ahead": None,
    "losses": (),
    "comparisons": (),
    "drift_from": None,
    "drift_reference": None,
    "drift_level": None,
}
FULL = """
tally = "sketch"
windows = ["1h", "shift=8h"]
retention = "2d"
max_ahead = 30
losses = ["giou_loss"]
comparisons = [["v1", "v2"]]

[classes]
1 = "cat"
2 = "dog"

[slices]
camera = 50

[evaluation]
iou_thresholds = [0.5]
score_threshold = 0.3

[ring]
minutes = 30

[drift]
reference_from = 2026-11-27T08:00:00Z
reference = "30m"
level = 0.05
"""


def typed(**given: Any) -> SettingOptions:  # noqa: ANN401
    return SettingOptions(**NOTHING | given)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "monitor.toml"


def test_a_file_says_everything(config: Path) -> None:
    config.write_text(FULL)
    found = read_config(config)
    assert found.classes == {1: "cat", 2: "dog"}
    assert found.settings == MonitorSettings(
        evaluation=EvaluationSettings(iou_thresholds=[0.5], score_threshold=0.3),
        tally="sketch",
        slices={"camera": 50},
        windows=["1h", "shift=8h"],
        ring=RingSettings(minutes=30),
        retention="2d",
        max_ahead=30,
        losses=["giou_loss"],
        comparisons=[["v1", "v2"]],  # type: ignore[list-item]
        drift=DriftSettings(moment("", "2026-11-27T08:00:00Z"), "30m", 0.05),
    )


def test_an_empty_file_says_nothing(config: Path) -> None:
    config.write_text("")
    assert read_config(config).settings == MonitorSettings()
    assert read_config(config).classes == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("windws = []", "the key must be one of classes, evaluation, tally, .*: got 'windws'"),
        ("[ring]\nweeks = 1", "the key must be one of minutes, hours, days: got 'ring.weeks'"),
        ("ring = 60", "ring must be a table: got 60"),
        ('windows = ["soon"]', "windows must be a window such as 1h, .*: got 'soon'"),
        ('tally = "quick"', "tally must be exact or sketch: got 'quick'"),
        ("[ring]\nminutes = -1", "ring.minutes must be a whole number, .*: got -1"),
        ('[evaluation]\nscore_threshold = "high"', "settings must be numbers"),
        ('[classes]\ncat = "cat"', "classes must be keyed by numbers, .*: got 'cat'"),
        ("[classes]\n1 = 2", "classes.1 must be a name: got 2"),
        ("classes = 3", "classes must be a table of names by id: got 3"),
    ],
)
def test_a_bad_key_or_value_is_named(config: Path, text: str, message: str) -> None:
    config.write_text(text)
    with pytest.raises(InvalidInputError, match=f"^{config}: {message}"):
        read_config(config)


@pytest.mark.parametrize("content", [b"windows = [", b"\xff", b"a = 1\na = 2"])
def test_what_is_no_toml_is_said(config: Path, content: bytes) -> None:
    config.write_bytes(content)
    with pytest.raises(InvalidInputError, match=r"^--config must be a TOML file: got .*monitor"):
        read_config(config)


def test_a_file_that_is_not_there_is_named(config: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"^--config must be a file: got .*No such file"):
        read_config(config)


def test_options_win_over_the_file(config: Path) -> None:
    config.write_text(FULL)
    configured = read_config(config).settings
    found = chosen_settings(
        typed(
            tally="exact",
            windows=["7d"],
            slices=["site", "camera=5"],
            score_threshold=0.7,
            ring="1,2,3",
            drift_level=0.1,
            comparisons=["a,b"],
        ),
        configured,
    )
    assert (found.tally, found.windows) == ("exact", ("7d",))
    assert found.slices == {"site": 0, "camera": 5}
    assert found.evaluation == EvaluationSettings(iou_thresholds=[0.5], score_threshold=0.7)
    assert found.ring == RingSettings(1, 2, 3)
    assert found.drift.level == 0.1
    assert found.drift.reference == "30m"
    assert found.comparisons == (("a", "b"),)
    assert (found.retention, found.losses) == ("2d", ["giou_loss"])


def test_what_is_not_typed_is_the_files(config: Path) -> None:
    config.write_text(FULL)
    configured = read_config(config).settings
    assert chosen_settings(typed(), configured) == configured


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"slices": ["camera=many"]}, "--slice must be KEY, or KEY=VALUES .*: got 'camera=many'"),
        ({"slices": ["a", "a=2"]}, "--slice must be of distinct keys: got 'a=2'"),
        ({"ring": "60,48"}, "--ring must be MINUTES,HOURS,DAYS, as 60,48,90: got '60,48'"),
        ({"ring": "a,b,c"}, "--ring must be MINUTES,HOURS,DAYS"),
        ({"comparisons": ["v1"]}, "--compare must be CHAMPION,CHALLENGER: got 'v1'"),
        ({"iou": "high"}, "--iou must be numbers with commas"),
        ({"drift_from": "noon"}, "--drift-from must be a moment, as .*: got 'noon'"),
    ],
)
def test_an_option_that_does_not_read_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{message}"):
        chosen_settings(typed(**given), MonitorSettings())


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"slices": ["camera=0"]}, "--slice camera"),
        ({"ring": "60,0,90"}, "--ring"),
        ({"retention": "0s"}, "--retention"),
        ({"max_ahead": "0m"}, "--max-ahead"),
        ({"drift_reference": "0h"}, "--drift-reference"),
        ({"drift_level": 0.0}, "--drift-level"),
        ({"drift_from": "1970-01-01"}, "--drift-from"),
    ],
)
def test_a_zero_that_is_typed_does_not_become_a_default(given: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{name} must be above 0, or left out"):
        chosen_settings(typed(**given), MonitorSettings())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("retention = 0", "retention"),
        ('max_ahead = "0s"', "max_ahead"),
        ("[ring]\nhours = 0", "ring.hours"),
        ("[slices]\ncamera = 0", "slices.camera"),
        ("[drift]\nlevel = 0.0", "drift.level"),
        ('[drift]\nreference = "0d"', "drift.reference"),
        ("[drift]\nreference_from = 1970-01-01T00:00:00Z", "drift.reference_from"),
    ],
)
def test_a_zero_in_the_file_does_not_become_a_default(config: Path, text: str, name: str) -> None:
    config.write_text(text)
    with pytest.raises(InvalidInputError, match=f"^{config}: {name} must be above 0, or left out"):
        read_config(config)


def test_zeros_that_mean_zero_are_kept(config: Path) -> None:
    config.write_text("[evaluation]\nscore_threshold = 0.0\n[slices]\ncamera = 5\n")
    assert read_config(config).settings.evaluation.score_threshold == 0
    found = chosen_settings(typed(score_threshold=0.0), MonitorSettings())
    assert found.evaluation.score_threshold == 0


def test_a_moment_without_a_zone_is_utc() -> None:
    assert moment("--start", "1970-01-01T00:00:01") == moment("--start", "1970-01-01T01:00:01+01")
    assert event_time_us(moment("--start", "1970-01-02")) == 86_400_000_000


def test_classes_come_from_one_place(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    names = tmp_path / "names.txt"
    names.write_text("cat\ndog\n")
    configured = {7: "cow"}

    def chosen(
        gt: Path | None = None,
        names: Path | None = None,
        given: tuple[str, ...] = (),
        configured: dict[int, str] | None = None,
    ) -> dict[int, str]:
        return chosen_classes(ClassOptions(gt, names, given), configured or {}, strict=False)

    assert chosen(gt=pair[0]) == {1: "cat", 2: "dog [red]"}
    assert chosen(names=names) == {0: "cat", 1: "dog"}
    assert chosen(given=("3=cat", "4=a=b")) == {3: "cat", 4: "a=b"}
    assert chosen(configured=configured) == configured
    for several in (
        {"names": names, "configured": configured},
        {"gt": pair[0], "given": ("1=cat",)},
        {},
    ):
        with pytest.raises(InvalidInputError, match=r"^classes must be given by exactly one of "):
            chosen(**several)  # type: ignore[arg-type]
    for bad in ("cat", "=cat", "one=cat"):
        with pytest.raises(InvalidInputError, match=r"^--class must be ID=NAME, as 1=cat: got "):
            chosen(given=(bad,))
    with pytest.raises(InvalidInputError, match=r"^--class must be of distinct ids: got '1=dog'"):
        chosen(given=("1=cat", "1=dog"))


def test_the_configuration_in_the_docs_is_read(config: Path) -> None:
    """The document shows a file: it must be one that works."""
    document = (Path(__file__).resolve().parents[2] / "docs" / "clients.md").read_text()
    blocks = document.split("```toml\n")[1:]
    assert blocks
    for block in blocks:
        config.write_text(block.partition("```")[0])
        assert read_config(config).settings != MonitorSettings()
