"""What was seen of the monitor over the story."""

from dataclasses import dataclass, field

ALERT = "BoxGaugePrecisionDropped"
INACTIVE, PENDING, FIRING = "inactive", "pending", "firing"
WINDOW = "1h"

# (event minute of the story, value) in order.
Line = list[tuple[float, float]]


@dataclass(slots=True)
class History:
    """Lines over the minutes of the story, and the alert's state.

    Attributes:
        ap50: Of the window.
        low: Lower end of its 95% interval.
        high: Upper end.
        baseline: What the upper end is held against.
        coverage: Share of the window's images that are labelled.
        drifted: 1 while some feature of the predictions differs from the reference's.
        states: The alert's state, whenever it was looked at.
    """

    ap50: Line = field(default_factory=list)
    low: Line = field(default_factory=list)
    high: Line = field(default_factory=list)
    baseline: Line = field(default_factory=list)
    coverage: Line = field(default_factory=list)
    drifted: Line = field(default_factory=list)
    states: list[tuple[float, str]] = field(default_factory=list)
