"""Event times as words."""

from datetime import UTC, datetime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxgauge.client import Window


def moment_text(moment_us: int) -> str:
    """Return microseconds since 1970 as UTC; a dash for 0, and what no calendar holds as it is."""
    if not moment_us:
        return "–"
    try:
        found = datetime.fromtimestamp(moment_us / 1e6, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{moment_us} µs"
    return found.strftime("%Y-%m-%d %H:%M:%SZ")


def window_text(window: "Window | None") -> str:
    """Return over which images a report is, as the end of a sentence; empty where unknown."""
    if window is None:
        return ""
    if not window.from_us:
        return f", window {window.name}"
    return (
        f", window {window.name}: {moment_text(window.from_us)} to {moment_text(window.until_us)}"
    )
