"""What came of each loss: figures for the table, curves, errors by place; on disk and back."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from descent import Course
from numpy.typing import NDArray

GOOD = 0.01


@dataclass(frozen=True)
class Result:
    """One loss over all cases; errors are Σ|Δ(cx, cy, w, h)|.

    Attributes:
        label: The loss.
        cases: How many.
        curve: Mean error before and after each step, [201].
        by_centre: Mean final error of each centre's cases, [c].
        good: Share of cases with a final error below 0.01.
        overlapping, apart: Mean final error of the cases whose boxes overlapped at the
            beginning, and of the others; NaN where there were none.
        reflected: Share of cases whose width or height was turned at 0.
        cpu_s: Processor seconds of the descent.
    """

    label: str
    cases: int
    curve: NDArray[np.float64]
    by_centre: NDArray[np.float64]
    good: float
    overlapping: float
    apart: float
    reflected: float
    cpu_s: float


def summarise(
    label: str, courses: Sequence[Course], cases_at_a_centre: int, cpu_s: float
) -> Result:
    """Return the result of all batches of a loss."""
    final = np.concatenate([course.final for course in courses]).astype(np.float64)
    overlapped = np.concatenate([course.overlapped for course in courses])
    return Result(
        label=label,
        cases=len(final),
        curve=np.sum([course.error_sums for course in courses], axis=0) / len(final),
        by_centre=final.reshape(-1, cases_at_a_centre).mean(axis=1),
        good=float((final < GOOD).mean()),
        overlapping=_mean(final[overlapped]),
        apart=_mean(final[~overlapped]),
        reflected=sum(course.reflected for course in courses) / len(final),
        cpu_s=cpu_s,
    )


def save(folder: Path, centres: NDArray[np.float64], results: Sequence[Result]) -> None:
    """Write ``curves.csv``, ``summary.json`` and ``by_centre.npz``."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "curves.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["step", *(each.label for each in results)])
        for step, row in enumerate(zip(*(each.curve for each in results), strict=True)):
            writer.writerow([step, *(f"{error:.6g}" for error in row)])
    kept = ("label", "cases", "good", "overlapping", "apart", "reflected", "cpu_s")
    rows = [{name: getattr(each, name) for name in kept} for each in results]
    (folder / "summary.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    errors = np.stack([each.by_centre for each in results])
    curves = np.stack([each.curve for each in results])
    np.savez_compressed(folder / "arrays.npz", centres=centres, by_centre=errors, curves=curves)


def load(folder: Path) -> tuple[NDArray[np.float64], list[Result]]:
    """Return the centres and the results that ``save`` wrote."""
    rows = json.loads((folder / "summary.json").read_text())
    with np.load(folder / "arrays.npz") as arrays:
        pairs = zip(rows, arrays["curves"], arrays["by_centre"], strict=True)
        results = [Result(**row, curve=curve, by_centre=errors) for row, curve, errors in pairs]
        return arrays["centres"], results


def table(results: Sequence[Result]) -> str:
    """Return the results as a Markdown table, the best at the last step first."""
    ordered = sorted(results, key=lambda each: each.curve[-1])
    lines = [
        "| loss | step 50 | step 100 | step 200 | overlapping at first | apart at first"
        f" | below {GOOD} | turned at 0 | CPU s |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {each.label} | {each.curve[50]:.3f} | {each.curve[100]:.3f} | {each.curve[-1]:.4f}"
        f" | {each.overlapping:.4f} | {each.apart:.4f} | {each.good:.1%}"
        f" | {each.reflected:.2%} | {each.cpu_s:.0f} |"
        for each in ordered
    ]
    return "\n".join(lines)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")
