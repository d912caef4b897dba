"""A monitor's definition as the journal keeps it: JSON with a version."""

from dataclasses import asdict
from typing import Any

import orjson

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

VERSION = 1


def definition_bytes(definition: Definition) -> bytes:
    """Return the definition as JSON; equal definitions give equal bytes."""
    return orjson.dumps({"version": VERSION, **asdict(definition)}, option=orjson.OPT_SORT_KEYS)


def definition_of(data: bytes) -> Definition:
    """Return the definition that `definition_bytes` was asked of.

    Raises:
        InvalidInputError: It is of another version, or not a definition.
    """
    try:
        about: dict[str, Any] = orjson.loads(data)
        version = about.pop("version")
        if version != VERSION:
            raise InvalidInputError.at("definition.version", version, str(VERSION))
        settings = about.pop("settings")
        return Definition(
            classes=tuple(ObjectClass(**each) for each in about.pop("classes")),
            settings=EvaluationSettings(
                **{
                    **settings,
                    "iou_thresholds": tuple(settings["iou_thresholds"]),
                    "areas": tuple(AreaRange(**each) for each in settings["areas"]),
                    "max_detections": tuple(settings["max_detections"]),
                }
            ),
            tally=TallyKind(about.pop("tally")),
            slices=tuple(SliceKey(**each) for each in about.pop("slices")),
            windows=tuple(Window(**each) for each in about.pop("windows")),
            ring=Ring(**about.pop("ring")),
            losses=tuple(about.pop("losses")),
            comparisons=tuple(Compared(**each) for each in about.pop("comparisons")),
            drift=DriftReference(**about.pop("drift")),
            **about,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInputError.at("definition", repr(error), "as this version writes it") from None
