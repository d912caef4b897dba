"""A short campaign of damage to a journal; `benchmarks/faults/damage.py` is the long one."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.served import ENVIRONMENT

ROOT = Path(__file__).resolve().parents[2]
CAMPAIGN = ROOT / "benchmarks" / "faults" / "damage.py"


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(CAMPAIGN), "--folder", str(folder), *arguments],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_damaged_journal_opens_with_what_verifies_or_refuses_what_is_gone(
    tmp_path: Path,
) -> None:
    done = run(tmp_path, "--runs", "1", "--cut-step", "1300", "--images", "24", "--seed", "5")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    table = {row[0].strip("| "): [int(cell.strip(" |")) for cell in row[1:]] for row in rows[1:]}
    assert table["log cut in its last 4 KiB"] == [4, 0, 0, 4, 0]
    runs, opened, *others = table["the same, not acknowledged"]
    assert runs == opened > 0
    assert others == [0, 0, 0]
    assert table["no file"] == [1, 0, 0, 1, 0]
    assert len(table) == 15
    assert all(row[0] == sum(row[1:4]) for row in table.values())


@pytest.mark.parametrize("claim", ["held", "numbers"])
def test_the_judge_of_the_campaign_can_find_fault(
    claim: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(CAMPAIGN.parent)
    import damaged_journal as judge

    kept = tmp_path / "kept"
    truth = asyncio.run(judge.fill(tmp_path / "journal", kept, images=8))
    key, side = next(iter(truth.held.items()))
    if claim == "held":
        truth.held[key] = replace(side, rows=b"what was never sent")
    else:
        truth.number += 1
    path = judge.placed(kept, tmp_path / "run")
    if claim == "numbers":
        log = path.with_name("journal-wal")
        log.write_bytes(log.read_bytes()[:-1])
    with pytest.raises(judge.WrongError):
        asyncio.run(judge.judged(path, truth))
