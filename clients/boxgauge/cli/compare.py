"""``boxgauge compare``: is B better than A, or was it chance?"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from boxgauge.cli.evaluate import (
    AsJson,
    GraphsFolder,
    GroundTruthSide,
    Images,
    Kind,
    Names,
    Sizes,
    Strict,
)
from boxgauge.cli.kinds import Format

if TYPE_CHECKING:
    from boxgauge.cli.pairs import Pair
    from boxgauge.engine import Engine, EvaluationSettings
    from boxgauge.engine.analysis import Comparison, ResamplingTally

Side = Annotated[Path, typer.Argument(help="Detections of one model, as eval's --dt.")]
Replicates = Annotated[
    int, typer.Option("--replicates", help="Resamples of each kind; more cost more time.")
]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same answer.")]


def compare(
    a: Side,
    b: Side,
    gt: GroundTruthSide,
    kind: Kind = Format.AUTO,
    as_json: AsJson = False,
    replicates: Replicates = 1000,
    seed: Seed = 0,
    strict: Strict = False,
    names: Names = None,
    images: Images = None,
    sizes: Sizes = None,
    graphs: GraphsFolder = None,
) -> None:
    """Compare two models on the same images: difference, 95% interval, p-value.

    The interval comes from drawing images anew, the p-value from swapping the two models
    image by image: how often chance alone would make them differ as much.
    """
    from boxgauge.cli.pairs import read_pair
    from boxgauge.cli.terminal import progress_bar, working
    from boxgauge.engine import (
        Engine,
        EvaluationSettings,
        ModelRepository,
        available_cores,
        find_graphs,
    )
    from boxgauge.engine.analysis import compare as differences
    from boxgauge.frames import InvalidInputError

    if kind is Format.LVIS:
        raise InvalidInputError.at("--format", kind.value, "auto, coco, voc or yolo")
    options = {"strict": strict, "names": names, "images": images, "sizes": sizes}
    with working("reading files"):
        pairs = [read_pair(gt, each, kind, **options) for each in (a, b)]  # type: ignore[arg-type]
    repository = ModelRepository.open(find_graphs(graphs))
    engine = Engine.open(repository, workers=available_cores())
    settings = EvaluationSettings(strict=strict)
    sides = [_matched(engine, each, settings) for each in pairs]
    with progress_bar("resampling images", replicates) as advance:
        found = differences(engine, *sides, replicates=replicates, seed=seed, progress=advance)
    document = _document(pairs[0], pairs[1], found)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))
    else:
        _print(document)


def _matched(engine: "Engine", pair: "Pair", settings: "EvaluationSettings") -> "ResamplingTally":
    from boxgauge.cli.terminal import progress_bar
    from boxgauge.engine import evaluate
    from boxgauge.engine.analysis import ResamplingTally

    tally = ResamplingTally(pair.classes, settings)
    with progress_bar("matching images", pair.images) as advance:
        evaluate(
            engine,
            pair.predictions,
            pair.truth,
            pair.classes,
            settings,
            accumulators=(tally,),
            progress=advance,
        )
    return tally


def _document(a: "Pair", b: "Pair", found: "Comparison") -> dict[str, Any]:
    return {
        "a": str(a.dt),
        "b": str(b.dt),
        "ground_truth": str(a.gt),
        "images": found.units,
        "confidence": found.confidence,
        "replicates": found.replicates,
        "statistics": {name: asdict(each) for name, each in found.statistics.items()},
        "classes": [
            {"id": each.id, "name": each.name, "AP": asdict(difference)}
            for each, difference in found.class_ap
        ],
    }


def _print(document: dict[str, Any]) -> None:
    from rich.markup import escape

    from boxgauge.cli.tables import number, table
    from boxgauge.cli.terminal import counted, out

    console = out()
    console.print(f"A: {escape(document['a'])}\nB: {escape(document['b'])}", soft_wrap=True)
    interval = f"{document['confidence']:.0%} interval"
    made = table("statistic", "A", "B", "B - A", interval, "p")
    rows = [(name, each) for name, each in document["statistics"].items()]
    rows += [(f"AP of {each['name']}", each["AP"]) for each in document["classes"]]
    for name, each in rows:
        if each["a"] is None and each["b"] is None:
            continue
        made.add_row(escape(name), number(each["a"]), number(each["b"]), *_judged(each))
    console.print(made)
    console.print(
        f"{counted(document['images'], 'image')} against {escape(document['ground_truth'])},"
        f" {document['replicates']} resamples; p: chance of a difference as large between equals.",
        soft_wrap=True,
    )


def _judged(each: dict[str, Any]) -> tuple[str, str, str]:
    """Return difference, interval and p-value as text, dashes where undefined."""
    if each["difference"] is None or each["low"] is None:
        return "–", "–", "–"
    spread = f"{each['low']:+.4f} to {each['high']:+.4f}"
    return f"{each['difference']:+.4f}", spread, f"{each['p_value']:.3f}"
