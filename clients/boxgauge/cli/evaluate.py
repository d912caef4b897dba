"""``boxgauge eval``: an exact report of two sides, offline."""

from pathlib import Path
from typing import Annotated

import typer

from boxgauge.cli.kinds import Format

GroundTruthSide = Annotated[
    Path, typer.Option("--gt", help="Ground truth: a COCO file, or a VOC or YOLO folder.")
]
DetectionsSide = Annotated[
    Path, typer.Option("--dt", help="Detections: a COCO result file, or a folder as --gt's.")
]
GroundTruthFile = Annotated[Path, typer.Option("--gt", help="COCO ground truth file.")]
DetectionsFile = Annotated[Path, typer.Option("--dt", help="COCO result file.")]
Kind = Annotated[Format, typer.Option("--format", help="What the ground truth is.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="Do as pycocotools does, its known faults included.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON object with full doubles instead.")
]
Full = Annotated[
    bool,
    typer.Option(
        "--full",
        help="Also errors, confusion, calibration, best thresholds, intervals, worst images.",
    ),
]
Html = Annotated[Path | None, typer.Option("--html", help="Write one HTML page with pictures.")]
Out = Annotated[
    list[Path] | None,
    typer.Option("--out", help="Write to a file: .json, .csv or .parquet. May be repeated."),
]
Iou = Annotated[
    str | None, typer.Option("--iou", help="IoU thresholds.", show_default="0.50 to 0.95")
]
Areas = Annotated[
    str | None,
    typer.Option(
        "--areas", help="Area ranges in px², as all=0:,small=0:1024.", show_default="COCO's"
    ),
]
MaxDetections = Annotated[
    str | None,
    typer.Option(
        "--max-detections",
        help="Detections an image and class; LVIS: an image.",
        show_default="1,10,100; LVIS: 300",
    ),
]
ScoreThreshold = Annotated[
    float, typer.Option("--score-threshold", help="Score of the operating point.")
]
ClassAgnostic = Annotated[bool, typer.Option("--class-agnostic", help="Take all classes for one.")]
Names = Annotated[
    Path | None, typer.Option("--names", help="YOLO: data.yaml, or a text of class names.")
]
Images = Annotated[
    Path | None,
    typer.Option("--images", help="Folder of the images: YOLO's sizes, photographs in the page."),
]
Sizes = Annotated[Path | None, typer.Option("--sizes", help="YOLO: a table of image sizes.")]
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
    gt: GroundTruthSide,
    dt: DetectionsSide,
    kind: Kind = Format.AUTO,
    as_json: AsJson = False,
    full: Full = False,
    html: Html = None,
    out: Out = None,
    strict: Strict = False,
    iou: Iou = None,
    areas: Areas = None,
    max_detections: MaxDetections = None,
    score_threshold: ScoreThreshold = 0.5,
    class_agnostic: ClassAgnostic = False,
    names: Names = None,
    images: Images = None,
    sizes: Sizes = None,
    graphs: GraphsFolder = None,
) -> None:
    """Evaluate detections: COCO's statistics and the average precision of each class.

    The numbers are pycocotools', in all bits. Every image of the ground truth counts;
    detections of classes that it does not list are dropped and counted.
    """
    from boxgauge.cli.evaluations import evaluate_pair, show
    from boxgauge.cli.federated import MAX_DETECTIONS, check_options, show_federated
    from boxgauge.cli.options import evaluation_settings
    from boxgauge.cli.outputs import check_endings
    from boxgauge.cli.pairs import read_pair
    from boxgauge.cli.terminal import working
    from boxgauge.engine import Engine, ModelRepository, available_cores, find_graphs

    check_endings(out or ())
    if kind is Format.LVIS:
        check_options(
            {
                "--full": full,
                "--html": html,
                "--out": out and out[0],
                "--iou": iou,
                "--areas": areas,
                "--class-agnostic": class_agnostic,
            }
        )
    settings = evaluation_settings(
        iou=iou,
        areas=areas,
        max_detections=max_detections,
        score_threshold=score_threshold,
        strict=strict,
        class_agnostic=class_agnostic,
    )
    with working("reading files"):
        pair = read_pair(gt, dt, kind, strict=strict, names=names, images=images, sizes=sizes)
    repository = ModelRepository.open(find_graphs(graphs))
    engine = Engine.open(repository, workers=available_cores())
    if pair.federated is not None:
        limit = settings.max_detections[-1] if max_detections else MAX_DETECTIONS
        show_federated(engine, pair, max_detections=limit, as_json=as_json)
        return
    done = evaluate_pair(engine, pair, settings, full=full or html is not None)
    show(done, as_json=as_json, full=full, html=html, files=out or (), photos=images)
