"""Which slices an image belongs to: one for each value of a key, up to a bound."""

import re
from collections.abc import Iterable, Iterator, Mapping

from boxgauge.frames import InvalidInputError
from boxgauge.server.monitor.definition import OTHER, SliceKey

MAX_VALUE = 128
MAX_TAGS = 64
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)


def check_tags(tags: Mapping[str, str]) -> None:
    """Check the tags of one image.

    Raises:
        InvalidInputError: There are too many, or a key or a value is malformed.
    """
    if len(tags) > MAX_TAGS:
        raise InvalidInputError.at("tags", len(tags), f"at most {MAX_TAGS} an image")
    for key, value in tags.items():
        if not _KEY.fullmatch(key):
            raise InvalidInputError.at("tags.key", repr(key[:80]), f"of the form {_KEY.pattern}")
        check_text(f"tags[{key}]", value)


def check_text(field: str, value: str) -> str:
    """Return a value that becomes a label, if it is short and printable; it may be empty.

    Raises:
        InvalidInputError: It is too long or has control characters.
    """
    if len(value.encode(errors="replace")) > MAX_VALUE or not (value.isprintable() or not value):
        raise InvalidInputError.at(
            field, ascii(value[:40]), f"at most {MAX_VALUE} bytes of printable text"
        )
    return value


class Slicing:
    """The slices of one monitor.

    Args:
        keys: By which it slices, and how many values of each get a slice of their own.

    Attributes:
        folded: Values that went to ``__other__``, once an image; whoever counts them sets 0.
        dropped: Tags whose key is none of these, once an image; likewise.
        life: Another one each time that all are forgotten.
    """

    def __init__(self, keys: Iterable[SliceKey]) -> None:
        self._most = {each.key: each.max_values for each in keys}
        # Of each value how many frames have it while none that is held has; 0: one is.
        self._values: dict[str, dict[str, int]] = {each: {} for each in self._most}
        self._unsure = 0  # values that no frame that is held has yet
        self.folded = 0
        self.dropped = 0
        self.life = 0

    @property
    def keys(self) -> frozenset[str]:
        """By which it slices."""
        return frozenset(self._most)

    @property
    def names(self) -> list[str]:
        """The slices seen, ``key=value``, ascending."""
        return sorted(f"{key}={value}" for key, found in self._values.items() for value in found)

    def slices_of(self, tags: Mapping[str, str]) -> tuple[str, ...]:
        """Return the slices of an image with these tags; empty values are no tags.

        Those that are new are known from now on: `keep` them once the image is held, or
        `withdraw` them.
        """
        found = []
        for key, value in tags.items():
            if not value:
                continue
            if key not in self._most:
                self.dropped += 1
                continue
            found.append(f"{key}={self._value(key, value)}")
        return tuple(found)

    @property
    def is_sure(self) -> bool:
        """Whether of all slices known a frame is held, or was."""
        return not self._unsure

    def keep(self, slices: Iterable[str]) -> None:
        """Know these for good, as far as they are known: a frame that is in them is held."""
        for known, value in self._of(slices):
            if known.get(value):
                known[value] = 0
                self._unsure -= 1

    def withdraw(self, slices: Iterable[str]) -> None:
        """Forget these where no other frame has made them known: this one was not taken."""
        for known, value in self._of(slices):
            frames = known.get(value, 0)
            if frames > 1:
                known[value] = frames - 1
            elif frames:
                del known[value]
                self._unsure -= 1

    def restore(self, slices: Iterable[str]) -> None:
        """Know these slices from now on, as when they were first seen."""
        for known, value in self._of(slices):
            self._unsure -= known.get(value, 0) > 0
            known[value] = 0

    def clear(self) -> None:
        """Know no values any more."""
        for each in self._values.values():
            each.clear()
        self._unsure = 0
        self.life += 1

    def _of(self, slices: Iterable[str]) -> Iterator[tuple[dict[str, int], str]]:
        for each in slices:
            key, _, value = each.partition("=")
            if key in self._values:
                yield self._values[key], value

    def _value(self, key: str, value: str) -> str:
        known = self._values[key]
        if value not in known:
            named = len(known) - (OTHER in known)
            if named >= self._most[key]:
                self.folded += 1
                value = OTHER
        frames = known.get(value)
        if frames is None:
            self._unsure += 1
            known[value] = 1
        elif frames:
            known[value] = frames + 1
        return value
