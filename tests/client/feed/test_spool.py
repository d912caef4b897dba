"""A spool keeps what was recorded until it is acknowledged, and says what it cannot keep."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from boxgauge.client import FeedOptions
from boxgauge.client.feed.outbox import Outbox
from boxgauge.client.feed.records import framed
from boxgauge.client.feed.segments import Names
from boxgauge.client.feed.spool import Position, Spool, Spooled
from boxgauge.frames import (
    FailedPreconditionError,
    InvalidInputError,
    ResourceExhaustedError,
)

NAMES = Names("cam", "m")
ROOMY = 1 << 30


def everything(spool: Spool, start: Position | None = None) -> list[Spooled]:
    place, found = start or spool.done, []
    while records := spool.read(place):
        found += records
        place = records[-1].end
    return found


def payloads(spool: Spool) -> list[bytes]:
    return [each.payload for each in everything(spool)]


class Kept(RuleBasedStateMachine):
    """Records, acknowledges and reopens at random; what is not acknowledged is always there."""

    folder: Path

    @initialize()
    def begin(self) -> None:
        self.count = 0
        self.path = self.folder / os.urandom(8).hex()
        self.waiting: list[bytes] = []
        self.spool = Spool(self.path, NAMES, max_bytes=4000)

    @rule(size=st.integers(0, 300))
    def record(self, size: int) -> None:
        payload = f"{self.count}:".encode() + b"x" * size
        self.count += 1
        before = self.spool.size
        try:
            self.spool.append(payload)
        except ResourceExhaustedError:
            assert before + len(framed(payload)) + 200 > 4000
        else:
            self.waiting.append(payload)

    @precondition(lambda self: self.waiting)
    @rule(share=st.floats(0, 1))
    def acknowledge(self, share: float) -> None:
        frames = everything(self.spool)[: max(1, int(share * len(self.waiting)))]
        self.spool.acknowledge(frames[-1].end, len(frames))
        del self.waiting[: len(frames)]

    @rule()
    def close_and_open(self) -> None:
        self.spool.close()
        self.spool = Spool(self.path, NAMES, max_bytes=4000)
        found = payloads(self.spool)
        assert self.spool.recovered == len(found)
        # What is acknowledged may come again, but nothing that is not may be missing.
        assert found[len(found) - len(self.waiting) :] == self.waiting
        self.waiting = found

    @invariant()
    def all_that_waits_is_there(self) -> None:
        if hasattr(self, "spool"):
            assert payloads(self.spool) == self.waiting
            assert self.spool.appended - self.spool.acknowledged == len(self.waiting)
            files = [each.stat().st_size for each in self.path.glob("*.spool")]
            assert sum(files) == self.spool.size <= 4000

    def teardown(self) -> None:
        if hasattr(self, "spool"):
            self.spool.close()


def test_what_is_not_acknowledged_is_always_there(tmp_path: Path) -> None:
    class Here(Kept):
        folder = tmp_path

    run_state_machine_as_test(
        Here, settings=settings(max_examples=30, stateful_step_count=30, deadline=None)
    )


def test_frames_that_are_synced_are_read_as_well(tmp_path: Path) -> None:
    spool = Spool(tmp_path, NAMES, max_bytes=1000, fsync=True)
    spool.append(b"first")
    spool.append(b"second")
    spool.close()
    again = Spool(tmp_path, NAMES, max_bytes=1000, fsync=True)
    assert payloads(again) == [b"first", b"second"]
    again.close()


def test_an_empty_spool_is_small_after_a_lot_has_gone_through_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path, NAMES, max_bytes=10_000)
    for k in range(1000):
        spool.append(b"x" * 100)
        (only,) = everything(spool)
        spool.acknowledge(only.end, 1)
        assert spool.size <= 10_000 // 8
        assert spool.appended == spool.acknowledged == k + 1
    spool.close()
    assert [each.name for each in tmp_path.iterdir()] == ["lock"]


def test_of_frames_recorded_at_once_one_wakes_the_sender(tmp_path: Path) -> None:
    spool = Spool(tmp_path, NAMES, max_bytes=ROOMY)
    outbox = Outbox(spool, FeedOptions(batch_images=4))
    numbers = [spool.append(b"frame") for _ in range(8)]  # all before the first one asks
    assert numbers == list(range(1, 9))
    assert [outbox.wants_notice(number) for number in numbers] == [
        *(True, False, False, True),
        *(False, False, False, True),
    ]
    spool.close()


def test_frames_keep_the_names_under_which_they_were_recorded(tmp_path: Path) -> None:
    first = Spool(tmp_path, NAMES, max_bytes=ROOMY)
    first.append(b"old")
    first.close()
    second = Spool(tmp_path, Names("cam", "m2"), max_bytes=ROOMY)
    second.append(b"new")
    found = [(each.payload, each.names.model) for each in everything(second)]
    assert found == [(b"old", "m"), (b"new", "m2")]
    second.close()


def test_a_full_spool_refuses_and_takes_again_when_there_is_room(tmp_path: Path) -> None:
    spool = Spool(tmp_path, NAMES, max_bytes=1000)
    while spool.size + 200 <= 1000:
        spool.append(b"x" * 90)
    with pytest.raises(ResourceExhaustedError) as raised:
        spool.append(b"x" * 200)
    assert raised.value.field == "max_spool_bytes"
    kept = everything(spool)
    assert f"{len(kept)} frames of {spool.size} bytes wait to be acknowledged" in str(raised.value)
    spool.acknowledge(kept[4].end, 5)
    spool.append(b"again")
    assert payloads(spool) == [*(each.payload for each in kept[5:]), b"again"]
    spool.close()


def test_a_frame_larger_than_the_spool_is_refused(tmp_path: Path) -> None:
    spool = Spool(tmp_path, NAMES, max_bytes=1000)
    with pytest.raises(ResourceExhaustedError):
        spool.append(b"x" * 2000)
    spool.append(b"fits")
    assert payloads(spool) == [b"fits"]
    spool.close()


def test_a_torn_end_is_counted_and_what_is_before_it_kept(tmp_path: Path) -> None:
    spool = Spool(tmp_path, NAMES, max_bytes=ROOMY)
    for k in range(5):
        spool.append(b"frame %d" % k)
    spool.close()
    (file,) = tmp_path.glob("*.spool")
    file.write_bytes(file.read_bytes()[:-3])
    again = Spool(tmp_path, NAMES, max_bytes=ROOMY)
    assert payloads(again) == [b"frame %d" % k for k in range(4)]
    assert (again.recovered, again.damaged_bytes) == (4, 0)
    assert again.torn_bytes == len(framed(b"frame 4")) - 3
    frames = everything(again)
    assert frames[-1].end == again.end  # nothing is left that could be waited for
    again.append(b"next")
    assert payloads(again)[-1] == b"next"
    again.close()


def test_damage_in_the_middle_is_counted_and_what_is_behind_it_kept(tmp_path: Path) -> None:
    spool = Spool(tmp_path, NAMES, max_bytes=ROOMY)
    for k in range(5):
        spool.append(b"frame %d" % k)
    spool.close()
    (file,) = tmp_path.glob("*.spool")
    content = file.read_bytes()
    file.write_bytes(content.replace(b"frame 2", b"frAme 2"))
    again = Spool(tmp_path, NAMES, max_bytes=ROOMY)
    assert payloads(again) == [b"frame %d" % k for k in (0, 1, 3, 4)]
    assert (again.recovered, again.torn_bytes) == (4, 0)
    assert again.damaged_bytes == len(framed(b"frame 2"))
    again.close()


def test_frames_of_nobody_are_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spool = Spool(tmp_path, NAMES, max_bytes=ROOMY)
    spool.append(b"frame")
    spool.close()
    (file,) = tmp_path.glob("*.spool")
    content = file.read_bytes()
    file.write_bytes(content.replace(b'"cam"', b'"cAm"', 1))
    again = Spool(tmp_path, NAMES, max_bytes=ROOMY)
    assert payloads(again) == []
    assert again.torn_bytes == len(content)
    assert file.with_suffix(".damaged").exists()
    assert "whose 1 frames they are cannot be read" in caplog.text
    again.close()


@pytest.mark.parametrize("kept", [0, 1, 20])
def test_a_file_whose_beginning_was_not_written_is_no_obstacle(tmp_path: Path, kept: int) -> None:
    spool = Spool(tmp_path, NAMES, max_bytes=ROOMY)
    spool.append(b"frame")
    spool.close()
    (file,) = tmp_path.glob("*.spool")
    file.write_bytes(file.read_bytes()[:kept])
    again = Spool(tmp_path, NAMES, max_bytes=ROOMY)
    assert again.torn_bytes == kept
    again.append(b"next")
    assert payloads(again) == [b"next"]
    again.close()


def test_one_feed_at_a_time_has_a_spool(tmp_path: Path) -> None:
    spool = Spool(tmp_path, NAMES, max_bytes=ROOMY)
    with pytest.raises(FailedPreconditionError, match="in use by another feed"):
        Spool(tmp_path, NAMES, max_bytes=ROOMY)
    program = (
        "import sys; from pathlib import Path; from boxgauge.client.feed.spool import *;"
        "Spool(Path(sys.argv[1]), Names('a', 'b'), max_bytes=9)"
    )
    other = subprocess.run(
        [sys.executable, "-c", program, tmp_path],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "in use by another feed" in other.stderr
    spool.close()
    Spool(tmp_path, NAMES, max_bytes=ROOMY).close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInputError, match=r"^spool must be a folder that can be written"):
        Spool(tmp_path / "file" / "folder", NAMES, max_bytes=ROOMY)


def test_nothing_is_recorded_after_the_end(tmp_path: Path) -> None:
    spool = Spool(tmp_path, NAMES, max_bytes=ROOMY)
    spool.close()
    spool.close()
    with pytest.raises(FailedPreconditionError, match="closed"):
        spool.append(b"late")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a full disk at hand")
def test_a_full_disk_is_told_and_leaves_the_spool_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, NAMES, max_bytes=ROOMY)
    spool.append(b"before")
    with Path("/dev/full").open("wb", buffering=0) as full, monkeypatch.context() as patched:
        real = os.pwrite

        def half(file: int, content: bytes, offset: int) -> int:
            written = real(file, content[: len(content) // 2], offset)
            os.write(full.fileno(), b"x")
            return written

        patched.setattr(os, "pwrite", half)
        with pytest.raises(ResourceExhaustedError, match="the spool cannot be written: No space"):
            spool.append(b"does not fit")
    spool.append(b"after")
    assert payloads(spool) == [b"before", b"after"]
    spool.close()
    again = Spool(tmp_path, NAMES, max_bytes=ROOMY)
    assert (payloads(again), again.torn_bytes) == ([b"before", b"after"], 0)
    again.close()


def test_a_folder_that_went_away_is_told(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", NAMES, max_bytes=ROOMY)
    shutil.rmtree(tmp_path / "spool")
    with pytest.raises(ResourceExhaustedError, match="the spool cannot be written: No such file"):
        spool.append(b"frame")
    assert (spool.appended, spool.size) == (0, 0)
    spool.close()
