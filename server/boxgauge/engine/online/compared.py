"""What is said of two models on the same images."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """One statistic of two models.

    Attributes:
        champion: Of the first.
        challenger: Of the second.
        difference: Challenger less champion; exactly 0 for equal models.
        low: Lower end of its 95% interval; None where undefined.
        high: Upper end.
        p_value: Chance of a difference at least as large between equally good models.
    """

    champion: float
    challenger: float
    difference: float
    low: float | None
    high: float | None
    p_value: float | None


@dataclass(frozen=True, slots=True)
class PairedQuality:
    """Two models on the images that both have, by the names of `Statistics`' fields."""

    images: int
    statistics: dict[str, PairedDifference]
