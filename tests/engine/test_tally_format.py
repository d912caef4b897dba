"""A tally as bytes: what comes back is the same, and what is not a tally is refused."""

import json
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.engine import AreaRange, Engine, EvaluationSettings, ExactTally, match_images
from boxgauge.engine import tally_format as form
from boxgauge.frames import InvalidInputError
from tests.engine.sides import CLASSES, draw_sides

SETTINGS = EvaluationSettings(
    iou_thresholds=(0.3, 0.5),
    areas=(AreaRange("all", 0, 1e10), AreaRange("klein", 0, 700.5)),
    max_detections=(2, 300),
    strict=True,
    score_threshold=0.25,
)


def tally_of(engine: Engine, seed: int) -> ExactTally:
    tally = ExactTally(CLASSES, SETTINGS)
    tally.add(match_images(engine, *draw_sides(seed), SETTINGS))
    return tally


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_order_and_history_do_not_show_in_the_bytes(engine: Engine, seed: int) -> None:
    predictions, truths = draw_sides(seed)
    whole = tally_of(engine, seed)
    scattered = ExactTally(CLASSES, SETTINGS)
    for k in np.random.default_rng(seed).permutation(len(predictions)).tolist():
        scattered.add(match_images(engine, predictions.take([k]), truths.take([k]), SETTINGS))
    for image_id in predictions.image_ids[:3]:
        scattered.remove(image_id)
    scattered.add(
        match_images(engine, predictions.take([0, 1, 2]), truths.take([0, 1, 2]), SETTINGS)
    )
    stored = whole.to_bytes()
    assert scattered.to_bytes() == stored
    again = ExactTally.from_bytes(stored)
    assert (again.classes, again.settings, len(again)) == (CLASSES, SETTINGS, len(whole))
    assert again.to_bytes() == stored
    assert again.report(engine).statistics == whole.report(engine).statistics


def test_an_empty_tally_is_stored_too() -> None:
    empty = ExactTally(CLASSES, SETTINGS)
    again = ExactTally.from_bytes(empty.to_bytes())
    assert len(again) == 0
    assert again.to_bytes() == empty.to_bytes()


def test_every_shortened_tally_is_refused(engine: Engine) -> None:
    stored = tally_of(engine, 1).to_bytes()
    for length in range(len(stored)):
        with pytest.raises(InvalidInputError, match="tally must be"):
            ExactTally.from_bytes(stored[:length])


def test_every_flipped_byte_is_refused(engine: Engine) -> None:
    stored = tally_of(engine, 1).to_bytes()
    for k in range(len(stored)):
        changed = bytearray(stored)
        changed[k] ^= 0x10
        with pytest.raises(InvalidInputError, match="tally must be"):
            ExactTally.from_bytes(bytes(changed))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the bytes of a tally: got 0 bytes that begin with b''"),
        (b"\x80\x04K*." * 20, "the bytes of a tally: got 100 bytes that begin with"),
        (json.dumps({"tally": [0] * 40}).encode(), "the bytes of a tally"),
    ],
)
def test_foreign_bytes_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        ExactTally.from_bytes(data)


def test_a_newer_version_is_named(engine: Engine) -> None:
    stored = bytearray(tally_of(engine, 1).to_bytes())
    struct.pack_into("<I", stored, 8, 2)
    with pytest.raises(InvalidInputError, match=r"of version 1, .*: got version 2"):
        ExactTally.from_bytes(bytes(stored))


def rewritten(stored: bytes, change: Callable[[bytearray], object]) -> bytes:
    """Return a tally whose body another writer changed, with a digest that is right."""
    header = form._HEADER
    body = bytearray(zlib.decompress(stored[header.size :]))
    change(body)
    packed = zlib.compress(bytes(body))
    digest = form._digest(len(body), packed)
    return header.pack(stored[:8], form.VERSION, len(body), digest) + packed


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.extend(b"more"),
        lambda body: body.__delitem__(slice(len(body) - 5, None)),
        lambda body: body.__setitem__(slice(0, 8), b"\xff" * 8),
        lambda body: body.__setitem__(9, 0),
        lambda body: body.__setitem__(
            slice(body.index(b"[[3,"), body.index(b"[[3,") + 4), b"[[4, "
        ),
        lambda body: body.__setitem__(
            slice(8, None), body[8:].replace(b'"image_ids":[10,11', b'"image_ids":[10,10')
        ),
        lambda body: body.__setitem__(
            slice(8, None), body[8:].replace(b'"image_ids":[10,', b'"image_ids":[1e,')
        ),
        lambda body: body.__setitem__(slice(8, None), body[8:].replace(b'"areas"', b'"arias"')),
    ],
)
def test_what_does_not_fit_together_is_refused(
    engine: Engine, change: Callable[[bytearray], object]
) -> None:
    stored = tally_of(engine, 1).to_bytes()
    assert ExactTally.from_bytes(rewritten(stored, lambda _body: None)).to_bytes() == stored
    with pytest.raises(InvalidInputError, match="tally must be"):
        ExactTally.from_bytes(rewritten(stored, change))


def test_a_claim_of_much_more_than_is_there_takes_no_memory(engine: Engine) -> None:
    stored = tally_of(engine, 1).to_bytes()
    packed = stored[form._HEADER.size :]
    claimed = form._HEADER.pack(stored[:8], 1, 2**62, form._digest(2**62, packed)) + packed
    with pytest.raises(InvalidInputError, match="bytes after decompression"):
        ExactTally.from_bytes(claimed)
