"""`watch`, and `monitor` with all that may be asked for, against a served process."""

import asyncio
import json
import os
import pty
import random
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from boxgauge.cli.watch import _watch as watch
from boxgauge.client import MonitorClient
from tests.served import ENVIRONMENT, Server

from .conftest import Boxgauge
from .test_replay import replayed

TERMINAL = ENVIRONMENT | {"TERM": "xterm", "COLUMNS": "100", "LINES": "80"}
WAIT_S = 60


def watch_command(target: str, monitor: str, *options: str) -> list[str]:
    # Where tests run in the background of a shell, Ctrl-C is ignored, and so in what they start.
    command = [
        "env",
        "--default-signal=INT",
        sys.executable,
        "-m",
        "boxgauge.cli",
        "watch",
        monitor,
        "--target",
        target,
    ]
    return [*command, *options]


def test_a_watch_prints_a_line_a_report(
    boxgauge: Boxgauge, pair: tuple[Path, Path], target: str
) -> None:
    boxgauge(*replayed(pair, target, "watched"), "--model", "m")
    ended = boxgauge("watch", "watched", "--target", target, "--count", 1)
    assert ended.status == 0
    assert ended.out.startswith("model m; AP 0.")
    assert ended.out.count("\n") == 1
    ended = boxgauge("watch", "watched", "--target", target, "--count", 1, "--json")
    document = json.loads(ended.out)
    assert document["monitor"] == "watched"
    assert document["statistics"]["AR100"] == pytest.approx(0.8)


def test_a_change_is_a_line_and_ctrl_c_ends_well(
    boxgauge: Boxgauge, pair: tuple[Path, Path], detections: list[dict[str, Any]], target: str
) -> None:
    boxgauge(*replayed(pair, target, "changing"), "--model", "m")
    command = watch_command(target, "changing", "--json", "--interval", "0.1")
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=TERMINAL,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            assert json.loads(process.stdout.readline())["images"] == 3
            with MonitorClient(target) as client:
                client.reset_monitor("changing")
            pair[1].write_text(json.dumps(detections[:1]))
            boxgauge(*replayed(pair, target, "changing"), "--model", "m")
            while json.loads(process.stdout.readline())["detections"] != 1:
                pass
            process.send_signal(signal.SIGINT)
            assert process.wait(WAIT_S) == 0
            assert process.stderr.read() == ""
        finally:
            process.kill()  # else what failed above would wait for it for ever


def read_up(terminal: int) -> None:
    """Read until the other end is closed, which Linux tells as an error."""
    with suppress(OSError):
        while os.read(terminal, 65536):
            pass


def test_a_terminal_shows_one_page_and_ctrl_c_leaves_it(
    boxgauge: Boxgauge, pair: tuple[Path, Path], target: str
) -> None:
    boxgauge(*replayed(pair, target, "terminal"), "--model", "m")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        watch_command(target, "terminal"),
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=TERMINAL,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        assert process.stderr is not None
        shown = b""
        while b"Ctrl-C ends" not in shown:
            shown += os.read(ours, 65536)
        process.send_signal(signal.SIGINT)
        # Read on: a terminal that nobody reads holds up who writes to it, the leave-taking too.
        reading = threading.Thread(target=read_up, args=(ours,), daemon=True)
        reading.start()
        try:
            assert process.wait(WAIT_S) == 0
        finally:
            process.kill()
        assert process.stderr.read() == b""
    reading.join(WAIT_S)
    os.close(ours)
    text = shown.decode()
    assert "monitor terminal, model m" in text
    assert "AP since the watch began" in text


