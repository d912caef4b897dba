"""Stream images until the service drains, come back after its restart, and count what is there.

    python docker/lose_nothing.py localhost:8001

`docker/check-image.sh` runs it while it stops the service and starts it again on the same volume.
Prints "streaming" once many images are acknowledged, and at the end one line of JSON. Exit status 0
if all acknowledged images are in the report after the restart, none twice, and if the report equals
an evaluation of the same images, double for double, once the unacknowledged ones were sent again.
BOXGAUGE_CLIENT_TLS_CA and BOXGAUGE_TOKEN_FILE say how to get in.
"""

import json
import os
import sys
import time
from collections.abc import Iterator

import numpy as np

from boxgauge.client import EvaluationClient, MonitorClient
from boxgauge.client.access import AccessOptions
from boxgauge.frames import GroundTruths, Predictions, UnavailableError

MONITOR, MODEL = "streamed", "m"
CLASSES = {1: "one", 2: "other"}
IMAGES, BOXES, TRUTHS = 16, 20, 5  # images a message; boxes an image
ENOUGH = 50  # messages acknowledged before the service may be stopped
BACK_S = 60.0

Message = tuple[Predictions, GroundTruths]


def access() -> AccessOptions:
    """Return what the environment says."""
    found = {
        "tls_ca": os.environ.get("BOXGAUGE_CLIENT_TLS_CA"),
        "token_file": os.environ.get("BOXGAUGE_TOKEN_FILE"),
    }
    return AccessOptions(**found)  # type: ignore[typeddict-item]  # the two are of it


def message(number: int) -> Message:
    """Return the images of a message: always the same for the same number."""
    draw = np.random.default_rng(number)
    ids = [number * IMAGES + k for k in range(IMAGES)]
    corners = draw.uniform(0, 600, (IMAGES, TRUTHS, 2))
    truth = np.concatenate([corners, draw.uniform(12, 60, (IMAGES, TRUTHS, 2))], axis=-1)
    near = truth[:, draw.integers(0, TRUTHS, BOXES)] + draw.normal(0, 4, (IMAGES, BOXES, 4))
    labels = draw.integers(1, 3, (IMAGES, TRUTHS))
    predicted = draw.integers(1, 3, (IMAGES, BOXES))
    return (
        Predictions.from_arrays(
            ids,
            [BOXES] * IMAGES,
            np.maximum(near, 1).reshape(-1, 4),
            predicted.ravel(),
            draw.random(IMAGES * BOXES),
        ),
        GroundTruths.from_arrays(ids, [TRUTHS] * IMAGES, truth.reshape(-1, 4), labels.ravel()),
    )


def stream(client: MonitorClient) -> tuple[int, int]:
    """Stream until the service drains; return the messages acknowledged and those sent."""
    sent = acknowledged = 0

    def messages() -> Iterator[Message]:
        nonlocal sent
        while True:
            yield message(sent)
            sent += 1

    try:
        for answer in client.observe(MONITOR, messages(), model=MODEL):
            if answer.refused:
                raise SystemExit(f"refused: {answer.refused[0]}")
            acknowledged += 1
            if acknowledged == ENOUGH:
                sys.stdout.write("streaming\n")
                sys.stdout.flush()
    except UnavailableError:
        return acknowledged, sent + 1
    raise SystemExit("the stream ended without a status")


def wait_until_back(client: MonitorClient) -> None:
    """Return once the service answers again."""
    end = time.monotonic() + BACK_S
    while True:
        try:
            client.list_monitors()
        except UnavailableError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def resend(client: MonitorClient, first: int, end: int) -> int:
    """Send messages again; return how many of their images had been taken before."""
    known = 0
    for answer in client.observe(MONITOR, map(message, range(first, end)), model=MODEL):
        if answer.refused:
            raise SystemExit(f"refused: {answer.refused[0]}")
        known += answer.unchanged // 2
    return known


def main(target: str) -> bool:
    """Tell the story; return whether nothing was lost, and nothing counted twice."""
    with MonitorClient(target, **access()) as client:
        client.create_monitor(MONITOR, CLASSES)
        acknowledged, sent = stream(client)
    with MonitorClient(target, **access()) as client:
        wait_until_back(client)
        there = client.get_report(MONITOR, model=MODEL).report.images
        known = resend(client, acknowledged, sent)
        final = client.get_report(MONITOR, model=MODEL).report
    with EvaluationClient(target, **access()) as evaluation:
        sides = (side for number in range(sent) for side in message(number))
        wanted = evaluation.evaluate(CLASSES, sides).report
    found = {
        "acknowledged": acknowledged * IMAGES,
        "sent": sent * IMAGES,
        "after_restart": there,
        "after_resending": final.images,
        # What was on disk and not yet acknowledged is there, and is known when it comes again.
        "is_whole": there == acknowledged * IMAGES + known and final.images == sent * IMAGES,
        "is_the_same": final.statistics == wanted.statistics and final.images == wanted.images,
    }
    sys.stdout.write(json.dumps(found) + "\n")
    return bool(found["is_whole"] and found["is_the_same"])


if __name__ == "__main__":
    raise SystemExit(not main(sys.argv[1]))
