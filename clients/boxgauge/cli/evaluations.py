"""One evaluation of a pair of files, and everything that can be made of it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import typer

from boxgauge.cli.analyses import Analyses, Details, details_document
from boxgauge.cli.documents import Document, evaluation_document
from boxgauge.cli.outputs import write_outputs, writing
from boxgauge.cli.pairs import Pair
from boxgauge.cli.tables import print_details, print_report
from boxgauge.cli.terminal import counted, out, progress_bar, say
from boxgauge.engine import POOLED, Engine, Evaluation, EvaluationSettings, evaluate
from boxgauge.frames import ImageId, InvalidInputError


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """A pair of files with what was found about it; details only if they were asked for."""

    pair: Pair
    evaluation: Evaluation
    details: Details | None

    @property
    def document(self) -> Document:
        """The evaluation as plain values."""
        document = evaluation_document(self.evaluation, self.pair.notes)
        return document | (details_document(self.details) if self.details else {})


def evaluate_pair(
    engine: Engine, pair: Pair, settings: EvaluationSettings, *, full: bool
) -> Evaluated:
    """Return the evaluation, with details if ``full``; says what was dropped."""
    classes = (POOLED,) if settings.class_agnostic else pair.classes
    analyses = Analyses(engine, classes, settings) if full else None
    with progress_bar("matching images", pair.images) as advance:
        evaluation = evaluate(
            engine,
            pair.predictions,
            pair.truth,
            pair.classes,
            settings,
            accumulators=analyses.accumulators if analyses else (),
            progress=advance,
        )
    if evaluation.dropped:
        dropped = counted(evaluation.dropped, "detection")
        say(f"dropped {dropped}: their category is not in {pair.gt}")
    return Evaluated(pair, evaluation, analyses.details(evaluation) if analyses else None)


def show(
    done: Evaluated,
    *,
    as_json: bool,
    full: bool,
    html: Path | None,
    files: Iterable[Path],
    photos: Path | None,
) -> None:
    """Print the evaluation, with details if ``full``, and write the files that are wanted.

    Raises:
        InvalidInputError: A photograph cannot be read, or a file not be written.
    """
    document = done.document
    write_outputs(files, document, done.evaluation.report)
    if html is not None:
        _write_html(html, done, photos)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))
        return
    console = out()
    print_report(console, f"{done.pair.dt} against {done.pair.gt}", document)
    if full:
        print_details(console, document)


def _write_html(path: Path, done: Evaluated, photos: Path | None) -> None:
    from boxgauge.cli.app import installed_version
    from boxgauge.cli.html import write_page
    from boxgauge.cli.html.evaluation import evaluation_page

    if done.details is None:
        raise ValueError("a page needs the details")
    pair, report = done.pair, done.evaluation.report
    page = evaluation_page(
        "Detection report",
        f"{pair.dt} against {pair.gt}",
        report,
        done.details,
        sizes=pair.sizes,
        photos=_photos(pair, photos, [each.image_id for each in done.details.worst]),
        notes=(*report.notes, *pair.notes),
        version=installed_version(),
    )
    with writing("--html", path):
        write_page(path, page)
    say(f"wrote {path}")


def _photos(pair: Pair, folder: Path | None, wanted: Iterable[ImageId]) -> dict[ImageId, Path]:
    """Return the image files of the wanted images, by the names that the files give them.

    Raises:
        InvalidInputError: The folder or a named file is not there.
    """
    if folder is None:
        return {}
    if not folder.is_dir():
        raise InvalidInputError.at("--images", folder, "a folder")
    found = {}
    for image_id in wanted:
        path = pair.image_file(image_id, folder)
        if path is None:
            raise InvalidInputError.at("--images", folder, f"a folder with image {image_id!r}")
        found[image_id] = path
    return found