async def test_a_watch_that_is_ended_at_any_moment_ends(
    boxgauge: Boxgauge, pair: tuple[Path, Path], target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await asyncio.to_thread(boxgauge, *replayed(pair, target, "ended"), "--model", "m")
    moments, longest_s = random.Random(1), 0.02
    shown = 0
    while shown < 20:
        watching = asyncio.create_task(
            watch(
                target,
                "ended",
                lambda client: client.watch_report("ended"),
                count=None,
                as_json=False,
            )
        )
        await asyncio.wait({watching}, timeout=moments.uniform(0, longest_s))
        longest_s *= 1.02  # until a busy machine gets to a report, too
        watching.cancel()  # as asyncio does at Ctrl-C
        await asyncio.wait({watching}, timeout=WAIT_S)
        assert watching.cancelled()
        shown += capsys.readouterr().out.startswith("model m; AP 0.")


def test_a_watch_goes_on_over_a_restart_of_the_service(
    boxgauge: Boxgauge, pair: tuple[Path, Path], graphs_dir: Path, tmp_path: Path
) -> None:
    environment = {"BOXGAUGE_JOURNAL": str(tmp_path / "journal.db")}
    server = Server(graphs_dir, **environment)
    port = int(server.address.rpartition(":")[2])
    try:
        boxgauge(*replayed(pair, server.address, "restarted"), "--model", "m")
        with subprocess.Popen(
            watch_command(server.address, "restarted", "--json", "--count", "2"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=TERMINAL,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            before = json.loads(process.stdout.readline())
            server.end(signal.SIGTERM)
            assert "; asking again in 1 s" in process.stderr.readline()
            server = Server(graphs_dir, port=port, **environment)
            after = json.loads(process.stdout.readline())
            assert process.wait(WAIT_S) == 0
        assert before["statistics"] == after["statistics"]
    finally:
        server.end(signal.SIGTERM)


def test_what_cannot_be_watched_is_said(boxgauge: Boxgauge, target: str) -> None:
    ended = boxgauge("watch", "nothing-there", "--target", target)
    assert ended.status == 2
    assert "nothing-there" in ended.err
    assert ended.err.count("\n") == 1


def test_a_monitor_is_made_of_options_or_a_file(
    boxgauge: Boxgauge, tmp_path: Path, target: str
) -> None:
    to = ("--target", target)
    ended = boxgauge("monitor", "create", "typed", "--class", "1=cat", "--class", "2=dog", *to)
    assert ended.out == "monitor typed watches 2 classes\n"
    config = tmp_path / "monitor.toml"
    config.write_text('windows = ["all"]\n[classes]\n1 = "cat"\n[evaluation]\nscore_threshold=0.3')
    ended = boxgauge("monitor", "create", "configured", "--config", config, *to)
    assert ended.out == "monitor configured watches 1 class\n"
    listed = {
        each["name"]: each for each in json.loads(boxgauge("monitor", "list", "--json", *to).out)
    }
    assert listed["typed"]["classes"] == {"1": "cat", "2": "dog"}
    assert listed["configured"]["score_threshold"] == 0.3
    assert "configured" in boxgauge("monitor", "list", *to).out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "classes must be given by exactly one of --gt, --classes, --class"),
        (("--class", "cat"), "--class must be ID=NAME, as 1=cat: got 'cat'"),
        (("--class", "1=cat", "--window", "soon"), "windows must be a window such as 1h"),
        (("--class", "1=cat", "--tally", "quick"), "tally must be exact or sketch: got 'quick'"),
        (("--config", "/nothing/there.toml"), "--config must be a file: got /nothing/there.toml"),
    ],
)
def test_what_cannot_be_made_is_one_line(
    boxgauge: Boxgauge, target: str, options: tuple[str, ...], message: str
) -> None:
    ended = boxgauge("monitor", "create", "bad", "--target", target, *options)
    assert ended.status == 2
    assert ended.err.startswith(f"boxgauge: {message}")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--start", "noon", "--start must be a moment, as 2026-11-27T08:00:00Z: got 'noon'"),
        ("--tag", "camera", "--tag must be KEY=VALUE, or KEY=VALUE,VALUE: got 'camera'"),
        ("--tag", "my camera=1", "tags must be keyed by 1 to 64 letters, digits and _"),
    ],
)
def test_what_cannot_be_said_of_images_is_one_line(
    boxgauge: Boxgauge, pair: tuple[Path, Path], target: str, option: str, value: str, message: str
) -> None:
    ended = boxgauge(*replayed(pair, target, "told"), option, value)
    assert ended.status == 2
    assert ended.err.splitlines()[-1].startswith(f"boxgauge: {message}")


def test_what_is_said_of_images_is_taken(
    boxgauge: Boxgauge, pair: tuple[Path, Path], target: str
) -> None:
    said = ("--start", "2026-11-27T08:00:00Z", "--time-step", "0.5", "--tag", "camera=north,south")
    ended = boxgauge(*replayed(pair, target, "said"), *said, "--label-source", "random")
    assert ended.status == 0
    assert "6 frames taken" in ended.out
