"""A sketch as bytes: what comes back is the same, and what is not a sketch is refused."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.engine import ExactTally, SketchTally, sealing
from boxgauge.engine.sketch.varints import from_varints, to_varints
from boxgauge.frames import BoxGaugeError, InvalidInputError
from tests.engine.sketch.scores import CLASSES, DISTRIBUTIONS, SETTINGS, draw_matches


@pytest.fixture(scope="module")
def stored() -> bytes:
    sketch = SketchTally(CLASSES, SETTINGS)
    matches = draw_matches(1, 6, DISTRIBUTIONS["quantised"])
    sketch.add(matches)
    sketch.subtract(matches.select([2]))
    return sketch.to_bytes()


@given(st.lists(st.integers(0, 2**64 - 1)), st.binary(max_size=3))
def test_integers_come_back(values: list[int], rest: bytes) -> None:
    found, left = from_varints(to_varints(np.array(values, np.uint64)) + rest, len(values))
    assert found.tolist() == values
    assert left == rest


def test_integers_that_are_not_there_are_refused() -> None:
    with pytest.raises(ValueError, match="2 integers are wanted: 1 are there"):
        from_varints(b"\x05\x80", 2)
    with pytest.raises(ValueError, match="an integer has 11 bytes"):
        from_varints(b"\x80" * 10 + b"\x01\x01", 2)


def test_what_is_stored_comes_back(stored: bytes) -> None:
    again = SketchTally.from_bytes(stored)
    assert (again.classes, again.settings, len(again)) == (CLASSES, SETTINGS, 5)
    assert again.to_bytes() == stored
    # Rows that were emptied are kept: they say how wide bins must be.
    assert (again.snapshot().rows.counts == 0).any()
    empty = SketchTally(CLASSES, SETTINGS)
    assert SketchTally.from_bytes(empty.to_bytes()).to_bytes() == empty.to_bytes()


def test_every_shortened_sketch_is_refused(stored: bytes) -> None:
    for length in range(len(stored)):
        with pytest.raises(InvalidInputError, match="tally must be"):
            SketchTally.from_bytes(stored[:length])


def test_every_flipped_byte_is_refused(stored: bytes) -> None:
    for k in range(len(stored)):
        changed = bytearray(stored)
        changed[k] ^= 0x10
        with pytest.raises(InvalidInputError, match="tally must be"):
            SketchTally.from_bytes(bytes(changed))


def test_an_exact_tally_is_no_sketch_and_a_newer_version_is_named(stored: bytes) -> None:
    with pytest.raises(InvalidInputError, match="begin with b'BGTALLY"):
        SketchTally.from_bytes(ExactTally(CLASSES, SETTINGS).to_bytes())
    newer = bytearray(stored)
    struct.pack_into("<I", newer, 8, 2)
    with pytest.raises(InvalidInputError, match=r"of version 1, .*: got version 2"):
        SketchTally.from_bytes(bytes(newer))


def test_any_changed_byte_under_a_right_digest_is_refused_or_read_whole(stored: bytes) -> None:
    body = zlib.decompress(stored[sealing.HEADER.size :])
    (length,) = sealing.LENGTH.unpack_from(body)
    refused = 0
    for k in range(sealing.LENGTH.size + length, len(body)):
        changed = bytearray(body)
        changed[k] ^= 0x80
        packed = zlib.compress(bytes(changed))
        header = sealing.HEADER.pack(stored[:8], 1, len(body), sealing.digest(len(body), packed))
        try:
            again = SketchTally.from_bytes(header + packed)
        except BoxGaugeError:
            refused += 1
        else:
            assert SketchTally.from_bytes(again.to_bytes()).to_bytes() == again.to_bytes()
    assert refused > (len(body) - length) / 2
