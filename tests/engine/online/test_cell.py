"""Cells: sums in any order, and as bytes."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.engine import Engine, EvaluationSettings, sealing
from boxgauge.engine.online import cell as cell_module
from boxgauge.engine.online.cell import Cell
from boxgauge.engine.online.cell_format import CellFormat
from boxgauge.engine.online.encoding import Encoder
from boxgauge.engine.online.ring import Bucket
from boxgauge.engine.online.waiting import Waiting
from boxgauge.engine.online.windows import MINUTE_US
from boxgauge.engine.sketch import grouped as grouped_module
from boxgauge.engine.sketch import rows as rows_module
from boxgauge.frames import BoxGaugeError, InvalidInputError
from tests.engine.online.streams import START_US, draw_stream, split
from tests.engine.sides import CLASSES

SETTINGS = EvaluationSettings(max_detections=(1, 4, 10))
LOSSES = ("giou_loss", "focal_loss")
PLACE = ("camera=1", Bucket(MINUTE_US, START_US))
FORM = CellFormat("mark", len(CLASSES), SETTINGS, len(LOSSES))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make bounds so low that bins of every width occur, and that tables are joined early."""
    monkeypatch.setattr(rows_module, "MAX_KEYS", 5)
    monkeypatch.setattr(rows_module, "MAX_ROWS", 300)
    monkeypatch.setattr(grouped_module, "MAX_GROUPED_ROWS", 40)
    monkeypatch.setattr(cell_module, "_ROW_TABLES", 2)
    monkeypatch.setattr(cell_module, "_TRUTH_TABLES", 2)


def cells_of(engine: Engine, seed: int, parts: int) -> tuple[list[Cell], Encoder]:
    """Return the images of a stream as so many cells."""
    encoder = Encoder(engine, CLASSES, SETTINGS, LOSSES)
    cells = []
    for images, facts in split(draw_stream(engine, SETTINGS, seed, 40), seed, parts):
        encoded, encoder.names = encoder.encode(images, facts)
        n = len(facts)
        waiting = Waiting(encoded, np.arange(n), np.zeros(n, np.int64))
        cells += waiting.counted(len(CLASSES)).values()
    return cells, encoder


def pack(cell: Cell, encoder: Encoder) -> bytes:
    return FORM.pack(PLACE, cell, tuple(encoder.names.patterns), encoder.names.sources.names)


@pytest.mark.usefixtures("few")
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    parts=st.integers(1, 8),
    tree=st.lists(st.integers(0, 7), min_size=7, max_size=7),
)
def test_any_batching_order_and_tree_of_sums_gives_the_same_bytes(
    engine: Engine, seed: int, parts: int, tree: list[int]
) -> None:
    (whole,), encoder = cells_of(engine, seed, 1)
    wanted = pack(whole, encoder)
    assert Cell.joined([whole]).rows[0].levels.any()
    cells, encoder = cells_of(engine, seed, parts)
    assert pack(Cell.joined(cells), encoder) == wanted
    for place in tree:
        if len(cells) > 1:
            taken = cells.pop()
            other = cells.pop(place % len(cells))
            cells.append(other.plus(taken) if place % 2 else taken.plus(other))
    while len(cells) > 1:
        cells[:2] = [cells[0].plus(cells[1])]
    assert pack(cells[0], encoder) == wanted
    # Never more memory than the parts took.
    assert Cell.joined(cells).nbytes <= cells[0].nbytes


@pytest.mark.usefixtures("few")
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_what_is_stored_comes_back_with_other_codes(engine: Engine, seed: int) -> None:
    (cell, gone), encoder = cells_of(engine, seed, 2)
    whole = cell.plus(gone).minus(gone)
    assert whole is not None
    data = pack(whole, encoder)
    stored = FORM.unpack(data)
    assert stored.place == PLACE
    other = Encoder(engine, CLASSES, SETTINGS, LOSSES)
    other.adopt([b"\x01", b"\x02"])
    codes = other.adopt(stored.patterns)
    sources = {other.names.sources.code(name): count for name, count in stored.sources}
    assert pack(stored.cell.renamed(codes, sources), other) == data
    # Rows that were emptied are kept: they say how wide bins must be.
    assert any((each.tallied.counts == 0).any() for each in stored.cell.rows)


def test_a_cell_without_images_is_stored_too(engine: Engine) -> None:
    encoder = Encoder(engine, CLASSES, SETTINGS, LOSSES)
    data = pack(Cell.empty(len(LOSSES)), encoder)
    stored = FORM.unpack(data)
    assert (stored.cell.images, stored.patterns, stored.sources) == (0, (), ())
    assert pack(stored.cell, encoder) == data


def test_any_changed_byte_under_a_right_digest_is_refused_or_read_whole(engine: Engine) -> None:
    (cell,), encoder = cells_of(engine, 5, 1)
    data = pack(cell, encoder)
    body = zlib.decompress(data[sealing.HEADER.size :])
    (length,) = sealing.LENGTH.unpack_from(body)
    refused = 0
    places = range(sealing.LENGTH.size + length, len(body), 3)
    for k in places:
        changed = bytearray(body)
        changed[k] ^= 0x80
        packed = zlib.compress(bytes(changed))
        header = sealing.HEADER.pack(data[:8], 1, len(body), sealing.digest(len(body), packed))
        try:
            again = FORM.unpack(header + packed)
        except BoxGaugeError:
            refused += 1
        else:
            other = Encoder(engine, CLASSES, SETTINGS, LOSSES)
            codes = other.adopt(again.patterns)
            pack(again.cell.renamed(codes, {}), other)
    assert refused > len(places) / 4


def test_a_newer_version_is_named(engine: Engine) -> None:
    (cell,), encoder = cells_of(engine, 6, 1)
    newer = bytearray(pack(cell, encoder))
    struct.pack_into("<I", newer, 8, 2)
    with pytest.raises(InvalidInputError, match=r"of version 1, .*: got version 2"):
        FORM.unpack(bytes(newer))
