"""Choose each configuration's box weight on the validation split, with seeds of their own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from configurations import CONFIGURATIONS
from learning import Recipe
from runs import Record, Run

SEEDS = (1000,)  # none of the seeds that are reported
DEFAULT_WEIGHT = 2.0
CANDIDATES: tuple[float | None, ...] = (1.0, 2.0, 4.0, None)


def choice_runs(source: Path | None, keys: Iterable[str], recipe: Recipe, out: Path) -> list[Run]:
    """Return the runs that a choice needs, none of which sees the test split."""
    return [
        Run(
            source,
            key,
            replace(recipe, box_weight=weight),
            seed,
            tested=False,
            path=out / "choices" / f"{key}-{_name(weight)}-seed{seed}.json",
        )
        for seed in SEEDS
        for key in keys
        if CONFIGURATIONS[key].weighted
        for weight in CANDIDATES
    ]


def final_runs(
    source: Path | None,
    keys: Iterable[str],
    recipe: Recipe,
    weights: Mapping[str, float | None],
    seeds: Sequence[int],
    out: Path,
) -> list[Run]:
    """Return the runs that are reported, seed by seed, so that any prefix compares all."""
    return [
        Run(
            source,
            key,
            replace(recipe, box_weight=weights.get(key, default_weight(key))),
            seed,
            tested=True,
            path=out / "runs" / f"{key}-seed{seed}.json",
        )
        for seed in seeds
        for key in keys
    ]


def default_weight(key: str) -> float | None:
    """Return the box weight of a configuration for which none was chosen."""
    return DEFAULT_WEIGHT if CONFIGURATIONS[key].weighted else None


def validation_ap(records: Iterable[Record]) -> dict[str, dict[float | None, float]]:
    """Return each configuration's mean validation AP by box weight."""
    found: dict[str, dict[float | None, list[float]]] = {}
    for record in records:
        by_weight = found.setdefault(record["configuration"], {})
        by_weight.setdefault(record["recipe"]["box_weight"], []).append(record["val"]["AP"])
    return {
        key: {weight: sum(values) / len(values) for weight, values in by_weight.items()}
        for key, by_weight in found.items()
    }


def best_weights(records: Iterable[Record]) -> dict[str, float | None]:
    """Return, for each configuration, the box weight with the greatest mean validation AP."""
    return {
        key: max(by_weight, key=lambda weight: by_weight[weight])
        for key, by_weight in validation_ap(records).items()
    }


def _name(weight: float | None) -> str:
    return "balanced" if weight is None else f"{weight:g}"
