"""``boxgauge eval``: an exact report of a COCO pair, offline."""

import json
from pathlib import Path
from typing import Annotated

import typer

GroundTruthFile = Annotated[Path, typer.Option("--gt", help="COCO ground truth file.")]
DetectionsFile = Annotated[Path, typer.Option("--dt", help="COCO result file.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="Do as pycocotools does, its known faults included.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON object with full doubles instead.")
]
GraphsFolder = Annotated[
    Path | None,
    typer.Option(
        "--graphs",
        help="Folder of the exported graphs.",
        envvar="BOXGAUGE_GRAPHS",
        show_default="packaged, else ./graphs",
    ),
]


def evaluate(
    gt: GroundTruthFile,
    dt: DetectionsFile,
    as_json: AsJson = False,
    strict: Strict = False,
    graphs: GraphsFolder = None,
) -> None:
    """Evaluate a COCO pair: the 12 statistics and the average precision of each class.

    The numbers are pycocotools', in all bits. Every image of the ground truth counts;
    detections of categories that it does not list are dropped and counted.
    """
    from boxgauge.cli.documents import evaluation_document
    from boxgauge.cli.tables import print_report
    from boxgauge.cli.terminal import counted, out, progress_bar, say, working
    from boxgauge.engine import (
        Engine,
        EvaluationSettings,
        ModelRepository,
        ObjectClass,
        find_graphs,
    )
    from boxgauge.engine import evaluate as run
    from boxgauge.formats import read_detections, read_ground_truth

    with working("reading files"):
        truth = read_ground_truth(gt, strict=strict)
        predictions, notes = read_detections(dt, truth, strict=strict)
    engine = Engine.open(ModelRepository.open(find_graphs(graphs)))
    classes = tuple(ObjectClass(each.id, each.name) for each in truth.classes)
    with progress_bar("matching images", len(truth.image_ids)) as advance:
        evaluation = run(
            engine,
            predictions,
            truth.frames,
            classes,
            EvaluationSettings(strict=strict),
            progress=advance,
        )
    document = evaluation_document(evaluation, (*truth.notes, *notes))
    if evaluation.dropped:
        say(f"dropped {counted(evaluation.dropped, 'detection')}: their category is not in {gt}")
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))
    else:
        print_report(out(), f"{dt} against {gt}", document)
