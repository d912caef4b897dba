"""The campaigns of overload, slow clients and soak fail, and say why, where a claim is broken."""

import argparse
import math
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("campaigns")

SCRIPTS = Path(__file__).resolve().parents[2] / "benchmarks" / "faults"


def broken(verdicts: Any) -> str:  # noqa: ANN401 (the scripts are imported in tests alone)
    """Return what is said of the claims that do not hold, nothing if all do."""
    try:
        verdicts.settle()
    except SystemExit as ended:
        return str(ended)
    return ""


def overloaded(**changed: Any) -> Any:  # noqa: ANN401
    """Return what a service that keeps all it claims would show, with one row changed."""
    import overload
    from bystander import Seen
    from load import Outcomes
    from watched import Watch

    def row(name: str, images: int, p99_s: float) -> overload.Row:
        outcomes = Outcomes(images=images, all_images=images, seconds=10, refused=3, with_retry=3)
        outcomes.lags_s = [0.01] * 9
        seen = Seen(images=[p99_s] * 50, health=[p99_s / 2] * 50)
        return overload.Row(name, outcomes, Watch(mib=[300, 500], cpu_s=10), seen)

    rows = overload.Rows(
        nobody=row("nobody", 0, 0.01),
        peaks=(row("few", 30_000, 0.3), row("few again", 34_000, 0.5)),
        streams=row("many", 31_000, 0.6),
        calls=row("calls", 10_000, 0.6),
    )
    return replace(
        rows, **{name: replace(getattr(rows, name), **new) for name, new in changed.items()}
    )


OVERLOAD = argparse.Namespace(
    least=0.9, least_calls=0.25, most_times=2.0, most_mib=1024, deadline=2.0
)


def test_an_overload_that_keeps_all_claims_passes() -> None:
    import overload

    assert broken(overload.judge(overloaded(), OVERLOAD)) == ""


@pytest.mark.parametrize(
    ("row", "spoil", "said"),
    [
        ("streams", lambda row: {"found": replace(row.found, images=28_000)}, "images/s of"),
        ("streams", lambda row: {"found": replace(row.found, all_images=28_000)}, "CPU second"),
        ("calls", lambda row: {"found": replace(row.found, all_images=2_000)}, "CPU second"),
        ("streams", lambda row: {"seen": replace(row.seen, images=[1.1] * 50)}, "p99 of images"),
        ("streams", lambda row: {"seen": replace(row.seen, health=[1.1] * 50)}, "p99 of health"),
        ("calls", lambda row: {"seen": replace(row.seen, images=[])}, "p99 of images"),
        (
            "streams",
            lambda row: {"seen": replace(row.seen, images=[*row.seen.images, math.inf])},
            "p99 of images",
        ),
        ("calls", lambda row: {"found": replace(row.found, with_retry=2)}, "try again"),
        ("calls", lambda row: {"found": replace(row.found, lags_s=[0.3] * 9)}, "load was made"),
        (
            "streams",
            lambda row: {"found": replace(row.found, failed=Counter({"INTERNAL": 1}))},
            "many: what is not acknowledged is refused",
        ),
        ("nobody", lambda row: {"watch": replace(row.watch, mib=[300, 1024])}, "resident memory"),
    ],
)
def test_an_overload_that_breaks_one_claim_fails_and_names_it(
    row: str, spoil: Callable[[Any], dict[str, Any]], said: str
) -> None:
    import overload

    rows = overloaded(**{row: spoil(getattr(overloaded(), row))})
    (line,) = broken(overload.judge(rows, OVERLOAD)).split("\n")[1:]
    assert said in line


def beside(name: str, p99_s: float, mib: float = 300) -> Any:  # noqa: ANN401
    import slow_clients
    from bystander import Seen
    from watched import Watch

    seen = Seen(images=[p99_s] * 50, reports=[p99_s / 2] * 50)
    return slow_clients.Row(name, seen=seen, watch=Watch(mib=[200, mib]))


def test_slow_clients_that_double_the_p99_of_another_fail_the_campaign_and_are_named() -> None:
    import slow_clients

    given = argparse.Namespace(most_times=2.0, most_mib=768)
    alone = [beside("nobody", 0.01), beside("nobody again", 0.03)]
    rows = [alone[0], beside("dribblers", 0.039), alone[1]]
    assert broken(slow_clients.judge(rows, given)) == ""
    rows = [alone[0], beside("sleepers", 0.02), beside("dribblers", 0.041), alone[1]]
    lines = broken(slow_clients.judge(rows, given)).split("\n")[1:]
    assert len(lines) == 2
    assert all("beside dribblers: p99 of" in line for line in lines)
    rows = [*alone, beside("sleepers", 0.02, mib=800)]
    assert "resident memory" in broken(slow_clients.judge(rows, given))


def soaked(*, mib_h: float = 0.0, noise: float = 1.0, files_h: float = 0.0) -> str:
    """Return what is said of half an hour that grows like this."""
    import soak
    from watched import Watch

    times = [5.0 * k for k in range(361)]
    watch = Watch(
        times=times,
        mib=[300 + mib_h * t / 3600 + noise * math.sin(t) * math.sin(t / 77) for t in times],
        files=[15 + int(files_h * t / 3600) + k % 3 for k, t in enumerate(times)],
    )
    given = argparse.Namespace(most_mib_h=8.0, most_error_mib_h=60.0)
    return broken(soak.judge(soak.Counted.of(watch, 0.25), given))


def test_a_soak_that_stays_as_it_is_passes() -> None:
    assert soaked() == ""
    assert soaked(mib_h=-40) == ""
    assert soaked(mib_h=4) == ""


@pytest.mark.parametrize(
    ("grows", "said"),
    [
        ({"mib_h": 30}, "memory does not grow"),
        ({"noise": 1000}, "narrow enough to tell"),
        ({"files_h": 12}, "descriptors are flat"),
    ],
    ids=["memory", "noise", "descriptors"],
)
def test_a_soak_that_grows_or_cannot_tell_fails_and_says_so(
    grows: dict[str, float], said: str
) -> None:
    (line,) = soaked(**grows).split("\n")[1:]
    assert said in line


LOOSE = ("--most-times", "1000000", "--most-mib", "1")


@pytest.mark.parametrize(
    ("script", "options", "said"),
    [
        (
            "overload.py",
            ("--seconds", "1", "--times", "2", "--least", "0", "--least-calls", "0", *LOOSE),
            "resident memory, the most at any time: wanted below 1 MiB, found",
        ),
        ("slow_clients.py", ("--seconds", "1", *LOOSE), "resident memory, the most at any time"),
        ("soak.py", ("--minutes", "0.1"), "the interval is narrow enough to tell"),
    ],
)
def test_a_short_campaign_runs_and_ends_with_the_claim_that_is_broken(
    script: str, options: tuple[str, ...], said: str
) -> None:
    cores = sorted(os.sched_getaffinity(0))
    pinning = () if script == "soak.py" else ("--cores", str(cores[0]), str(cores[-1]))
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / script), *options, *pinning],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 1, done.stderr
    assert said in done.stderr
    assert "| claim | wanted | found | kept |" in done.stdout
