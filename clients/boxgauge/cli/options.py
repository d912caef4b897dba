"""Options of an evaluation as they are typed, and the settings that they mean."""

from boxgauge.frames import InvalidInputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxgauge.engine import AreaRange, EvaluationSettings


def evaluation_settings(
    *,
    iou: str | None,
    areas: str | None,
    max_detections: str | None,
    score_threshold: float,
    strict: bool,
    class_agnostic: bool,
) -> "EvaluationSettings":
    """Return the settings; what is not given is COCO's.

    Args:
        iou: Thresholds, as ``0.5,0.75``.
        areas: Ranges in px², as ``all=0:,small=0:1024``; without an end there is none.
        max_detections: Detections an image and class, as ``1,10,100``.
        score_threshold: Of the operating point.
        strict: As pycocotools, with its known faults.
        class_agnostic: All classes as one.

    Raises:
        InvalidInputError: A text does not read as said, or a value is out of its range.
    """
    from boxgauge.engine import EvaluationSettings

    given: dict[str, object] = {}
    if iou is not None:
        given["iou_thresholds"] = floats("--iou", iou)
    if areas is not None:
        given["areas"] = tuple(_area(each) for each in areas.split(","))
    if max_detections is not None:
        given["max_detections"] = _integers("--max-detections", max_detections)
    return EvaluationSettings(
        strict=strict,
        score_threshold=score_threshold,
        class_agnostic=class_agnostic,
        **given,  # type: ignore[arg-type]  # each under its own name
    )


def floats(option: str, text: str) -> tuple[float, ...]:
    """Return numbers that are typed with commas."""
    try:
        return tuple(float(each) for each in text.split(","))
    except ValueError:
        raise InvalidInputError.at(option, repr(text), "numbers with commas, as 0.5,0.75") from None


def _integers(option: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(each) for each in text.split(","))
    except ValueError:
        raise InvalidInputError.at(
            option, repr(text), "integers with commas, as 1,10,100"
        ) from None


def _area(text: str) -> "AreaRange":
    from boxgauge.engine import COCO_AREAS, AreaRange

    name, found, span = text.partition("=")
    low, colon, high = span.partition(":")
    try:
        if not (name and found and colon):
            raise ValueError(text)
        return AreaRange(name, float(low or 0), float(high) if high else COCO_AREAS[0].high)
    except ValueError:
        raise InvalidInputError.at(
            "--areas", repr(text), "name=low:high in px², as small=0:1024"
        ) from None
