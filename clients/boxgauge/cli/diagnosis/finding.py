"""What `doctor` says of one thing that it looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes:
        subject: What was looked at.
        words: What was found.
        mending: What to do about it, or "" where all is well.
        is_note: It is worth knowing, and no fault: the exit status stays 0.
    """

    subject: str
    words: str
    mending: str = ""
    is_note: bool = False

    @property
    def verdict(self) -> str:
        """``ok``, ``note`` or ``bad``."""
        if self.is_note:
            return "note"
        return "bad" if self.mending else "ok"
