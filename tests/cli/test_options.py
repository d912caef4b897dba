"""Options of an evaluation as they are typed."""

import pytest

from boxgauge.cli.options import evaluation_settings
from boxgauge.engine import COCO_AREAS, AreaRange, EvaluationSettings
from boxgauge.frames import InvalidInputError

NOTHING = {
    "iou": None,
    "areas": None,
    "max_detections": None,
    "score_threshold": 0.5,
    "strict": False,
    "class_agnostic": False,
}


def test_nothing_given_is_coco() -> None:
    assert evaluation_settings(**NOTHING) == EvaluationSettings()


def test_everything_given_is_taken() -> None:
    asked = NOTHING | {
        "iou": "0.3,0.5",
        "areas": "all=0:,tiny=0:256",
        "max_detections": "5,300",
        "score_threshold": 0.25,
        "class_agnostic": True,
    }
    settings = evaluation_settings(**asked)
    assert settings.iou_thresholds == (0.3, 0.5)
    assert settings.areas == (AreaRange("all", 0, COCO_AREAS[0].high), AreaRange("tiny", 0, 256))
    assert settings.max_detections == (5, 300)
    assert settings.score_threshold == 0.25
    assert settings.class_agnostic


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("iou", "half", "--iou must be numbers with commas, as 0.5,0.75: got 'half'"),
        ("iou", "0.5,0.5", "iou_thresholds must be ascending"),
        ("areas", "small", "--areas must be name=low:high"),
        ("areas", "small=1", "--areas must be name=low:high"),
        ("areas", "small=a:b", "--areas must be name=low:high"),
        ("areas", "small=9:1", "0 <= low <= high"),
        ("max_detections", "1,ten", "--max-detections must be integers with commas"),
        ("max_detections", "0", "max_detections must be ascending"),
        ("score_threshold", float("nan"), "score_threshold must be finite"),
    ],
)
def test_what_does_not_read_is_named(option: str, text: object, words: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        evaluation_settings(**NOTHING | {option: text})
    assert words in str(caught.value)
