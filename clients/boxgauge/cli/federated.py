"""``boxgauge eval --format lvis``: LVIS's statistics of federated labels."""

import json
from dataclasses import asdict

import typer

from boxgauge.cli.pairs import Pair
from boxgauge.cli.tables import number, table
from boxgauge.cli.terminal import counted, out
from boxgauge.engine import Engine
from boxgauge.engine.analysis import evaluate_lvis
from boxgauge.frames import InvalidInputError

# LVIS's own maximum, of all classes of an image together.
MAX_DETECTIONS = 300


def check_options(given: dict[str, object]) -> None:
    """Refuse options that mean nothing to LVIS's statistics, before any work is done.

    Args:
        given: Values by option; one that is None, False or empty was not given.

    Raises:
        InvalidInputError: One was given; names it.
    """
    for option, value in given.items():
        if value:
            raise InvalidInputError.at(option, value, "left out with --format lvis")


def show_federated(engine: Engine, pair: Pair, *, max_detections: int, as_json: bool) -> None:
    """Evaluate as LVIS does, and print its 13 statistics.

    Raises:
        InvalidInputError: The pair has no federated labels.
    """
    if pair.federated is None:
        raise InvalidInputError.at("--gt", pair.gt, "an LVIS file")
    report = evaluate_lvis(
        engine,
        pair.predictions,
        pair.truth,
        pair.classes,
        pair.federated,
        max_detections=max_detections,
    )
    left_out = {
        "beyond_limit": report.beyond_limit,
        "dropped": report.dropped,
        "not_judged": report.not_judged,
    }
    if as_json:
        document = {
            "statistics": asdict(report.statistics),
            "images": report.images,
            "positives": report.positives,
            "left_out": left_out,
            "notes": pair.notes,
        }
        typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))
        return
    console = out()
    console.print(f"{pair.dt} against {pair.gt}, LVIS", soft_wrap=True, markup=False)
    made = table("statistic", "value")
    for name, value in asdict(report.statistics).items():
        made.add_row(name, number(value))
    console.print(made)
    console.print(
        f"{counted(report.images, 'image')}, {counted(report.positives, 'object')}; left out:"
        f" {report.not_judged} of classes not looked for, {report.beyond_limit} beyond"
        f" {max_detections} an image, {report.dropped} of unlisted classes"
    )
    for note in pair.notes:
        console.print(f"note: {note}", markup=False)
