"""The process that makes reports: it does what it is told, ends, dies, and is started anew."""

import operator
import os
import select
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import sleep
from typing import Any

import numpy as np
import pytest

from boxgauge.engine import Engine
from boxgauge.engine.online.aged import Aged, Packed
from boxgauge.engine.online.ring import Bucket
from boxgauge.engine.online.warm_up import REPORT_GRAPHS, report_warm_up
from boxgauge.frames import GraphError, InvalidInputError, UnavailableError
from boxgauge.server.reporting.helper import Helper
from boxgauge.server.reporting.lanes import Lanes
from boxgauge.server.reporting.opened_helper import opened_helper, warmed_up
from boxgauge.server.reporting.parcels import packed, unpacked
from boxgauge.server.settings import read_settings

Seen = Counter[str]


@pytest.fixture
def seen() -> Seen:
    return Counter()


@pytest.fixture
def helper(graphs_dir: Path, seen: Seen) -> Iterator[Helper]:
    made = opened_helper(
        read_settings(graphs=graphs_dir),
        lambda graph, _rows, _seconds: seen.update([graph]),
        lambda: seen.update(["ended"]),
    )
    yield made
    made.stop()


def test_each_kind_of_report_needs_no_other_graph_and_every_run_is_told_of(
    helper: Helper, engine: Engine, seen: Seen
) -> None:
    work, here = report_warm_up(engine), Counter[str]()
    helper.run(work)
    before, engine.observe_run = engine.observe_run, lambda graph, *_: here.update([graph])
    try:
        work()
    finally:
        engine.observe_run = before
    assert seen == here
    assert {*seen} == {*REPORT_GRAPHS}
    assert helper.resident_bytes() > 2**24


def test_work_that_may_pause_asks_before_each_run(
    helper: Helper, engine: Engine, seen: Seen
) -> None:
    work, asked = report_warm_up(engine), list[int]()
    helper.run(work, lambda: asked.append(1))
    assert len(asked) == seen.total()


def test_work_that_pauses_holds_up_no_other(helper: Helper, engine: Engine) -> None:
    work, pauses, goes_on = report_warm_up(engine), threading.Event(), threading.Event()

    def pause() -> None:
        pauses.set()
        assert goes_on.wait(30)

    with ThreadPoolExecutor(2) as pool:
        lanes = Lanes(pool, pool, helper)
        patient = lanes.submit(work, pause)
        assert pauses.wait(30)
        lanes.submit(work, None).result(30)
        assert not patient.done()
        goes_on.set()
        patient.result(30)


def test_an_error_of_the_work_is_raised_here_and_says_where_it_arose(
    helper: Helper, seen: Seen
) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        helper.run(partial(operator.truediv, 1, 0))
    assert "worker.py" in caught.value.__notes__[0]
    with pytest.raises(InvalidInputError) as refused:
        helper.run(partial(read_settings, port=-1))
    assert (refused.value.field, refused.value.value) == ("port", "-1")
    assert seen["ended"] == 0


def test_what_cannot_be_sent_is_told_in_words(helper: Helper) -> None:
    with pytest.raises(RuntimeError, match="what was made cannot be sent"):
        helper.run(threading.Lock)
    assert helper.run(partial(operator.add, 1, 1)) == 2


def test_work_that_a_dead_process_was_at_is_done_by_the_next(
    helper: Helper, tmp_path: Path, seen: Seen
) -> None:
    mark = tmp_path / "mark"
    code = f"""if 1:
        import pathlib, signal
        mark = pathlib.Path({str(mark)!r})
        was_here = mark.exists()
        mark.write_text("again" if was_here else "once")
        if not was_here:
            signal.raise_signal(signal.SIGKILL)
    """
    helper.run(partial(exec, code))
    assert mark.read_text() == "again"
    assert seen["ended"] == 1


def test_work_that_ends_its_process_again_and_again_is_given_up(helper: Helper, seen: Seen) -> None:
    with pytest.raises(UnavailableError, match="ended 3 times while it made this one"):
        helper.run(partial(signal.raise_signal, signal.SIGKILL))
    assert seen["ended"] == 3
    assert helper.run(partial(operator.add, 1, 1)) == 2


def test_signals_of_a_terminal_do_not_end_it(helper: Helper, seen: Seen) -> None:
    process = helper.run(os.getpid)
    for each in (signal.SIGINT, signal.SIGTERM):
        os.kill(process, each)
    assert helper.run(os.getpid) == process
    assert seen["ended"] == 0


def test_stopping_ends_the_work_under_way_and_refuses_more(helper: Helper, seen: Seen) -> None:
    process = helper.run(os.getpid)
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(helper.run, partial(sleep, 60))
        helper.stop()
        with pytest.raises(UnavailableError, match="the service stops"):
            long.result(30)
    with pytest.raises(UnavailableError, match="the service stops"):
        helper.run(os.getpid)
    assert not Path(f"/proc/{process}").exists()
    assert seen["ended"] == 0
    assert helper.resident_bytes() == 0


def test_it_ends_when_the_service_is_killed(graphs_dir: Path) -> None:
    code = (
        "import os, sys, time\n"
        "from boxgauge.server.reporting.opened_helper import opened_helper\n"
        "from boxgauge.server.settings import read_settings\n"
        "ignored = lambda *_: None\n"
        "helper = opened_helper(read_settings(graphs=sys.argv[1]), ignored, ignored)\n"
        "print(helper.run(os.getpid), flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(graphs_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        ended = os.pidfd_open(int(service.stdout.readline()))
        service.kill()
    readable, _, _ = select.select([ended], [], [], 30)
    os.close(ended)
    assert readable


def test_graphs_that_cannot_be_opened_are_told_of(
    tmp_path: Path, graphs_dir: Path, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "manifest.json").write_bytes((graphs_dir / "manifest.json").read_bytes())
    helper = opened_helper(read_settings(graphs=tmp_path), _ignored, lambda: None)
    with pytest.raises(GraphError):
        helper.run(os.getpid)
    warmed_up(helper, engine)
    assert "is not warmed up" in caplog.text
    helper.stop()


def test_an_answer_that_nobody_took_is_not_that_of_the_next(helper: Helper, engine: Engine) -> None:
    def fails() -> None:
        raise MemoryError("as it pauses")

    with pytest.raises(MemoryError, match="as it pauses"):
        helper.run(report_warm_up(engine), fails)
    assert helper.run(partial(operator.add, 10, 10), lambda: None) == 20


def test_what_is_worked_out_while_it_is_packed_changes_nothing() -> None:
    held = Aged((Packed(("", Bucket(1, 0)), b"", b"", 3),), None)

    class Reading:
        images = nbytes = 0

        def __reduce__(self) -> tuple[type, tuple[()]]:
            assert held.images == 3  # and keeps that beside its fields
            return object, ()

    object.__setattr__(held, "fresh", Reading())
    pieces: Any = packed((held, held.nbytes))
    found, _ = unpacked(pieces)
    assert found.pieces[0].images == 3
    assert vars(found).keys() == {"pieces", "fresh"}


def test_arrays_come_back_as_they_were(helper: Helper) -> None:
    drawn = np.random.default_rng(0).normal(size=(300, 7))
    found = helper.run(partial(np.ascontiguousarray, drawn))
    assert found.tobytes() == drawn.tobytes()


def _ignored(_graph: str, _rows: int, _seconds: float) -> None:
    pass
