"""Print means over seeds with t intervals, and differences paired by seed."""

from collections.abc import Callable, Mapping, Sequence

from choices import validation_ap
from configurations import CONFIGURATIONS
from intervals import t_interval
from runs import RECALL, Record

# Reads a number from what is known of a run on the test split.
Measure = Callable[[Record], float | None]

BASELINES = ("focal-giou", "bce-giou")
MEASURES: dict[str, Measure] = {
    "AP": lambda test: test["AP"],
    "AP50": lambda test: test["AP50"],
    "AP75": lambda test: test["AP75"],
    "precision": lambda test: test["best_f1"]["precision"],
    "recall": lambda test: test["best_f1"]["recall"],
    "F1": lambda test: test["best_f1"]["f1"],
    "P at R": lambda test: test["recall"] and test["recall"]["precision"],
}


def values(results: Record, key: str, measure: Measure) -> dict[int, float]:
    """Return a measure on the test split by seed, for the seeds that have it."""
    found = {
        record["seed"]: measure(record["test"])
        for record in results["runs"]
        if record["configuration"] == key
    }
    return {seed: value for seed, value in found.items() if value is not None}


def differences(results: Record, key: str, baseline: str, measure: Measure) -> list[float]:
    """Return the measure less the baseline's, seed by seed."""
    ours, theirs = values(results, key, measure), values(results, baseline, measure)
    return [ours[seed] - theirs[seed] for seed in sorted(ours.keys() & theirs.keys())]


def configurations(results: Record) -> list[str]:
    """Return the keys that were run, in the order of the comparison."""
    made = {record["configuration"] for record in results["runs"]}
    return [key for key in CONFIGURATIONS if key in made]


def print_report(results: Record) -> None:
    """Print, as Markdown, what was chosen, the means, and the differences."""
    for title, head, rows in tables(results):
        print(f"\n{title}\n\n{_markdown(head, rows)}")


def tables(results: Record) -> list[tuple[str, list[str], list[list[str]]]]:
    """Return the titles, heads and rows of what is reported."""
    keys = configurations(results)
    made = []
    if results["choices"]:
        made.append(_choices(results))
    title = (
        f"Test split of {results['source']}, {results['pictures']['test']} pictures:"
        " mean over seeds ± half of the 95% t interval, in hundredths"
    )
    head = ["classes + boxes", "box weight", "seeds", *MEASURES, "CPU s"]
    made.append((title, head, [_means(results, key) for key in keys]))
    for baseline in (key for key in BASELINES if key in keys):
        title = (
            f"Less {CONFIGURATIONS[baseline].title}, paired by seed, ± half of the 95% interval"
            " (* if it leaves out 0; ** if that of Bonferroni does)"
        )
        head = ["classes + boxes", *MEASURES]
        others = [key for key in keys if key != baseline]
        rows = [
            [
                CONFIGURATIONS[key].title,
                *(
                    _difference(results, key, baseline, measure, len(others))
                    for measure in MEASURES.values()
                ),
            ]
            for key in others
        ]
        made.append((title, head, rows))
    made.append(_classes(results))
    return made


def _choices(results: Record) -> tuple[str, list[str], list[list[str]]]:
    found = validation_ap(results["choices"])
    weights = list(dict.fromkeys(weight for by_weight in found.values() for weight in by_weight))
    rows = []
    for key in (key for key in CONFIGURATIONS if key in found):
        best = max(found[key].values())
        cells = [
            f"**{100 * ap:.1f}**" if ap == best else f"{100 * ap:.1f}"
            for ap in (found[key][weight] for weight in weights)
        ]
        rows.append([CONFIGURATIONS[key].title, *cells])
    recipe = results["choices"][0]["recipe"]
    seeds = len({record["seed"] for record in results["choices"]})
    title = (
        f"Choice of the box weight: AP on val after {recipe['epochs']} epochs,"
        f" mean of {seeds} seeds, in hundredths"
    )
    return title, ["classes + boxes", *(_weight(weight) for weight in weights)], rows


def _means(results: Record, key: str) -> list[str]:
    records = [record for record in results["runs"] if record["configuration"] == key]
    cpu_s = sum(record["cpu_s"] for record in records) / len(records)
    return [
        CONFIGURATIONS[key].title,
        _weight(records[0]["recipe"]["box_weight"]),
        str(len(records)),
        *(_shown(values(results, key, measure)) for measure in MEASURES.values()),
        f"{cpu_s:.0f}",
    ]


def _classes(results: Record) -> tuple[str, list[str], list[list[str]]]:
    names = list(results["runs"][0]["test"]["AP_by_class"])
    rows = [
        [
            CONFIGURATIONS[key].title,
            *(_shown(values(results, key, _of_class(name))) for name in names),
        ]
        for key in configurations(results)
    ]
    title = "AP by class on the test split: mean over seeds ± half of the 95% t interval"
    return title, ["classes + boxes", *names], rows


def _of_class(name: str) -> Measure:
    def measure(test: Record) -> float | None:
        ap: float | None = test["AP_by_class"][name]
        return ap

    return measure


def _difference(results: Record, key: str, baseline: str, measure: Measure, tests: int) -> str:
    found = differences(results, key, baseline, measure)
    if len(found) < 2:
        return "not enough seeds"
    stars = sum(
        t_interval(found, confidence=confidence).excludes_zero
        for confidence in (0.95, 1 - 0.05 / tests)
    )
    interval = t_interval(found)
    return f"{100 * interval.mean:+.1f} ± {100 * interval.half_width:.1f}{'*' * stars}"


def _shown(found: Mapping[int, float]) -> str:
    if not found:
        return "not reached"
    interval = t_interval(list(found.values()))
    if interval.count == 1:
        return f"{100 * interval.mean:.1f}"
    return f"{100 * interval.mean:.1f} ± {100 * interval.half_width:.1f}"


def _weight(weight: float | None) -> str:
    return "balanced" if weight is None else f"{weight:g}"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    names = [f"{name} {RECALL}" if name == "P at R" else name for name in head]
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
