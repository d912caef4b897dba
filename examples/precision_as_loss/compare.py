"""Does precision as a loss beat its surrogates? Train small detectors and see.

    python examples/precision_as_loss/compare.py PHOTOGRAPHS --out FOLDER --choose
    python examples/precision_as_loss/compare.py --scenes --out FOLDER
    python examples/precision_as_loss/compare.py --report RESULTS

PHOTOGRAPHS is a copy of the BCCD data set. What is in FOLDER already is not run again.
"""

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

# The detector, its targets and the digit scenes are those of the neighbouring example.
sys.path.append(str(Path(__file__).resolve().parents[1] / "digit_scenes"))

import torch
from choices import best_weights, choice_runs, final_runs
from configurations import CONFIGURATIONS
from learning import Recipe
from photographs import UnreadableError
from report import print_report
from runs import RecipeError, Record, complete
from splits import digit_splits, photograph_splits

_EPOCHS = {"photographs": 12, "scenes": 8}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what was asked for, print the table and draw the figure."""
    options = _parser().parse_args(arguments)
    try:
        results = _read(options.report) if options.report else _made(options)
    except (UnreadableError, RecipeError) as error:
        raise SystemExit(f"error: {error}") from error
    print_report(results)
    if options.figure is not None:
        from figure import draw

        draw(results, options.figure)


def _made(options: argparse.Namespace) -> Record:
    """Run what is missing, and write and return all results."""
    source: Path | None = options.photographs
    epochs = options.epochs or _EPOCHS["scenes" if options.scenes else "photographs"]
    recipe = Recipe(epochs)
    # Read here too, so that a broken file is one message and not a worker's traceback.
    splits = digit_splits() if source is None else photograph_splits(source)
    for note in splits.notes:
        print(note)

    chosen_by: list[Record] = []
    if options.choose:
        short = replace(recipe, epochs=max(1, epochs // 2))
        chosen_by = complete(
            choice_runs(source, options.only, short, options.out), workers=options.workers
        )
    made = complete(
        final_runs(
            source, options.only, recipe, best_weights(chosen_by), range(options.seeds), options.out
        ),
        workers=options.workers,
    )
    results: Record = {
        "source": splits.source,
        "pictures": {name: len(getattr(splits, name)) for name in ("train", "val", "test")},
        "size": list(splits.size),
        "notes": list(splits.notes),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "choices": chosen_by,
        "runs": made,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "results.json"
    path.write_text(_dumped(results))
    print(f"all results are in {path}")
    return results


def _dumped(results: Record) -> str:
    """Return the results as JSON, a run a line: small, and readable in a difference."""
    lines = {
        key: [json.dumps(record, allow_nan=False) for record in results[key]]
        for key in ("choices", "runs")
    }
    head = {key: value for key, value in results.items() if key not in lines}
    parts = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    parts += [f"{json.dumps(key)}: [\n" + ",\n".join(rows) + "\n]" for key, rows in lines.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _read(path: Path) -> Record:
    try:
        results: Record = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{path}: cannot be read: {error}") from error
    return results


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("photographs", type=Path, nargs="?", help="folder of BCCD")
    given.add_argument("--scenes", action="store_true", help="digit scenes instead: minutes")
    given.add_argument("--report", type=Path, help="print and draw these results; run nothing")
    parser.add_argument("--out", type=Path, default=Path("precision-as-loss"))
    parser.add_argument("--choose", action="store_true", help="choose box weights on val first")
    parser.add_argument("--epochs", type=_count, help="12 for photographs, 8 for scenes")
    parser.add_argument("--seeds", type=_count, default=5)
    parser.add_argument("--workers", type=_count, default=2, help="processes, a thread each")
    parser.add_argument("--figure", type=Path, help="draw the results, as PNG, here")
    parser.add_argument(
        "--only", type=_keys, default=list(CONFIGURATIONS), help="keys separated by commas"
    )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1: got {text}")
    return int(text)


def _keys(text: str) -> list[str]:
    keys = text.split(",")
    unknown = [key for key in keys if key not in CONFIGURATIONS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(CONFIGURATIONS)}")
    return keys


if __name__ == "__main__":
    main()
