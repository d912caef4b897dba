"""Integers in as many bytes as they need: 7 bits a byte, the lowest first (LEB128)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

_BITS, _MORE = 7, 0x80
_MOST_BYTES = 10


def to_varints(values: ArrayLike) -> bytes:
    """Return the bytes of integers from 0 to 2^64 - 1."""
    left = np.asarray(values, np.uint64).reshape(-1)
    most = max(-(-int(left.max(initial=0)).bit_length() // _BITS), 1)
    shifts = np.arange(most, dtype=np.uint64) * np.uint64(_BITS)
    groups = left[:, None] >> shifts
    follows = (groups >> np.uint64(_BITS)) > 0
    octets = (groups & np.uint64(_MORE - 1)).astype(np.uint8) | (follows * np.uint8(_MORE))
    is_used = groups > 0
    is_used[:, 0] = True
    return octets[is_used].tobytes()


def from_varints(data: bytes, count: int) -> tuple[NDArray[np.uint64], bytes]:
    """Return so many integers and the bytes that follow them.

    Raises:
        ValueError: There are not so many, or one has more than 10 bytes.
    """
    octets = np.frombuffer(data[: count * _MOST_BYTES], np.uint8)
    ends = np.flatnonzero(octets < _MORE)[:count]
    if len(ends) < count:
        raise ValueError(f"{count} integers are wanted: {len(ends)} are there")
    if count == 0:
        return np.zeros(0, np.uint64), data
    octets = octets[: ends[-1] + 1]
    starts = np.append(0, ends[:-1] + 1)
    lengths = ends + 1 - starts
    if lengths.max() > _MOST_BYTES:
        raise ValueError(f"an integer has {lengths.max()} bytes")
    place = np.arange(len(octets)) - np.repeat(starts, lengths)
    bits = (octets & (_MORE - 1)).astype(np.uint64) << (place * _BITS).astype(np.uint64)
    return np.bitwise_or.reduceat(bits, starts), data[len(octets) :]
