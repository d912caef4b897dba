"""What SQLite's statements take and give: keys in parts, and rows."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
Row: TypeAlias = tuple[Any, ...]  # as SQLite returns it
# Keys of one statement: long enough to amortise it, short enough for few variants.
_KEYS = 128


def in_chunks(keys: Sequence[T]) -> Iterator[tuple[str, list[T]]]:
    """Yield the keys in parts, each with the placeholders of an ``IN`` list.

    The last key is repeated up to the next power of two, so that few statements are compiled.
    """
    for start in range(0, len(keys), _KEYS):
        part = list(keys[start : start + _KEYS])
        wanted = 1 << (len(part) - 1).bit_length()
        part += [part[-1]] * (wanted - len(part))
        yield ",".join("?" * wanted), part
