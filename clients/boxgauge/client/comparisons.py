"""Two models on the same images, as the service compares them."""

from dataclasses import dataclass

from boxgauge.client.report_parts import Interval, Window
from boxgauge.client.report_parts_in import interval_from, optional, window_from
from boxgauge.client.reports import known_name
from boxgauge.v1 import report_pb2


@dataclass(frozen=True, slots=True)
class StatisticDifference:
    """One statistic of two models on the same images.

    Attributes:
        champion: Of the first model.
        challenger: Of the second.
        difference: Challenger less champion.
        confidence: 95% confidence interval of ``difference``; None where undefined.
        p_value: Chance of a difference at least as large between equally good models; None where
            undefined.
    """

    champion: float
    challenger: float
    difference: float
    confidence: Interval | None
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the images that both have predicted and that are labelled.

    Attributes:
        champion: Name of the first model.
        challenger: Name of the second.
        images: How many images.
        statistics: By the statistic's name; one that a model lacks is not there.
        window: Over which images.
        slice: ``key=value``; empty: all images.
    """

    champion: str
    challenger: str
    images: int
    statistics: dict[str, StatisticDifference]
    window: Window | None
    slice: str


def comparison_from(message: report_pb2.Comparison) -> Comparison:
    """Return the comparison that a message carries."""
    return Comparison(
        champion=message.champion,
        challenger=message.challenger,
        images=message.images,
        statistics={
            known_name(each.name): StatisticDifference(
                each.champion,
                each.challenger,
                each.difference,
                interval_from(each, "confidence"),
                optional(each, "p_value"),
            )
            for each in message.statistics
        },
        window=window_from(message),
        slice=message.slice,
    )
