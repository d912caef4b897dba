"""Freed memory goes back to the system, whichever thread had it."""

import subprocess
import sys

import pytest

_FREED = """
import sys, threading
import numpy as np
from boxgauge.server.allocator import give_back_freed, keep_memory_compact

if sys.argv[1] != "as it comes" and not keep_memory_compact():
    sys.exit("not taken")

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

def fill(kept):
    # Many sizes, of which a few small ones stay: what lies between them is free.
    sizes = np.random.default_rng(0).integers(20_000, 2_000_000, 60)
    for size in sizes.tolist():
        large = np.ones(size // 8)
        kept.append(np.ones(2_000))
        del large

before, kept = resident(), []
for _ in range(6):
    threads = [threading.Thread(target=fill, args=(kept,)) for _ in range(4)]
    for each in threads: each.start()
    for each in threads: each.join()
held = sum(each.nbytes for each in kept)
unused = resident() - before - held
if sys.argv[1] == "given back":
    give_back_freed()
    unused -= resident() - before - held
print(unused)
"""

_TAKEN = """
import resource, sys
import numpy as np
from boxgauge.server import allocator

if not getattr(allocator, sys.argv[1])():
    sys.exit("not taken")
np.ones(2**19)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    np.ones(2**19)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _printed(code: str, how: str) -> int:
    command = [sys.executable, "-c", code, how]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if ran.stderr.strip() == "not taken":
        pytest.skip("the C library is not glibc")
    assert ran.returncode == 0, ran.stderr
    return int(ran.stdout)


def test_what_was_freed_does_not_stay_with_the_process() -> None:
    assert _printed(_FREED, "compact") < 0.75 * _printed(_FREED, "as it comes")


def test_what_lies_free_between_what_stays_is_given_back() -> None:
    # Some 10 MiB are unused by then.
    assert _printed(_FREED, "given back") > 2**20


def test_what_is_kept_at_hand_is_not_taken_from_the_system_again() -> None:
    # 50 times an array of 4 MiB: page by page each time, or once.
    assert _printed(_TAKEN, "keep_memory_at_hand") < 0.1 * _printed(_TAKEN, "keep_memory_compact")
