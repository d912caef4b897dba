"""``boxgauge replay``: a COCO pair, streamed to a monitor as if it happened now."""

from typing import TYPE_CHECKING, Annotated

import typer

from boxgauge.cli.access import monitor_client, with_access
from boxgauge.cli.evaluate import DetectionsFile, GroundTruthFile, Strict
from boxgauge.frames import InvalidInputError

if TYPE_CHECKING:
    from boxgauge.cli.streaming import Outcome, Story

Target = Annotated[str, typer.Option("--target", help="HOST:PORT of the service.")]
MonitorName = Annotated[str, typer.Option("--monitor", help="Name of the monitor.")]
LOCAL = "127.0.0.1:8001"


@with_access
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
    start: Annotated[
        str | None,
        typer.Option(
            "--start",
            metavar="MOMENT",
            help="Event time of the first image, as 2026-11-27T08:00:00Z.",
            show_default="now, with --time-step",
        ),
    ] = None,
    time_step: Annotated[
        float | None,
        typer.Option("--time-step", min=0, help="Seconds of event time from image to image."),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            "--tag",
            metavar="KEY=VALUE[,VALUE…]",
            help="Tag the images; several values take turns. May be repeated.",
        ),
    ] = None,
    label_source: Annotated[
        str, typer.Option("--label-source", help="How the labelled images were chosen.")
    ] = "",
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
    from boxgauge.formats import read_detections, read_ground_truth

    story = _story(start, time_step, tag or [], label_source)
    with working("reading files"):
        truth = read_ground_truth(gt, strict=strict)
        predictions, notes = read_detections(dt, truth, strict=strict)
    for note in (*truth.notes, *notes):
        say(f"note: {note}")
    with monitor_client(target) as client:
        sides = prepare(client, monitor, truth, predictions, strict=strict, shuffle=shuffle)
        if sides.dropped:
            dropped = counted(sides.dropped, "detection")
            say(f"dropped {dropped}: the monitor does not list their category")
        pace = Pace(rate, label_delay, batch, WallClock())
        with progress_bar("frames taken", 2 * len(truth.image_ids)) as advance:
            outcome = stream(client, monitor, model, sides, pace, story, advance)
    _print(outcome, len(truth.image_ids), monitor, model)
    raise typer.Exit(1 if outcome.refused else 0)


def _story(
    start: str | None, time_step: float | None, tags: list[str], label_source: str
) -> "Story":
    import time

    from boxgauge.cli.monitor_options import key_and_value, moment
    from boxgauge.cli.streaming import Story

    start_s = None
    if start is not None:
        start_s = moment("--start", start).timestamp()
    elif time_step is not None:
        start_s = time.time()
    wanted = "KEY=VALUE, or KEY=VALUE,VALUE"
    by_key: dict[str, list[str]] = {}
    for text in tags:
        key, values = key_and_value("--tag", text, wanted)
        if key in by_key:
            raise InvalidInputError.at("--tag", repr(text), "of distinct keys")
        by_key[key] = values.split(",")
    return Story(start_s=start_s, step_s=time_step or 0, tags=by_key, source=label_source)


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
