"""Open an Observe and a WatchReport stream, and hold them until the service ends them.

    python docker/hold_streams.py 127.0.0.1:8001

`docker/check-image.sh` runs it while it stops the service. Prints "open" once both streams
have been answered, and a line on how each ended. Exit status 0 if the service ended both with a
status that says "try again", 1 if not or if they are still open after 30 seconds.
BOXGAUGE_CLIENT_TLS_CA and BOXGAUGE_TOKEN_FILE say how to get in.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator

from boxgauge.client import Batch, MonitorClient, prediction_batch
from boxgauge.frames import BoxGaugeError, UnavailableError

MONITOR = "held"
LONGEST_S = 30.0


class Held:
    """One stream in a thread of its own, which takes answers until the stream ends."""

    def __init__(self, name: str, answers: Iterator[object]) -> None:
        self.name = name
        self.answered = threading.Event()
        self.ended: BoxGaugeError | None = None
        self._answers = answers
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        try:
            for _ in self._answers:
                self.answered.set()
        except BoxGaugeError as error:
            self.ended = error

    def wait(self) -> bool:
        """Wait for the end, print it, and return whether it was the service's polite one."""
        self._thread.join(LONGEST_S)
        how = "still open" if self._thread.is_alive() else self.ended or "ended without a status"
        sys.stdout.write(f"{self.name}: {how}\n")
        return isinstance(self.ended, UnavailableError)


def one_image(never: threading.Event) -> Iterator[Batch]:
    """Yield one image without objects, then nothing for as long as the stream may live."""
    yield prediction_batch([1], [0], [], [], [])
    never.wait(LONGEST_S)


def main(target: str) -> bool:
    """Hold both streams; return whether both ended as they should."""
    ca, token = (os.environ.get(name) for name in ("BOXGAUGE_CLIENT_TLS_CA", "BOXGAUGE_TOKEN_FILE"))
    with MonitorClient(target, tls_ca=ca, token_file=token) as client:
        client.create_monitor(MONITOR, {1: "thing"})
        observing = client.observe(MONITOR, one_image(threading.Event()), model="m")
        opened: list[tuple[str, Callable[[], Iterator[object]]]] = [
            ("Observe", lambda: observing),
            ("WatchReport", lambda: client.watch_report(MONITOR, model="m")),
        ]
        held = []
        for name, answers in opened:
            held.append(Held(name, answers()))
            if not held[-1].answered.wait(LONGEST_S):
                raise SystemExit(f"{name} was not answered")
        sys.stdout.write("open\n")
        sys.stdout.flush()
        politely = [each.wait() for each in held]  # both, whatever the first says
        return all(politely)


if __name__ == "__main__":
    raise SystemExit(not main(sys.argv[1]))
