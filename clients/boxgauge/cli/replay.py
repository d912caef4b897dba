"""``boxgauge replay``: a COCO pair, streamed to a monitor as if it happened now."""

from typing import TYPE_CHECKING, Annotated

import typer

from boxgauge.cli.evaluate import DetectionsFile, GroundTruthFile, Strict

if TYPE_CHECKING:
    from boxgauge.cli.streaming import Outcome

Target = Annotated[str, typer.Option("--target", help="HOST:PORT of the service.")]
MonitorName = Annotated[str, typer.Option("--monitor", help="Name of the monitor.")]
LOCAL = "127.0.0.1:8001"


def replay(
    gt: GroundTruthFile,
    dt: DetectionsFile,
    monitor: MonitorName,
    target: Target = LOCAL,
    model: Annotated[str, typer.Option(help="Whose predictions these are.")] = "default",
    rate: Annotated[
        float | None, typer.Option(min=0.001, help="Images a second.", show_default="no limit")
    ] = None,
    label_delay: Annotated[
        float, typer.Option(min=0, help="Seconds from predictions to their ground truth.")
    ] = 0,
    batch: Annotated[int, typer.Option(min=1, max=4096, help="Images a message.")] = 16,
    shuffle: Annotated[
        int | None, typer.Option(min=0, help="Seed of a random order of the images.")
    ] = None,
    strict: Strict = False,
) -> None:
    """Stream a COCO pair to a monitor, which is created if it is missing.

    Every image of the ground truth is sent, empty sides too. Detections of categories
    that the monitor does not list are dropped and counted.

    Exit status: 0 if every frame was taken; 1 if the service refused some, which are
    printed, the others having been taken; 2 if the files or the service cannot be used.
    """
    from boxgauge.cli.pacing import WallClock
    from boxgauge.cli.streaming import Pace, prepare, stream
    from boxgauge.cli.terminal import counted, progress_bar, say, working
    from boxgauge.client import MonitorClient
    from boxgauge.formats import read_detections, read_ground_truth

    with working("reading files"):
        truth = read_ground_truth(gt, strict=strict)
        predictions, notes = read_detections(dt, truth, strict=strict)
    for note in (*truth.notes, *notes):
        say(f"note: {note}")
    with MonitorClient(target) as client:
        sides = prepare(client, monitor, truth, predictions, strict=strict, shuffle=shuffle)
        if sides.dropped:
            dropped = counted(sides.dropped, "detection")
            say(f"dropped {dropped}: the monitor does not list their category")
        pace = Pace(rate, label_delay, batch, WallClock())
        with progress_bar("frames taken", 2 * len(truth.image_ids)) as advance:
            outcome = stream(client, monitor, model, sides, pace, advance)
    _print(outcome, len(truth.image_ids), monitor, model)
    raise typer.Exit(1 if outcome.refused else 0)


def _print(outcome: "Outcome", images: int, monitor: str, model: str) -> None:
    from boxgauge.cli.terminal import counted, say

    for line in outcome.shown:
        say(line)
    if outcome.refused > len(outcome.shown):
        say(f"and {outcome.refused - len(outcome.shown)} more refused frames")
    unchanged = f", {outcome.unchanged} of them known already" if outcome.unchanged else ""
    refused = f"; {outcome.refused} refused" if outcome.refused else ""
    typer.echo(
        f"{counted(images, 'image')} sent to monitor {monitor} as model {model}: "
        f"{counted(outcome.accepted, 'frame')} taken{unchanged}{refused}"
    )
