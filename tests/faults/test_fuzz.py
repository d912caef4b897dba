"""Two thousand spoilt messages and files, and those that once were no documented error."""

import asyncio
import random
import warnings
from pathlib import Path

import numpy as np
import pytest

from boxgauge.engine import Engine
from boxgauge.server.wire.frames_in import arrivals
from boxgauge.v1 import frames_pb2

MESSAGES, FILES = 2000, 100


@pytest.mark.usefixtures("campaigns")
def test_only_documented_errors_come_of_spoilt_messages(engine: Engine) -> None:
    from fuzz_targets import DOCUMENTED, Messages
    from mutations import spoilt

    targets = Messages(engine)
    methods = list(targets.corpus)
    chosen = random.Random(0)
    statuses = set()
    for k in range(MESSAGES):
        method = methods[k % len(methods)]
        good = chosen.choice(targets.corpus[method])
        _, message = spoilt(type(good), good.SerializeToString(), targets.raw, chosen)
        if message is not None:
            statuses.add(targets.put(method, message))
    assert statuses <= {"OK", *DOCUMENTED}
    assert {"OK", "INVALID_ARGUMENT", "NOT_FOUND"} <= statuses


@pytest.mark.usefixtures("campaigns")
def test_good_messages_are_found_good(engine: Engine) -> None:
    from fuzz_targets import Messages

    targets = Messages(engine)
    for method, messages in targets.corpus.items():
        for each in messages:
            # What its values make of the graph is only known when it runs.
            assert targets.put(method, each) == "OK", (method, each)


@pytest.mark.usefixtures("campaigns")
def test_only_documented_errors_come_of_spoilt_files(graphs_dir: Path, tmp_path: Path) -> None:
    from fuzz_targets import DOCUMENTED, Files, make_journal

    asyncio.run(make_journal(tmp_path / "journal"))
    files = Files(graphs_dir, tmp_path / "journal")
    # A graph whose hash is made to fit may end the process: only `fuzz.py` tries that.
    kinds = [each for each in files.kinds if each not in ("graph, hash made to fit", "journal")]
    statuses = {files.put(kinds[k % len(kinds)], random.Random(k)) for k in range(FILES)}
    files.close()
    assert statuses <= {"OK", *DOCUMENTED}
    assert "FAILED_PRECONDITION" in statuses


def test_a_signalling_nan_is_refused_and_nothing_is_said_of_it() -> None:
    # Fuzzing found it: turning it into float64 is an invalid operation, of which numpy warns.
    batch = frames_pb2.PredictionBatch(
        image_ids=frames_pb2.ImageIds(integers=[1]),
        counts=[1],
        boxes=np.array([0x7F800001] * 4, "<u4").tobytes(),
        box_format=frames_pb2.BOX_FORMAT_XYXY,
        box_type=frames_pb2.FLOAT_TYPE_FLOAT32,
        scores=np.array([0x7F800001], "<u4").tobytes(),
        score_type=frames_pb2.FLOAT_TYPE_FLOAT32,
        labels=np.array([1]).tobytes(),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = arrivals(frames_pb2.Frames(predictions=[batch]))
    (side,) = found.predictions
    assert np.isnan(side.frames.boxes).all()
    assert np.isnan(side.frames.scores).all()
