"""A tally as bytes: what comes back is the same, and what is not a tally is refused."""

import json
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.engine import AreaRange, Engine, EvaluationSettings, ExactTally, match_images
from boxgauge.engine import sealing as form
from boxgauge.engine.tally_format import VERSION
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
    read = ExactTally.from_bytes(stored)
    assert (read.classes, read.settings, len(read)) == (CLASSES, SETTINGS, len(whole))
    assert read.to_bytes() == stored
    assert read.report(engine).statistics == whole.report(engine).statistics


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


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'{"classes"', b'{"classic"', "classes"),
        (b'"classes":[[3,', b'"classes":[["",', "do not fit"),
        (b'"classes":[[3,', b'"classes":[[7,', "classes.id must be distinct: got 7"),
        (b'"max_detections":[2,', b'"max_detections":[2.5,', "do not fit"),
        (b'"areas"', b'"arias"', "areas"),
        (b'"image_ids":[10,11', b'"image_ids":[10,10', "an image occurs twice"),
        (b'"image_ids":[10,', b'"image_ids":[', "do not fit"),
        (b'"image_ids":[10,', b'"image_ids":[1.5,', "image_ids"),
        (b'"patterns":', b'"patterns":1', "do not fit"),
        (b'"detections":', b'"detections":-', "detections must be at least 0: got -"),
    ],
)
def test_what_another_writer_got_wrong_is_refused(
    engine: Engine, old: bytes, new: bytes, message: str
) -> None:
    stored = tally_of(engine, 1).to_bytes()
    assert ExactTally.from_bytes(rewritten(stored, b"", b"")).to_bytes() == stored
    with pytest.raises(InvalidInputError, match=message):
        ExactTally.from_bytes(rewritten(stored, old, new))


def rewritten(stored: bytes, old: bytes, new: bytes) -> bytes:
    """Return the tally with another text in front, all lengths and the digest being right."""
    body = zlib.decompress(stored[form.HEADER.size :])
    (length,) = form.LENGTH.unpack_from(body)
    text = body[form.LENGTH.size : form.LENGTH.size + length].replace(old, new, 1)
    body = form.LENGTH.pack(len(text)) + text + body[form.LENGTH.size + length :]
    return packed(stored[:8], len(body), zlib.compress(body))


def packed(magic: bytes, length: int, content: bytes) -> bytes:
    """Return the content behind a header with the right digest."""
    digest = form.digest(length, content)
    return form.HEADER.pack(magic, VERSION, length, digest) + content


def test_a_claim_of_much_more_than_is_there_takes_no_memory(engine: Engine) -> None:
    stored = tally_of(engine, 1).to_bytes()
    claimed = packed(stored[:8], 2**62, stored[form.HEADER.size :])
    with pytest.raises(InvalidInputError, match="bytes after decompression"):
        ExactTally.from_bytes(claimed)
